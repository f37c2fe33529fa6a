//! The jitter buffer of one remote sound track: packets go in as they come, leave in step with the listener's clock.
//!
//! Pure; decoding is somebody else's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Samples of a packet of 20 ms at Opus' RTP clock.
pub const PACKET: u64 = 960;
/// Shortest delay that is aimed at.
const LEAST: Duration = Duration::from_millis(40);
/// Longest delay that is aimed at.
const MOST: Duration = Duration::from_millis(300);
/// What is beyond the aim by more than this is too much: a packet is left out.
const SURPLUS: Duration = Duration::from_millis(80);
/// Packets that are held at most.
const DEPTH: usize = 50;
/// After so many packets of nothing the buffer fills up anew.
const PATIENCE: u32 = 5;

/// What the listener plays next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pulled {
    /// Decode this.
    Packet(Arc<[u8]>),
    /// A packet is missing; the one behind it carries its correction, perhaps.
    Missing {
        /// The packet behind the missing one.
        next: Option<Arc<[u8]>>,
    },
    /// Nothing yet, or nothing any more.
    Nothing,
}

/// See the module.
#[derive(Debug)]
pub struct JitterBuffer {
    packets: BTreeMap<u64, Arc<[u8]>>,
    next: Option<u64>,
    filling: bool,
    missing: u32,
    jitter: f64,
    last: Option<(u64, Instant)>,
    /// Packets left out because the buffer held too much.
    pub skipped: u64,
    /// Packets that came too late.
    pub late: u64,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self { packets: BTreeMap::new(), next: None, filling: true, missing: 0, jitter: 0.0, last: None, skipped: 0, late: 0 }
    }
}

impl JitterBuffer {
    /// A packet of RTP time `time` (48 kHz, without roll-over) came.
    pub fn push(&mut self, time: u64, data: Arc<[u8]>, now: Instant) {
        if let Some((last_time, last_at)) = self.last {
            let sent = (time as f64 - last_time as f64) / 48_000.0;
            let came = now.saturating_duration_since(last_at).as_secs_f64();
            // As RFC 3550 6.4.1, but quicker on the way up: what came late once will come late again.
            let off = (came - sent).abs();
            // A pause or a new beginning of the sender says nothing about the network.
            if off < 1.0 {
                self.jitter += (off - self.jitter) * if off > self.jitter { 0.25 } else { 1.0 / 64.0 };
            }
        }
        self.last = Some((time, now));
        if self.next.is_some_and(|next| time < next) {
            // Far behind: the sender began anew.
            if self.next.is_some_and(|next| next - time > 48_000) {
                self.packets.clear();
                (self.next, self.filling) = (None, true);
            } else {
                self.late += 1;
                return;
            }
        }
        self.packets.insert(time, data);
        while self.packets.len() > DEPTH {
            self.packets.pop_first();
            self.skipped += 1;
        }
    }

    /// Delay that the jitter of the last seconds asks for.
    pub fn aim(&self) -> Duration {
        Duration::from_secs_f64(self.jitter * 3.0 + 0.02).clamp(LEAST, MOST)
    }

    /// What to play for the next 20 ms.
    pub fn pull(&mut self) -> Pulled {
        let held = Duration::from_millis(self.packets.len() as u64 * 20);
        if self.filling {
            if held < self.aim() {
                return Pulled::Nothing;
            }
            self.filling = false;
            self.next = self.packets.first_key_value().map(|(time, _)| *time);
        }
        if held > self.aim() + SURPLUS {
            self.packets.pop_first();
            self.skipped += 1;
            self.next = self.packets.first_key_value().map(|(time, _)| *time);
        }
        let Some(next) = self.next else { return Pulled::Nothing };
        let Some((&first, _)) = self.packets.first_key_value() else {
            self.missing += 1;
            if self.missing > PATIENCE {
                (self.filling, self.missing, self.next) = (true, 0, None);
                return Pulled::Nothing;
            }
            self.next = Some(next + PACKET);
            return Pulled::Missing { next: None };
        };
        // Packets of other lengths shift the grid by less than one of ours.
        if first < next + PACKET / 2 {
            self.missing = 0;
            self.next = Some(first + PACKET);
            return self.packets.pop_first().map_or(Pulled::Nothing, |(_, data)| Pulled::Packet(data));
        }
        self.missing += 1;
        if self.missing > PATIENCE {
            // A pause of the sender, not a loss.
            self.missing = 0;
            self.next = Some(first);
        } else {
            self.next = Some(next + PACKET);
        }
        let behind = (first < next + PACKET + PACKET / 2).then(|| self.packets.first_key_value().map(|(_, d)| Arc::clone(d)));
        Pulled::Missing { next: behind.flatten() }
    }
}
