//! One track on its way to one subscriber: which simulcast layer flows, and the renumbering that makes layers look like one
//! stream. Not for choosing the layer (see `subscribe`) nor for sending.

use std::time::{Duration, Instant};

/// RTP clock of video; the only kind that has layers.
const VIDEO_CLOCK: u64 = 90_000;
/// How far a late packet may lie before the newest and still be forwarded: more than any retransmission brings.
const LATE: u64 = 4096;

/// What an incoming packet looks like to the forwarder.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// Index of the layer it belongs to.
    pub layer: usize,
    /// Extended sequence number.
    pub seq: u64,
    /// RTP timestamp.
    pub timestamp: u32,
    /// Whether a decoder can start with it.
    pub key: bool,
    /// When it arrived.
    pub arrived: Instant,
    /// The sender's clock (time since some epoch of its own) at `timestamp`, by its last sender report.
    pub sender_time: Option<Duration>,
}

/// How a packet leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Extended sequence number, continuous over layer switches.
    pub seq: u64,
    /// RTP timestamp, rising over layer switches.
    pub timestamp: u32,
    /// The picture shown from here on is of another layer than before.
    pub switched: bool,
}

/// Numbers of what was sent on one outgoing stream. Outlives a track whose section is given to another.
#[derive(Clone, Copy, Debug)]
pub struct OutStream {
    next_seq: u64,
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    timestamp: u32,
    at: Instant,
    sender_time: Option<Duration>,
}

impl Default for OutStream {
    fn default() -> Self {
        // Anything below 65,536: a receiver assumes that a stream it has not seen begins there.
        OutStream { next_seq: 1000, last: None }
    }
}

/// State of one subscription's flow.
#[derive(Clone, Debug)]
pub struct Forwarder {
    stream: OutStream,
    video: bool,
    current: Option<Current>,
    target: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Current {
    layer: usize,
    /// Sequence number of the first packet after the switch, in and out.
    base_in: u64,
    base_out: u64,
    /// Added to timestamps.
    shift: u32,
}

impl Forwarder {
    /// A flow that continues `stream` and sends nothing until a target is set.
    pub fn new(video: bool, stream: OutStream) -> Self {
        Forwarder { stream, video, current: None, target: None }
    }

    /// The numbers to continue with, for the next track on the same section.
    pub fn into_stream(self) -> OutStream {
        self.stream
    }

    /// The layer that should flow. `None` stops the flow at once; a layer starts at its next key frame.
    pub fn set_target(&mut self, target: Option<usize>) {
        self.target = target;
        if target.is_none() {
            self.current = None;
        }
    }

    /// The layer that flows now.
    pub fn current(&self) -> Option<usize> {
        self.current.map(|current| current.layer)
    }

    /// The layer whose key frame the flow is waiting for.
    pub fn waits_for_key(&self) -> Option<usize> {
        self.target.filter(|target| self.video && self.current() != Some(*target))
    }

    /// The layer to ask for a key frame when the subscriber cannot decode.
    pub fn key_layer(&self) -> Option<usize> {
        self.current().or(self.target)
    }

    /// Renumbers a packet, or says by `None` that it is not for this subscriber.
    pub fn forward(&mut self, packet: &Incoming) -> Option<Outgoing> {
        let mut switched = false;
        if self.target == Some(packet.layer) && self.current() != self.target && (packet.key || !self.video) {
            self.switch(packet);
            switched = true;
        }
        let current = self.current.filter(|current| current.layer == packet.layer)?;
        // Packets from before the switch would overwrite numbers already used.
        let since = packet.seq.checked_sub(current.base_in)?;
        let seq = current.base_out + since;
        if seq + LATE < self.stream.next_seq {
            return None;
        }
        let timestamp = packet.timestamp.wrapping_add(current.shift);
        if seq >= self.stream.next_seq {
            self.stream.next_seq = seq + 1;
            self.stream.last = Some(Last { timestamp, at: packet.arrived, sender_time: packet.sender_time });
        }
        Some(Outgoing { seq, timestamp, switched })
    }

    fn switch(&mut self, packet: &Incoming) {
        let timestamp = match self.stream.last {
            None => packet.timestamp,
            Some(last) => {
                // Layers count from different origins. The sender's own reports say how far apart two pictures are; until there
                // are some, their arrival does.
                let gap = match (packet.sender_time, last.sender_time) {
                    (Some(now), Some(then)) if now > then && now - then < Duration::from_secs(60) => now - then,
                    _ => packet.arrived.saturating_duration_since(last.at),
                };
                let ticks = u64::try_from(gap.as_micros()).unwrap_or(0) * VIDEO_CLOCK / 1_000_000;
                // At least one tick, or the receiver takes two pictures for one.
                last.timestamp.wrapping_add((ticks as u32).max(1))
            }
        };
        self.current = Some(Current {
            layer: packet.layer,
            base_in: packet.seq,
            base_out: self.stream.next_seq,
            shift: timestamp.wrapping_sub(packet.timestamp),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start() -> Instant {
        #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
        Instant::now()
    }

    fn packet(layer: usize, seq: u64, timestamp: u32, key: bool, arrived: Instant) -> Incoming {
        Incoming { layer, seq, timestamp, key, arrived, sender_time: None }
    }

    #[test]
    fn nothing_flows_before_a_key_frame_and_a_long_running_source_starts_at_low_numbers() {
        let now = start();
        let mut flow = Forwarder::new(true, OutStream::default());
        flow.set_target(Some(0));
        assert_eq!(flow.forward(&packet(0, 1_000_000, 50, false, now)), None);
        assert_eq!(flow.waits_for_key(), Some(0));
        let first = flow.forward(&packet(0, 1_000_001, 60, true, now)).unwrap();
        assert_eq!(first, Outgoing { seq: 1000, timestamp: 60, switched: true });
        assert_eq!(flow.forward(&packet(0, 1_000_000, 50, false, now)), None, "late, from before the key frame");
        assert_eq!(flow.forward(&packet(0, 1_000_003, 70, false, now)).unwrap().seq, 1002, "a gap stays a gap");
        assert_eq!(flow.forward(&packet(0, 1_000_002, 70, false, now)).unwrap().seq, 1001, "and can be filled");
    }

    #[test]
    fn a_layer_switch_waits_for_its_key_frame_and_keeps_time() {
        let now = start();
        let later = now + Duration::from_millis(100);
        let mut flow = Forwarder::new(true, OutStream::default());
        flow.set_target(Some(0));
        flow.forward(&packet(0, 10, 1000, true, now)).unwrap();
        flow.set_target(Some(1));
        assert_eq!(flow.forward(&packet(1, 900, 777_000, false, later)), None);
        assert!(flow.forward(&packet(0, 11, 4000, false, now)).is_some(), "the old layer flows meanwhile");
        let switched = flow.forward(&packet(1, 901, 777_100, true, later)).unwrap();
        assert_eq!((switched.seq, switched.switched), (1002, true));
        assert_eq!(switched.timestamp, 4000 + 9000, "100 ms later");
        assert_eq!(flow.forward(&packet(0, 12, 7000, false, later)), None, "the old layer has ended");
    }

    #[test]
    fn the_senders_clock_beats_the_arrival_time() {
        let now = start();
        let mut flow = Forwarder::new(true, OutStream::default());
        flow.set_target(Some(0));
        let at = |ms: u64| Some(Duration::from_millis(1_000_000 + ms));
        flow.forward(&Incoming { sender_time: at(0), ..packet(0, 10, 0, true, now) }).unwrap();
        flow.set_target(Some(1));
        let delayed = Incoming { sender_time: at(33), ..packet(1, 5, 500_000, true, now + Duration::from_millis(300)) };
        assert_eq!(flow.forward(&delayed).unwrap().timestamp, 33 * 90);
    }

    #[test]
    fn a_stopped_flow_resumes_at_a_key_frame_without_a_hole() {
        let now = start();
        let mut flow = Forwarder::new(true, OutStream::default());
        flow.set_target(Some(0));
        flow.forward(&packet(0, 10, 0, true, now)).unwrap();
        flow.set_target(None);
        assert_eq!(flow.forward(&packet(0, 11, 3000, true, now)), None);
        flow.set_target(Some(0));
        assert_eq!(flow.forward(&packet(0, 500, 90_000, false, now)), None);
        assert_eq!(flow.forward(&packet(0, 501, 93_000, true, now)).unwrap().seq, 1001);
    }

    #[test]
    fn sound_needs_no_key_frame() {
        let mut flow = Forwarder::new(false, OutStream::default());
        flow.set_target(Some(0));
        assert!(flow.forward(&packet(0, 10, 0, false, start())).is_some());
    }

    proptest! {
        #[test]
        fn no_number_is_used_twice_whatever_arrives(
            events in proptest::collection::vec((0usize..3, 0u64..300, any::<bool>(), proptest::option::of(0usize..3)), 1..200),
        ) {
            let now = start();
            let mut flow = Forwarder::new(true, OutStream::default());
            let mut used = std::collections::HashMap::new();
            for (n, (layer, seq, key, target)) in events.into_iter().enumerate() {
                if let Some(target) = target {
                    flow.set_target(Some(target));
                }
                let base = [0, 70_000, 5_000_000][layer];
                let arrived = now + Duration::from_millis(n as u64);
                if let Some(out) = flow.forward(&packet(layer, base + seq, seq as u32 * 10, key, arrived)) {
                    // The same incoming packet may come again (a duplicate); another one may not take its number.
                    let (who, switch) = *used.entry(out.seq).or_insert(((layer, seq), n));
                    prop_assert!(who == (layer, seq), "{out:?} of {:?} was {who:?} at {switch}", (layer, seq));
                }
            }
        }
    }
}
