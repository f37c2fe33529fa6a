//! SEI messages: small data of users that travels inside the access unit, so in step with its picture.
//!
//! The engine's media extension messages are payload type 5 (user data unregistered) behind a UUID; integrators may use
//! their own payload types 100 to 254.

use annexb::{NalKind, nals, rbsp, write_nal};

/// Payload type of user data registered by ITU-T Recommendation T.35.
pub const USER_DATA_REGISTERED: u32 = 4;
/// Payload type of user data unregistered: 16 bytes of UUID, then data.
pub const USER_DATA_UNREGISTERED: u32 = 5;
/// Longest payload that is taken, in bytes: the engine API's limit of 4 KiB and a UUID.
pub const MAX_PAYLOAD: usize = 4096 + 16;

/// One SEI message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// What the payload is.
    pub payload_type: u32,
    /// The bytes, for type 5 with the UUID.
    pub payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// UUID and data of a message of type 5.
    pub fn unregistered(&self) -> Option<(&'a [u8; 16], &'a [u8])> {
        (self.payload_type == USER_DATA_UNREGISTERED).then(|| self.payload.split_first_chunk()).flatten()
    }
}

/// A message that cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SeiError {
    /// The payload is too long.
    #[error("SEI payload of {0} bytes is longer than {MAX_PAYLOAD}")]
    TooLong(usize),
    /// There is no picture that the message could go with.
    #[error("the access unit holds no picture")]
    NoPicture,
}

/// Appends a NAL unit with one message to `out`, start code included. `payload` is given in parts, so that a UUID needs
/// no copy.
pub fn write(payload_type: u32, payload: &[&[u8]], out: &mut Vec<u8>) -> Result<(), SeiError> {
    let len: usize = payload.iter().map(|part| part.len()).sum();
    if len > MAX_PAYLOAD {
        return Err(SeiError::TooLong(len));
    }
    let bytes = payload.iter().flat_map(|part| part.iter().copied());
    write_nal(6, number(payload_type).chain(number(len as u32)).chain(bytes).chain([0x80]), out);
    Ok(())
}

/// Appends `unit` to `out` with the SEI NAL units `sei` (as [`write()`] made them) before its picture: behind delimiter,
/// parameter sets and the SEI that is there.
pub fn insert(unit: &[u8], sei: &[u8], out: &mut Vec<u8>) -> Result<(), SeiError> {
    // Type 14 is a prefix of the slice that follows it.
    let picture = |nal: &[u8]| matches!(NalKind::of(nal), Some(NalKind::Slice | NalKind::Idr | NalKind::Other(14)));
    let (at, _) = nals(unit).with_offsets().find(|(_, nal)| picture(nal)).ok_or(SeiError::NoPicture)?;
    out.extend_from_slice(&unit[..at]);
    out.extend_from_slice(sei);
    out.extend_from_slice(&unit[at..]);
    Ok(())
}

/// Calls `take` with every SEI message of `unit`, in order. Damaged ones and what follows them in their NAL unit are
/// passed over. `scratch` holds a message's bytes between calls, so that reading needs no allocation.
pub fn read(unit: &[u8], scratch: &mut Vec<u8>, mut take: impl FnMut(Message<'_>)) {
    for nal in nals(unit).filter(|nal| NalKind::of(nal) == Some(NalKind::Sei)) {
        scratch.clear();
        scratch.extend(rbsp(nal));
        let mut rest = &scratch[..];
        // The last byte is the stop bit's; a message needs two bytes.
        while rest.len() > 2 {
            let Some((payload_type, after)) = read_number(rest) else { break };
            let Some((len, after)) = read_number(after) else { break };
            let Some((payload, after)) = after.split_at_checked(len as usize) else { break };
            if after.is_empty() {
                break;
            }
            take(Message { payload_type, payload });
            rest = after;
        }
    }
}

/// A number as SEI writes it: 255 so often as it goes, then the rest.
fn number(value: u32) -> impl Iterator<Item = u8> {
    std::iter::repeat_n(255, (value / 255) as usize).chain([(value % 255) as u8])
}

fn read_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let full = bytes.iter().take_while(|byte| **byte == 255).count();
    let last = *bytes.get(full)?;
    Some((u32::try_from(full).ok()?.checked_mul(255)? + u32::from(last), &bytes[full + 1..]))
}
