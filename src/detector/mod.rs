//! The detector in the daemon: a thread of its own, which looks at the camera's latest picture and hears the microphone's level ten times
//! a second, and says what is noticed.
//!
//! What is motion, tampering or loud is the crate `detection`'s; what follows from it is for the shell. The way of the pictures to the
//! engine does not lead through here: a detector that is late misses pictures, and nobody else does.

mod config;
mod eye;

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use detection::Loudness;
use tokio::sync::watch;

use crate::capture::audio::Microphone;
use crate::capture::video::Camera;
use eye::Eye;

pub use config::Config;
pub use detection::Tampering;

/// How often it looks and hears.
const LOOK: Duration = Duration::from_millis(100);

/// What is noticed at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Something moves.
    pub motion: bool,
    /// It is loud.
    pub sound: bool,
    /// What has been done to the camera.
    pub tampering: Option<Tampering>,
}

/// What time it is: this room has no clock.
pub type Clock = fn() -> Duration;

/// The thread; ends when dropped.
#[derive(Debug)]
pub struct Detector {
    noticed: watch::Receiver<Noticed>,
    looks: bool,
    ended: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Detector {
    /// Starts noticing as `config` says; nothing, where it says nothing.
    ///
    /// # Errors
    /// Without threads left in the system nothing is noticed.
    pub fn start(
        config: &Config,
        camera: Arc<Camera>,
        microphone: Arc<Microphone>,
        clock: Clock,
    ) -> std::io::Result<Option<Self>> {
        if !config.looks() && !config.sound {
            return Ok(None);
        }
        let (told, noticed) = watch::channel(Noticed::default());
        let ended = Arc::new((Mutex::new(false), Condvar::new()));
        let mut eye = config.looks().then(|| Eye::new(config));
        let mut ear =
            config.sound.then(|| Loudness::new(config.sound_above_db.into(), Duration::from_secs(config.quiet_s.into())));
        let run = {
            let ended = Arc::clone(&ended);
            move || {
                while !has_ended(&ended) {
                    let now = clock();
                    if let Some(eye) = &mut eye {
                        eye.look(camera.latest(), now);
                    }
                    if let Some(ear) = &mut ear {
                        match microphone.take_level() {
                            Some(level) => ear.hear(level, now),
                            None => ear.forget(),
                        }
                    }
                    let noticed = Noticed {
                        motion: eye.as_ref().is_some_and(Eye::moves),
                        sound: ear.as_ref().is_some_and(Loudness::is_loud),
                        tampering: eye.as_ref().and_then(Eye::tampering),
                    };
                    told.send_if_modified(|before| {
                        count(*before, noticed);
                        std::mem::replace(before, noticed) != noticed
                    });
                }
            }
        };
        let thread = std::thread::Builder::new().name("artc-detect".into()).spawn(run)?;
        Ok(Some(Self { noticed, looks: config.looks(), ended, thread: Some(thread) }))
    }

    /// What is noticed; tells when that changes.
    pub fn noticed(&self) -> watch::Receiver<Noticed> {
        self.noticed.clone()
    }

    /// Whether it needs the camera, watched or not.
    pub fn looks(&self) -> bool {
        self.looks
    }
}

impl Drop for Detector {
    fn drop(&mut self) {
        *self.ended.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so on stderr already.
            let _ = thread.join();
        }
    }
}

/// Waits for the next look; true when there is none.
fn has_ended((ended, end): &(Mutex<bool>, Condvar)) -> bool {
    let ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
    *end.wait_timeout_while(ended, LOOK, |ended| !*ended).unwrap_or_else(PoisonError::into_inner).0
}

/// Counts what has begun.
fn count(before: Noticed, now: Noticed) {
    let begun = [
        ("motion", now.motion && !before.motion),
        ("sound", now.sound && !before.sound),
        ("tamper", now.tampering.is_some() && now.tampering != before.tampering),
    ];
    for (what, _) in begun.into_iter().filter(|(_, begun)| *begun) {
        metrics::counter!("artc_detected_total", "what" => what).increment(1);
    }
}
