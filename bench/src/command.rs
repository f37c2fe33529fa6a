//! Commands over the data channel: a participant asks the camera something and the answer's time is taken. What is measured is
//! the whole way there and back: this program's engine, the room, the daemon's engine and dispatcher, and the same way back.
//!
//! One after the other, or as many under way at once as is said. What is not answered is asked once more with the same id, as a client
//! does that wants each command run once.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use artc_bindings::{Event, EventQueue, Extensions};
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::{Value, json};

use crate::Failure;
use crate::place::{Where, silent};
use crate::steer::{now, say, sleep_until};

/// An answer that takes longer counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long an engine that takes no more is left alone.
const BREATH: Duration = Duration::from_millis(2);

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
    /// With which parameters
    #[arg(long, default_value = "{}")]
    params: String,
    /// How often
    #[arg(long, default_value_t = 1500)]
    count: u64,
    /// Commands a second; 0 sends as fast as answers come. A daemon takes 50 of one sender unless its configuration says otherwise
    #[arg(long, default_value_t = 45.0)]
    rate: f64,
    /// Commands under way at once
    #[arg(long, default_value_t = 1)]
    in_flight: usize,
    /// After how many milliseconds without an answer a command is sent once more
    #[arg(long, default_value_t = 2000)]
    again_ms: u64,
}

/// A command that waits for its answer.
struct Open {
    first: Instant,
    last: Instant,
}

struct Run<'a> {
    words: &'a Commands,
    params: Value,
    extensions: &'a dyn Extensions,
    events: &'a EventQueue,
    open: BTreeMap<u64, Open>,
    micros: Vec<u64>,
    refused: u64,
    lost: u64,
    repeated: u64,
}

impl Run<'_> {
    /// Sends a command; not where the engine takes no more at this moment.
    fn ask(&self, id: u64) -> bool {
        let text = json!({ "jsonrpc": "2.0", "id": id, "method": self.words.method, "params": self.params }).to_string();
        self.extensions.send_command_message(&self.words.camera, text.as_bytes()).is_ok()
    }

    /// Takes one answer, if one comes by then.
    fn hear(&mut self, by: Instant) -> bool {
        let Some(event) = self.events.next_timeout(by.saturating_duration_since(now())) else { return false };
        let Event::CommandMessage { data, .. } = event else { return true };
        let at = now();
        let reply: Value = serde_json::from_slice(&data).unwrap_or_default();
        if let Some(open) = reply["id"].as_u64().and_then(|id| self.open.remove(&id)) {
            if reply["error"].is_null() {
                self.micros.push(at.saturating_duration_since(open.first).as_micros() as u64);
            } else {
                self.refused += 1;
            }
        }
        true
    }

    /// Sends once more what has waited for too long, and gives up what has for very long. Says when to look again.
    fn look_after(&mut self, at: Instant) -> Option<Instant> {
        let again = Duration::from_millis(self.words.again_ms);
        let before = self.open.len();
        self.open.retain(|_, open| at < open.first + PATIENCE);
        self.lost += (before - self.open.len()) as u64;
        let due: Vec<u64> = self.open.iter().filter(|(_, open)| at >= open.last + again).map(|(id, _)| *id).collect();
        for id in due {
            self.repeated += u64::from(self.ask(id));
            if let Some(open) = self.open.get_mut(&id) {
                open.last = at;
            }
        }
        self.open.values().map(|open| open.last + again).min()
    }

    fn all(&mut self) {
        let start = now() + Duration::from_secs(1);
        let due =
            |id: u64| if self.words.rate > 0.0 { start + Duration::from_secs_f64(id as f64 / self.words.rate) } else { start };
        let (count, most) = (self.words.count, self.words.in_flight);
        let mut next = 1;
        while next <= count || !self.open.is_empty() {
            let at = now();
            let mut wake = self.look_after(at);
            while next <= count && self.open.len() < most {
                let at = now();
                if due(next) > at {
                    wake = wake.into_iter().chain([due(next)]).min();
                    break;
                }
                if !self.ask(next) {
                    wake = Some(at + BREATH);
                    break;
                }
                self.open.insert(next, Open { first: at, last: at });
                next += 1;
            }
            self.hear(wake.unwrap_or(at + PATIENCE));
        }
    }
}

impl Commands {
    pub fn run(self) -> Result<(), Failure> {
        let engine = OpenEngine::create(Options::new(self.at.url.as_str()))?;
        engine.set_parameter(r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#)?;
        let events = engine.event_handler();
        self.at.user.join(&*engine, &silent())?;
        let extensions = engine.extensions().ok_or("this engine sends no commands")?;
        let params = serde_json::from_str(&self.params)?;
        let (open, micros) = (BTreeMap::new(), Vec::new());
        let mut run = Run { words: &self, params, extensions, events: &events, open, micros, refused: 0, lost: 0, repeated: 0 };
        // The channel is up when the first command is answered.
        let ready_by = now() + Duration::from_secs(20);
        while run.micros.is_empty() {
            let at = now();
            if at > ready_by {
                return Err(format!("no command was answered within 20 s, {} were refused", run.refused).into());
            }
            if run.ask(0) {
                run.open.insert(0, Open { first: at, last: at });
            }
            while run.open.contains_key(&0) && run.hear(at + Duration::from_millis(600)) {}
            sleep_until(now() + Duration::from_millis(20));
        }
        run.micros.clear();
        (run.refused, run.lost) = (0, 0);
        run.open.clear();
        say(&json!({ "event": "streaming" }));
        // The limit looks at the last second: what was tried at first shall not count.
        let began = now();
        run.all();
        let seconds = began.elapsed().as_secs_f64() - 1.0;
        say(&json!({
            "event": "end", "round_trip_us": run.micros, "refused": run.refused, "lost": run.lost, "repeated": run.repeated,
            "seconds": seconds,
        }));
        engine.leave_channel()?;
        engine.release();
        Ok(())
    }
}
