//! Messages: the documented data channel, byte streams; with sequence numbers so that nothing comes twice and nothing is lost over a
//! resume. What travels on the command plane is in `commands.rs`.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use artc_bindings::{COMMAND_TOPIC, DataChannelMsg, DataMsgType, Event};
use bytes::Bytes;
use rtc::local::ToRoom;
use rtc::packet;
use rtc::proto::{self, data_packet::Value};
use rtc::stream::{ByteStreamWriter, CHUNK};
use rtc::{DataChannel, DataRefused};

use super::commands::Commands;
use super::{PeerKind, Session};

/// Bytes of sent messages that are kept for a resume.
const HISTORY: usize = 512 * 1024;
/// Byte streams are fed while fewer bytes than this wait in the channel.
const FEED_BELOW: usize = 256 * 1024;
/// Byte streams under way at once, and their bytes; further ones are refused. One alone may have as many bytes as it wants.
const MOST_STREAMS: usize = 64;
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// Senders whose sequence numbers are remembered.
const MOST_SENDERS: usize = 4096;

/// The topics of documented messages by their `type`. The application's own have none, as of any client that knows nothing of types.
const KINDS: [(DataMsgType, &str); 3] =
    [(DataMsgType::Custom, ""), (DataMsgType::Progress, "artc.data.progress"), (DataMsgType::None, "artc.data.none")];

/// The documents' message as LiveKit's; their fields of numbers go in those of times: clients of others may read them, or not.
fn documented(message: &DataChannelMsg) -> proto::UserPacket {
    let topic = KINDS.iter().find(|(kind, topic)| *kind == message.kind && !topic.is_empty());
    proto::UserPacket {
        payload: message.data.clone(),
        topic: topic.map(|(_, topic)| (*topic).to_owned()),
        start_time: Some(message.network_time.cast_unsigned()),
        end_time: (message.progress != 0).then(|| i64::from(message.progress).cast_unsigned()),
        ..Default::default()
    }
}

/// A message on a topic of the documents'; `None` on any other.
fn from_topic(user: &mut proto::UserPacket) -> Option<DataChannelMsg> {
    let topic = user.topic.as_deref().unwrap_or_default();
    let (kind, _) = KINDS.iter().find(|(_, known)| *known == topic)?;
    Some(DataChannelMsg {
        kind: *kind,
        network_time: user.start_time.unwrap_or(0).cast_signed(),
        progress: user.end_time.and_then(|time| i32::try_from(time.cast_signed()).ok()).unwrap_or(0),
        data: std::mem::take(&mut user.payload),
    })
}

#[derive(Default)]
pub(super) struct Data {
    send: bool,
    receive: bool,
    sequence: u32,
    history: VecDeque<(u32, Bytes)>,
    history_bytes: usize,
    received: HashMap<String, u32>,
    streams: VecDeque<(String, ByteStreamWriter)>,
    pub(super) commands: Commands,
}

impl Data {
    pub(super) fn switch(&mut self, send: Option<bool>, receive: Option<bool>) {
        self.send = send.unwrap_or(self.send);
        self.receive = receive.unwrap_or(self.receive);
    }

    /// A full join begins a new count.
    pub(super) fn reset_sequence(&mut self) {
        self.sequence = 0;
        self.history.clear();
        self.history_bytes = 0;
        self.received.clear();
    }

    /// The channel was left.
    pub(super) fn reset(&mut self) {
        self.reset_sequence();
        self.streams.clear();
    }

    /// Whether byte streams wait for room.
    pub(super) fn feeding(&self) -> bool {
        !self.streams.is_empty()
    }

    pub(super) fn receive_states(&self) -> Vec<proto::DataChannelReceiveState> {
        let state = |(sid, seq): (&String, &u32)| proto::DataChannelReceiveState { publisher_sid: sid.clone(), last_seq: *seq };
        self.received.iter().map(state).collect()
    }

    fn keep(&mut self, sequence: u32, bytes: Bytes) {
        self.history_bytes += bytes.len();
        self.history.push_back((sequence, bytes));
        while self.history_bytes > HISTORY {
            let Some((_, old)) = self.history.pop_front() else { break };
            self.history_bytes -= old.len();
        }
    }

    /// Whether a packet is new; remembers it.
    fn is_new(&mut self, sid: &str, sequence: u32) -> bool {
        if sequence == 0 {
            return true;
        }
        match self.received.get_mut(sid) {
            Some(last) if sequence <= *last => false,
            Some(last) => {
                *last = sequence;
                true
            }
            None => {
                if self.received.len() < MOST_SENDERS {
                    self.received.insert(sid.to_owned(), sequence);
                }
                true
            }
        }
    }
}

impl Session {
    /// The documents' message to everybody.
    pub(super) fn send_documented(&mut self, message: &DataChannelMsg) {
        if self.data.send {
            self.send_value(Value::User(documented(message)), &[]);
        }
    }

    pub(super) fn send_stream(&mut self, to: String, topic: &str, name: &str, mime: &str, bytes: Vec<u8>) {
        let (waiting, left) = (self.data.streams.len(), self.data.streams.iter().map(|(_, writer)| writer.left()).sum::<usize>());
        if waiting >= MOST_STREAMS || waiting > 0 && left + bytes.len() > MOST_BYTES {
            metrics::counter!("artc_open_data_refused_total").increment(1);
            tracing::warn!(topic, len = bytes.len(), "byte stream refused: {waiting} are under way, {left} bytes");
            return;
        }
        let id = format!("{:016x}{:016x}", self.random(), self.random());
        let writer = ByteStreamWriter::new(&id, topic, name, mime, crate::clock::unix_millis(), bytes.into());
        self.data.streams.push_back((to, writer));
        self.feed_streams();
    }

    /// Sends on of the byte streams what finds room.
    pub(super) fn feed_streams(&mut self) {
        let mut fed = 0;
        loop {
            let waiting = match (&mut self.link, &self.local) {
                (Some(link), _) => link.peer(PeerKind::Publisher).data_waiting(),
                // A room of this process takes what comes; what it must pass on to others needs some time.
                (None, Some(_)) => fed,
                (None, None) => return,
            };
            if waiting >= FEED_BELOW {
                return;
            }
            fed += CHUNK;
            // By turns, so that a short one does not wait for a long one.
            let Some((to, mut writer)) = self.data.streams.pop_front() else { return };
            if let Some(value) = writer.next() {
                self.send_value(value, std::slice::from_ref(&to));
                self.data.streams.push_back((to, writer));
            }
        }
    }

    pub(super) fn send_value(&mut self, value: Value, to: &[String]) {
        let sequence = self.data.sequence + 1;
        let bytes = packet::encode(value, to, DataChannel::Reliable, sequence);
        if self.local.is_some() {
            if bytes.len() > packet::MAX_PACKET {
                metrics::counter!("artc_open_data_refused_total").increment(1);
                tracing::warn!(len = bytes.len(), "message not sent: too long");
                return;
            }
            self.data.sequence = sequence;
            return self.tell_room(ToRoom::Data(DataChannel::Reliable, bytes));
        }
        let Some(link) = &mut self.link else {
            metrics::counter!("artc_open_data_refused_total").increment(1);
            return;
        };
        match link.peer(PeerKind::Publisher).send_data(DataChannel::Reliable, bytes.clone()) {
            Ok(()) => {
                self.data.sequence = sequence;
                self.data.keep(sequence, bytes);
            }
            Err(error @ (DataRefused::TooLong(_) | DataRefused::Full { .. })) => {
                metrics::counter!("artc_open_data_refused_total").increment(1);
                tracing::warn!(%error, "message not sent");
            }
        }
    }

    /// After a resume the server says up to where it has heard us.
    pub(super) fn resend_data(&mut self, last: u32) {
        let Some(link) = &mut self.link else { return };
        let missing = self.data.history.iter().filter(|(sequence, _)| last > 0 && *sequence > last);
        for (_, bytes) in missing {
            if link.peer(PeerKind::Publisher).send_data(DataChannel::Reliable, bytes.clone()).is_err() {
                break;
            }
        }
    }

    pub(super) fn data_arrived(&mut self, channel: DataChannel, bytes: &[u8], now: Instant) {
        let packet = match packet::decode(bytes) {
            Ok(packet) => packet,
            Err(error) => {
                metrics::counter!("artc_open_data_garbage_total").increment(1);
                tracing::debug!(%error, "data packet dropped");
                return;
            }
        };
        if channel == DataChannel::Reliable && !self.data.is_new(&packet.participant_sid, packet.sequence) {
            return;
        }
        let Some(value) = packet.value else { return };
        let uid = self.identity_of(&packet.participant_sid, packet.participant_identity);
        let mut user = match value {
            Value::User(user) => user,
            Value::RpcRequest(request) => return self.called(uid, request),
            value => return self.stream_arrived(uid, &value, now),
        };
        if user.topic.as_deref() == Some(COMMAND_TOPIC) {
            return self.event(Event::CommandMessage { uid, data: user.payload });
        }
        match from_topic(&mut user) {
            Some(msg) if self.data.receive => self.event(Event::DataChannelMsg { uid, msg }),
            Some(_) => {}
            None => tracing::trace!(topic = user.topic, "message of another topic"),
        }
    }
}
