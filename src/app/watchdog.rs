//! The watchdog's thread: it looks at the loops that matter and feeds the service manager's watchdog only while all of them turn. It runs
//! on a thread of its own, because whatever else could hang. What a turn is, is for [`crate::telemetry::Health`] to know.
//!
//! A loop that hangs is told by its name: to the service manager first, which ends the process at once then (`WATCHDOG=trigger`), then to
//! the log, whose own way out may be what hangs.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use sd_notify::NotifyState;

use super::clock::now;
use super::ladder::Ladder;
use super::service::tell;
use crate::telemetry::{Health, Liveness};

/// How often the loops are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// A look that comes so much later than it should says that nobody ran: the machine or the process was stopped.
const ABSENT: Duration = Duration::from_secs(2);

/// What a look at the loops says.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// All turn.
    Feed,
    /// All turn again.
    Recovered,
    /// These have begun to hang.
    Hang(Vec<&'static str>),
    /// Some still hang.
    Starve,
}

/// Judges looks.
#[derive(Debug, Default)]
struct Judge {
    looked: Option<Duration>,
    hanging: Vec<&'static str>,
}

impl Judge {
    /// Whether nobody ran since the last look, so that loops which did not turn are not to blame.
    fn was_absent(&mut self, every: Duration, now: Duration) -> bool {
        let last = self.looked.replace(now);
        last.is_some_and(|last| now.saturating_sub(last) > every + ABSENT)
    }

    fn judge(&mut self, liveness: &Liveness) -> Verdict {
        let hanging: Vec<_> = liveness.hanging().collect();
        let before = std::mem::replace(&mut self.hanging, hanging);
        match (before.is_empty(), self.hanging.is_empty()) {
            (true, true) => Verdict::Feed,
            (false, true) => Verdict::Recovered,
            (true, false) => Verdict::Hang(self.hanging.clone()),
            (false, false) => Verdict::Starve,
        }
    }
}

/// The handle of the thread, which ends when this is dropped.
pub struct Watchdog {
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts looking; the ladder is told which loops have begun to hang, and when all turn again.
    ///
    /// # Errors
    /// No thread.
    pub fn start(health: Health, ladder: Arc<Ladder>) -> std::io::Result<Self> {
        // Twice as often as the service manager wants to hear of it.
        let every = sd_notify::watchdog_enabled().map_or(LOOK, |limit| LOOK.min(limit / 2));
        let (stop, stopped) = sync_channel::<()>(0);
        let run = move || {
            let mut judge = Judge::default();
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                let now = now();
                if judge.was_absent(every, now) {
                    health.forgive();
                }
                match judge.judge(&health.liveness(now)) {
                    Verdict::Feed => tell(&[NotifyState::Watchdog]),
                    Verdict::Recovered => {
                        tell(&[NotifyState::Watchdog]);
                        ladder.goes_on();
                        tracing::warn!(name: "loops_turn", "all loops turn again");
                    }
                    Verdict::Hang(loops) => {
                        ladder.hangs(&loops);
                        tell(&[NotifyState::WatchdogTrigger]);
                        for name in &loops {
                            metrics::counter!("artc_loop_hangs_total", "loop" => *name).increment(1);
                        }
                        tracing::error!(
                            name: "loop_hangs",
                            "{} does not turn any more; the service manager is told to end this process",
                            loops.join(", ")
                        );
                    }
                    Verdict::Starve => {}
                }
            }
        };
        let thread = std::thread::Builder::new().name("watchdog".into()).spawn(run)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_that_hangs_stops_the_feed_and_one_that_waits_does_not() {
        let (health, mut judge) = (Health::default(), Judge::default());
        let (camera, engine) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(1)));
        let _camera = health.follow("camera", 5 * SECOND, Arc::clone(&camera));
        let _engine = health.follow("engine", 5 * SECOND, Arc::clone(&engine));
        let main = health.beat("main", 5 * SECOND);
        let mut verdicts = Vec::new();
        for second in 0..30 {
            main.tick();
            // The engine has nothing to do, for ever, and looks up every two seconds.
            engine.fetch_add(2 * (second as u64 % 2), Ordering::Relaxed);
            // The camera is at work on one and the same turn from the tenth second to the twentieth.
            if !(10..20).contains(&second) {
                camera.fetch_add(2, Ordering::Relaxed);
            }
            verdicts.push(judge.judge(&health.liveness(second * SECOND)));
        }
        assert!(verdicts[..15].iter().all(|verdict| *verdict == Verdict::Feed), "{verdicts:?}");
        assert_eq!(verdicts[15], Verdict::Hang(vec!["camera"]));
        assert!(verdicts[16..20].iter().all(|verdict| *verdict == Verdict::Starve), "{verdicts:?}");
        assert_eq!(verdicts[20], Verdict::Recovered);
        assert!(verdicts[21..].iter().all(|verdict| *verdict == Verdict::Feed), "{verdicts:?}");
    }

    #[test]
    fn one_that_is_held_while_it_waits_hangs() {
        let (health, mut judge) = (Health::default(), Judge::default());
        let (engine, camera) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicU64::new(0)));
        let _engine = health.follow("engine", 5 * SECOND, Arc::clone(&engine));
        let _camera = health.follow("camera", 15 * SECOND, Arc::clone(&camera));
        // Nothing is encoded, and nothing is there to encode.
        let _encoder = health.follow("encoder of sound", 5 * SECOND, Arc::new(AtomicU64::new(u64::MAX)));
        let mut verdicts = Vec::new();
        for second in 0..20 {
            camera.fetch_add(2, Ordering::Relaxed);
            // A debugger has it from the fifth second on.
            if second < 5 {
                engine.fetch_add(2, Ordering::Relaxed);
            }
            verdicts.push(judge.judge(&health.liveness(second * SECOND)));
        }
        assert!(verdicts[..13].iter().all(|verdict| *verdict == Verdict::Feed), "{verdicts:?}");
        assert_eq!(verdicts[13], Verdict::Hang(vec!["engine"]));
    }

    #[test]
    fn who_was_stopped_is_not_blamed_for_it() {
        let (health, mut judge) = (Health::default(), Judge::default());
        let _main = health.beat("main", 5 * SECOND);
        assert!(!judge.was_absent(SECOND, SECOND));
        assert_eq!(judge.judge(&health.liveness(SECOND)), Verdict::Feed);
        assert!(judge.was_absent(SECOND, 600 * SECOND));
        health.forgive();
        assert_eq!(judge.judge(&health.liveness(600 * SECOND)), Verdict::Feed);
        assert!(!judge.was_absent(SECOND, 602 * SECOND));
        assert_eq!(judge.judge(&health.liveness(606 * SECOND)), Verdict::Hang(vec!["main"]));
    }
}
