//! The lines by which a measuring program is steered, and the clocks it reads.

use std::io::Read as _;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use serde_json::Value;

/// What standard input said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steer {
    /// The counters of now are wanted.
    Mark,
    /// It is over.
    End,
}

/// Reads what is there; call it when standard input is readable.
pub fn read() -> Steer {
    let mut bytes = [0; 256];
    match std::io::stdin().read(&mut bytes) {
        Ok(count) if count > 0 => Steer::Mark,
        _ => Steer::End,
    }
}

/// What standard input says, if it says something.
pub fn poll() -> Option<Steer> {
    let stdin = std::io::stdin();
    let mut fds = [rustix::event::PollFd::new(&stdin, rustix::event::PollFlags::IN)];
    let none = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    let ready = rustix::event::poll(&mut fds, Some(&none)).is_ok_and(|count| count > 0);
    ready.then(read)
}

/// Says the counters of now as a mark, where standard input has said something; answers whether it is over.
pub fn over(steer: Option<Steer>, counters: impl FnOnce() -> Value) -> bool {
    let Some(steer) = steer else { return false };
    let at = monotonic().as_secs_f64();
    let mut mark = counters();
    mark["event"] = "mark".into();
    mark["at"] = at.into();
    say(&mark);
    steer == Steer::End
}

/// The clock of the program.
#[expect(clippy::disallowed_methods, reason = "a measuring program owns its clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Waits until `at`.
#[expect(clippy::disallowed_methods, reason = "a measuring program owns its clock")]
pub fn sleep_until(at: Instant) {
    std::thread::sleep(at.saturating_duration_since(Instant::now()));
}

/// `CLOCK_MONOTONIC`, which all processes of the machine share.
pub fn monotonic() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

/// Prints one JSON line.
pub fn say(line: &Value) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    // Whoever started us reads it, or is gone.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
