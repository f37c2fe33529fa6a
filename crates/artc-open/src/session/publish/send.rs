//! Pictures and sound onto the media path.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::str0m::format::Codec;
use rtc::str0m::rtp::ExtensionValues;
use rtc::{Mid, OutgoingPacket, Rid};

use crate::command::Local;
use crate::encoder::AccessUnit;
use crate::session::{PeerKind, Session};

/// What is louder counts as speech, dBov.
pub(super) const SPEECH: i8 = -50;

/// 20 ms of encoded sound.
#[derive(Clone, Debug)]
pub struct AudioPacket {
    /// One Opus packet.
    pub data: Arc<[u8]>,
    /// RTP time at 48 kHz, without offset.
    pub time: u32,
    /// When its first sample was captured, on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
    /// Loudness, -127 to 0 dBov.
    pub level: i8,
}

impl Session {
    pub(in crate::session) fn key_wanted(&mut self, mid: Mid, rid: Option<Rid>) {
        self.key_wanted_of(self.publish.track_of(mid, rid));
    }

    /// Somebody needs a key frame.
    pub(in crate::session) fn key_wanted_of(&mut self, local: Option<Local>) {
        self.setup.shared.network.key_frame_requested();
        metrics::counter!("artc_open_key_frame_requests_total").increment(1);
        if let Some((local, input)) = local.and_then(|local| Some((local, self.video_input(local)?))) {
            input.want_key(local.stream());
        }
    }

    /// Sends a picture. False when it cannot be sent now; then the next one must be a key frame.
    pub fn video(&mut self, local: Local, unit: &AccessUnit, now: Instant) -> bool {
        let sent = self.send_picture(local, unit, now);
        if let (false, Some(input)) = (sent, self.video_input(local)) {
            input.want_key(local.stream());
        }
        sent
    }

    fn send_picture(&mut self, local: Local, unit: &AccessUnit, now: Instant) -> bool {
        if self.local.is_some() {
            return self.picture_to_room(local, unit, now);
        }
        let wallclock = self.setup.clock.instant_of(unit.captured_at);
        let captured = self.setup.clock.wall_of(unit.captured_at);
        let playout = self.publish.playout;
        let Some(link) = self.link.as_mut().filter(|l| l.up()) else { return false };
        let peer = link.peer(PeerKind::Publisher);
        let track = &mut self.publish.tracks[local as usize];
        let (Some(mid), true) = (track.mid, track.negotiated) else { return false };
        let profile = if unit.key { crate::video::profile_level_id(unit.bytes()) } else { track.profile };
        if track.pt.is_none() || profile != track.profile {
            track.profile = profile;
            track.pt = peer.payload_type(mid, Codec::H264, profile);
        }
        let Some(pt) = track.pt else { return false };
        let timestamp = ticks(unit.captured_at, 90_000).wrapping_add(track.offset);
        let picture = rtc::h264::Picture { captured: Some(captured), playout_delay: playout };
        picture.packetize(unit.bytes(), |payload, marker, extensions| {
            let packet = OutgoingPacket {
                pt,
                seq_no: track.seq.into(),
                timestamp,
                wallclock,
                marker,
                extensions,
                resendable: true,
                payload,
                vp8: None,
            };
            if peer.send_packet(mid, track.rid, packet) {
                track.seq += 1;
            }
        });
        peer.handle_timeout(now);
        self.has_sent(local, now);
        true
    }

    /// Sends 20 ms of sound.
    pub fn audio(&mut self, packet: &AudioPacket, now: Instant) -> bool {
        if self.local.is_some() {
            return self.sound_to_room(packet, now);
        }
        let wallclock = self.setup.clock.instant_of(packet.captured_at);
        let Some(link) = self.link.as_mut().filter(|l| l.up()) else { return false };
        let peer = link.peer(PeerKind::Publisher);
        let track = &mut self.publish.tracks[Local::Microphone as usize];
        let (Some(mid), true) = (track.mid, track.negotiated) else { return false };
        if track.pt.is_none() {
            track.pt = peer.payload_type(mid, Codec::Opus, None);
        }
        let Some(pt) = track.pt else { return false };
        let extensions = ExtensionValues {
            audio_level: Some(packet.level),
            voice_activity: Some(packet.level > SPEECH),
            ..Default::default()
        };
        let outgoing = OutgoingPacket {
            pt,
            seq_no: track.seq.into(),
            timestamp: packet.time.wrapping_add(track.offset),
            wallclock,
            marker: !track.sent,
            extensions,
            resendable: false,
            payload: Arc::clone(&packet.data),
            vp8: None,
        };
        if !peer.send_packet(mid, None, outgoing) {
            return false;
        }
        track.seq += 1;
        peer.handle_timeout(now);
        self.has_sent(Local::Microphone, now);
        true
    }

    /// Media of a track has left; with the first of it the track may be published.
    pub(super) fn has_sent(&mut self, local: Local, now: Instant) {
        if !std::mem::replace(&mut self.publish.track(local).sent, true) {
            self.check_published(now);
        }
    }
}

/// A time in ticks of an RTP clock.
pub(super) fn ticks(at: Duration, rate: u64) -> u32 {
    let seconds = at.as_secs().wrapping_mul(rate);
    let rest = u64::from(at.subsec_nanos()) * rate / 1_000_000_000;
    seconds.wrapping_add(rest) as u32
}
