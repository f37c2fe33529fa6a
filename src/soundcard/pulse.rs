//! Whether a card still moves samples, as seen by a thread that may have stood still itself.

use std::time::Duration;

/// When a card moved samples last. Time in which nobody looked is not held against it: then it was us who stood still, because the machine
/// slept, was stopped or is overloaded.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    moved_at: Duration,
    seen_at: Duration,
}

impl Pulse {
    /// The pulse of a card that is opened at `now`.
    pub fn new(now: Duration) -> Self {
        Self { moved_at: now, seen_at: now }
    }

    /// The card is looked at, as it is at least every `often`.
    pub fn look(&mut self, now: Duration, often: Duration) {
        if now > std::mem::replace(&mut self.seen_at, now) + often {
            self.moved_at = now;
        }
    }

    /// The card moved samples, or had none to move.
    pub fn moved(&mut self, now: Duration) {
        self.moved_at = now;
    }

    /// For how long it has moved none.
    pub fn still_for(&self, now: Duration) -> Duration {
        now.saturating_sub(self.moved_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_card_is_still_for_as_long_as_it_moves_nothing_though_somebody_looks() {
        let mut pulse = Pulse::new(Duration::ZERO);
        for at in 0..150 {
            pulse.look(at * 10 * MS, 500 * MS);
        }
        assert_eq!(pulse.still_for(1490 * MS), 1490 * MS);
        pulse.moved(1490 * MS);
        assert_eq!(pulse.still_for(1500 * MS), 10 * MS);
    }

    #[test]
    fn what_was_slept_through_is_not_held_against_the_card() {
        let mut pulse = Pulse::new(Duration::ZERO);
        pulse.look(10 * MS, 500 * MS);
        pulse.look(5000 * MS, 500 * MS);
        assert_eq!(pulse.still_for(5000 * MS), Duration::ZERO, "nobody looked for five seconds");
        pulse.look(5400 * MS, 500 * MS);
        assert_eq!(pulse.still_for(5400 * MS), 400 * MS, "from then on it counts again");
    }
}
