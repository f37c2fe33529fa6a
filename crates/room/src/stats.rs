//! What the room knows of itself in numbers, for whoever asks at once: a status command, a test. The same events are metrics, which
//! somebody must collect; these need nobody. Not for what a single participant is told of its connection.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// A look at the counts. Those of things are of now (at most 100 ms old), those of events since the server started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Rooms that are open.
    pub rooms: u64,
    /// Participants of all rooms, WHIP and WHEP sessions and engines of this process included.
    pub participants: u64,
    /// Tracks that are published.
    pub tracks: u64,
    /// Media datagrams and packets over TCP that came, with their bytes.
    pub received: Traffic,
    /// Those that went, each receiver counted.
    pub sent: Traffic,
    /// Those that did not go because the system or a slow TCP connection did not take them.
    pub dropped: u64,
    /// Those that belonged to nobody here.
    pub strangers: u64,
    /// Refusals by what was refused and why, such as `token: expired`. What never happened is absent.
    pub refused: BTreeMap<String, u64>,
}

/// Packets and their bytes, without headers of UDP, TCP and IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Traffic {
    /// How many.
    pub packets: u64,
    /// How long together.
    pub bytes: u64,
}

/// What can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refused {
    Token,
    Join,
    Resume,
    Request,
    Frame,
    Description,
    Data,
    Session,
    Call,
    Connection,
}

impl Refused {
    fn name(self) -> &'static str {
        match self {
            Refused::Token => "token",
            Refused::Join => "join",
            Refused::Resume => "resume",
            Refused::Request => "request",
            Refused::Frame => "frame",
            Refused::Description => "description",
            Refused::Data => "data",
            Refused::Session => "session",
            Refused::Call => "call",
            Refused::Connection => "connection",
        }
    }
}

/// Where the parts of one server count.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    rooms: AtomicU64,
    participants: AtomicU64,
    tracks: AtomicU64,
    received: Counter,
    sent: Counter,
    dropped: AtomicU64,
    strangers: AtomicU64,
    refused: Mutex<BTreeMap<(Refused, &'static str), u64>>,
}

#[derive(Debug, Default)]
struct Counter {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Counter {
    fn add(&self, packets: u64, bytes: u64) {
        self.packets.fetch_add(packets, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    fn read(&self) -> Traffic {
        Traffic { packets: self.packets.load(Relaxed), bytes: self.bytes.load(Relaxed) }
    }
}

impl Ledger {
    pub(crate) fn census(&self, rooms: usize, participants: usize, tracks: usize) {
        for (to, count) in [(&self.rooms, rooms), (&self.participants, participants), (&self.tracks, tracks)] {
            to.store(count as u64, Relaxed);
        }
        metrics::gauge!("artc_room_tracks").set(tracks as f64);
    }

    pub(crate) fn received(&self, packets: u64, bytes: u64) {
        self.received.add(packets, bytes);
        metrics::counter!("artc_room_datagrams_received_total").increment(packets);
        metrics::counter!("artc_room_bytes_received_total").increment(bytes);
    }

    pub(crate) fn sent(&self, packets: u64, bytes: u64) {
        self.sent.add(packets, bytes);
        metrics::counter!("artc_room_datagrams_sent_total").increment(packets);
        metrics::counter!("artc_room_bytes_sent_total").increment(bytes);
    }

    pub(crate) fn dropped(&self, packets: u64) {
        self.dropped.fetch_add(packets, Relaxed);
        metrics::counter!("artc_room_datagrams_dropped_total").increment(packets);
    }

    pub(crate) fn stranger(&self) {
        self.strangers.fetch_add(1, Relaxed);
        metrics::counter!("artc_room_datagrams_unknown_total").increment(1);
    }

    /// Counts a refusal. `reason` is one of a few fixed words.
    pub(crate) fn refused(&self, what: Refused, reason: &'static str) {
        // A thread that panicked while it counted leaves numbers that are still good.
        let mut refused = self.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *refused.entry((what, reason)).or_default() += 1;
        drop(refused);
        match what {
            Refused::Token => metrics::counter!("artc_room_tokens_refused_total", "reason" => reason).increment(1),
            Refused::Join => metrics::counter!("artc_room_joins_refused_total", "reason" => reason).increment(1),
            Refused::Resume => metrics::counter!("artc_room_resumes_refused_total").increment(1),
            Refused::Request => metrics::counter!("artc_room_requests_refused_total", "reason" => reason).increment(1),
            Refused::Frame => metrics::counter!("artc_room_frames_refused_total", "reason" => reason).increment(1),
            Refused::Description => metrics::counter!("artc_room_descriptions_refused_total", "kind" => reason).increment(1),
            Refused::Data => metrics::counter!("artc_room_data_refused_total", "reason" => reason).increment(1),
            Refused::Session => metrics::counter!("artc_room_sessions_refused_total", "reason" => reason).increment(1),
            Refused::Call => metrics::counter!("artc_room_calls_refused_total", "reason" => reason).increment(1),
            Refused::Connection => metrics::counter!("artc_room_connections_refused_total", "reason" => reason).increment(1),
        }
    }

    pub(crate) fn read(&self) -> Stats {
        let refused = self.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Stats {
            rooms: self.rooms.load(Relaxed),
            participants: self.participants.load(Relaxed),
            tracks: self.tracks.load(Relaxed),
            received: self.received.read(),
            sent: self.sent.read(),
            dropped: self.dropped.load(Relaxed),
            strangers: self.strangers.load(Relaxed),
            refused: refused.iter().map(|((what, reason), count)| (format!("{}: {reason}", what.name()), *count)).collect(),
        }
    }
}
