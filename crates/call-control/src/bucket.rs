//! How many messages are listened to: a bucket of tokens that fills with time.

use std::time::Duration;

/// At most so many at once.
const BURST: f64 = 40.0;
/// So many a second; the documents advise a client to send no more.
const PER_SECOND: f64 = 20.0;

/// A bucket. By itself it holds 40, and gets 20 a second.
#[derive(Clone, Debug)]
pub struct Bucket {
    left: f64,
    at: Duration,
    factor: f64,
}

impl Bucket {
    /// A full one, `factor` times as large as that of a single client.
    pub fn new(factor: f64, now: Duration) -> Self {
        Self { left: BURST * factor, at: now, factor }
    }

    /// Whether one more may come.
    pub fn take(&mut self, now: Duration) -> bool {
        let gained = now.saturating_sub(self.at).as_secs_f64() * PER_SECOND * self.factor;
        self.left = (self.left + gained).min(BURST * self.factor);
        self.at = self.at.max(now);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }

    /// Whether it says nothing about its owner any more.
    pub fn is_full(&self, now: Duration) -> bool {
        now.saturating_sub(self.at).as_secs_f64() * PER_SECOND * self.factor + self.left >= BURST * self.factor
    }
}
