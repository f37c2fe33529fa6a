//! Packets of one sound track in the order of their times, bounded. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::RATE;

/// Packets that are held at most: 2 s of the usual 20 ms.
const MOST: usize = 100;
/// Time from the first to the last packet that is held at most.
const SPAN: u64 = 2 * RATE as u64;

/// An Opus packet and its length in samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// RTP time at 48 kHz, without roll-over.
    pub time: u64,
    /// Opus.
    pub data: Arc<[u8]>,
    /// Samples of one channel.
    pub samples: usize,
}

impl Packet {
    /// Reads the length; `None` for what is no Opus packet.
    pub fn new(time: u64, data: Arc<[u8]>) -> Option<Self> {
        let samples = opus::packet::get_nb_samples(&data, RATE as u32).ok().filter(|n| *n > 0)?;
        Some(Self { time, data, samples })
    }

    /// Time behind it.
    pub fn end(&self) -> u64 {
        self.time.saturating_add(self.samples as u64)
    }

    /// The sender says nothing and sends nothing for a while: discontinuous transmission.
    pub fn is_pause(&self) -> bool {
        self.data.len() <= 2
    }
}

/// See the module.
#[derive(Debug, Default)]
pub struct Packets(BTreeMap<u64, Packet>);

impl Packets {
    /// Adds a packet; one that is there already changes nothing. Gives how many had to go for it.
    pub fn insert(&mut self, packet: Packet) -> u64 {
        self.0.entry(packet.time).or_insert(packet);
        let mut gone = 0;
        while self.0.len() > MOST || self.span() > SPAN {
            self.0.pop_first();
            gone += 1;
        }
        gone
    }

    fn span(&self) -> u64 {
        let ends = self.0.first_key_value().zip(self.0.last_key_value());
        ends.map_or(0, |((first, _), (last, _))| last - first)
    }

    /// The earliest.
    pub fn first(&self) -> Option<&Packet> {
        self.0.first_key_value().map(|(_, packet)| packet)
    }

    /// Takes the earliest.
    pub fn pop(&mut self) -> Option<Packet> {
        self.0.pop_first().map(|(_, packet)| packet)
    }

    /// Forgets what ends at or before `time`. Gives how many.
    pub fn drop_until(&mut self, time: u64) -> u64 {
        let mut gone = 0;
        while self.first().is_some_and(|first| first.end() <= time) {
            self.0.pop_first();
            gone += 1;
        }
        gone
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
