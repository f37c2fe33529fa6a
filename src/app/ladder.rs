//! How the run before ended, and what follows from it: the rungs of the failure ladder above a single device. A run writes down that it
//! began and how it ends; the next one reads what became of it. After [`MANY`] ends that nobody asked for within [`WINDOW`] the next run
//! holds back ([`Ladder::is_safe`]): commands and log, and no camera, microphone or encoder, so that whatever is wrong can be looked at and
//! put right from afar. That ends by itself after [`SAFE_FOR`], or by command.
//!
//! Time is seconds since the machine was started, the sleep included: clocks on the wall jump.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use wire::device::{Cause, Restart};

use super::clock;
use crate::exit::Exit;
use crate::storage::{Disk, SystemDisk, replace};

/// Ends that nobody asked for, after which the next run holds back.
const MANY: usize = 5;
/// Within how many seconds.
const WINDOW: u64 = 600;
/// For how many seconds it holds back.
const SAFE_FOR: u64 = 600;
/// Longest description of an end.
const LONGEST: usize = 200;

/// What is kept between runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Record {
    /// Id of the start of the machine in which the run began.
    boot: String,
    /// How the run ended; nothing while it goes on.
    ended: Option<Ended>,
    /// When runs of this start of the machine began whose predecessor ended unasked.
    bad: Vec<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    cause: Cause,
    detail: Option<String>,
}

/// What a run is told of those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Begun {
    record: Record,
    before: Restart,
    safe_until: Option<u64>,
}

/// The run that begins at `now` in the start `boot` of the machine, after what was `kept`. `result` is systemd's word (`$SERVICE_RESULT`)
/// for an end that the run itself could not write down.
fn begin(kept: Option<Record>, result: &str, boot: &str, now: u64) -> Begun {
    let (cause, detail, rebooted, mut bad) = match kept {
        None => (Cause::Unknown, None, false, Vec::new()),
        Some(Record { boot: before, ended, bad }) => {
            let rebooted = before != boot;
            // Counted anew after a start of the machine: its clock begins anew, too.
            let bad = if rebooted { Vec::new() } else { bad };
            // A run that stood still before it could write anything down left the word of the one before it: that of an end in order.
            let ended = ended.filter(|ended| rebooted || result != "timeout" || ended.cause != Cause::Stopped);
            match ended {
                Some(Ended { cause, detail }) => (cause, detail, rebooted, bad),
                None if rebooted => (Cause::Power, None, rebooted, bad),
                None => {
                    let (cause, detail) = match result {
                        "watchdog" => (Cause::Hang, Some("the whole process".into())),
                        "timeout" => (Cause::Hang, Some("the whole process, at its start or at its end".into())),
                        "oom-kill" => (Cause::Killed, Some("no memory was left".into())),
                        _ => (Cause::Killed, None),
                    };
                    (cause, detail, rebooted, bad)
                }
            }
        }
    };
    bad.retain(|at| *at <= now && now - at < WINDOW);
    if matches!(cause, Cause::Killed | Cause::Hang | Cause::Panic | Cause::Failed) && !rebooted {
        bad.push(now);
    }
    let recent = u32::try_from(bad.len()).unwrap_or(u32::MAX);
    let safe_until = (bad.len() >= MANY).then_some(now + SAFE_FOR);
    if safe_until.is_some() {
        // The next one counts from the beginning: holding back twice in a row takes as many ends again.
        bad.clear();
    }
    let before = Restart { cause, detail, rebooted, recent };
    Begun { record: Record { boot: boot.to_owned(), ended: None, bad }, before, safe_until }
}

/// The ladder of this process.
#[derive(Debug)]
pub struct Ladder {
    path: PathBuf,
    before: Restart,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    record: Record,
    safe_until: Option<u64>,
    /// What was written last cannot be kept: told once.
    unkept: bool,
}

impl Ladder {
    /// Reads what became of the run before, says so, and writes down that this one has begun.
    pub fn climb(folder: &Path) -> Self {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let path = folder.join("run.json");
        // A record that cannot be read is as good as none: nothing but the cause is lost.
        let kept = SystemDisk.read(&path).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        // Written by the unit when the service has ended; it is about that end alone.
        let result = folder.join("service-result");
        let told = std::fs::read_to_string(&result).unwrap_or_default();
        let _ = std::fs::remove_file(&result);
        let Begun { record, before, safe_until } = begin(kept, told.trim(), boot.trim(), clock::since_boot());
        let ladder = Self { path, before, state: Mutex::new(State { record, safe_until, unkept: false }) };
        ladder.tell();
        ladder.write(&mut ladder.lock());
        ladder
    }

    fn tell(&self) {
        let Restart { cause, detail, rebooted, recent } = &self.before;
        let machine = if *rebooted { "; the machine was started since" } else { "" };
        let detail = detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        match cause {
            Cause::Stopped | Cause::Unknown => tracing::info!(name: "started", "the run before: {}{machine}", in_words(*cause)),
            _ => {
                tracing::warn!(name: "restarted", "the run before {}{detail}{machine}; {recent} such ends in ten minutes", in_words(*cause))
            }
        }
        metrics::gauge!("artc_restart_info", "cause" => name(*cause)).set(1.0);
        if self.is_safe() {
            tracing::error!(
                name: "safe_mode",
                "SAFE MODE: commands only, no camera, no microphone, for {} minutes or until `device.leave_safe_mode`",
                SAFE_FOR / 60
            );
        }
    }

    /// How the run before ended.
    pub fn before(&self) -> &Restart {
        &self.before
    }

    /// Whether this run holds back.
    pub fn is_safe(&self) -> bool {
        self.safe_for().is_some()
    }

    /// For how many seconds it still holds back by itself.
    pub fn safe_for(&self) -> Option<u32> {
        let left = self.lock().safe_until?.checked_sub(clock::since_boot()).filter(|left| *left > 0)?;
        Some(u32::try_from(left).unwrap_or(u32::MAX))
    }

    /// It holds back no longer.
    pub fn leave_safe_mode(&self) {
        self.lock().safe_until = None;
    }

    /// These loops hang: what ends the process now will be because of it.
    pub fn hangs(&self, loops: &[&str]) {
        self.end(Cause::Hang, Some(loops.join(", ")));
    }

    /// They turn again.
    pub fn goes_on(&self) {
        let mut state = self.lock();
        state.record.ended = None;
        self.write(&mut state);
    }

    /// The run ends so.
    pub fn ends(&self, exit: Exit) {
        match exit {
            Exit::Ok => self.end(Cause::Stopped, None),
            other => self.end(Cause::Failed, Some(format!("exit code {}", other as u8))),
        }
    }

    fn end(&self, cause: Cause, detail: Option<String>) {
        let mut state = self.lock();
        let detail = detail.map(|detail| detail.chars().take(LONGEST).collect());
        state.record.ended = Some(Ended { cause, detail });
        self.write(&mut state);
    }

    fn write(&self, state: &mut State) {
        let text = serde_json::to_vec(&state.record).unwrap_or_default();
        if let Err(why) = replace(&mut SystemDisk, &self.path, &text)
            && !std::mem::replace(&mut state.unkept, true)
        {
            tracing::warn!("{}: {why}; the next run will not know how this one ended", self.path.display());
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held by the thread that runs the daemon: writes it down when a panic ends that.
pub struct Witness(pub Arc<Ladder>);

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.end(Cause::Panic, None);
        }
    }
}

fn name(cause: Cause) -> &'static str {
    match cause {
        Cause::Unknown => "unknown",
        Cause::Stopped => "stopped",
        Cause::Killed => "killed",
        Cause::Hang => "hang",
        Cause::Panic => "panic",
        Cause::Failed => "failed",
        Cause::Power => "power",
    }
}

fn in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Unknown => "nothing is known of it",
        Cause::Stopped => "ended as it was asked to",
        Cause::Killed => "was killed",
        Cause::Hang => "hung and was ended",
        Cause::Panic => "ended by a mistake of the program",
        Cause::Failed => "gave up",
        Cause::Power => "ended with the machine, which lost its power or was reset",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(boot: &str, ended: Option<Cause>, bad: &[u64]) -> Option<Record> {
        let ended = ended.map(|cause| Ended { cause, detail: None });
        Some(Record { boot: boot.into(), ended, bad: bad.to_vec() })
    }

    #[test]
    fn each_end_has_its_cause() {
        let cause = |kept| {
            let Restart { cause, rebooted, recent, .. } = begin(kept, "signal", "now", 1000).before;
            (cause, rebooted, recent)
        };
        assert_eq!(cause(None), (Cause::Unknown, false, 0));
        assert_eq!(cause(kept("now", None, &[])), (Cause::Killed, false, 1));
        assert_eq!(cause(kept("before", None, &[])), (Cause::Power, true, 0));
        assert_eq!(cause(kept("now", Some(Cause::Stopped), &[])), (Cause::Stopped, false, 0));
        assert_eq!(cause(kept("before", Some(Cause::Stopped), &[])), (Cause::Stopped, true, 0));
        for bad in [Cause::Hang, Cause::Panic, Cause::Failed] {
            assert_eq!(cause(kept("now", Some(bad), &[])), (bad, false, 1));
        }
    }

    #[test]
    fn an_end_that_could_not_be_written_down_is_told_by_the_service_manager() {
        let before = |ended, result| begin(kept("now", ended, &[]), result, "now", 1000).before;
        let hung = before(None, "watchdog");
        assert_eq!((hung.cause, hung.detail.as_deref()), (Cause::Hang, Some("the whole process")));
        let late = before(None, "timeout");
        assert_eq!((late.cause, late.detail.as_deref()), (Cause::Hang, Some("the whole process, at its start or at its end")));
        assert_eq!(before(Some(Cause::Stopped), "timeout").cause, Cause::Hang, "the word is that of the run before");
        assert_eq!(before(Some(Cause::Panic), "timeout").cause, Cause::Panic);
        let starved = before(None, "oom-kill");
        assert_eq!((starved.cause, starved.detail.as_deref()), (Cause::Killed, Some("no memory was left")));
        assert_eq!(before(None, "").cause, Cause::Killed);
        assert_eq!(before(Some(Cause::Failed), "exit-code").cause, Cause::Failed, "what the run says of itself goes before");
    }

    #[test]
    fn five_bad_ends_in_ten_minutes_hold_back_and_four_or_slower_ones_do_not() {
        let fifth = begin(kept("now", None, &[900, 950, 990, 999]), "", "now", 1000);
        assert_eq!((fifth.safe_until, fifth.before.recent), (Some(1000 + SAFE_FOR), 5));
        assert!(fifth.record.bad.is_empty(), "the next one counts from the beginning");
        for (ended, bad, now, boot) in [
            (None, vec![950, 990, 999], 1000, "now"),
            (None, vec![400, 950, 990, 999], 1000, "now"),
            (None, vec![900, 950, 990, 999], 1000, "other"),
            (Some(Cause::Stopped), vec![900, 950, 990, 999], 1000, "now"),
            (None, vec![2000, 2001, 2002, 2003], 1000, "now"),
        ] {
            let begun = begin(kept("now", ended, &bad), "", boot, now);
            assert_eq!(begun.safe_until, None, "{ended:?} {bad:?}");
        }
    }

    #[test]
    fn a_panic_is_written_down_and_a_torn_record_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let panicked = std::panic::catch_unwind(|| {
            let _witness = Witness(Arc::new(Ladder::climb(folder.path())));
            panic!("as the test wants");
        });
        assert!(panicked.is_err());
        assert_eq!(Ladder::climb(folder.path()).before().cause, Cause::Panic);
        assert_eq!(Ladder::climb(folder.path()).before().cause, Cause::Killed, "the last one said nothing of its end");
        std::fs::write(folder.path().join("run.json"), "{\"boot\":").unwrap();
        let ladder = Ladder::climb(folder.path());
        assert_eq!(ladder.before().cause, Cause::Unknown);
        ladder.hangs(&["camera", "main"]);
        let next = Ladder::climb(folder.path());
        assert_eq!((next.before().cause, next.before().detail.as_deref()), (Cause::Hang, Some("camera, main")));
        next.hangs(&["camera"]);
        next.goes_on();
        next.ends(Exit::Ok);
        assert_eq!(Ladder::climb(folder.path()).before().cause, Cause::Stopped);
    }
}
