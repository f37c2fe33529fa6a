//! What a connection has to say: datagrams to send, things that happened, and when it wants to be called again.

use std::time::Instant;

use str0m::IceConnectionState;
use str0m::bwe::BweKind;
use str0m::channel::ChannelId;
use str0m::media::{MediaAdded, MediaChanged, MediaData, Mid, Rid};
use str0m::net::Transmit;
use str0m::rtp::RtpPacket;
use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};

use super::{DataChannel, Peer};

/// A [`Output::Timeout`] no later than this means "at once": the library lets a microsecond pass from packet to packet. Whoever waited
/// for it with a timer of milliseconds would spread a picture over as many milliseconds as it has packets.
pub const AT_ONCE: std::time::Duration = std::time::Duration::from_micros(5);

/// What [`Peer::poll`] gives.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "moved out at once, a box would cost an allocation a packet")]
pub enum Output {
    /// Send this datagram (or, for TCP, this packet behind its length).
    Transmit(Transmit),
    /// Something happened.
    Event(Event),
    /// Nothing more to do until then, unless a datagram comes first.
    Timeout(Instant),
}

/// What happens on a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// ICE and DTLS are up: media and data flow.
    Connected,
    /// ICE's view of the path. Only for display and for a timer: `Disconnected` also comes shortly before a connection.
    Ice(IceConnectionState),
    /// The connection is over, by the other side or by a failure. Final.
    Closed,
    /// The other side's description added a section.
    MediaAdded(MediaAdded),
    /// A section changed its direction.
    MediaChanged(MediaChanged),
    /// A whole frame arrived ([`super::MediaMode::Frames`]).
    Frame(MediaData),
    /// An RTP packet arrived ([`super::MediaMode::Packets`]). Its stream is looked up by [`Peer::stream_of`].
    Packet(RtpPacket),
    /// The other side cannot decode what we send: a key frame is due.
    KeyFrameWanted {
        /// Section of the track.
        mid: Mid,
        /// Simulcast layer.
        rid: Option<Rid>,
    },
    /// A received stream fell silent (1.5 s without packets) or came back.
    Paused {
        /// Section of the track.
        mid: Mid,
        /// Simulcast layer.
        rid: Option<Rid>,
        /// Silent now.
        paused: bool,
    },
    /// A data channel can be used.
    DataOpen(DataChannel),
    /// A message arrived.
    Data {
        /// Where.
        channel: DataChannel,
        /// The message.
        data: Vec<u8>,
    },
    /// Estimated bit/s towards the other side (with [`super::PeerConfig::start_bitrate`]).
    Bandwidth(u64),
    /// Largest bit/s that the other side asks of one of our sections (REMB).
    BandwidthAsked {
        /// Section.
        mid: Mid,
        /// Bit/s.
        bitrate: u64,
    },
    /// Statistics of one stream we send (with [`super::PeerConfig::statistics`]).
    Sending(MediaEgressStats),
    /// Statistics of one stream we receive.
    Receiving(MediaIngressStats),
    /// Statistics of the transport.
    Transport(PeerStats),
}

impl Peer {
    /// The next thing to do. Must be called until it answers [`Output::Timeout`] after every other `&mut` call.
    pub fn poll(&mut self) -> Output {
        if let Some(copy) = self.repeats.next(self.now) {
            return Output::Transmit(copy);
        }
        loop {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    if !self.rtc.is_alive() {
                        self.repeats.clear();
                        if !std::mem::replace(&mut self.closed_told, true) {
                            return Output::Event(Event::Closed);
                        }
                    }
                    return Output::Timeout(self.repeats.due().map_or(at, |due| due.min(at)));
                }
                Ok(str0m::Output::Transmit(transmit)) => {
                    self.repeats.note(&transmit, self.data.waiting(), self.now);
                    return Output::Transmit(transmit);
                }
                Ok(str0m::Output::Event(event)) => {
                    if let Some(event) = self.translate(event) {
                        return Output::Event(event);
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "peer connection failed");
                    self.rtc.disconnect();
                }
            }
        }
    }

    fn translate(&mut self, event: str0m::Event) -> Option<Event> {
        use str0m::Event as E;
        Some(match event {
            E::Connected => {
                self.established = true;
                Event::Connected
            }
            E::IceConnectionStateChange(state) => Event::Ice(state),
            E::Closed => {
                self.closed_told = true;
                Event::Closed
            }
            E::MediaAdded(media) => Event::MediaAdded(media),
            E::MediaChanged(media) => Event::MediaChanged(media),
            E::MediaData(data) => Event::Frame(data),
            E::RtpPacket(packet) => Event::Packet(packet),
            E::KeyframeRequest(request) => Event::KeyFrameWanted { mid: request.mid, rid: request.rid },
            E::StreamPaused(paused) => Event::Paused { mid: paused.mid, rid: paused.rid, paused: paused.paused },
            E::ChannelOpen(id, label) => return self.channel_opened(id, &label),
            E::ChannelData(data) => Event::Data { channel: self.data.channel(data.id)?, data: data.data },
            E::ChannelClose(id) => {
                self.data.closed(id);
                return None;
            }
            E::ChannelBufferedAmountLow(_) => {
                self.data.flush(&mut self.rtc);
                return None;
            }
            E::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => Event::Bandwidth(estimate.as_u64()),
            E::EgressBitrateEstimate(BweKind::Remb { estimate, mid }) => {
                Event::BandwidthAsked { mid, bitrate: estimate.as_u64() }
            }
            E::MediaEgressStats(stats) => Event::Sending(stats),
            E::MediaIngressStats(stats) => Event::Receiving(stats),
            E::PeerStats(stats) => Event::Transport(stats),
            _ => return None,
        })
    }

    fn channel_opened(&mut self, id: ChannelId, label: &str) -> Option<Event> {
        let Some(channel) = DataChannel::from_label(label) else {
            tracing::debug!(label, "data channel of an unknown label ignored");
            return None;
        };
        self.data.opened(channel, id, &mut self.rtc);
        Some(Event::DataOpen(channel))
    }
}
