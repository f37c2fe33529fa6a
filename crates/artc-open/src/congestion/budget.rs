//! How much of the estimate the picture may use.

use std::time::{Duration, Instant};

/// Share of the estimate that is used: the rest is for packet headers, retransmission and the estimate's own error.
const SHARE: f64 = 0.9;
/// Kept for sound and data, bit/s.
const RESERVED: u64 = 48_000;
/// Changes below this share of the last value are not worth disturbing the encoder's rate control.
const DEAD_BAND: f64 = 0.05;
/// Rises are told at most this often; falls at once.
const RISE_EVERY: Duration = Duration::from_millis(500);
/// Without an estimate of the network the wish is all there is.
const NO_ESTIMATE: u64 = u64::MAX;

/// Turns estimates into a budget for the picture, without following their every twitch.
#[derive(Debug)]
pub struct Budget {
    estimate: u64,
    /// The other side's own limit (REMB), bit/s.
    asked: u64,
    told: u64,
    told_at: Option<Instant>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { estimate: NO_ESTIMATE, asked: NO_ESTIMATE, told: NO_ESTIMATE, told_at: None }
    }
}

impl Budget {
    /// A new estimate of the whole connection, bit/s.
    pub fn estimate(&mut self, bps: u64) {
        self.estimate = bps;
    }

    /// The last estimate of the connection, bit/s; nothing before the first.
    pub fn last_estimate(&self) -> Option<u64> {
        (self.estimate != NO_ESTIMATE).then_some(self.estimate)
    }

    /// What the receiver asked for, bit/s.
    pub fn asked(&mut self, bps: u64) {
        self.asked = bps;
    }

    /// The connection was made anew: what was known of the old path is forgotten.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Bit/s for the picture when there is something new to tell.
    pub fn changed(&mut self, now: Instant) -> Option<u64> {
        let whole = self.estimate.min(self.asked);
        if whole == NO_ESTIMATE {
            return None;
        }
        let share = ((whole as f64 * SHARE) as u64).saturating_sub(RESERVED);
        let falls = (share as f64) < self.told as f64 * (1.0 - DEAD_BAND);
        let rises = share as f64 > self.told as f64 * (1.0 + DEAD_BAND)
            && self.told_at.is_none_or(|at| now.saturating_duration_since(at) >= RISE_EVERY);
        if !(falls || rises) {
            return None;
        }
        self.told = share;
        self.told_at = Some(now);
        Some(share)
    }
}
