//! Commands over the data channel: a participant asks the camera something and the answer's time is taken. What is measured is
//! the whole way there and back: this program's engine, the room, the daemon's engine and dispatcher, and the same way back.

use std::time::{Duration, Instant};

use artc_bindings::Event;
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::place::{Where, silent};
use crate::steer::{now, say, sleep_until};

/// An answer that takes longer counts as lost.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Args)]
pub struct Commands {
    #[command(flatten)]
    at: Where,
    /// Identity of the camera
    #[arg(long)]
    camera: String,
    /// What is asked
    #[arg(long, default_value = "stream.get")]
    method: String,
    /// How often
    #[arg(long, default_value_t = 1500)]
    count: u64,
    /// Commands a second; the daemon takes 50 of one sender
    #[arg(long, default_value_t = 45.0)]
    rate: f64,
}

impl Commands {
    pub fn run(self) -> Result<(), Failure> {
        let engine = OpenEngine::create(Options::new(self.at.url.as_str()))?;
        engine.set_parameter(r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#)?;
        let events = engine.event_handler();
        self.at.user.join(&*engine, &silent())?;
        let answer = |id: u64, deadline: Instant| loop {
            match events.next_timeout(deadline.saturating_duration_since(now())) {
                Some(Event::CommandMessage { data, .. }) => {
                    let at = now();
                    let reply: serde_json::Value = serde_json::from_slice(&data).unwrap_or_default();
                    if reply["id"] == json!(id) {
                        return Some((at, reply["error"].is_null()));
                    }
                }
                Some(_) => {}
                None => return None,
            }
        };
        let ask = |id: u64| {
            let text = json!({ "jsonrpc": "2.0", "id": id, "method": self.method }).to_string();
            engine
                .extensions()
                .ok_or("this engine sends no commands")
                .map(|ext| ext.send_command_message(&self.camera, text.as_bytes()))
        };
        // The channel is up when the first command is answered.
        let ready_by = now() + Duration::from_secs(10);
        while !(ask(0)?.is_ok() && answer(0, now() + Duration::from_millis(300)).is_some()) {
            if now() > ready_by {
                return Err("no command was answered within 10 s".into());
            }
            sleep_until(now() + Duration::from_millis(20));
        }
        say(&json!({ "event": "streaming" }));
        // The limit looks at the last second: what was tried at first shall not count.
        let start = now() + Duration::from_secs(1);
        let (mut micros, mut refused, mut lost) = (Vec::new(), 0_u64, 0_u64);
        for id in 1..=self.count {
            sleep_until(start + Duration::from_secs_f64(id as f64 / self.rate));
            let sent = now();
            ask(id)??;
            match answer(id, sent + PATIENCE) {
                Some((at, true)) => micros.push(at.saturating_duration_since(sent).as_micros() as u64),
                Some((_, false)) => refused += 1,
                None => lost += 1,
            }
        }
        say(&json!({ "event": "end", "round_trip_us": micros, "refused": refused, "lost": lost }));
        engine.leave_channel()?;
        engine.release();
        Ok(())
    }
}
