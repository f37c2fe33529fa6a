//! LiveKit data packets: made by a participant, stamped with their true sender by the server. Not for how they travel
//! ([`crate::Peer::send_data`]) nor for whom they reach (the room).

use bytes::{BufMut, Bytes, BytesMut};
use livekit_protocol as proto;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, string};
use proto::data_packet::{Kind, Value};

use crate::peer::DataChannel;

/// Longest encoded data packet that is sent or relayed. Official clients refuse to send more than 64,000 bytes.
pub const MAX_PACKET: usize = 65_536;

/// Why a data packet is refused.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    /// Longer than [`MAX_PACKET`].
    #[error("data packet of {0} bytes, at most {MAX_PACKET} travel; longer content goes as a byte stream")]
    TooLong(usize),
    /// Not a LiveKit `DataPacket`.
    #[error("data packet is not a LiveKit message: {0}")]
    Malformed(#[from] prost::DecodeError),
}

/// Reads what came over a data channel.
pub fn decode(bytes: &[u8]) -> Result<proto::DataPacket, PacketError> {
    if bytes.len() > MAX_PACKET {
        return Err(PacketError::TooLong(bytes.len()));
    }
    Ok(proto::DataPacket::decode(bytes)?)
}

/// A user packet. `to` holds identities; empty reaches everybody else. `sequence` rises from 1 on the reliable channel within
/// one session and is 0 for packets made by a server and on the lossy channel.
pub fn user(topic: Option<&str>, to: &[String], payload: &[u8], channel: DataChannel, sequence: u32) -> Bytes {
    let user = proto::UserPacket { payload: payload.to_vec(), topic: topic.map(str::to_owned), ..Default::default() };
    encode(Value::User(user), to, channel, sequence)
}

/// A packet of any kind, see [`user`].
#[expect(deprecated, reason = "older clients read the kind from the packet instead of the channel")]
pub fn encode(value: Value, to: &[String], channel: DataChannel, sequence: u32) -> Bytes {
    let packet = proto::DataPacket {
        kind: kind(channel) as i32,
        destination_identities: to.to_vec(),
        sequence,
        value: Some(value),
        ..Default::default()
    };
    packet.encode_to_vec().into()
}

/// Says who really sent `bytes` (a packet that [`decode`] read as `packet`), whatever the sender wrote there. Nothing else is
/// touched, so what newer clients put into a packet arrives: protobuf lets the last occurrence of a field win, therefore the
/// stamp is appended.
pub fn stamp(bytes: &[u8], packet: &proto::DataPacket, sid: &str, identity: &str, channel: DataChannel) -> Bytes {
    let mut out = BytesMut::with_capacity(bytes.len() + 2 * (sid.len() + identity.len()) + 32);
    out.put_slice(bytes);
    // Written even when zero: python clients send the kinds swapped, only the channel is believed.
    encode_key(1, WireType::Varint, &mut out);
    encode_varint(kind(channel) as u64, &mut out);
    string::encode(4, &identity.to_owned(), &mut out);
    string::encode(17, &sid.to_owned(), &mut out);
    if let Some(Value::User(_)) = packet.value {
        // A message field that comes again is merged into the first: this sets the two fields inside the user packet.
        let mut inner = BytesMut::new();
        string::encode(1, &sid.to_owned(), &mut inner);
        string::encode(5, &identity.to_owned(), &mut inner);
        encode_key(2, WireType::LengthDelimited, &mut out);
        encode_varint(inner.len() as u64, &mut out);
        out.put_slice(&inner);
    }
    out.freeze()
}

/// Identities the packet is meant for; empty means everybody else. Older clients write them inside the user packet.
#[expect(deprecated, reason = "older clients name the receivers inside the user packet")]
pub fn destinations(packet: &proto::DataPacket) -> &[String] {
    match &packet.value {
        Some(Value::User(user)) if packet.destination_identities.is_empty() => &user.destination_identities,
        _ => &packet.destination_identities,
    }
}

fn kind(channel: DataChannel) -> Kind {
    if channel == DataChannel::Reliable { Kind::Reliable } else { Kind::Lossy }
}

#[cfg(test)]
#[expect(deprecated, reason = "the stamp covers the deprecated fields too")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_forged_sender_is_overwritten_and_the_rest_is_kept() {
        let forged = proto::DataPacket {
            kind: Kind::Lossy as i32,
            participant_identity: "admin".into(),
            participant_sid: "PA_admin".into(),
            destination_identities: vec!["camera".into()],
            sequence: 9,
            value: Some(Value::User(proto::UserPacket {
                participant_sid: "PA_admin".into(),
                participant_identity: "admin".into(),
                payload: b"hello".to_vec(),
                topic: Some("t".into()),
                ..Default::default()
            })),
        };
        let mut bytes = forged.encode_to_vec();
        // A field of a future version.
        encode_key(900, WireType::Varint, &mut bytes);
        encode_varint(5, &mut bytes);
        let read = decode(&bytes).unwrap();
        let stamped = stamp(&bytes, &read, "PA_x", "eve", DataChannel::Reliable);
        assert!(stamped.starts_with(&bytes), "unknown fields travel");
        let packet = decode(&stamped).unwrap();
        assert_eq!((packet.participant_identity.as_str(), packet.participant_sid.as_str()), ("eve", "PA_x"));
        assert_eq!(packet.kind, Kind::Reliable as i32);
        assert_eq!((packet.sequence, destinations(&packet)), (9, &["camera".to_owned()][..]));
        let Some(Value::User(user)) = packet.value else { panic!("user packet lost") };
        assert_eq!((user.participant_identity.as_str(), user.participant_sid.as_str()), ("eve", "PA_x"));
        assert_eq!((user.payload.as_slice(), user.topic.as_deref()), (&b"hello"[..], Some("t")));
    }

    #[test]
    fn an_oversized_packet_is_refused_with_its_size() {
        assert!(matches!(decode(&vec![0; MAX_PACKET + 1]), Err(PacketError::TooLong(n)) if n == MAX_PACKET + 1));
    }

    proptest! {
        #[test]
        fn no_packet_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Ok(packet) = decode(&bytes) {
                let stamped = stamp(&bytes, &packet, "PA_x", "eve", DataChannel::Lossy);
                prop_assert_eq!(decode(&stamped).unwrap().participant_identity, "eve");
            }
        }
    }
}
