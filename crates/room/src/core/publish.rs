//! Publishing: from the announcement of a track to its being there, and back. Not for who receives it, nor for its packets (see `relay`).
#![expect(deprecated, reason = "older clients read the older fields of TrackInfo")]

use std::time::Duration;

use rtc::proto::{
    self, MuteTrackRequest, SessionDescription, TrackInfo, TrackPublishedResponse, TrackSource, TrackType,
    request_response::Reason,
};
use rtc::sdp::{Sdp, SectionTrack};
use rtc::signal::Response;
use rtc::str0m::format::Codec;
use rtc::{MediaKind, Mid};

use super::participant::{PendingTrack, Way};
use super::peers::{Owner, PeerKey, Role};
use super::room::Room;
use super::track::Track;
use super::{Cx, ParticipantId, TrackId};
use crate::ids;
use crate::stats::Refused;

/// Tracks that one participant may publish or announce.
const MAX_TRACKS: usize = 32;
/// An announced track whose section does not come by then is forgotten.
pub(super) const PENDING_TIME: Duration = Duration::from_secs(30);

/// A section of the client's offer in which it sends.
struct Sending {
    mid: Mid,
    kind: MediaKind,
    cid: String,
    rids: Vec<rtc::Rid>,
    /// The best of its codecs that the room forwards.
    codec: Option<Codec>,
}

impl Room {
    /// A client announces a track.
    pub(super) fn add_track(&mut self, cx: &mut Cx<'_>, id: ParticipantId, request: proto::AddTrackRequest) {
        let Some(p) = self.participants.get(&id) else { return };
        let refusal = if !p.may_publish(request.source) {
            Some((Reason::NotAllowed, "the token does not allow to publish this source"))
        } else if p.pending.len() + p.published.len() >= MAX_TRACKS {
            Some((Reason::LimitExceeded, "too many tracks"))
        } else if request.cid.is_empty() || request.cid.len().max(request.name.len()).max(request.stream.len()) > 256 {
            Some((Reason::InvalidName, "track id is empty, or it, the name or the stream's id are too long"))
        } else {
            None
        };
        if let Some((reason, message)) = refusal {
            let request = proto::request_response::Request::AddTrack(request);
            self.respond(cx, id, 0, reason, message, Some(request));
            return;
        }
        // A second announcement of the same track (a resume, or an offer that crossed) gets the same answer.
        let known = p.pending.iter().find(|pending| pending.cids.contains(&request.cid)).map(|pending| pending.info.clone());
        let info = known.unwrap_or_else(|| self.pend(id, &request, cx));
        let conn = self.participants[&id].conn;
        let response = TrackPublishedResponse { cid: request.cid, track: Some(info) };
        cx.out.send(conn, Response::TrackPublished(response));
        if self.participants[&id].way == Way::Local {
            // There is no section to wait for.
            self.publish_pending(cx, id);
        }
    }

    fn pend(&mut self, id: ParticipantId, request: &proto::AddTrackRequest, cx: &mut Cx<'_>) -> TrackInfo {
        let info = track_info(request, version(cx));
        let mut cids = vec![request.cid.clone()];
        cids.extend(request.simulcast_codecs.iter().map(|codec| codec.cid.clone()).filter(|cid| !cid.is_empty()));
        if let Some(p) = self.participants.get_mut(&id) {
            p.pending.push(PendingTrack { cids, info: info.clone(), since: cx.at.now });
        }
        info
    }

    /// The client's offer: what it sends, and with one connection also where it receives.
    pub(super) fn offer(&mut self, cx: &mut Cx<'_>, id: ParticipantId, description: &SessionDescription) {
        let answered = self.answer_offer(cx, id, &description.sdp);
        let Some(p) = self.participants.get(&id) else { return };
        match answered {
            Ok((sdp, mid_to_track_id)) => {
                let answer = SessionDescription { r#type: "answer".to_owned(), sdp, id: description.id, mid_to_track_id };
                cx.out.send(p.conn, Response::Answer(answer));
                if p.way == Way::One {
                    // What found no section in this offer is asked for.
                    self.told_subscribed(cx, id);
                    self.negotiate(cx, id);
                }
                self.choose_layers(cx, id);
            }
            Err(error) => {
                cx.settings.ledger.refused(Refused::Description, "offer");
                tracing::warn!(identity = p.identity(), %error, "offer refused");
                self.respond(cx, id, 0, Reason::InvalidRequest, &format!("offer refused: {error}"), None);
            }
        }
    }

    /// Applies an offer. Gives the answer and the sids of the tracks in its sections.
    pub(super) fn answer_offer(
        &mut self,
        cx: &mut Cx<'_>,
        id: ParticipantId,
        offer: &str,
    ) -> Result<(String, std::collections::HashMap<String, String>), rtc::NegotiationError> {
        let parsed = Sdp::parse(offer)?;
        let key = self.publisher_of(cx, id);
        let answer = match cx.peers.get(key) {
            Some(peer) => peer.accept_offer(offer)?,
            None => return Err(rtc::NegotiationError::NoOffer),
        };
        cx.peers.negotiated(key);
        let early = self.participants.get_mut(&id).map(|p| std::mem::take(&mut p.early)).unwrap_or_default();
        if let Some(peer) = cx.peers.get(key) {
            early.into_iter().for_each(|candidate| peer.add_remote_candidate(candidate));
        }
        self.match_sections(cx, id, &parsed);
        let mut mids = std::collections::HashMap::new();
        let mut answer = Sdp::parse(&answer)?;
        answer.prefer_h264();
        let two = self.participants.get(&id).is_none_or(|p| p.way == Way::Two);
        if two {
            return Ok((answer.to_string(), mids));
        }
        self.take_sections(id, &parsed);
        let bound = self.bound_sections(id);
        let tracks: Vec<SectionTrack<'_>> =
            bound.iter().map(|(mid, stream, track)| SectionTrack { mid, stream, track }).collect();
        answer.bind(&tracks);
        mids.extend(bound.iter().map(|(mid, _, track)| (mid.clone(), track.clone())));
        Ok((answer.to_string(), mids))
    }

    fn publisher_of(&mut self, cx: &mut Cx<'_>, id: ParticipantId) -> PeerKey {
        let (existing, way, full_ice) =
            self.participants.get(&id).map_or((None, Way::Two, false), |p| (p.publisher, p.way, p.traits.full_ice));
        if let Some(key) = existing {
            return key;
        }
        let role = if way == Way::Two { Role::Publisher } else { Role::Both };
        let key = cx.peers.create(Owner { room: self.id, participant: id, role }, full_ice, cx.at.now);
        if let Some(p) = self.participants.get_mut(&id) {
            p.publisher = Some(key);
        }
        key
    }

    /// Publishes the announced tracks whose sections have come, and unpublishes those whose sections have stopped sending.
    fn match_sections(&mut self, cx: &mut Cx<'_>, id: ParticipantId, offer: &Sdp) {
        let sending: Vec<Sending> = offer.sections().iter().filter(|section| section.sends()).filter_map(sending).collect();
        let Some(p) = self.participants.get(&id) else { return };
        let ended: Vec<TrackId> = p
            .published
            .iter()
            .copied()
            .filter(|track| self.tracks.get(track).is_some_and(|t| !sending.iter().any(|s| s.mid == t.mid)))
            .collect();
        for track in ended {
            self.unpublish(cx, track);
            self.announce(cx, id, None);
        }
        for section in sending {
            let Some(p) = self.participants.get_mut(&id) else { return };
            if p.published.iter().any(|track| self.tracks.get(track).is_some_and(|t| t.mid == section.mid)) {
                continue;
            }
            let of_kind =
                |pending: &PendingTrack| (pending.info.r#type() == TrackType::Audio) == (section.kind == MediaKind::Audio);
            let exact = p.pending.iter().position(|pending| pending.cids.contains(&section.cid));
            // Firefox invents track ids of its own; then the only one that waits must be meant.
            let only = || {
                let mut waiting = p.pending.iter().enumerate().filter(|(_, pending)| of_kind(pending));
                waiting.next().filter(|_| waiting.next().is_none()).map(|(index, _)| index)
            };
            if let Some(index) = exact.or_else(only) {
                let pending = p.pending.remove(index);
                if section.codec.is_some() {
                    self.publish(cx, id, pending.info, &section);
                } else {
                    self.refuse_codec(cx, id, pending.info);
                }
            }
        }
    }

    /// A section that offers none of the room's codecs: nothing would ever arrive.
    fn refuse_codec(&mut self, cx: &mut Cx<'_>, id: ParticipantId, info: TrackInfo) {
        let Some(p) = self.participants.get(&id) else { return };
        tracing::warn!(identity = p.identity(), track = info.sid, "no codec that this room forwards");
        cx.out.send(p.conn, Response::TrackUnpublished(proto::TrackUnpublishedResponse { track_sid: info.sid }));
        self.respond(cx, id, 0, Reason::UnsupportedType, "this room forwards H.264, VP8 and Opus", None);
    }

    fn publish(&mut self, cx: &mut Cx<'_>, owner: ParticipantId, mut info: TrackInfo, section: &Sending) {
        let track = TrackId(cx.id());
        let Some(p) = self.participants.get_mut(&owner) else { return };
        info.mid = section.mid.to_string();
        info.simulcast = section.rids.len() > 1;
        tracing::info!(identity = p.identity(), track = info.sid, source = info.source().as_str_name(), "published");
        p.published.push(track);
        let mut made = Track::new(track, owner, &p.sid, info, section.mid, &section.rids);
        if let Some(codec) = section.codec {
            made.codec = codec;
            made.describe();
        }
        self.tracks.insert(track, made);
        metrics::counter!("artc_room_tracks_published_total").increment(1);
        self.count(cx);
        // The others must know the track before its media or its section reaches them.
        self.announce(cx, owner, None);
        self.resubscribe_all(cx);
        self.quality_wanted(cx);
    }

    /// WHIP: publishes every section that sends, without announcement.
    pub(super) fn publish_unannounced(&mut self, cx: &mut Cx<'_>, owner: ParticipantId, offer: &Sdp) {
        let forwarded = |section: &Sending| section.codec.is_some();
        for section in offer.sections().iter().filter(|section| section.sends()).filter_map(sending).filter(forwarded) {
            let video = section.kind == MediaKind::Video;
            let source = if video { TrackSource::Camera } else { TrackSource::Microphone };
            if self.participants.get(&owner).is_some_and(|p| p.may_publish(source as i32)) {
                let request = proto::AddTrackRequest {
                    cid: section.cid.clone(),
                    r#type: if video { TrackType::Video } else { TrackType::Audio } as i32,
                    source: source as i32,
                    ..Default::default()
                };
                let info = track_info(&request, version(cx));
                self.publish(cx, owner, info, &section);
            }
        }
    }

    /// In this process: publishes what was just announced.
    fn publish_pending(&mut self, cx: &mut Cx<'_>, owner: ParticipantId) {
        let pending = self.participants.get_mut(&owner).map(|p| std::mem::take(&mut p.pending)).unwrap_or_default();
        for PendingTrack { info, .. } in pending {
            let video = info.r#type() == TrackType::Video;
            let rids = info.layers.iter().map(|layer| layer.rid.as_str()).filter(|rid| !rid.is_empty()).map(rtc::Rid::from);
            let section = Sending {
                mid: "local".into(),
                kind: if video { MediaKind::Video } else { MediaKind::Audio },
                cid: String::new(),
                rids: rids.collect(),
                codec: Some(if video { Codec::H264 } else { Codec::Opus }),
            };
            self.publish(cx, owner, info, &section);
        }
    }

    /// Ends a track. The caller announces its owner.
    pub(super) fn unpublish(&mut self, cx: &mut Cx<'_>, track: TrackId) {
        let Some(subscribers) = self.tracks.get(&track).map(|t| t.subscribers.clone()) else { return };
        for subscriber in subscribers {
            self.unsubscribe(subscriber, track);
        }
        let Some(ended) = self.tracks.remove(&track) else { return };
        for p in self.participants.values_mut() {
            p.exceptions.remove(&track);
        }
        if let Some(owner) = self.participants.get_mut(&ended.owner) {
            owner.published.retain(|t| *t != track);
            tracing::info!(identity = owner.identity(), track = ended.info.sid, "unpublished");
        }
        self.count(cx);
        self.negotiate_all(cx);
    }

    /// A publisher mutes or unmutes its own track.
    pub(super) fn mute(&mut self, cx: &mut Cx<'_>, id: ParticipantId, mute: &MuteTrackRequest) {
        let track = self.track_by_sid(&mute.sid);
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(&track)).filter(|track| track.owner == id) {
            track.info.muted = mute.muted;
            // Whoever an admin has muted becomes heard again by unmuting: that is the publisher's right.
            track.held &= mute.muted;
            self.announce(cx, id, None);
        } else if let Some(p) = self.participants.get_mut(&id)
            && let Some(pending) = p.pending.iter_mut().find(|pending| pending.info.sid == mute.sid)
        {
            pending.info.muted = mute.muted;
        }
    }

    pub(super) fn audio_features(&mut self, cx: &mut Cx<'_>, id: ParticipantId, update: proto::UpdateLocalAudioTrack) {
        let track = self.track_by_sid(&update.track_sid);
        if let Some(track) = track.and_then(|track| self.tracks.get_mut(&track)).filter(|track| track.owner == id) {
            track.info.stereo = update.features.contains(&(proto::AudioTrackFeature::TfStereo as i32));
            track.info.audio_features = update.features;
            self.announce(cx, id, None);
        }
    }

    pub(super) fn track_by_sid(&self, sid: &str) -> Option<TrackId> {
        self.tracks.values().find(|track| track.info.sid == sid).map(|track| track.id)
    }
}

fn sending(section: &rtc::sdp::Section) -> Option<Sending> {
    let (_, cid) = section.msid().unwrap_or(("-", ""));
    Some(Sending {
        mid: section.mid()?.into(),
        kind: section.kind()?,
        cid: cid.to_owned(),
        rids: section.send_rids().into_iter().map(rtc::Rid::from).collect(),
        codec: [Codec::Opus, Codec::H264, Codec::Vp8].into_iter().find(|codec| {
            let name = codec.to_string();
            section.codecs().any(|offered| offered.eq_ignore_ascii_case(&name))
        }),
    })
}

/// What the room says of a track that is announced.
/// When a track was announced: clients tell by it which of two came first. The clock on the wall may stand still or go back, the count does not.
fn version(cx: &mut Cx<'_>) -> proto::TimedVersion {
    let unix_micro = cx.at.wall.duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
    proto::TimedVersion {
        unix_micro: i64::try_from(unix_micro).unwrap_or(i64::MAX),
        ticks: i32::try_from(cx.id() & 0x7fff_ffff).unwrap_or_default(),
    }
}

fn track_info(request: &proto::AddTrackRequest, version: proto::TimedVersion) -> TrackInfo {
    let audio = request.r#type() == TrackType::Audio;
    let letters = match request.source() {
        TrackSource::Camera => "VC",
        TrackSource::Microphone => "AM",
        TrackSource::ScreenShare => "VS",
        TrackSource::ScreenShareAudio => "AS",
        TrackSource::Unknown if audio => "AU",
        TrackSource::Unknown => "VU",
    };
    // What is asked of clients. One that sends VP8 nevertheless is told from its section.
    let mime = Track::mime(if audio { Codec::Opus } else { Codec::H264 });
    TrackInfo {
        sid: ids::track(letters),
        r#type: request.r#type,
        name: request.name.clone(),
        muted: request.muted,
        width: request.width,
        height: request.height,
        simulcast: request.layers.len() > 1,
        disable_dtx: request.disable_dtx,
        source: request.source,
        layers: request.layers.clone(),
        mime_type: mime.to_owned(),
        codecs: vec![proto::SimulcastCodecInfo {
            mime_type: mime.to_owned(),
            cid: request.cid.clone(),
            layers: request.layers.clone(),
            ..Default::default()
        }],
        stereo: request.stereo,
        disable_red: true,
        encryption: request.encryption,
        stream: request.stream.clone(),
        version: Some(version),
        audio_features: request.audio_features.clone(),
        ..Default::default()
    }
}
