//! What the server says, message by message.

use std::time::Instant;

use artc_bindings::{ConnectionStatusChangeReason as Reason, ErrorCode};
use rtc::proto::{self, SignalTarget, request_response};
use rtc::signal::Response;

use super::publish::Watched;
use super::{PeerKind, Phase, Session};
use crate::net::ConnectError;

impl Session {
    /// A message came on the signalling connection.
    pub fn signal_message(&mut self, attempt: u64, frame: &[u8], now: Instant) {
        if attempt != self.attempt {
            return;
        }
        self.ping.heard = now;
        let message = match rtc::signal::decode_response(frame) {
            Ok(message) => message,
            // Newer servers say things that we need not know.
            Err(rtc::signal::SignalError::Unknown) => return,
            Err(error) => return self.garbage(&error.to_string(), now),
        };
        match self.phase {
            Phase::Joining { resume, .. } => self.first_message(message, resume, now),
            Phase::Online => self.message(message, now),
            _ => {}
        }
    }

    fn garbage(&mut self, why: &str, now: Instant) {
        metrics::counter!("artc_open_signal_garbage_total").increment(1);
        if matches!(self.phase, Phase::Joining { .. }) {
            let error = ConnectError::NotLiveKit { host: "server".into(), why: why.to_owned() };
            self.signal_failed(self.attempt, &error, now);
        } else {
            tracing::warn!(why, "message of the server dropped");
        }
    }

    fn first_message(&mut self, message: Response, resume: bool, now: Instant) {
        match message {
            Response::Join(join) => self.joined(join, now),
            Response::Reconnect(response) if resume => self.resumed(response, now),
            Response::Leave(leave) => self.obey(&leave, now),
            Response::RefreshToken(token) => self.refresh(token),
            other => tracing::debug!(message = name(&other), "before the join: skipped"),
        }
    }

    fn message(&mut self, message: Response, now: Instant) {
        match message {
            Response::Answer(answer) => self.answered(&answer.sdp, now),
            Response::Offer(offer) => self.offered(&offer, now),
            Response::Trickle(trickle) => self.trickled(&trickle),
            Response::Update(update) => self.see(update.participants, now),
            Response::TrackPublished(published) => self.track_published(&published, now),
            Response::TrackUnpublished(unpublished) => self.track_unpublished(&unpublished.track_sid, now),
            Response::Leave(leave) => self.obey(&leave, now),
            Response::Mute(mute) => self.muted_by_server(&mute.sid, mute.muted),
            Response::SubscribedQualityUpdate(update) => self.qualities(&update),
            Response::RefreshToken(token) => self.refresh(token),
            Response::PongResp(_) => self.pong(now),
            Response::RequestResponse(response) => self.refused(&response, now),
            Response::SubscriptionResponse(response) => self.subscription_failed(&response, now),
            Response::StreamStateUpdate(_) | Response::Pong(_) | Response::RoomUpdate(_) | Response::ConnectionQuality(_) => {}
            Response::RoomMoved(moved) => {
                if let Some(me) = moved.participant {
                    self.sid = me.sid;
                }
                self.see_everybody(moved.other_participants, now);
                self.refresh(moved.token);
            }
            other => tracing::trace!(message = name(&other), "not needed"),
        }
    }

    fn trickled(&mut self, trickle: &proto::TrickleRequest) {
        let kind = if trickle.target == SignalTarget::Subscriber as i32 { PeerKind::Subscriber } else { PeerKind::Publisher };
        match rtc::candidate::parse(&trickle.candidate_init) {
            Ok(Some(candidate)) => self.remote_candidate(kind, candidate),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "candidate of the server skipped"),
        }
    }

    fn refused(&mut self, response: &proto::RequestResponse, now: Instant) {
        if response.reason == request_response::Reason::Ok as i32 {
            return;
        }
        match &response.request {
            Some(request_response::Request::AddTrack(request)) => {
                self.publish_failed(&request.cid, &response.message, now);
            }
            Some(request_response::Request::UpdateMetadata(_)) => {
                tracing::debug!(why = response.message, "our attributes were not taken");
            }
            _ => tracing::debug!(why = response.message, reason = response.reason, "request refused"),
        }
    }

    /// Who watches, by quality and codec. The encoder rests while it is nobody.
    #[expect(deprecated, reason = "older servers tell qualities without codecs")]
    fn qualities(&mut self, update: &proto::SubscribedQualityUpdate) {
        let by_codec = update.subscribed_codecs.iter().flat_map(|c| &c.qualities);
        let old = update.subscribed_qualities.iter().filter(|_| update.subscribed_codecs.is_empty());
        let mut watched = Watched::default();
        for wanted in by_codec.chain(old).filter(|q| q.enabled) {
            match wanted.quality() {
                proto::VideoQuality::Low => watched.low = true,
                _ => watched.above = true,
            }
        }
        self.watched(&update.track_sid, watched);
    }

    /// The media path is gone for good although signalling lives.
    pub(super) fn media_lost(&mut self, why: &str, now: Instant) {
        if self.joined {
            metrics::counter!("artc_open_media_lost_total").increment(1);
            tracing::debug!(why, code = ErrorCode::NetworkDisconnect.name(), "media path lost");
            self.lost(Reason::MediaPath, why, true, now);
        }
    }
}

/// A message's name, without its content: that may hold tokens.
fn name(message: &Response) -> &'static str {
    match message {
        Response::Join(_) => "join",
        Response::SpeakersChanged(_) => "speakers",
        Response::TrackSubscribed(_) => "track_subscribed",
        Response::SubscriptionPermissionUpdate(_) => "subscription_permission",
        Response::MediaSectionsRequirement(_) => "media_sections",
        _ => "other",
    }
}
