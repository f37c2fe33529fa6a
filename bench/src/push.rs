//! The time that a caller spends in `PushExternalVideoFrame`: raw pictures at their pace into an engine that publishes them, and beside
//! each call one plain copy of the same picture, the baseline. Whether the engine shares the bytes or took a copy is looked at, too.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{CallError, Dimensions, Engine, Event, RenderMode, VideoDataSample, VideoEncoderConfiguration, VideoSource};
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::place::{Where, publishing};
use crate::steer::{monotonic, now, say, sleep_until};

/// Different pictures, so that none is in the processor's cache when it is pushed.
const PICTURES: usize = 12;
/// Publishing begins within this time.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Args)]
pub struct Push {
    #[command(flatten)]
    at: Where,
    /// Pixels in a row
    #[arg(long, default_value_t = 1920)]
    width: u32,
    /// Rows
    #[arg(long, default_value_t = 1080)]
    height: u32,
    /// Pictures a second
    #[arg(long, default_value_t = 30)]
    fps: u32,
    /// Pictures that are timed
    #[arg(long, default_value_t = 600)]
    count: u64,
}

impl Push {
    pub fn run(self) -> Result<(), Failure> {
        let (width, height) = (self.width as usize, self.height as usize);
        let picture = |n: usize| {
            let mut bytes = vec![128_u8; width * height * 3 / 2];
            let luma = bytes[..width * height].iter_mut().enumerate();
            luma.for_each(|(at, byte)| *byte = ((at % width + at / width + 16 * n) % 220) as u8 + 16);
            Arc::new(bytes)
        };
        let pictures: Vec<_> = (0..PICTURES).map(picture).collect();
        let engine = OpenEngine::create(Options::new(self.at.url.as_str()))?;
        engine.set_video_encoder_configuration(&VideoEncoderConfiguration {
            dimensions: Dimensions { width: self.width, height: self.height },
            frame_rate: self.fps,
            bitrate: 0,
            ..Default::default()
        })?;
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
        self.at.user.join(&*engine, &publishing())?;
        let mut copy = vec![0_u8; width * height * 3 / 2];
        let (mut call_us, mut copy_us) = (Vec::new(), Vec::new());
        let (mut shared, mut refused, mut pushed) = (0_u64, 0_u64, 0_u64);
        // Nobody watches yet: what is pushed now is not timed.
        let mut watched = false;
        let (start, give_up) = (now(), now() + PATIENCE);
        while (call_us.len() as u64) < self.count {
            sleep_until(start + Duration::from_secs_f64(pushed as f64 / f64::from(self.fps)));
            let bytes = &pictures[pushed as usize % PICTURES];
            let sample = VideoDataSample::i420(bytes.clone(), self.width, self.height, pushed as i64 * 33, Some(monotonic()));
            let began = now();
            let answer = engine.push_external_video_frame(&sample, VideoSource::Camera);
            let took = began.elapsed();
            drop(sample);
            let held = Arc::strong_count(bytes) > 1;
            pushed += 1;
            match answer {
                Ok(()) if watched => {
                    call_us.push(took.as_nanos() as f64 / 1000.0);
                    shared += u64::from(held);
                    let began = now();
                    copy.copy_from_slice(bytes);
                    copy_us.push(began.elapsed().as_nanos() as f64 / 1000.0);
                    std::hint::black_box(&copy);
                }
                Ok(()) => {}
                Err(CallError::BufferFull { .. }) => refused += 1,
                Err(error) => return Err(error.into()),
            }
            let was = watched;
            watched = self.watched(&*engine, watched)?;
            if watched && !was {
                say(&json!({ "event": "streaming" }));
            } else if !watched && now() > give_up {
                return Err("nobody began to watch".into());
            }
        }
        say(&json!({ "event": "end", "call_us": call_us, "copy_us": copy_us, "shared": shared, "refused": refused }));
        engine.leave_channel()?;
        engine.release();
        Ok(())
    }

    /// Whether somebody watches, by what the engine told since.
    fn watched(&self, engine: &dyn Engine, mut watched: bool) -> Result<bool, Failure> {
        let events = engine.event_handler();
        while let Some(event) = events.try_next() {
            match event {
                Event::StreamNeeded(needed) => watched = needed,
                Event::VideoPublishStateChanged(_) => say(&json!({ "event": "publishing" })),
                Event::Error { code, detail } => return Err(format!("{code}: {detail}").into()),
                _ => {}
            }
        }
        Ok(watched)
    }
}
