//! The command plane on LiveKit, three ways in and out of the same desk: messages of topic `artc.rpc`; byte or text streams of that topic
//! for what is longer; and calls of LiveKit's RPC, of the method that has the name of the topic. Not what is said there.

use std::time::Instant;

use artc_bindings::{COMMAND_TOPIC, Event, MAX_COMMAND_BYTES, MAX_DATA_BYTES};
use rtc::proto::{self, data_packet::Value, rpc_response};
use rtc::stream::StreamReader;

use super::Session;

/// Long messages that arrive at once, of all senders and of one.
const MOST_STREAMS: usize = 16;
const MOST_OF_ONE: usize = 2;
/// The only version of LiveKit's RPC that a client of our protocol is asked in.
const RPC_VERSION: u32 = 1;
/// LiveKit's errors: this method, this version, and an answer as long as this are not for RPC.
const UNSUPPORTED_METHOD: (u32, &str) = (1400, "Method not supported at destination");
const UNSUPPORTED_VERSION: (u32, &str) = (1404, "Unsupported RPC version");
const ANSWER_TOO_LONG: (u32, &str) = (1504, "Response payload too large; ask by a message on topic artc.rpc");

/// Long messages on their way to us.
#[derive(Debug)]
pub(super) struct Commands {
    arriving: StreamReader,
}

impl Default for Commands {
    fn default() -> Self {
        Self { arriving: StreamReader::new(MOST_STREAMS, MOST_OF_ONE, MAX_COMMAND_BYTES) }
    }
}

impl Commands {
    /// Somebody left.
    pub(super) fn forget(&mut self, uid: &str) {
        self.arriving.forget(uid);
    }
}

impl Session {
    pub(super) fn send_command(&mut self, to: String, data: Vec<u8>) {
        if data.len() > MAX_DATA_BYTES {
            return self.send_stream(to, COMMAND_TOPIC, "", "application/json", data);
        }
        let user = proto::UserPacket { payload: data, topic: Some(COMMAND_TOPIC.to_owned()), ..Default::default() };
        self.send_value(Value::User(user), &[to]);
    }

    /// A part of somebody's stream came.
    pub(super) fn stream_arrived(&mut self, uid: String, value: &Value, now: Instant) {
        if let Value::StreamHeader(header) = value
            && header.topic != COMMAND_TOPIC
        {
            return tracing::trace!(topic = header.topic, "stream of another topic");
        }
        match self.data.commands.arriving.take(&uid, value, now) {
            Ok(Some(stream)) => self.event(Event::CommandMessage { uid, data: stream.content }),
            Ok(None) => {}
            Err(error) => {
                metrics::counter!("artc_open_data_refused_total").increment(1);
                tracing::debug!(uid, %error, "long command dropped");
            }
        }
    }

    /// Somebody calls a method of LiveKit's RPC. That it was heard is said at once, since callers wait for that two seconds only.
    pub(super) fn called(&mut self, uid: String, request: proto::RpcRequest) {
        let proto::RpcRequest { id, method, payload, version, .. } = request;
        let ack = proto::RpcAck { request_id: id.clone() };
        self.send_value(Value::RpcAck(ack), std::slice::from_ref(&uid));
        let refusal = match () {
            () if version != RPC_VERSION => UNSUPPORTED_VERSION,
            () if method != COMMAND_TOPIC => UNSUPPORTED_METHOD,
            () => return self.event(Event::CommandCall { uid, call: id, data: payload.into_bytes() }),
        };
        self.end_call(uid, id, Err(refusal));
    }

    pub(super) fn answer_call(&mut self, to: String, call: String, data: Vec<u8>) {
        let answer = if data.len() > MAX_DATA_BYTES { Err(ANSWER_TOO_LONG) } else { Ok(data) };
        self.end_call(to, call, answer);
    }

    fn end_call(&mut self, to: String, request_id: String, answer: Result<Vec<u8>, (u32, &str)>) {
        let value = match answer {
            Ok(data) => rpc_response::Value::Payload(String::from_utf8_lossy(&data).into_owned()),
            Err((code, message)) => {
                rpc_response::Value::Error(proto::RpcError { code, message: message.to_owned(), ..Default::default() })
            }
        };
        self.send_value(Value::RpcResponse(proto::RpcResponse { request_id, value: Some(value) }), &[to]);
    }
}
