//! The status LED: shows at the device how the daemon is, by the patterns of the board's profile. A board without one shows nothing.
//!
//! LEDs of the kernel's LED class blink by themselves. One on a plain line is blinked from here, so this has a deadline.

use std::time::Duration;

use board::{Board, Pattern, Patterns, Profile, STATUS};

use crate::capture::video;
use crate::session;
use crate::telemetry::Fault;

/// How the daemon is, in what an LED can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// On its way into the channel for the first time.
    Starting,
    /// In the channel, and somebody watches.
    Streaming,
    /// In the channel, and nobody watches.
    Waiting,
    /// The camera delivers nothing, or the channel is out of reach.
    Fault,
}

impl Signal {
    /// What there is to show; the fault that a person can do something about comes first.
    pub fn of(camera: &video::Phase, session: &session::Status, watched: bool) -> Self {
        use session::Phase;
        match (camera, &session.phase) {
            (video::Phase::Lost(_) | video::Phase::NoSignal, _) | (_, Phase::Waiting { .. } | Phase::Reconnecting) => Self::Fault,
            (_, Phase::Connected) if watched => Self::Streaming,
            (_, Phase::Connected) => Self::Waiting,
            // On the way back, or in after a failure: not a start.
            (_, Phase::Connecting) if session.joins > 0 || session.attempts > 1 => Self::Fault,
            (_, Phase::Idle | Phase::Connecting | Phase::Leaving) => Self::Starting,
        }
    }
}

/// The LED.
pub struct Light {
    board: Box<dyn Board>,
    patterns: Option<Patterns>,
    /// On a plain line: somebody has to blink it.
    by_hand: bool,
    shown: Option<Signal>,
    /// Whether it is lit, and until when, while it is blinked by hand.
    turn: Option<(bool, Duration)>,
    fault: Fault<String>,
}

impl Light {
    /// The LED of `profile` on `board`.
    pub fn new(profile: &Profile, board: Box<dyn Board>) -> Self {
        let led = profile.leds.get(STATUS);
        Self {
            board,
            patterns: led.map(|led| led.patterns.unwrap_or_default()),
            by_hand: led.is_some_and(|led| led.class.is_none()),
            shown: None,
            turn: None,
            fault: Fault::default(),
        }
    }

    /// Shows `signal` from now on.
    pub fn show(&mut self, signal: Signal, now: Duration) {
        let Some(patterns) = self.patterns else { return };
        if self.shown == Some(signal) {
            return;
        }
        self.shown = Some(signal);
        let pattern = pattern_of(&patterns, signal);
        match pattern {
            Pattern::Blink { on, .. } if self.by_hand => {
                self.turn = Some((true, now + Duration::from_millis(on.into())));
                self.put(Pattern::On);
            }
            pattern => {
                self.turn = None;
                self.put(pattern);
            }
        }
    }

    /// When [`blink`](Self::blink) has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.turn.map(|(_, until)| until)
    }

    /// Goes on blinking. A blink that comes late is followed by a full one.
    pub fn blink(&mut self, now: Duration) {
        let (Some((lit, until)), Some(patterns), Some(signal)) = (self.turn, self.patterns, self.shown) else { return };
        let Pattern::Blink { on, off } = pattern_of(&patterns, signal) else { return };
        if now < until {
            return;
        }
        let lit = !lit;
        self.turn = Some((lit, now + Duration::from_millis(if lit { on } else { off }.into())));
        self.put(if lit { Pattern::On } else { Pattern::Off });
    }

    /// An LED that does not do as it is told is told of once, and tried again at the next change.
    fn put(&mut self, pattern: Pattern) {
        let why = self.board.show(STATUS, pattern).err().map(|why| why.to_string());
        if let Some(change) = self.fault.see(why) {
            match change.now {
                Some(why) => tracing::warn!("it cannot be shown how things stand: {why}"),
                None => tracing::info!("status LED works again"),
            }
        }
    }
}

fn pattern_of(patterns: &Patterns, signal: Signal) -> Pattern {
    match signal {
        Signal::Starting => patterns.starting,
        Signal::Streaming => patterns.streaming,
        Signal::Waiting => patterns.waiting,
        Signal::Fault => patterns.fault,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use board::{Declared, LineError};

    use super::*;

    /// A board that writes down what it is to show, and may refuse.
    #[derive(Clone, Default)]
    struct Witness(Arc<Mutex<(Vec<Pattern>, bool)>>);

    impl Witness {
        fn seen(&self) -> Vec<Pattern> {
            std::mem::take(&mut self.0.lock().unwrap().0)
        }
    }

    impl Board for Witness {
        fn declared(&self) -> Vec<Declared> {
            Vec::new()
        }
        fn get(&mut self, line: &str) -> Result<bool, LineError> {
            Err(LineError::Input(line.into()))
        }
        fn set(&mut self, line: &str, _: bool) -> Result<(), LineError> {
            Err(LineError::Input(line.into()))
        }
        fn show(&mut self, led: &str, pattern: Pattern) -> Result<(), LineError> {
            assert_eq!(led, "status");
            let mut book = self.0.lock().unwrap();
            book.0.push(pattern);
            if book.1 { Err(LineError::Failed { name: led.into(), why: "gone".into() }) } else { Ok(()) }
        }
        fn rest(&mut self) {}
    }

    fn profile(led: &str) -> Profile {
        let lines = "[lines.lamp]\nline = \"L\"\ndirection = \"output\"\nsafe = false\n";
        Profile::parse("t", &format!("[board]\nid = \"b\"\nname = \"B\"\n{lines}{led}")).unwrap_or_else(|why| panic!("{why}"))
    }

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn an_led_of_the_kernel_is_told_each_change_once() {
        let witness = Witness::default();
        let led = "[leds.status]\nclass = \"ACT\"\n[leds.status.patterns]\nwaiting = \"off\"\n";
        let mut light = Light::new(&profile(led), Box::new(witness.clone()));
        for signal in [Signal::Starting, Signal::Starting, Signal::Waiting, Signal::Streaming, Signal::Streaming] {
            light.show(signal, MS);
        }
        assert_eq!(witness.seen(), [Pattern::Blink { on: 500, off: 500 }, Pattern::Off, Pattern::On]);
        assert_eq!(light.deadline(), None, "the kernel blinks it");
    }

    #[test]
    fn an_led_on_a_line_is_blinked_by_hand_until_something_else_is_shown() {
        let witness = Witness::default();
        let led = "[leds.status]\nline = \"lamp\"\n[leds.status.patterns]\nfault = \"100/300\"\n";
        let mut light = Light::new(&profile(led), Box::new(witness.clone()));
        light.show(Signal::Fault, 1000 * MS);
        assert_eq!((light.deadline(), witness.seen()), (Some(1100 * MS), vec![Pattern::On]));
        light.blink(1050 * MS);
        assert_eq!(witness.seen(), [], "not yet");
        light.blink(1100 * MS);
        assert_eq!((light.deadline(), witness.seen()), (Some(1400 * MS), vec![Pattern::Off]));
        light.blink(1500 * MS);
        assert_eq!((light.deadline(), witness.seen()), (Some(1600 * MS), vec![Pattern::On]), "a late one is a full one");
        light.show(Signal::Streaming, 1550 * MS);
        assert_eq!((light.deadline(), witness.seen()), (None, vec![Pattern::On]));
    }

    #[test]
    fn a_board_without_one_and_one_that_refuses_keep_nothing_from_running() {
        let witness = Witness::default();
        let mut light = Light::new(&profile(""), Box::new(witness.clone()));
        light.show(Signal::Fault, MS);
        assert_eq!((witness.seen(), light.deadline()), (vec![], None));
        witness.0.lock().unwrap().1 = true;
        let mut light = Light::new(&profile("[leds.status]\nline = \"lamp\"\n"), Box::new(witness.clone()));
        light.show(Signal::Fault, MS);
        light.blink(200 * MS);
        assert_eq!(witness.seen().len(), 2, "it is tried again");
        assert_eq!(light.fault.get().map(String::as_str), Some("line \"status\": gone"));
        drop(board::open(&profile(""), Path::new("/nowhere")));
    }

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
        let waiting = session::Phase::Waiting { until: MS };
        let (live, lost) = (video::Phase::Live, video::Phase::Lost(video::Loss::Unplugged));
        assert_eq!(Signal::of(&live, &at(session::Phase::Connecting), false), Signal::Starting);
        assert_eq!((Signal::of(&live, &again(1), false), Signal::of(&live, &again(2), false)), (Signal::Starting, Signal::Fault));
        assert_eq!(Signal::of(&live, &at(session::Phase::Connected), false), Signal::Waiting);
        assert_eq!(Signal::of(&live, &at(session::Phase::Connected), true), Signal::Streaming);
        assert_eq!(Signal::of(&live, &at(waiting), true), Signal::Fault);
        assert_eq!(Signal::of(&lost, &at(session::Phase::Connected), true), Signal::Fault);
    }
}
