//! What the status LED has to tell of the daemon. How that looks is the board's own affair.

use board::Signal;

use crate::capture::video;
use crate::session;

/// What there is to tell; the fault that a person can do something about comes first. `unprovisioned`: there is no token to join with.
pub fn signal(camera: &video::Phase, session: &session::Status, watched: bool, unprovisioned: bool) -> Signal {
    use session::Phase;
    match (camera, &session.phase) {
        (video::Phase::Lost(_) | video::Phase::NoSignal, _) => Signal::Fault,
        (_, Phase::Connected) if watched => Signal::Streaming,
        (_, Phase::Connected) => Signal::Waiting,
        _ if unprovisioned => Signal::Provisioning,
        (_, Phase::Waiting { .. } | Phase::Reconnecting) => Signal::Fault,
        // On the way back, or in after a failure: not a start.
        (_, Phase::Connecting) if session.joins > 0 || session.attempts > 1 => Signal::Fault,
        (_, Phase::Idle | Phase::Connecting | Phase::Leaving) => Signal::Connecting,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fault_comes_before_everything_and_watching_before_waiting() {
        let at = |phase| {
            let mut status = session::Status::default();
            status.phase = phase;
            status
        };
        let again = |attempts| {
            let mut status = at(session::Phase::Connecting);
            status.attempts = attempts;
            status
        };
        let waiting = session::Phase::Waiting { until: Duration::ZERO };
        let (live, lost) = (video::Phase::Live, video::Phase::Lost(video::Loss::Unplugged));
        assert_eq!(signal(&live, &at(session::Phase::Connecting), false, false), Signal::Connecting);
        assert_eq!(
            (signal(&live, &again(1), false, false), signal(&live, &again(2), false, false)),
            (Signal::Connecting, Signal::Fault)
        );
        assert_eq!(signal(&live, &at(session::Phase::Connected), false, false), Signal::Waiting);
        assert_eq!(signal(&live, &at(session::Phase::Connected), true, true), Signal::Streaming);
        assert_eq!(signal(&live, &at(waiting), true, false), Signal::Fault);
        assert_eq!(
            signal(&live, &at(waiting), false, true),
            Signal::Provisioning,
            "nothing to join with is no fault of the network"
        );
        assert_eq!(signal(&lost, &at(session::Phase::Connected), true, false), Signal::Fault);
        assert_eq!(signal(&lost, &at(waiting), true, true), Signal::Fault, "a camera can be plugged in by anybody");
    }
}
