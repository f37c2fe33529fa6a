//! The three data channels of a LiveKit connection and the bounded queues in front of them. Not for what travels in them.

use std::collections::VecDeque;

use bytes::Bytes;
use str0m::Rtc;
use str0m::channel::{ChannelConfig, ChannelId, Reliability};

/// Bytes of reliable packets that wait at most for a slow receiver: one minute of a chatty app, or one snapshot.
pub const RELIABLE_QUEUE: usize = 2 * 1024 * 1024;
/// Bytes of lossy packets that wait at most, the oldest being dropped for the newest: as much as LiveKit's own clients let wait, a
/// tenth of a second at 20 Mbit/s. A burst of that size survives; what is sent faster than the path takes it does not.
pub const LOSSY_QUEUE: usize = 256 * 1024;
/// A channel asks for more once its unacknowledged bytes fall below this.
const REFILL: usize = 32 * 1024;

/// One of LiveKit's data channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DataChannel {
    /// `_reliable`: ordered, resent until it arrives.
    Reliable,
    /// `_lossy`: unordered, sent once.
    Lossy,
    /// `_data_track`: like lossy; raw frames instead of data packets.
    Track,
}

impl DataChannel {
    /// All of them, in the order in which they are opened.
    pub const ALL: [DataChannel; 3] = [DataChannel::Lossy, DataChannel::Reliable, DataChannel::Track];

    /// The channel's label on the wire.
    pub fn label(self) -> &'static str {
        match self {
            DataChannel::Reliable => "_reliable",
            DataChannel::Lossy => "_lossy",
            DataChannel::Track => "_data_track",
        }
    }

    /// The channel of a label.
    pub fn from_label(label: &str) -> Option<Self> {
        DataChannel::ALL.into_iter().find(|channel| channel.label() == label)
    }

    pub(super) fn config(self) -> ChannelConfig {
        let reliable = self == DataChannel::Reliable;
        ChannelConfig {
            label: self.label().to_owned(),
            ordered: reliable,
            reliability: if reliable { Reliability::Reliable } else { Reliability::MaxRetransmits { retransmits: 0 } },
            ..Default::default()
        }
    }
}

/// Why data is not taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DataRefused {
    /// Longer than [`crate::packet::MAX_PACKET`].
    #[error("data of {0} bytes, at most {max} travel in one message", max = crate::packet::MAX_PACKET)]
    TooLong(usize),
    /// The receiver takes less than is sent: the reliable queue holds [`RELIABLE_QUEUE`] bytes already.
    #[error("data refused: {queued} bytes wait already for a receiver that is too slow")]
    Full {
        /// Bytes waiting.
        queued: usize,
    },
}

/// Queues of one peer.
#[derive(Debug, Default)]
pub(super) struct DataQueues {
    channels: Vec<(DataChannel, ChannelId)>,
    reliable: Queue,
    lossy: Queue,
    track: Queue,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Bytes>,
    bytes: usize,
}

impl DataQueues {
    pub(super) fn opened(&mut self, channel: DataChannel, id: ChannelId, rtc: &mut Rtc) {
        // The newest channel of a label wins: a client that renegotiated sends on that one.
        self.channels.retain(|(known, _)| *known != channel);
        self.channels.push((channel, id));
        if let Some(mut channel) = rtc.channel(id) {
            channel.set_buffered_amount_low_threshold(REFILL);
        }
        self.flush(rtc);
    }

    pub(super) fn closed(&mut self, id: ChannelId) {
        self.channels.retain(|(_, known)| *known != id);
    }

    pub(super) fn channel(&self, id: ChannelId) -> Option<DataChannel> {
        self.channels.iter().find(|(_, known)| *known == id).map(|(channel, _)| *channel)
    }

    pub(super) fn is_open(&self, channel: DataChannel) -> bool {
        self.channels.iter().any(|(known, _)| *known == channel)
    }

    pub(super) fn waiting(&self) -> usize {
        self.reliable.bytes + self.lossy.bytes + self.track.bytes
    }

    /// Queues and sends what can be sent at once.
    pub(super) fn send(&mut self, channel: DataChannel, data: Bytes, rtc: &mut Rtc) -> Result<(), DataRefused> {
        if data.len() > crate::packet::MAX_PACKET {
            return Err(DataRefused::TooLong(data.len()));
        }
        let queue = match channel {
            DataChannel::Reliable => &mut self.reliable,
            DataChannel::Lossy => &mut self.lossy,
            DataChannel::Track => &mut self.track,
        };
        if channel == DataChannel::Reliable {
            if queue.bytes + data.len() > RELIABLE_QUEUE {
                metrics::counter!("artc_rtc_data_refused_total", "channel" => "reliable").increment(1);
                return Err(DataRefused::Full { queued: queue.bytes });
            }
        } else {
            while queue.bytes + data.len() > LOSSY_QUEUE {
                let Some(oldest) = queue.waiting.pop_front() else { break };
                queue.bytes -= oldest.len();
                metrics::counter!("artc_rtc_data_dropped_total", "channel" => channel.label()).increment(1);
            }
        }
        queue.bytes += data.len();
        queue.waiting.push_back(data);
        self.flush(rtc);
        Ok(())
    }

    /// Sends what waits, as far as the association takes it. Its budget is shared by all channels.
    pub(super) fn flush(&mut self, rtc: &mut Rtc) {
        for (channel, id) in &self.channels {
            let queue = match channel {
                DataChannel::Reliable => &mut self.reliable,
                DataChannel::Lossy => &mut self.lossy,
                DataChannel::Track => &mut self.track,
            };
            while let Some(data) = queue.waiting.front() {
                let Some(mut open) = rtc.channel(*id) else { break };
                match open.write(true, data) {
                    Ok(true) => {
                        queue.bytes -= data.len();
                        queue.waiting.pop_front();
                    }
                    // Full: the buffered-amount-low event brings us back.
                    Ok(false) => break,
                    Err(error) => {
                        tracing::debug!(%error, channel = channel.label(), "data channel does not take data");
                        break;
                    }
                }
            }
        }
    }
}
