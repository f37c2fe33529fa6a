//! WHIP (RFC 9725) and WHEP sessions: one offer, one answer, no signalling after that. Not for HTTP.

use rtc::proto::DisconnectReason;
use rtc::sdp::Sdp;
use rtc::{NegotiationError, candidate};

use super::participant::{self, ClientTraits, Way};
use super::{Core, Cx, Moment, ParticipantId, RoomId};
use crate::ids;
use crate::token::Claims;

/// A session that was made.
#[derive(Debug)]
pub(crate) struct Session {
    /// Names the session in its URL; nobody can guess it.
    pub(crate) id: String,
    pub(crate) answer: String,
    pub(crate) etag: String,
}

/// Why none was made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error("{0:?} publishes nothing in room {1:?} now: try again later")]
    NothingThere(String, String),
    #[error("the token does not allow to {0}")]
    NotAllowed(&'static str),
    #[error("offer refused: {0}")]
    Offer(#[from] NegotiationError),
    #[error("offer holds no section that could carry audio or video this way")]
    NoSections,
    #[error("no such session")]
    NoSession,
    #[error("entity tag {0:?} is not the session's")]
    EntityTag(String),
}

impl Core {
    /// WHEP: makes a viewer of what `identity` publishes.
    pub(crate) fn whep(
        &mut self,
        claims: &Claims,
        room: &str,
        identity: &str,
        offer: &str,
        at: Moment,
    ) -> Result<Session, SessionError> {
        if !claims.video.as_ref().is_some_and(|grant| grant.permission().can_subscribe) {
            return Err(SessionError::NotAllowed("subscribe"));
        }
        let missing = || SessionError::NothingThere(identity.to_owned(), room.to_owned());
        let id = *self.names.get(room).ok_or_else(missing)?;
        let there = self.rooms.get(&id).and_then(|room| room.by_identity(identity));
        if there.is_none_or(|publisher| publisher.published.is_empty() || publisher.is_hidden()) {
            return Err(missing());
        }
        self.session(id, claims, Way::Whep, Some(identity), offer, at)
    }

    /// WHIP: makes a publisher.
    pub(crate) fn whip(&mut self, claims: &Claims, room: &str, offer: &str, at: Moment) -> Result<Session, SessionError> {
        if !claims.video.as_ref().is_some_and(|grant| grant.permission().can_publish) {
            return Err(SessionError::NotAllowed("publish"));
        }
        let id = self.room_named(room, at);
        self.session(id, claims, Way::Whip, None, offer, at)
    }

    /// Adds the candidates of a trickled fragment (RFC 8840). Restarting ICE is answered with what restarts it: a new session.
    pub(crate) fn session_trickle(
        &mut self,
        session: &str,
        etag: Option<&str>,
        fragment: &str,
        at: Moment,
    ) -> Result<(), SessionError> {
        let (room, participant) = self.session_of(session).ok_or(SessionError::NoSession)?;
        let done = self.with_room(room, at, |room, cx| {
            let p = room.participants.get(&participant).ok_or(SessionError::NoSession)?;
            let current = p.session.as_ref().map(|session| session.etag.as_str());
            if let Some(etag) = etag.filter(|etag| *etag != "*" && Some(*etag) != current) {
                return Err(SessionError::EntityTag(etag.to_owned()));
            }
            let peer = p.publisher.and_then(|key| cx.peers.get(key)).ok_or(SessionError::NoSession)?;
            let ufrag = fragment.lines().find_map(|line| line.trim().strip_prefix("a=ice-ufrag:"));
            let lines = fragment.lines().map(str::trim).filter(|line| line.starts_with("a=candidate:"));
            for line in lines.take(64) {
                match candidate::parse_line(line, ufrag) {
                    Ok(Some(candidate)) => peer.add_remote_candidate(candidate),
                    Ok(None) => {}
                    // Hidden host names are lawful and useless.
                    Err(error) => tracing::debug!(%error, "candidate ignored"),
                }
            }
            Ok(())
        });
        done.unwrap_or(Err(SessionError::NoSession))
    }

    /// Ends a session.
    pub(crate) fn session_end(&mut self, session: &str, at: Moment) -> Result<(), SessionError> {
        let (room, participant) = self.session_of(session).ok_or(SessionError::NoSession)?;
        self.with_room(room, at, |room, cx| room.remove(cx, participant, DisconnectReason::ClientInitiated));
        Ok(())
    }

    /// Identity of the token that made a session, for checking that whoever changes it may.
    pub(crate) fn session_bearer(&self, session: &str) -> Option<&str> {
        let (room, participant) = self.session_of(session)?;
        let p = self.rooms.get(&room)?.participants.get(&participant)?;
        p.session.as_ref().map(|session| session.bearer.as_str())
    }

    fn session_of(&self, session: &str) -> Option<(RoomId, ParticipantId)> {
        self.rooms.iter().find_map(|(id, room)| {
            let p = room.participants.values().find(|p| !p.way.has_signalling() && p.sid == session)?;
            Some((*id, p.id))
        })
    }

    fn session(
        &mut self,
        room: RoomId,
        claims: &Claims,
        way: Way,
        only: Option<&str>,
        offer: &str,
        at: Moment,
    ) -> Result<Session, SessionError> {
        let parsed = Sdp::parse(offer).map_err(NegotiationError::from)?;
        let useful = |section: &rtc::sdp::Section| {
            section.kind().is_some() && if way == Way::Whep { section.receives() } else { section.sends() }
        };
        if !parsed.sections().iter().any(useful) {
            return Err(SessionError::NoSections);
        }
        let made = self.with_room(room, at, |room, cx| {
            let traits = ClientTraits { auto_subscribe: way == Way::Whep, ..Default::default() };
            let mut entering = claims.clone();
            if way == Way::Whep {
                // Several tabs of one viewer may hold the same token: each is a viewer of its own.
                entering.sub = format!("{}#whep-{}", claims.sub, ids::random_text(8));
            }
            let id = room.enter(cx, &entering, way, traits, None);
            let etag = format!("\"{}\"", ids::random_text(12));
            if let Some(p) = room.participants.get_mut(&id) {
                p.only = only.map(str::to_owned);
                p.session = Some(participant::Session { bearer: claims.sub.clone(), etag: etag.clone() });
                if way == Way::Whip {
                    p.permission.can_subscribe = false;
                }
            }
            let made = negotiate(room, cx, id, way, offer, &parsed);
            if made.is_err() {
                room.remove(cx, id, DisconnectReason::JoinFailure);
            }
            made.map(|(id, answer)| Session { id, answer, etag })
        });
        made.unwrap_or(Err(SessionError::NoSession))
    }
}

/// Gives the participant's sid, which names the session, and the answer.
fn negotiate(
    room: &mut super::room::Room,
    cx: &mut Cx<'_>,
    id: ParticipantId,
    way: Way,
    offer: &str,
    parsed: &Sdp,
) -> Result<(String, String), SessionError> {
    room.resubscribe(cx, id);
    let (answer, _) = room.answer_offer(cx, id, offer)?;
    if way == Way::Whip {
        room.announce(cx, id, Some(id));
        room.publish_unannounced(cx, id, parsed);
    }
    room.told_subscribed(cx, id);
    room.choose_layers(cx, id);
    room.quality_wanted(cx);
    let p = room.participants.get(&id).ok_or(SessionError::NoSession)?;
    Ok((p.sid.clone(), answer))
}
