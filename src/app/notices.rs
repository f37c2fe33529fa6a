//! What the device notices by itself, told on: to who subscribed, and to the recorder.

use tokio::sync::watch;
use wire::detection::{Detection, MotionChanged, SoundChanged, TamperChanged, Tampering};
use wire::event::Topic;

use super::board::BoardEvent;
use super::clock::since_1970;
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
            let letters = self.desk.tell(Topic::MotionChanged, || MotionChanged { motion: now.motion, time_ms });
            self.send_all(letters);
            self.goes_on(When::Motion, now.motion);
        }
        if now.sound != before.sound {
            tracing::info!(sound = now.sound, "sound");
            let letters = self.desk.tell(Topic::SoundChanged, || SoundChanged { sound: now.sound, time_ms });
            self.send_all(letters);
            self.goes_on(When::Sound, now.sound);
        }
        if now.tampering != before.tampering {
            match now.tampering {
                Some(what) => tracing::warn!(?what, "something has been done to the camera"),
                None => tracing::info!("the camera sees as before"),
            }
            let tampering = now.tampering.map(tampering);
            let letters = self.desk.tell(Topic::TamperChanged, || TamperChanged { tampering, time_ms });
            self.send_all(letters);
        }
    }

    /// Tells what has happened at the board.
    pub(super) fn board_event(&mut self, event: BoardEvent) {
        let letters = match event {
            BoardEvent::Press(press) => self.desk.tell(Topic::BoardPress, || press),
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
                self.desk.tell(Topic::LineChanged, || line)
            }
        };
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
