//! What participants are told: of each other, of the room, and of what they asked for. Not for what flows.

use std::time::Duration;

use rtc::proto::{self, ParticipantInfo, ParticipantUpdate, RequestResponse, request_response::Reason};
use rtc::signal::Response;

use super::participant::Way;
use super::room::Room;
use super::{Cx, ParticipantId, Signal};
use crate::stats::Refused;
use crate::token::{MAX_METADATA, MAX_NAME, described};

impl Room {
    pub(super) fn info_of(&self, id: ParticipantId) -> Option<ParticipantInfo> {
        let p = self.participants.get(&id)?;
        let tracks = p.published.iter().filter_map(|t| self.tracks.get(t)).map(|t| t.info.clone()).collect();
        Some(p.info(tracks))
    }

    pub(super) fn others_of(&self, id: ParticipantId) -> Vec<ParticipantInfo> {
        let others = self.participants.values().filter(|p| p.id != id && !p.is_hidden() && p.way != Way::Whep);
        others.filter_map(|p| self.info_of(p.id)).collect()
    }

    /// Tells everybody what is new about a participant, itself included unless it is `except`.
    pub(super) fn announce(&mut self, cx: &mut Cx<'_>, id: ParticipantId, except: Option<ParticipantId>) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        p.changed();
        let (alone, conn) = (p.is_hidden() || p.way == Way::Whep, p.conn);
        let Some(info) = self.info_of(id) else { return };
        let update = Response::Update(ParticipantUpdate { participants: vec![info] });
        if !alone {
            self.tell_all(cx, except, &update);
        } else if except != Some(id) {
            cx.out.send(conn, update);
        }
    }

    pub(super) fn tell_all(&self, cx: &mut Cx<'_>, except: Option<ParticipantId>, message: &Response) {
        // Encoded once for all.
        let frame = rtc::signal::encode_response(message.clone());
        for p in self.participants.values().filter(|p| Some(p.id) != except) {
            if let Some(conn) = p.conn {
                cx.out.signals.push((conn, Signal::Frame(frame.clone())));
            }
        }
    }

    /// Keeps the numbers in the room's description; clients hear of them at most every five seconds.
    pub(super) fn count(&mut self, cx: &Cx<'_>) {
        let visible = self.participants.values().filter(|p| !p.is_hidden() && p.way != Way::Whep);
        self.info.num_participants = visible.clone().count() as u32;
        self.info.num_publishers = visible.filter(|p| !p.published.is_empty()).count() as u32;
        self.info_due = self.info_due.or(Some(cx.at.now + Duration::from_secs(5)));
        metrics::gauge!("artc_room_participants", "room" => self.info.name.clone()).set(self.participants.len() as f64);
    }

    // === What a participant says of itself ===

    pub(super) fn own_metadata(&mut self, cx: &mut Cx<'_>, id: ParticipantId, update: proto::UpdateParticipantMetadata) {
        let request_id = update.request_id;
        let Some(p) = self.participants.get(&id) else { return };
        let refusal = if !p.permission.can_update_metadata {
            Some((Reason::NotAllowed, "the token lacks `canUpdateOwnMetadata`"))
        } else {
            (described(&update.metadata, &update.attributes) > MAX_METADATA || update.name.len() > MAX_NAME)
                .then_some((Reason::LimitExceeded, "name, metadata or attributes are too long"))
        };
        if let Some((reason, message)) = refusal {
            let request = proto::request_response::Request::UpdateMetadata(update);
            self.respond(cx, id, request_id, reason, message, Some(request));
            return;
        }
        self.set_metadata(cx, id, &update.name, &update.metadata, &update.attributes);
        self.respond(cx, id, request_id, Reason::Ok, "", None);
    }

    /// Changes what is not empty; an attribute with an empty value is deleted.
    pub(super) fn set_metadata(
        &mut self,
        cx: &mut Cx<'_>,
        id: ParticipantId,
        name: &str,
        metadata: &str,
        attributes: &std::collections::HashMap<String, String>,
    ) {
        let Some(p) = self.participants.get_mut(&id) else { return };
        if !name.is_empty() {
            name.clone_into(&mut p.name);
        }
        if !metadata.is_empty() {
            metadata.clone_into(&mut p.metadata);
        }
        for (key, value) in attributes {
            if value.is_empty() {
                p.attributes.remove(key);
            } else {
                p.attributes.insert(key.clone(), value.clone());
            }
        }
        self.announce(cx, id, None);
    }

    /// The answer to a request.
    pub(super) fn respond(
        &self,
        cx: &mut Cx<'_>,
        id: ParticipantId,
        request_id: u32,
        reason: Reason,
        message: &str,
        request: Option<proto::request_response::Request>,
    ) {
        let conn = self.participants.get(&id).and_then(|p| p.conn);
        if reason != Reason::Ok {
            cx.settings.ledger.refused(Refused::Request, reason.as_str_name());
        }
        let response = RequestResponse { request_id, reason: reason as i32, message: message.to_owned(), request };
        cx.out.send(conn, Response::RequestResponse(response));
    }
}
