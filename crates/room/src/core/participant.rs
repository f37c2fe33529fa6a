//! One participant: who it is, how it is attached, what it publishes and receives. Values and small rules; what happens between
//! participants is the room's.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::proto::participant_info::{Kind, State};
use rtc::proto::{self, ParticipantInfo, ParticipantPermission, TrackInfo};
use rtc::{Candidate, MediaKind, Mid, Pt};

use super::forwarder::{Forwarder, OutStream};
use super::peers::PeerKey;
use super::vp8::Numbers;
use super::{ConnId, Moment, ParticipantId, TrackId};
use crate::ids;
use crate::token::{Claims, VideoGrant};

/// Bytes of reliable packets kept of each sender, for receivers that lost their connection for a moment.
const HISTORY_BYTES: usize = 512 * 1024;
/// Age of what is kept.
const HISTORY_AGE: Duration = Duration::from_secs(30);

/// How a participant takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// LiveKit signalling, two peer connections.
    Two,
    /// LiveKit signalling, one peer connection.
    One,
    /// WHIP: publishes, no signalling.
    Whip,
    /// WHEP: receives one participant, no signalling.
    Whep,
    /// In this process: signalling and media over a link.
    Local,
}

impl Way {
    /// Whether messages can be sent to it.
    pub(crate) fn has_signalling(self) -> bool {
        matches!(self, Way::Two | Way::One | Way::Local)
    }
}

/// What a client says of itself on joining.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientTraits {
    pub(crate) auto_subscribe: bool,
    pub(crate) allow_pause: bool,
    pub(crate) full_ice: bool,
    pub(crate) client_protocol: i32,
    pub(crate) capabilities: Vec<i32>,
    pub(crate) metadata: String,
    pub(crate) attributes: HashMap<String, String>,
}

/// A track announced by `AddTrack` whose section has not come yet.
#[derive(Clone, Debug)]
pub(crate) struct PendingTrack {
    pub(crate) cids: Vec<String>,
    pub(crate) info: TrackInfo,
    pub(crate) since: Instant,
}

/// What a subscriber wants of a track.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    pub(crate) disabled: bool,
    pub(crate) quality: proto::VideoQuality,
    pub(crate) size: Option<(u32, u32)>,
}

impl Default for Wish {
    fn default() -> Self {
        Wish { disabled: false, quality: proto::VideoQuality::High, size: None }
    }
}

/// A track on its way to a participant.
#[derive(Debug)]
pub(crate) struct Subscription {
    /// Which of this participant's subscriptions, ever.
    pub(crate) number: u64,
    pub(crate) kind: MediaKind,
    /// Section on the subscriber's connection, once negotiated.
    pub(crate) mid: Option<Mid>,
    /// The client has answered the offer that the section is in.
    pub(crate) bound: bool,
    /// Payload type there, looked up with the first packet after a negotiation.
    pub(crate) pt: Option<Pt>,
    pub(crate) flow: Forwarder,
    pub(crate) vp8: Numbers,
    pub(crate) wish: Wish,
    /// Held back because the path is too narrow; the client was told.
    pub(crate) paused: bool,
}

/// A receive section of a one-connection client.
#[derive(Debug)]
pub(crate) struct Spare {
    pub(crate) mid: Mid,
    pub(crate) kind: MediaKind,
    pub(crate) stream: OutStream,
}

/// Reliable packets of one sender, newest last.
#[derive(Debug, Default)]
pub(crate) struct History {
    packets: VecDeque<Sent>,
    bytes: usize,
}

#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) sequence: u32,
    pub(crate) at: Instant,
    pub(crate) to: Vec<String>,
    pub(crate) bytes: Bytes,
}

impl History {
    pub(crate) fn keep(&mut self, sent: Sent) {
        self.bytes += sent.bytes.len();
        let now = sent.at;
        self.packets.push_back(sent);
        while self.bytes > HISTORY_BYTES
            || self.packets.front().is_some_and(|first| now.saturating_duration_since(first.at) > HISTORY_AGE)
        {
            let Some(first) = self.packets.pop_front() else { break };
            self.bytes -= first.bytes.len();
        }
    }

    /// Oldest first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Sent> {
        self.packets.iter()
    }
}

/// A WHIP or WHEP session.
#[derive(Debug)]
pub(crate) struct Session {
    /// Identity of the token that it was made with, and may be changed with. A WHEP viewer has another one in the room.
    pub(crate) bearer: String,
    /// Its ICE generation.
    pub(crate) etag: String,
}

/// A participant.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) id: ParticipantId,
    pub(crate) sid: String,
    pub(crate) way: Way,
    /// What its token says, for refreshing it.
    pub(crate) claims: Claims,
    pub(crate) name: String,
    pub(crate) metadata: String,
    pub(crate) attributes: HashMap<String, String>,
    pub(crate) permission: ParticipantPermission,
    pub(crate) kind: i32,
    pub(crate) state: State,
    pub(crate) joined: Instant,
    pub(crate) joined_unix_ms: i64,
    pub(crate) version: u32,
    pub(crate) traits: ClientTraits,
    /// Websocket that reaches it.
    pub(crate) conn: Option<ConnId>,
    /// Since when none does.
    pub(crate) lost: Option<Instant>,
    /// Since when its media path is gone.
    pub(crate) path_lost: Option<Instant>,
    pub(crate) publisher: Option<PeerKey>,
    pub(crate) subscriber: Option<PeerKey>,
    /// Candidates that came before the offer they belong to.
    pub(crate) early: Vec<Candidate>,
    pub(crate) pending: Vec<PendingTrack>,
    pub(crate) published: Vec<TrackId>,
    /// Highest reliable sequence number received from it.
    pub(crate) last_sequence: u32,
    pub(crate) history: History,
    pub(crate) subscriptions: BTreeMap<TrackId, Subscription>,
    /// Subscriptions made so far.
    pub(crate) subscribed: u64,
    /// Tracks it does not want, or with auto-subscribe off, wants.
    pub(crate) exceptions: HashSet<TrackId>,
    /// `None`: everybody may receive its tracks.
    pub(crate) audience: Option<Vec<proto::TrackPermission>>,
    /// WHEP: the one identity it receives.
    pub(crate) only: Option<String>,
    /// What it receives has changed since it was last negotiated.
    pub(crate) offer_due: bool,
    /// Two connections: offers made so far, the next one restarts ICE, sections to stop.
    pub(crate) offers: u32,
    pub(crate) offered: bool,
    pub(crate) restart_due: bool,
    pub(crate) ended: Vec<Mid>,
    /// One connection: receive sections without a track, and when to ask for more.
    pub(crate) spares: Vec<Spare>,
    pub(crate) sections_due: Option<Instant>,
    /// One connection: sections asked for that have not come yet (audio, video).
    pub(crate) sections_asked: (u32, u32),
    /// Estimated bit/s towards it.
    pub(crate) bandwidth: Option<u64>,
    /// Worst loss seen since the last quality update, and round trip.
    pub(crate) worst_loss: f32,
    pub(crate) round_trip: Duration,
    pub(crate) token_due: Instant,
    /// Of those without signalling.
    pub(crate) session: Option<Session>,
}

impl Participant {
    /// One that has just come in. What its client says of itself counts where the token lets it.
    pub(crate) fn new(
        id: ParticipantId,
        claims: &Claims,
        way: Way,
        traits: ClientTraits,
        conn: Option<ConnId>,
        at: Moment,
    ) -> Self {
        let grant = claims.video.as_ref();
        let mut attributes: HashMap<String, String> = claims.attributes.clone().into_iter().collect();
        let mut metadata = claims.metadata.clone();
        if grant.is_some_and(|grant| grant.can_update_own_metadata == Some(true)) {
            attributes.extend(traits.attributes.clone());
            if !traits.metadata.is_empty() {
                metadata.clone_from(&traits.metadata);
            }
        }
        Participant {
            id,
            sid: ids::participant(),
            way,
            name: claims.name.clone(),
            metadata,
            attributes,
            permission: grant.map(VideoGrant::permission).unwrap_or_default(),
            kind: kind(&claims.kind, grant.is_some_and(|grant| grant.agent)) as i32,
            claims: claims.clone(),
            state: State::Joined,
            joined: at.now,
            joined_unix_ms: at.unix_ms(),
            version: 1,
            traits,
            conn,
            lost: None,
            path_lost: None,
            publisher: None,
            subscriber: None,
            early: Vec::new(),
            pending: Vec::new(),
            published: Vec::new(),
            last_sequence: 0,
            history: History::default(),
            subscriptions: BTreeMap::new(),
            subscribed: 0,
            exceptions: HashSet::new(),
            audience: None,
            only: None,
            offer_due: false,
            offers: 0,
            offered: false,
            restart_due: false,
            ended: Vec::new(),
            spares: Vec::new(),
            sections_due: None,
            sections_asked: (0, 0),
            bandwidth: None,
            worst_loss: 0.0,
            round_trip: Duration::ZERO,
            token_due: at.now,
            session: None,
        }
    }

    pub(crate) fn identity(&self) -> &str {
        &self.claims.sub
    }

    pub(crate) fn is_hidden(&self) -> bool {
        self.permission.hidden
    }

    /// Connection on which it receives.
    pub(crate) fn receiving_peer(&self) -> Option<PeerKey> {
        if self.way == Way::Two { self.subscriber } else { self.publisher }
    }

    /// What others are told. Call [`Participant::changed`] before when something changed: clients ignore what has an old version.
    pub(crate) fn info(&self, tracks: Vec<TrackInfo>) -> ParticipantInfo {
        ParticipantInfo {
            sid: self.sid.clone(),
            identity: self.claims.sub.clone(),
            state: self.state as i32,
            is_publisher: !tracks.is_empty(),
            tracks,
            metadata: self.metadata.clone(),
            joined_at: self.joined_unix_ms / 1000,
            joined_at_ms: self.joined_unix_ms,
            name: self.name.clone(),
            version: self.version,
            permission: Some(self.permission.clone()),
            kind: self.kind,
            attributes: self.attributes.clone(),
            client_protocol: self.traits.client_protocol,
            capabilities: self.traits.capabilities.clone(),
            ..Default::default()
        }
    }

    pub(crate) fn changed(&mut self) {
        self.version += 1;
    }

    /// Whether it may publish from this source.
    pub(crate) fn may_publish(&self, source: i32) -> bool {
        let sources = &self.permission.can_publish_sources;
        self.permission.can_publish && (sources.is_empty() || sources.contains(&source))
    }

    /// Whether it wants a track that it may have.
    pub(crate) fn wants(&self, track: TrackId) -> bool {
        self.permission.can_subscribe && (self.traits.auto_subscribe != self.exceptions.contains(&track))
    }

    /// Whether it lets `other` receive one of its tracks.
    pub(crate) fn lets(&self, other: &Participant, track_sid: &str) -> bool {
        let Some(audience) = &self.audience else { return true };
        audience.iter().any(|permission| {
            (permission.participant_sid == other.sid || permission.participant_identity == other.identity())
                && (permission.all_tracks || permission.track_sids.iter().any(|sid| sid == track_sid))
        })
    }
}

/// What others are shown it as.
fn kind(name: &str, agent: bool) -> Kind {
    match name {
        "ingress" => Kind::Ingress,
        "egress" => Kind::Egress,
        "sip" => Kind::Sip,
        "agent" => Kind::Agent,
        _ if agent => Kind::Agent,
        _ => Kind::Standard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_bounded_in_bytes_and_in_time() {
        #[expect(clippy::disallowed_methods, reason = "a point to start the virtual clock from")]
        let now = Instant::now();
        let sent = |sequence, at| Sent { sequence, at, to: Vec::new(), bytes: Bytes::from(vec![0; 100 * 1024]) };
        let mut history = History::default();
        for n in 1..=20 {
            history.keep(sent(n, now));
        }
        let kept = |history: &History| history.all().map(|s| s.sequence).collect::<Vec<_>>();
        assert_eq!(kept(&history), [16, 17, 18, 19, 20]);
        history.keep(sent(21, now + Duration::from_secs(60)));
        assert_eq!(kept(&history), [21]);
    }
}
