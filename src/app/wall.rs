//! The clock on the wall: what time it is, who says so, and setting it by hand where nobody else does.
#![expect(unsafe_code, reason = "adjtimex is a C function")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, Timespec, clock_settime};
use wire::device::{Clock, ClockSource};

use super::clock::since_1970;
use crate::control::Failure;

/// A command has set the clock since the daemon started.
static SET: AtomicBool = AtomicBool::new(false);

/// The clock as it is.
pub fn read() -> Clock {
    let (synchronised, max_error_ms) = kernel();
    let source = if synchronised {
        ClockSource::Network
    } else if SET.load(Ordering::Relaxed) {
        ClockSource::Command
    } else if has_battery(Path::new("/sys/class/rtc")) {
        ClockSource::Battery
    } else {
        ClockSource::Unknown
    };
    let time_ms = since_1970().as_millis() as u64;
    Clock { time_ms, synchronised, source, max_error_ms: synchronised.then_some(max_error_ms) }
}

/// Sets the clock to so many milliseconds since 1970.
///
/// # Errors
/// Somebody else sets it, or the system does not let us.
pub fn set(time_ms: u64) -> Result<Clock, Failure> {
    if kernel().0 {
        return Err(Failure::NotAvailable("the clock is synchronised over the network, which knows better".into()));
    }
    let wrong = |why: &dyn std::fmt::Display| Failure::Device(format!("the clock was not set: {why}"));
    let time = Timespec::try_from(Duration::from_millis(time_ms)).map_err(|why| wrong(&why))?;
    match clock_settime(ClockId::Realtime, time) {
        Ok(()) => {
            SET.store(true, Ordering::Relaxed);
            tracing::info!(time_ms, "the clock was set");
            Ok(read())
        }
        Err(rustix::io::Errno::PERM) => {
            Err(Failure::Device("the system does not let the daemon set the clock; it needs the capability CAP_SYS_TIME".into()))
        }
        Err(why) => Err(wrong(&why)),
    }
}

/// Whether somebody (chrony, systemd-timesyncd, ntpd, PTP) keeps the kernel's clock, and how far it may be off at most, in milliseconds.
fn kernel() -> (bool, u32) {
    // SAFETY: all zero bytes are a lawful `timex`, which holds numbers alone.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: `modes` is 0, so the kernel only fills in the structure that it is given, which is ours and large enough.
    let said = unsafe { libc::adjtimex(&mut state) };
    let max_error_ms = u32::try_from(state.maxerror / 1000).unwrap_or(u32::MAX);
    (said >= 0 && state.status & libc::STA_UNSYNC == 0, max_error_ms)
}

/// Whether the kernel took its time from a clock with a battery when it started.
fn has_battery(class: &Path) -> bool {
    let mut clocks = fs::read_dir(class).into_iter().flatten().flatten();
    clocks.any(|clock| fs::read_to_string(clock.path().join("hctosys")).is_ok_and(|text| text.trim() == "1"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_says_who_sets_it_and_is_left_alone_where_it_is_set() {
        let clock = read();
        assert_eq!(clock.synchronised, clock.source == ClockSource::Network);
        assert_eq!(clock.synchronised, clock.max_error_ms.is_some());
        assert!(clock.time_ms > 1_600_000_000_000 || !clock.synchronised);
        if clock.synchronised {
            assert!(matches!(set(clock.time_ms), Err(Failure::NotAvailable(_))));
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_battery(folder.path()) && !has_battery(&folder.path().join("none")));
        fs::create_dir(folder.path().join("rtc0")).unwrap();
        fs::write(folder.path().join("rtc0/hctosys"), "0\n").unwrap();
        assert!(!has_battery(folder.path()));
        fs::write(folder.path().join("rtc0/hctosys"), "1\n").unwrap();
        assert!(has_battery(folder.path()));
    }
}
