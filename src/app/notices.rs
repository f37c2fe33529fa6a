//! What the device notices by itself, told on: to who subscribed, to the broker, and to the recorder. How the recorder stands is told the same way.

use tokio::sync::watch;
use wire::detection::{Detection, MotionChanged, SoundChanged, TamperChanged, Tampering};
use wire::event::Topic;
use wire::record::{Cause, Changed};

use super::board::BoardEvent;
use super::clock::since_1970;
use super::record;
use super::shell::Shell;
use crate::detector::{self, Noticed};
use crate::recorder::When;

/// Tells the loop when something is noticed, or no more.
pub struct Notices(Option<watch::Receiver<Noticed>>);

impl Notices {
    /// Of this detector; nothing where there is none.
    pub fn of(noticed: Option<&watch::Receiver<Noticed>>) -> Self {
        Self(noticed.cloned())
    }

    /// Waits for the next change, and tells what is noticed then.
    pub async fn next(&mut self) -> Noticed {
        if let Some(noticed) = &mut self.0
            && noticed.changed().await.is_ok()
        {
            return *noticed.borrow_and_update();
        }
        std::future::pending().await
    }
}

impl Shell {
    /// Tells what is noticed now and was not before, and what no more.
    pub(super) fn noticed(&mut self, now: Noticed) {
        let before = std::mem::replace(&mut self.noticed, now);
        let time_ms = since_1970().as_millis() as u64;
        if now.motion != before.motion {
            tracing::info!(motion = now.motion, "motion");
            self.tell_of(Topic::MotionChanged, MotionChanged { motion: now.motion, time_ms });
            self.goes_on(When::Motion, now.motion);
        }
        if now.sound != before.sound {
            tracing::info!(sound = now.sound, "sound");
            self.tell_of(Topic::SoundChanged, SoundChanged { sound: now.sound, time_ms });
            self.goes_on(When::Sound, now.sound);
        }
        if now.tampering != before.tampering {
            match now.tampering {
                Some(what) => tracing::warn!(?what, "something has been done to the camera"),
                None => tracing::info!("the camera sees as before"),
            }
            let tampering = now.tampering.map(tampering);
            self.tell_of(Topic::TamperChanged, TamperChanged { tampering, time_ms });
        }
    }

    /// Tells what has happened at the board.
    pub(super) fn board_event(&mut self, event: BoardEvent) {
        match event {
            BoardEvent::Press(press) => self.tell_of(Topic::BoardPress, press),
            BoardEvent::Line(line) => {
                let was_on = !self.lines_on.is_empty();
                if line.on {
                    self.lines_on.insert(line.line.clone());
                } else {
                    self.lines_on.remove(&line.line);
                }
                let on = !self.lines_on.is_empty();
                if on != was_on {
                    self.goes_on(When::Line, on);
                }
                self.tell_of(Topic::LineChanged, line);
            }
        }
    }

    /// Tells how the recorder stands where that is other than before.
    pub(super) fn recorded(&mut self) {
        let Some(recorder) = &self.parts.recorder else { return };
        let status = record::status(&recorder.standing());
        let now = (status.recording, status.cause);
        let before = std::mem::replace(&mut self.recorded, now);
        if now == before {
            return;
        }
        if before.1 != now.1 {
            for cause in [Cause::Budget, Cause::Medium, Cause::Hangs] {
                let still = f64::from(u8::from(now.1 == Some(cause)));
                metrics::gauge!("artc_record_stands_still", "cause" => record::word(cause)).set(still);
            }
            match (now.1, before.1) {
                // The others are told where they are noticed.
                (Some(Cause::Hangs), _) => tracing::error!("{}", status.fault.as_deref().unwrap_or_default()),
                (_, Some(Cause::Hangs)) => tracing::warn!("what recordings are written to answers again"),
                _ => {}
            }
        }
        let time_ms = since_1970().as_millis() as u64;
        let (recording, reason, cause) = (status.recording, status.reason, status.cause);
        self.tell_of(Topic::RecordChanged, Changed { recording, reason, cause, time_ms });
        self.show_status();
    }

    /// Tells something to who subscribed to it, and to the broker where there is one.
    fn tell_of<P: serde::Serialize>(&mut self, topic: Topic, params: P) {
        if let Some(calls) = &self.calls {
            calls.tell(topic, &params);
        }
        let letters = self.desk.tell(topic, || params);
        self.send_all(letters);
    }

    fn goes_on(&self, what: When, on: bool) {
        if let Some(recorder) = &self.parts.recorder {
            recorder.goes_on(what, on);
        }
    }
}

/// What is noticed, as `device.status` shows it.
pub fn detection(noticed: Noticed) -> Detection {
    Detection { motion: noticed.motion, sound: noticed.sound, tampering: noticed.tampering.map(tampering) }
}

fn tampering(what: detector::Tampering) -> Tampering {
    match what {
        detector::Tampering::Frozen => Tampering::Frozen,
        detector::Tampering::Black => Tampering::Black,
        detector::Tampering::Covered => Tampering::Covered,
        detector::Tampering::Moved => Tampering::Moved,
    }
}
