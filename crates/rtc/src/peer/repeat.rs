//! Datagrams of the data channels, sent once more and once again a little later: what is lost on the way then costs no time. As many as
//! commands need, of a file the first few. Not for media, which NACK repairs.
//!
//! SCTP repairs, too, but asks for what was lost a second time only after a second at least (RFC 9260, RTO.Min), then two, then four,
//! while all that comes behind it waits: on a path that loses a tenth, a few commands a second become a queue that never ends.
//! DTLS keeps only the first of equal datagrams (RFC 6347, 4.1.2.6), so the other side needs to know nothing of it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use str0m::net::{Protocol, Transmit};

/// When the copies follow: apart, since losses come in bursts, but so soon that no third message of 200 a second overtakes what was lost,
/// which SCTP would take for congestion.
const AFTER: [Duration; 2] = [Duration::from_millis(4), Duration::from_millis(12)];
/// Longest datagram that holds one command, reply or acknowledgement. Longer ones hold several that had to wait, or a part of a file.
const SMALL: usize = 640;
/// Bytes of copies a second of small and of longer datagrams: 200 commands a second, and what lets a queue of them end; for a file a
/// fraction of what it takes anyway.
const BYTES_A_SECOND: [f64; 2] = [160_000.0, 48_000.0];
/// Bytes of copies at once.
const BURST: f64 = 32_000.0;

#[derive(Debug)]
struct Copy {
    due: Instant,
    transmit: Transmit,
}

/// Copies that wait for their time, bounded by their budgets.
#[derive(Debug)]
pub(super) struct Repeats {
    waiting: [VecDeque<Copy>; AFTER.len()],
    /// Bytes that copies of small and of longer datagrams may have now.
    budgets: [f64; 2],
    filled: Instant,
}

impl Repeats {
    pub(super) fn new(now: Instant) -> Self {
        Self { waiting: Default::default(), budgets: [BURST; 2], filled: now }
    }

    /// Looks at what goes out now.
    pub(super) fn note(&mut self, transmit: &Transmit, now: Instant) {
        if transmit.proto != Protocol::Udp || !is_dtls_data(&transmit.contents) {
            return;
        }
        let past = now.saturating_duration_since(self.filled).as_secs_f64();
        for (budget, rate) in self.budgets.iter_mut().zip(BYTES_A_SECOND) {
            *budget = BURST.min(*budget + past * rate);
        }
        self.filled = now;
        let budget = &mut self.budgets[usize::from(transmit.contents.len() > SMALL)];
        let cost = (transmit.contents.len() * AFTER.len()) as f64;
        if cost > *budget {
            return;
        }
        *budget -= cost;
        for (queue, after) in self.waiting.iter_mut().zip(AFTER) {
            queue.push_back(Copy { due: now + after, transmit: again(transmit) });
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
