//! How much one sender may say.

use std::time::Duration;

/// Longest message in bytes, whatever the configuration says; the local socket reads no further.
pub const LONGEST_MESSAGE: usize = 1024 * 1024;
/// Longest reply in bytes to a participant; what is longer than a data message goes in pieces. The local socket carries any.
pub const MAX_REPLY: usize = 1024 * 1024;
/// Longest reply in bytes over a broker: brokers for devices let 64 KiB through.
pub const MAX_BROKER_REPLY: usize = 60 * 1024;
/// Refusals in a row that a flood gets before there is silence, refilled at the rate of messages: enough for a burst of an honest
/// sender to learn of its mistake, too few to make this device an amplifier.
pub const REFUSALS: u32 = 100;
/// Senders that are remembered at a time.
pub const MAX_SENDERS: usize = 256;
/// How long an effect may take before its request is answered with an error.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What the configuration says of one sender's messages.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages a second, requests of a batch counted one by one.
    pub messages_per_second: u32,
    /// Most unanswered requests.
    pub in_flight: usize,
    /// Longest message in bytes.
    pub message: usize,
}

/// A token bucket. Time is counted in whole nanoseconds a token, so that nothing drifts.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// When the bucket will be full again: the only state there is.
    full_at: Duration,
    /// Time that one token takes to come back.
    each: Duration,
    /// Tokens in a full bucket.
    size: u32,
}

impl Bucket {
    /// A full bucket of `size` tokens that come back at `per_second`.
    pub fn new(size: u32, per_second: u32) -> Self {
        Self { full_at: Duration::ZERO, each: Duration::from_secs(1) / per_second, size }
    }

    /// Takes a token.
    ///
    /// # Errors
    /// The time until there is one.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        let missing = self.full_at.saturating_sub(now);
        let after = missing + self.each;
        match after.checked_sub(self.each * self.size) {
            Some(wait) if !wait.is_zero() => Err(wait),
            _ => {
                self.full_at = now + after;
                Ok(())
            }
        }
    }

    /// No token is missing.
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at <= now
    }
}
