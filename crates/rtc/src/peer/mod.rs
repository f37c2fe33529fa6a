//! One peer connection: negotiation as text, media as frames or packets, data by channel, everything bounded and nothing fatal.
//! Not for sockets, for signalling, or for who may do what.

mod config;
mod data;
#[cfg(test)]
mod tests;

use std::time::Instant;

use bytes::Bytes;
use str0m::bwe::{Bitrate, BweKind};
use str0m::change::{SdpAnswer, SdpApi, SdpOffer, SdpPendingOffer};
use str0m::channel::ChannelId;
use str0m::format::Codec;
use str0m::media::{Direction, KeyframeRequestKind, MediaAdded, MediaChanged, MediaData, MediaKind, MediaTime, Mid, Pt, Rid};
use str0m::net::{Protocol, Receive, Transmit};
use str0m::rtp::{AbsCaptureTime, ExtensionValues, RtpPacket, RtpWrite, SeqNo, Vp8Patch};
use str0m::stats::{MediaEgressStats, MediaIngressStats, PeerStats};
use str0m::{Candidate, IceConnectionState, Input, Rtc};

pub use config::{Certificate, MediaMode, PeerConfig};
pub use data::{DataChannel, DataRefused, LOSSY_QUEUE, RELIABLE_QUEUE};

/// Why a session description is refused.
#[derive(Debug, thiserror::Error)]
pub enum NegotiationError {
    /// Too long or with too many sections.
    #[error(transparent)]
    Bounds(#[from] crate::sdp::SdpError),
    /// Not SDP.
    #[error("session description cannot be read: {0}")]
    Syntax(String),
    /// SDP, but not one that fits this connection.
    #[error("session description cannot be applied: {0}")]
    Refused(#[from] str0m::RtcError),
    /// An answer came although no offer of ours is waiting for one.
    #[error("answer without an offer")]
    NoOffer,
    /// An offer of ours still waits for its answer.
    #[error("an offer is waiting for its answer already")]
    OfferOutstanding,
}

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
    /// A whole frame arrived ([`MediaMode::Frames`]).
    Frame(MediaData),
    /// An RTP packet arrived ([`MediaMode::Packets`]). Its stream is looked up by [`Peer::stream_of`].
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
    /// Estimated bit/s towards the other side (with [`PeerConfig::start_bitrate`]).
    Bandwidth(u64),
    /// Largest bit/s that the other side asks of one of our sections (REMB).
    BandwidthAsked {
        /// Section.
        mid: Mid,
        /// Bit/s.
        bitrate: u64,
    },
    /// Statistics of one stream we send (with [`PeerConfig::statistics`]).
    Sending(MediaEgressStats),
    /// Statistics of one stream we receive.
    Receiving(MediaIngressStats),
    /// Statistics of the transport.
    Transport(PeerStats),
}

/// How long a receiver may hold a picture back before showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlayoutDelay {
    /// At least, in steps of 10 ms.
    pub min: MediaTime,
    /// At most, in steps of 10 ms.
    pub max: MediaTime,
}

impl PlayoutDelay {
    /// Show at once: for live pictures.
    pub const LIVE: PlayoutDelay = PlayoutDelay { min: MediaTime::ZERO, max: MediaTime::ZERO };

    /// Between `min_ms` and `max_ms`, rounded down to 10 ms, at most 40,950 ms.
    pub fn from_millis(min_ms: u32, max_ms: u32) -> Self {
        let step = |ms: u32| MediaTime::from_hundredths(u64::from((ms / 10).min(4095)));
        PlayoutDelay { min: step(min_ms), max: step(max_ms) }
    }
}

/// A frame to send, see [`Peer::send_frame`].
#[derive(Clone, Debug)]
pub struct OutgoingFrame {
    /// Payload type, from [`Peer::payload_type`].
    pub pt: Pt,
    /// Simulcast layer.
    pub rid: Option<Rid>,
    /// RTP time: 90 kHz for video, 48 kHz for audio.
    pub time: MediaTime,
    /// When `time` was, on the clock of `now`.
    pub wallclock: Instant,
    /// One Annex B access unit, or one Opus frame.
    pub data: std::sync::Arc<[u8]>,
    /// Wall-clock time of capture for the abs-capture-time extension.
    pub captured: Option<std::time::SystemTime>,
    /// Playout delay extension.
    pub playout_delay: Option<PlayoutDelay>,
    /// Loudness in dBov (0 loudest, -127 silent) and whether it is speech, for the audio level extension.
    pub audio_level: Option<(i8, bool)>,
}

/// An RTP packet to send, see [`Peer::send_packet`].
#[derive(Clone, Debug)]
pub struct OutgoingPacket {
    /// Payload type, from [`Peer::payload_type`].
    pub pt: Pt,
    /// Extended sequence number, starting below 65,536.
    pub seq_no: SeqNo,
    /// RTP timestamp.
    pub timestamp: u32,
    /// When `timestamp` was, on the clock of `now`.
    pub wallclock: Instant,
    /// RTP marker: the last packet of a picture.
    pub marker: bool,
    /// Header extensions; mid, rid and the transport sequence number are filled in.
    pub extensions: ExtensionValues,
    /// Whether it is kept for retransmission.
    pub resendable: bool,
    /// RTP payload.
    pub payload: std::sync::Arc<[u8]>,
    /// Other picture numbers for this receiver, in VP8.
    pub vp8: Option<Vp8Patch>,
}

/// A peer connection, sans-IO. See the crate's one law.
pub struct Peer {
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    data: DataQueues,
    closed_told: bool,
    established: bool,
}

use data::DataQueues;

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer").field("connected", &self.rtc.is_connected()).field("alive", &self.rtc.is_alive()).finish()
    }
}

impl Peer {
    /// A connection that knows nobody yet.
    pub fn new(config: &PeerConfig, now: Instant) -> Self {
        let mut rtc = config.build(now);
        if let Some(start) = config.start_bitrate {
            // Probes look for what is desired. Without this they would look for nothing, and find it.
            rtc.bwe().set_bitrate(Bitrate::ZERO, Bitrate::from(start));
        }
        Peer { rtc, pending: None, data: DataQueues::default(), closed_told: false, established: false }
    }

    /// Our ICE user fragment now, for [`crate::mux::Mux::register`]. It changes when ICE restarts: ask again after each negotiation.
    pub fn ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// Adds an address of ours. Unlawful ones (0.0.0.0) are left out, answering false.
    pub fn add_local_candidate(&mut self, candidate: Candidate) -> bool {
        self.rtc.add_local_candidate(candidate).is_some()
    }

    /// Adds an address of theirs, see [`crate::candidate::parse`].
    pub fn add_remote_candidate(&mut self, candidate: Candidate) {
        self.rtc.add_remote_candidate(candidate);
    }

    /// Applies their offer and answers it. An own offer that waits is rolled back, as the library demands; ask
    /// [`Peer::offer`] again.
    pub fn accept_offer(&mut self, offer: &str) -> Result<String, NegotiationError> {
        crate::sdp::Sdp::parse(offer)?;
        let offer = SdpOffer::from_sdp_string(offer).map_err(|e| NegotiationError::Syntax(e.to_string()))?;
        self.pending = None;
        Ok(self.rtc.sdp_api().accept_offer(offer)?.to_sdp_string())
    }

    /// Makes an offer of the changes that `change` makes. `None` when nothing needs an offer. One offer at a time.
    pub fn offer<T>(&mut self, change: impl FnOnce(&mut SdpApi<'_>) -> T) -> Result<(T, Option<String>), NegotiationError> {
        if self.pending.is_some() {
            return Err(NegotiationError::OfferOutstanding);
        }
        let mut api = self.rtc.sdp_api();
        let result = change(&mut api);
        let Some((offer, pending)) = api.apply() else { return Ok((result, None)) };
        self.pending = Some(pending);
        Ok((result, Some(offer.to_sdp_string())))
    }

    /// Adds the three data channels to an offer, for use inside [`Peer::offer`].
    pub fn add_data_channels(api: &mut SdpApi<'_>) {
        for channel in DataChannel::ALL {
            api.add_channel_with_config(channel.config());
        }
    }

    /// Whether an offer of ours waits for its answer.
    pub fn offer_outstanding(&self) -> bool {
        self.pending.is_some()
    }

    /// Gives up an offer whose answer will not come, because the signalling connection was lost.
    pub fn abandon_offer(&mut self) {
        self.pending = None;
    }

    /// Applies their answer to our offer.
    pub fn accept_answer(&mut self, answer: &str) -> Result<(), NegotiationError> {
        crate::sdp::Sdp::parse(answer)?;
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|e| NegotiationError::Syntax(e.to_string()))?;
        let pending = self.pending.take().ok_or(NegotiationError::NoOffer)?;
        Ok(self.rtc.sdp_api().accept_answer(pending, answer)?)
    }

    /// Kind and direction (as we see it) of a section.
    pub fn media(&self, mid: Mid) -> Option<(MediaKind, Direction)> {
        self.rtc.media(mid).map(|media| (media.kind(), media.direction()))
    }

    /// The payload type to send `codec` with on a section. For H.264 the one whose profile is `profile_level_id`'s, else the first.
    pub fn payload_type(&self, mid: Mid, codec: Codec, profile_level_id: Option<u32>) -> Option<Pt> {
        let media = self.rtc.media(mid)?;
        let mut first = None;
        for params in self.rtc.codec_config().params() {
            if params.spec().codec != codec || !media.remote_pts().contains(&params.pt()) {
                continue;
            }
            let profile = params.spec().format.profile_level_id.map(|id| id >> 8);
            if profile == profile_level_id.map(|id| id >> 8) {
                return Some(params.pt());
            }
            first = first.or(Some(params.pt()));
        }
        first
    }

    /// Codec and, for H.264, profile-level-id of a payload type.
    pub fn codec(&self, pt: Pt) -> Option<(Codec, Option<u32>)> {
        let params = self.rtc.codec_config().params().iter().find(|params| params.pt() == pt)?;
        Some((params.spec().codec, params.spec().format.profile_level_id))
    }

    /// Sends a frame ([`MediaMode::Frames`]). Before the connection is up it is dropped, answering false.
    pub fn send_frame(&mut self, mid: Mid, frame: OutgoingFrame) -> bool {
        if !self.is_established() {
            return false;
        }
        let Some(mut writer) = self.rtc.writer(mid) else { return false };
        if let Some(rid) = frame.rid {
            writer = writer.rid(rid);
        }
        if let Some(capture_time) = frame.captured {
            writer = writer.abs_capture_time(AbsCaptureTime { capture_time, clock_offset: None });
        }
        if let Some(delay) = frame.playout_delay {
            writer = writer.playout_delay(delay.min, delay.max);
        }
        if let Some((level, voice)) = frame.audio_level {
            writer = writer.audio_level(level, voice);
        }
        match writer.write(frame.pt, frame.wallclock, frame.time, frame.data) {
            Ok(()) => true,
            Err(error) => {
                tracing::debug!(%error, %mid, "frame not taken");
                false
            }
        }
    }

    /// Sends an RTP packet ([`MediaMode::Packets`]). Before the connection is up it is dropped, answering false.
    pub fn send_packet(&mut self, mid: Mid, rid: Option<Rid>, packet: OutgoingPacket) -> bool {
        if !self.is_established() {
            return false;
        }
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_tx_by_mid(mid, rid) else { return false };
        let mut write = RtpWrite::new(packet.pt, packet.seq_no, packet.timestamp, packet.wallclock, packet.payload)
            .marker(packet.marker)
            .ext_vals(packet.extensions)
            .nackable(packet.resendable);
        if let Some(patch) = packet.vp8 {
            write = write.vp8_patch(patch);
        }
        stream.write_rtp(write);
        true
    }

    /// Lets a sent stream leave at once instead of spreading it over time; for pictures whose latency matters more.
    pub fn set_unpaced(&mut self, mid: Mid, rid: Option<Rid>, unpaced: bool) {
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, rid) {
            stream.set_unpaced(unpaced);
        }
    }

    /// Section and simulcast layer of a received packet.
    pub fn stream_of(&mut self, packet: &RtpPacket) -> Option<(Mid, Option<Rid>)> {
        let mut api = self.rtc.direct_api();
        let stream = api.stream_rx(&packet.header.ssrc)?;
        Some((stream.mid(), stream.rid()))
    }

    /// Asks the other side for a key frame of what it sends. Answers false while nothing has arrived from there.
    pub fn request_key_frame(&mut self, mid: Mid, rid: Option<Rid>) -> bool {
        let mut api = self.rtc.direct_api();
        let Some(stream) = api.stream_rx_by_mid(mid, rid) else { return false };
        stream.request_keyframe(KeyframeRequestKind::Pli);
        true
    }

    /// Asks the other side to send at most `bitrate` bit/s on a section (REMB).
    pub fn ask_bandwidth(&mut self, mid: Mid, rid: Option<Rid>, bitrate: u64) {
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, rid) {
            stream.request_remb(Bitrate::from(bitrate));
        }
    }

    /// Tells the bandwidth estimator what we send at least and would like to send, in bit/s.
    pub fn set_bandwidth(&mut self, minimum: u64, desired: u64) {
        self.rtc.bwe().set_bitrate(Bitrate::from(minimum), Bitrate::from(desired));
    }

    /// Begins the estimate of the bandwidth anew, from `start` bit/s: what is known says nothing about the path as it is now.
    pub fn restart_bandwidth(&mut self, start: u64) {
        self.rtc.bwe().reset(Bitrate::from(start));
    }

    /// Sends a message, or queues it while the channel is closed or full. Reliable data is refused when the queue is full, lossy
    /// data pushes the oldest out.
    pub fn send_data(&mut self, channel: DataChannel, data: Bytes) -> Result<(), DataRefused> {
        self.data.send(channel, data, &mut self.rtc)
    }

    /// Whether the channel is open.
    pub fn data_open(&self, channel: DataChannel) -> bool {
        self.data.is_open(channel)
    }

    /// Bytes waiting in the data queues.
    pub fn data_waiting(&self) -> usize {
        self.data.waiting()
    }

    /// Whether ICE and DTLS have been up: what is sent now leaves on the path of before, and what gets lost while ICE restarts is
    /// repaired on request.
    pub fn is_established(&self) -> bool {
        self.established && self.rtc.is_alive()
    }

    /// Whether ICE and DTLS are up.
    pub fn is_connected(&self) -> bool {
        self.rtc.is_connected()
    }

    /// Whether the connection can still do anything.
    pub fn is_alive(&self) -> bool {
        self.rtc.is_alive()
    }

    /// Takes a datagram that came for this peer; for TCP, a packet without its length. `local` is our address it came to, which
    /// must equal a local candidate's. Garbage is counted and forgotten.
    pub fn handle_datagram(
        &mut self,
        now: Instant,
        protocol: Protocol,
        source: std::net::SocketAddr,
        local: std::net::SocketAddr,
        datagram: &[u8],
    ) {
        let outcome = match Receive::new(protocol, source, local, datagram) {
            Ok(receive) => self.rtc.handle_input(Input::Receive(now, receive)).map_err(|e| e.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = outcome {
            metrics::counter!("artc_rtc_datagrams_refused_total").increment(1);
            tracing::debug!(error, "datagram refused");
        }
    }

    /// Lets time pass. Call when [`Output::Timeout`] is due, and after sending media.
    pub fn handle_timeout(&mut self, now: Instant) {
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "peer connection failed");
            self.rtc.disconnect();
        }
    }

    /// Says good-bye to the other side. Poll until [`Peer::is_alive`] is false.
    pub fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "peer connection closed without good-bye");
            self.rtc.disconnect();
        }
    }

    /// The next thing to do. Must be called until it answers [`Output::Timeout`] after every other `&mut` call.
    pub fn poll(&mut self) -> Output {
        loop {
            match self.rtc.poll_output() {
                Ok(str0m::Output::Timeout(at)) => {
                    if !self.rtc.is_alive() && !std::mem::replace(&mut self.closed_told, true) {
                        return Output::Event(Event::Closed);
                    }
                    return Output::Timeout(at);
                }
                Ok(str0m::Output::Transmit(transmit)) => return Output::Transmit(transmit),
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
