//! Data packets between participants: stamped with their true sender, sent where they are meant to go, kept a while for those who
//! lose their connection for a moment. Not for what is in them.

use std::time::Instant;

use bytes::Bytes;
use rtc::local::FromRoom;
use rtc::proto::{self, data_packet::Value};
use rtc::{DataChannel, packet};

use super::participant::{Sent, Way};
use super::room::Room;
use super::{Cx, ParticipantId};
use crate::stats::Refused;

/// Most receivers that one packet may name.
const MAX_DESTINATIONS: usize = 128;

impl Room {
    /// A participant sent something.
    pub(super) fn data(&mut self, cx: &mut Cx<'_>, id: ParticipantId, channel: DataChannel, data: &[u8]) {
        let ledger = &cx.settings.ledger;
        let refuse = |reason: &'static str| {
            ledger.refused(Refused::Data, reason);
            tracing::debug!(reason, "data refused");
        };
        let Some(p) = self.participants.get_mut(&id) else { return };
        if channel == DataChannel::Track {
            return refuse("data track");
        }
        if !p.permission.can_publish_data {
            return refuse("not allowed");
        }
        let read = match packet::decode(data) {
            Ok(read) => read,
            Err(packet::PacketError::TooLong(_)) => return refuse("too long"),
            Err(packet::PacketError::Malformed(_)) => return refuse("malformed"),
        };
        // Metrics are for the server alone, and only the server may speak of speakers.
        if matches!(read.value, None | Some(Value::Metrics(_))) || is_speaker(&read) {
            return refuse("kind");
        }
        let to = packet::destinations(&read);
        if to.len() > MAX_DESTINATIONS {
            return refuse("destinations");
        }
        let to = to.to_vec();
        let stamped = packet::stamp(data, &read, &p.sid, p.identity(), channel);
        if channel == DataChannel::Reliable && read.sequence > 0 {
            p.last_sequence = p.last_sequence.max(read.sequence);
            let sent = Sent { sequence: read.sequence, at: cx.at.now, to: to.clone(), bytes: stamped.clone() };
            p.history.keep(sent);
        }
        metrics::counter!("artc_room_data_relayed_total", "channel" => channel.label()).increment(1);
        self.deliver(cx, Some(id), &to, channel, &stamped);
    }

    /// Sends a packet to the identities named, or to everybody but its sender.
    pub(super) fn deliver(
        &mut self,
        cx: &mut Cx<'_>,
        from: Option<ParticipantId>,
        to: &[String],
        channel: DataChannel,
        bytes: &Bytes,
    ) {
        for p in self.participants.values().filter(|p| Some(p.id) != from && meant(to, p.identity(), &p.sid)) {
            if p.way == Way::Local {
                cx.out.links.extend(p.conn.map(|conn| (conn, FromRoom::Data(channel, bytes.clone()))));
                continue;
            }
            let Some(peer) = p.receiving_peer().and_then(|key| cx.peers.get(key)) else { continue };
            if let Err(error) = peer.send_data(channel, bytes.clone()) {
                cx.settings.ledger.refused(Refused::Data, "slow receiver");
                tracing::warn!(identity = p.identity(), %error, "data not delivered");
            }
        }
    }

    /// After a resume: sends what the client says it has not got.
    pub(super) fn replay_missed(&mut self, cx: &mut Cx<'_>, id: ParticipantId, states: &[proto::DataChannelReceiveState]) {
        for state in states {
            let Some(sender) = self.participants.values().find(|p| p.sid == state.publisher_sid) else { continue };
            self.replay(cx, id, sender.id, |sent| sent.sequence > state.last_seq);
        }
    }

    /// After a resume: sends everything reliable since the connection was lost; receivers drop by number what they have.
    pub(super) fn replay_since(&mut self, cx: &mut Cx<'_>, id: ParticipantId, since: Instant) {
        let senders: Vec<ParticipantId> = self.participants.keys().copied().filter(|sender| *sender != id).collect();
        for sender in senders {
            self.replay(cx, id, sender, |sent| sent.at >= since);
        }
    }

    fn replay(&self, cx: &mut Cx<'_>, to: ParticipantId, from: ParticipantId, missed: impl Fn(&Sent) -> bool) {
        let (Some(receiver), Some(sender)) = (self.participants.get(&to), self.participants.get(&from)) else { return };
        let Some(peer) = receiver.receiving_peer().and_then(|key| cx.peers.get(key)) else { return };
        for sent in sender.history.all().filter(|sent| missed(sent) && meant(&sent.to, receiver.identity(), &receiver.sid)) {
            if peer.send_data(DataChannel::Reliable, sent.bytes.clone()).is_err() {
                break;
            }
            metrics::counter!("artc_room_data_replayed_total").increment(1);
        }
    }
}

#[expect(deprecated, reason = "old clients could still send it")]
fn is_speaker(packet: &proto::DataPacket) -> bool {
    matches!(packet.value, Some(Value::Speaker(_)))
}

fn meant(to: &[String], identity: &str, sid: &str) -> bool {
    to.is_empty() || to.iter().any(|t| t == identity || t == sid)
}
