//! A packet on its way from its publisher to everybody who receives its track. Not for which of them gets which layer (see `quality`),
//! nor for the numbers it gets (see `forwarder` and `vp8`).

use std::collections::BTreeMap;
use std::time::Duration;

use rtc::local::FromRoom;
use rtc::str0m::format::Codec;
use rtc::str0m::rtp::{ExtensionValues, Vp8Descriptor};
use rtc::{OutgoingPacket, RtpPacket, h264};

use super::forwarder::Incoming;
use super::participant::{Participant, Way};
use super::peers::PeerKey;
use super::room::Room;
use super::track::Track;
use super::{Cx, ParticipantId, TrackId};

impl Room {
    /// Passes a packet on to everybody who receives its track.
    pub(super) fn packet(&mut self, cx: &mut Cx<'_>, id: ParticipantId, key: PeerKey, packet: RtpPacket) {
        let Some((mid, rid)) = cx.peers.stream_of(key, &packet) else { return };
        let Some(owner) = self.participants.get(&id) else { return };
        let Some(track) = owner.published.iter().copied().find(|t| self.tracks.get(t).is_some_and(|t| t.mid == mid)) else {
            return;
        };
        let pt = packet.header.payload_type;
        if self.tracks.get(&track).is_some_and(|track| track.is_new_type(pt)) {
            self.learn_type(cx, id, key, track, pt);
        }
        let Some(track) = self.tracks.get_mut(&track) else { return };
        let Some(layer) = track.layer_of(rid) else { return };
        let (now, video) = (cx.at.now, track.is_video());
        let vp8 = if track.codec == Codec::Vp8 { Vp8Descriptor::parse(&packet.payload).ok() } else { None };
        let starts = match &vp8 {
            Some(descriptor) => descriptor.starts_keyframe(&packet.payload),
            None => track.codec == Codec::H264 && h264::starts_key_frame(&packet.payload),
        };
        let first = !track.layers[layer].flows(now);
        track.layers[layer].arrived(packet.payload.len(), starts, now);
        if let Some(level) = packet.header.ext_vals.audio_level {
            track.level.add(level);
        }
        if track.held {
            return;
        }
        let sender_time = if track.layers.len() > 1 { sender_time(&packet) } else { None };
        let incoming = Incoming {
            layer,
            seq: *packet.seq_no,
            timestamp: packet.header.timestamp,
            key: starts,
            arrived: packet.timestamp,
            sender_time,
        };
        let extensions = ExtensionValues { mid: None, rid: None, rid_repair: None, transport_cc: None, ..packet.header.ext_vals };
        let marker = packet.header.marker;
        let pass = Pass { incoming, marker, wallclock: packet.timestamp, payload: &packet.payload, extensions: &extensions, vp8 };
        pass.to_subscribers(cx, &mut self.participants, track);
        if video && marker {
            cx.out.first_picture.get_or_insert(now);
        }
        if first && video {
            // A layer that begins to flow may be better than the one chosen before.
            self.next_choice = now;
        }
    }

    /// What packets of a payload type are: known with the first one, and again when the publisher changes its codec.
    fn learn_type(&mut self, cx: &mut Cx<'_>, owner: ParticipantId, key: PeerKey, track: TrackId, pt: rtc::Pt) {
        let Some((codec, profile)) = cx.peers.look(key).and_then(|peer| peer.codec(pt)) else { return };
        let Some(track) = self.tracks.get_mut(&track) else { return };
        let other = track.codec != codec;
        track.arrives_as(pt, codec, profile);
        track.choose_types_anew(&mut self.participants);
        if other {
            self.announce(cx, owner, None);
        }
    }

    /// The profile of an engine's pictures, as the parameter sets of a key frame say it: no payload type has said it before.
    pub(super) fn learn_profile(&mut self, track: TrackId, unit: &[u8]) {
        let (Some(track), Some(profile)) = (self.tracks.get_mut(&track), rtc::h264::profile_level_id(unit)) else { return };
        if track.profile != Some(profile) {
            track.profile = Some(profile);
            track.choose_types_anew(&mut self.participants);
        }
    }
}

/// One packet on its way to several subscribers.
pub(super) struct Pass<'a> {
    pub(super) incoming: Incoming,
    pub(super) marker: bool,
    /// When the packet's timestamp was.
    pub(super) wallclock: std::time::Instant,
    pub(super) payload: &'a std::sync::Arc<[u8]>,
    pub(super) extensions: &'a ExtensionValues,
    /// Its picture numbers, in VP8.
    pub(super) vp8: Option<Vp8Descriptor>,
}

impl Pass<'_> {
    pub(super) fn to_subscribers(&self, cx: &mut Cx<'_>, participants: &mut BTreeMap<ParticipantId, Participant>, track: &Track) {
        let mut count = 0;
        for subscriber in &track.subscribers {
            if let Some(p) = participants.get_mut(subscriber) {
                count += u64::from(self.to(cx, p, track));
            }
        }
        metrics::counter!("artc_room_packets_forwarded_total").increment(count);
    }

    fn to(&self, cx: &mut Cx<'_>, p: &mut Participant, track: &Track) -> bool {
        let (key, conn, way) = (p.receiving_peer(), p.conn, p.way);
        let Some(subscription) = p.subscriptions.get_mut(&track.id).filter(|s| s.bound) else { return false };
        // What cannot leave yet must not pass for forwarded: a key frame would be taken for shown, and no other one be asked for.
        let up = |key| cx.peers.look(key).is_some_and(rtc::Peer::is_established);
        if way != Way::Local && !key.is_some_and(up) {
            return false;
        }
        let Some(out) = subscription.flow.forward(&self.incoming) else { return false };
        if way == Way::Local {
            if !matches!(track.codec, Codec::H264 | Codec::Opus) {
                // An engine of this process reads nothing else.
                return false;
            }
            let packet = self.for_link(track, subscription.number, out.seq, out.timestamp);
            cx.out.links.extend(conn.map(|conn| (conn, FromRoom::Packet(packet))));
            return true;
        }
        let (Some(key), Some(mid)) = (key, subscription.mid) else { return false };
        let Some(peer) = cx.peers.get(key) else { return false };
        if subscription.pt.is_none() {
            subscription.pt = peer.payload_type(mid, track.codec, track.profile);
            peer.set_unpaced(mid, None, true);
        }
        let Some(pt) = subscription.pt else { return false };
        let vp8 = self.vp8.as_ref().filter(|_| track.layers.len() > 1);
        let vp8 = vp8.and_then(|descriptor| subscription.vp8.patch(descriptor, out.switched));
        peer.send_packet(
            mid,
            None,
            OutgoingPacket {
                pt,
                seq_no: out.seq.into(),
                timestamp: out.timestamp,
                wallclock: self.wallclock,
                marker: self.marker,
                extensions: self.extensions.clone(),
                resendable: track.is_video(),
                payload: self.payload.clone(),
                vp8,
            },
        )
    }

    fn for_link(&self, track: &Track, subscription: u64, seq: u64, timestamp: u32) -> rtc::local::Packet {
        rtc::local::Packet {
            track: track.sid.clone(),
            subscription,
            seq,
            timestamp,
            marker: self.marker,
            arrived: self.incoming.arrived,
            captured: self.extensions.abs_capture_time.map(|time| time.capture_time),
            audio_level: self.extensions.audio_level,
            payload: self.payload.clone(),
        }
    }
}

/// The sender's own clock at the packet's timestamp.
fn sender_time(packet: &RtpPacket) -> Option<Duration> {
    let report = packet.last_sender_info?;
    let reported = report.ntp_time.duration_since(std::time::SystemTime::UNIX_EPOCH).ok()?;
    // The report is of the recent past or future, so 32 bits of difference are enough.
    let ticks = packet.header.timestamp.wrapping_sub(report.rtp_time.numer() as u32) as i32;
    let micros = i64::from(ticks) * 1_000_000 / 90_000;
    let offset = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { reported.checked_sub(offset) } else { Some(reported + offset) }
}
