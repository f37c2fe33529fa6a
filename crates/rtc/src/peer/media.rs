//! What a connection carries: the frames and packets that go out, whose stream one is that came, and what either side asks of the other's
//! media. Not for negotiating the sections that it travels in.

use std::time::Instant;

use str0m::bwe::Bitrate;
use str0m::format::Codec;
use str0m::media::{Direction, KeyframeRequestKind, MediaKind, MediaTime, Mid, Pt, Rid};
use str0m::rtp::{AbsCaptureTime, ExtensionValues, RtpPacket, RtpWrite, SeqNo, Vp8Patch};

use super::Peer;
use crate::h264::same_profile;

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

impl Peer {
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
            let same = match (params.spec().format.profile_level_id, profile_level_id) {
                (Some(offered), Some(asked)) => same_profile(offered, asked),
                (offered, asked) => offered == asked,
            };
            if same {
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

    /// Sends a frame ([`super::MediaMode::Frames`]). Before the connection is up it is dropped, answering false.
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

    /// Sends an RTP packet ([`super::MediaMode::Packets`]). Before the connection is up it is dropped, answering false.
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
}
