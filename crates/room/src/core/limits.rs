//! How often something may happen: a token bucket. Not for what happens.

use std::time::Instant;

/// So many a second, with bursts of five seconds' worth.
#[derive(Debug)]
pub(crate) struct Rate {
    per_second: f64,
    tokens: f64,
    last: Option<Instant>,
}

impl Rate {
    pub(crate) fn new(per_second: u32) -> Self {
        let per_second = f64::from(per_second.max(1));
        Rate { per_second, tokens: per_second * 5.0, last: None }
    }

    /// Whether it may happen once more now.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let elapsed = self.last.map_or(0.0, |last| now.saturating_duration_since(last).as_secs_f64());
        self.last = Some(now);
        self.tokens = elapsed.mul_add(self.per_second, self.tokens).min(self.per_second * 5.0);
        let admitted = self.tokens >= 1.0;
        if admitted {
            self.tokens -= 1.0;
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_burst_is_let_in_and_a_flood_is_not() {
        #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
        let now = Instant::now();
        let mut rate = Rate::new(2);
        assert_eq!((0..100).filter(|_| rate.take(now)).count(), 10);
        assert!(!rate.take(now + Duration::from_millis(400)));
        assert!(rate.take(now + Duration::from_millis(600)));
        assert_eq!((0..100).filter(|_| rate.take(now + Duration::from_secs(3600))).count(), 10);
    }
}
