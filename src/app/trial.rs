//! A system that was just installed is on trial: kept once the device streams with it, left where it does not. Where RAUC and its boot
//! loader count attempts, this is what they wait for; a device without RAUC has nothing to keep or leave.
//!
//! It runs in a process of its own (`artc-edge confirm`), so that a daemon that does not start at all is judged, too.

use std::io;
use std::path::Path;
use std::time::Duration;

use wire::device::{Connection, SourceState, Status};

use super::power::Power;
use super::update::{self, Installed, Running};
use crate::control::client::call;
use crate::control::{Failure, PowerAct};
use crate::storage::{Disk, SystemDisk, replace};

/// What is remembered of the slot that was kept last, in the folder of `artc-edge confirm`.
const RECORD: &str = "confirmed.json";
/// How often the daemon is asked, and how long it may take to answer.
const ASKED_EVERY: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(5);

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It streams: the slot is marked good, so that the boot loader goes on with it.
    Kept(String),
    /// It does not: the slot is marked bad, and the machine restarts into the other one.
    Left(String),
    /// It does not, and nothing was done about it.
    Stays {
        /// What is missing.
        missing: String,
        /// Why the slot is kept all the same.
        why: &'static str,
    },
}

/// It could not be judged.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// RAUC does not answer, or refuses.
    #[error(transparent)]
    Rauc(#[from] Failure),
    /// What was decided cannot be written down.
    #[error("{0}: {1}")]
    Record(String, io::Error),
    /// The slot was marked bad, and the machine does not restart.
    #[error("the slot is bad, but the machine does not restart: {0}")]
    Power(Failure),
}

/// Waits until the daemon behind `socket` streams, `within` at most, and keeps or leaves the system that runs.
///
/// # Errors
/// Nothing could be decided, or not carried out; the boot loader's count of attempts goes on.
pub fn judge(socket: &Path, folder: &Path, within: Duration) -> Result<Verdict, TrialError> {
    let missing = wait(within, || match call(socket, "device.status", None, PATIENCE).map(serde_json::from_value::<Status>) {
        Ok(Ok(status)) => missing(&status),
        Ok(Err(why)) => Some(format!("the daemon answers something else than its status: {why}")),
        Err(why) => Some(why.to_string()),
    });
    let running = update::running()?;
    let record = folder.join(RECORD);
    let Some(missing) = missing else {
        let told = update::mark("good", "booted")?.message;
        let text = serde_json::to_vec(&running.installed).unwrap_or_default();
        replace(&mut SystemDisk, &record, &text).map_err(|why| TrialError::Record(record.display().to_string(), why))?;
        return Ok(Verdict::Kept(told));
    };
    let kept = SystemDisk.read(&record).ok().flatten().and_then(|bytes| serde_json::from_slice::<Installed>(&bytes).ok());
    if let Some(why) = stays(&running, kept.as_ref()) {
        return Ok(Verdict::Stays { missing, why });
    }
    update::mark("bad", "booted")?;
    Power::find().act(PowerAct::Reboot).map_err(TrialError::Power)?;
    Ok(Verdict::Left(missing))
}

/// Why a slot that does not stream is not left.
fn stays(running: &Running, kept: Option<&Installed>) -> Option<&'static str> {
    match kept {
        // A camera that broke later is no fault of the system.
        Some(kept) if *kept == running.installed => Some("it has streamed with this system before"),
        _ if !running.other_is_good => Some("the other slot is no better"),
        _ => None,
    }
}

/// What a device lacks that does not do what it is for.
fn missing(status: &Status) -> Option<String> {
    if status.safe_mode_s.is_some() {
        return Some("it is in safe mode".into());
    }
    match status.camera.state {
        SourceState::Live | SourceState::BuiltIn | SourceState::Private | SourceState::Resting => {}
        _ => {
            return Some(format!(
                "the camera does not deliver: {}",
                status.camera.reason.as_deref().unwrap_or("no reason is known")
            ));
        }
    }
    match status.connection {
        // One that waits to be called, or was never told where to go, is where it shall be.
        Connection::Connected | Connection::Idle => None,
        _ => Some(format!("not in the channel: {}", status.connection_reason.as_deref().unwrap_or("no reason is known"))),
    }
}

/// Asks until nothing is missing or the time is over; what was missing last.
#[expect(clippy::disallowed_methods, reason = "another process is asked, which says nothing by itself")]
fn wait(limit: Duration, missing: impl Fn() -> Option<String>) -> Option<String> {
    let begun = std::time::Instant::now();
    loop {
        let last = missing()?;
        if begun.elapsed() >= limit {
            return Some(last);
        }
        std::thread::sleep(ASKED_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn installed(slot: &str, at: &str) -> Installed {
        Installed { slot: slot.into(), at: at.into() }
    }

    #[test]
    fn a_slot_is_left_only_on_its_first_trial_and_for_a_good_one() {
        let new = |other_is_good| Running { installed: installed("rootfs.1", "today"), other_is_good };
        assert_eq!(stays(&new(true), None), None);
        assert_eq!(stays(&new(true), Some(&installed("rootfs.0", ""))), None);
        assert_eq!(stays(&new(true), Some(&installed("rootfs.1", "last year"))), None);
        assert!(stays(&new(true), Some(&installed("rootfs.1", "today"))).is_some_and(|why| why.contains("before")));
        assert!(stays(&new(false), None).is_some_and(|why| why.contains("no better")));
    }

    #[test]
    fn streaming_is_camera_and_channel() {
        let status = |camera, connection| {
            let mut status = Status { connection, ..Status::default() };
            status.camera.state = camera;
            missing(&status)
        };
        assert_eq!(status(SourceState::Live, Connection::Connected), None);
        assert_eq!(status(SourceState::Private, Connection::Idle), None);
        assert!(status(SourceState::NoSignal, Connection::Connected).is_some_and(|why| why.contains("camera")));
        assert!(status(SourceState::Live, Connection::Failed).is_some_and(|why| why.contains("channel")));
        let safe = Status { safe_mode_s: Some(3), connection: Connection::Connected, ..Status::default() };
        assert!(missing(&safe).is_some_and(|why| why.contains("safe mode")));
    }
}
