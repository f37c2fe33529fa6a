//! LiveKit's signalling frames: one websocket message is one protobuf `SignalRequest` (from the client) or `SignalResponse`
//! (from the server). Bounded before it is parsed. Not for what the messages mean.

use bytes::Bytes;
use livekit_protocol as proto;
use prost::Message;

pub use proto::signal_request::Message as Request;
pub use proto::signal_response::Message as Response;

/// Longest frame a client may send: offers of many sections reach some 60 kB, metadata at most 64 kB more.
pub const MAX_REQUEST: usize = 256 * 1024;
/// Longest frame a server may send: a join response names every participant with metadata.
pub const MAX_RESPONSE: usize = 4 * 1024 * 1024;

/// Why a frame is refused.
#[derive(Debug, thiserror::Error)]
pub enum SignalError {
    /// Longer than any lawful frame.
    #[error("signalling frame of {size} bytes, at most {limit} are read")]
    TooLong {
        /// Bytes that came.
        size: usize,
        /// Bytes that are read.
        limit: usize,
    },
    /// Not a protobuf of the expected type.
    #[error("signalling frame is not a LiveKit message: {0}")]
    Malformed(#[from] prost::DecodeError),
    /// Well-formed, but a message newer than this code, or empty.
    #[error("signalling frame holds no message known here")]
    Unknown,
}

/// Reads a client's frame.
pub fn decode_request(frame: &[u8]) -> Result<Request, SignalError> {
    check(frame, MAX_REQUEST)?;
    proto::SignalRequest::decode(frame)?.message.ok_or(SignalError::Unknown)
}

/// Reads a server's frame.
pub fn decode_response(frame: &[u8]) -> Result<Response, SignalError> {
    check(frame, MAX_RESPONSE)?;
    proto::SignalResponse::decode(frame)?.message.ok_or(SignalError::Unknown)
}

/// A client's frame.
pub fn encode_request(message: Request) -> Bytes {
    proto::SignalRequest { message: Some(message) }.encode_to_vec().into()
}

/// A server's frame.
pub fn encode_response(message: Response) -> Bytes {
    proto::SignalResponse { message: Some(message) }.encode_to_vec().into()
}

fn check(frame: &[u8], limit: usize) -> Result<(), SignalError> {
    if frame.len() > limit { Err(SignalError::TooLong { size: frame.len(), limit }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn frames_survive_the_way_there_and_back() {
        let request = Request::Ping(17);
        assert_eq!(decode_request(&encode_request(request.clone())).unwrap(), request);
        let response = Response::Pong(18);
        assert_eq!(decode_response(&encode_response(response.clone())).unwrap(), response);
    }

    #[test]
    fn each_kind_of_bad_frame_has_its_own_refusal() {
        assert!(matches!(decode_request(&vec![0; MAX_REQUEST + 1]), Err(SignalError::TooLong { .. })));
        assert!(matches!(decode_request(b"\xff\xff\xff"), Err(SignalError::Malformed(_))));
        assert!(matches!(decode_request(b""), Err(SignalError::Unknown)));
    }

    proptest! {
        #[test]
        fn no_frame_makes_it_panic(frame in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = decode_request(&frame);
            let _ = decode_response(&frame);
        }
    }
}
