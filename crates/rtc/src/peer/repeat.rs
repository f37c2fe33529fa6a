//! Datagrams of the data channels, sent once more and once again a little later: what is lost on the way then costs no time. As many as
//! commands need, not the parts of a file. Not for media, which NACK repairs.
//!
//! SCTP repairs, too, but asks for what was lost a second time only after a second at least (RFC 9260, RTO.Min), then two, then four,
//! while all that comes behind it waits: on a path that loses a tenth, a few commands a second become a queue that never ends.
//! DTLS keeps only the first of equal datagrams (RFC 6347, 4.1.2.6), so the other side needs to know nothing of it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use str0m::net::{Protocol, Transmit};

/// When the copies follow: one at once, since what comes so late that three others overtake it is congestion to SCTP, and one apart from
/// it, since losses come in bursts.
const AFTER: [Duration; 2] = [Duration::ZERO, Duration::from_millis(8)];
/// Longest datagram that holds one command, reply or acknowledgement. Longer ones hold several that had to wait, or a part of a file.
const SMALL: usize = 640;
/// Bytes of copies a second, and at once: 200 commands a second, and what lets a queue of them end.
const BYTES_A_SECOND: f64 = 384_000.0;
const BURST: f64 = 48_000.0;
/// More bytes than this that wait to be sent are a file, whose parts go once.
const FILE: usize = 64_000;

#[derive(Debug)]
struct Later {
    due: Instant,
    transmit: Transmit,
}

/// Copies that wait for their time, bounded by their budgets.
#[derive(Debug)]
pub(super) struct Repeats {
    waiting: [VecDeque<Later>; AFTER.len()],
    /// Bytes that copies may have now.
    budget: f64,
    filled: Instant,
}

impl Repeats {
    pub(super) fn new(now: Instant) -> Self {
        Self { waiting: Default::default(), budget: BURST, filled: now }
    }

    /// Looks at what goes out now, while so many bytes wait behind it.
    pub(super) fn note(&mut self, transmit: &Transmit, waiting: usize, now: Instant) {
        let long = transmit.contents.len() > SMALL;
        if transmit.proto != Protocol::Udp || !is_dtls_data(&transmit.contents) || long && waiting > FILE {
            return;
        }
        let past = now.saturating_duration_since(self.filled).as_secs_f64();
        (self.budget, self.filled) = (BURST.min(self.budget + past * BYTES_A_SECOND), now);
        let cost = (transmit.contents.len() * AFTER.len()) as f64;
        if cost > self.budget {
            return;
        }
        self.budget -= cost;
        for (queue, after) in self.waiting.iter_mut().zip(AFTER) {
            queue.push_back(Later { due: now + after, transmit: again(transmit) });
        }
    }

    /// A copy whose time has come.
    pub(super) fn next(&mut self, now: Instant) -> Option<Transmit> {
        let queue = self.waiting.iter_mut().find(|queue| queue.front().is_some_and(|copy| copy.due <= now))?;
        queue.pop_front().map(|copy| copy.transmit)
    }

    /// When the next one is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|queue| queue.front()).map(|copy| copy.due).min()
    }

    /// The connection is over.
    pub(super) fn clear(&mut self) {
        self.waiting.iter_mut().for_each(VecDeque::clear);
    }
}

/// Application data of DTLS 1.2 or, behind its unified header, of 1.3.
fn is_dtls_data(datagram: &[u8]) -> bool {
    matches!(datagram.first(), Some(23 | 0x20..=0x3f))
}

fn again(transmit: &Transmit) -> Transmit {
    Transmit {
        proto: transmit.proto,
        source: transmit.source,
        destination: transmit.destination,
        contents: transmit.contents.to_vec().into(),
    }
}
