//! Joining and leaving, over and over, each time with a new engine; and what it leaves behind in this process: memory, descriptors,
//! threads. Every tenth engine publishes a picture before it leaves.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{Engine, Event, PublishState, RenderMode, VideoDataSample, VideoSource};
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::place::{Where, publishing};
use crate::steer::say;

/// Cycles before memory is looked at first: what is made once and kept is there then.
const WARM: u64 = 20;
/// Each answer comes within this time.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub struct Cycle {
    #[command(flatten)]
    at: Where,
    /// How often
    #[arg(long, default_value_t = 1000)]
    count: u64,
}

/// What the process holds.
fn held() -> Result<serde_json::Value, Failure> {
    let entries = |path: &str| std::fs::read_dir(path).map(Iterator::count);
    let status = std::fs::read_to_string("/proc/self/status")?;
    let rss = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(json!({
        "rss_kb": rss, "descriptors": entries("/proc/self/fd")?, "threads": entries("/proc/self/task")?,
    }))
}

impl Cycle {
    pub fn run(self) -> Result<(), Failure> {
        let before = held()?;
        let mut warm = serde_json::Value::Null;
        for n in 0..self.count {
            if n == WARM.min(self.count - 1) {
                warm = held()?;
            }
            let engine = OpenEngine::create(Options::new(self.at.url.as_str()))?;
            self.stay(&*engine, n % 10 == 0)?;
            engine.release();
        }
        say(&json!({ "event": "end", "before": before, "warm": warm, "after": held()?, "count": self.count }));
        Ok(())
    }

    fn stay(&self, engine: &dyn Engine, publish: bool) -> Result<(), Failure> {
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
        self.at.user.join(engine, &publishing())?;
        let events = engine.event_handler();
        if publish {
            let picture = VideoDataSample::i420(Arc::new(vec![128_u8; 320 * 180 * 3 / 2]), 320, 180, 0, None);
            let mut left = PATIENCE.as_millis() / 10;
            loop {
                engine.push_external_video_frame(&picture, VideoSource::Camera)?;
                match events.next_timeout(Duration::from_millis(10)) {
                    Some(Event::VideoPublishStateChanged(change)) if change.new_state == PublishState::Published => break,
                    Some(Event::Error { code, detail }) => return Err(format!("{code}: {detail}").into()),
                    _ => left = left.checked_sub(1).ok_or("the camera was never published")?,
                }
            }
        }
        engine.leave_channel()?;
        loop {
            match events.next_timeout(PATIENCE).ok_or("leaving was not answered")? {
                Event::LeaveChannelResult { .. } => return Ok(()),
                Event::Error { code, detail } => return Err(format!("{code}: {detail}").into()),
                _ => {}
            }
        }
    }
}
