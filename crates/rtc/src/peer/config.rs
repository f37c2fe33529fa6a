//! How a peer connection is set up. Not for anything that changes while it runs.

use std::time::Duration;

use str0m::format::FormatParams;
use str0m::media::Frequency;
use str0m::rtp::{Extension, ExtensionMap};
use str0m::{Rtc, RtcConfig, bwe::Bitrate, config::DtlsCert};

/// Whether media goes in and out as whole frames or as RTP packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaMode {
    /// Access units and Opus frames; the peer packetises, depacketises, and brings pictures into their order. Sound comes as it
    /// comes.
    #[default]
    Frames,
    /// RTP packets as they are; for a server that forwards.
    Packets,
}

/// The DTLS certificate of this process. Making one takes about a millisecond; all peers may share it.
#[derive(Clone)]
pub struct Certificate(pub(super) DtlsCert);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Certificate(..)")
    }
}

impl Certificate {
    /// A fresh self-signed certificate. `None` when the crypto library cannot make one (no entropy).
    pub fn generate() -> Option<Self> {
        str0m::crypto::from_feature_flags().dtls_provider.generate_certificate().map(Certificate)
    }
}

/// Set-up of a [`super::Peer`].
#[derive(Clone, Debug)]
pub struct PeerConfig {
    /// Frames or packets. Default: frames.
    pub media: MediaMode,
    /// Answer connectivity checks but send none: for servers whose address everybody can reach. Default: false.
    pub ice_lite: bool,
    /// H.264 profile-level-ids offered and accepted, best first, all with packetization-mode 1. A sender puts what its SPS says in
    /// front. Default: constrained baseline, baseline, main, high, each level 3.1 (level asymmetry is allowed, so receivers
    /// take more).
    pub h264: Vec<u32>,
    /// Also carry VP8: for a server that forwards it unseen, and for whoever decodes it. Default: false.
    pub vp8: bool,
    /// Estimates the bandwidth towards the other side, starting here in bit/s. Default: none, nothing is paced.
    pub start_bitrate: Option<u64>,
    /// Media packets kept for retransmission, per video stream. Default: 256, some one second at 2.5 Mbit/s: who asks later
    /// asks for a key frame. Each kept packet costs every viewer its memory.
    pub resend_packets: usize,
    /// How often [`super::Event::Sending`], [`super::Event::Receiving`] and [`super::Event::Transport`] come. Default: never.
    pub statistics: Option<Duration>,
    /// Certificate to use. Default: a new one for each peer.
    pub certificate: Option<Certificate>,
    /// Largest outgoing datagram in bytes, 1150 by default.
    pub mtu: usize,
}

impl Default for PeerConfig {
    fn default() -> Self {
        PeerConfig {
            media: MediaMode::Frames,
            ice_lite: false,
            h264: vec![0x0042_e01f, 0x0042_001f, 0x004d_001f, 0x0064_001f],
            vp8: false,
            start_bitrate: None,
            resend_packets: 256,
            statistics: None,
            certificate: None,
            mtu: 1150,
        }
    }
}

impl PeerConfig {
    pub(super) fn build(&self, now: std::time::Instant) -> Rtc {
        let mut config = RtcConfig::new()
            .clear_codecs()
            .set_rtp_mode(self.media == MediaMode::Packets)
            .set_ice_lite(self.ice_lite)
            .set_extension_map(extensions())
            .set_stats_interval(self.statistics)
            .set_send_buffer_video(self.resend_packets.max(16))
            .set_send_buffer_audio(64)
            // Sound comes as it comes: whoever plays it has a jitter buffer of its own, and a lost packet must not hold up the next.
            .set_reordering_size_audio(0)
            // A 1080p key frame can take 400 packets; a smaller window would release it in pieces.
            .set_reordering_size_video(800)
            .enable_bwe(self.start_bitrate.map(Bitrate::from));
        if (str0m::DATAGRAM_MTU_TARGET_MIN..=str0m::DATAGRAM_MTU_TARGET_MAX).contains(&self.mtu) {
            config = config.set_mtu(self.mtu..=self.mtu.max(str0m::DATAGRAM_MTU_WARN));
        }
        if let Some(Certificate(certificate)) = &self.certificate {
            config = config.set_dtls_cert(certificate.clone());
        }
        let codecs = config.codec_config();
        codecs.add_config(
            111.into(),
            None,
            str0m::format::Codec::Opus,
            Frequency::FORTY_EIGHT_KHZ,
            Some(2),
            FormatParams { min_p_time: Some(10), use_inband_fec: Some(true), ..Default::default() },
        );
        // Payload types are paired with their retransmission types; 7 profiles are the most that fit from 96 on.
        for (index, profile) in (0u8..).zip(self.h264.iter().take(7)) {
            codecs.add_h264((96 + 2 * index).into(), Some((97 + 2 * index).into()), true, *profile);
        }
        if self.vp8 {
            codecs.add_config(
                120.into(),
                Some(121.into()),
                str0m::format::Codec::Vp8,
                Frequency::NINETY_KHZ,
                None,
                FormatParams::default(),
            );
        }
        config.build(now)
    }
}

/// Chromium's numbering, so that offers and answers rarely need remapping. The absolute send time is left out: transport-wide
/// congestion control does its work, and it would cost four bytes in every packet.
fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::empty();
    map.set(1, Extension::AudioLevel);
    map.set(3, Extension::TransportSequenceNumber);
    map.set(4, Extension::RtpMid);
    map.set(5, Extension::PlayoutDelay);
    map.set(10, Extension::RtpStreamId);
    map.set(11, Extension::RepairedRtpStreamId);
    map.set(12, Extension::AbsoluteCaptureTime);
    map.set(13, Extension::VideoOrientation);
    map
}
