//! NAL units of an H.264 byte stream (Annex B): finding them behind start codes, telling what they are, writing them, and the
//! emulation prevention inside.
//!
//! The one place for it: the camera's side (`media`), RTP (`rtc`) and the engine build on it. It knows nothing of what is in a unit.
#![forbid(unsafe_code)]

/// What a NAL unit is, by the five low bits of its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NalKind {
    /// A slice of a picture that is no IDR picture (types 1 to 4; 2 to 4 are data partitions).
    Slice,
    /// A slice of an IDR picture: a decoder can start here.
    Idr,
    /// Supplemental enhancement information.
    Sei,
    /// Sequence parameter set.
    Sps,
    /// Picture parameter set.
    Pps,
    /// Access unit delimiter.
    Delimiter,
    /// Anything else.
    Other(u8),
}

impl NalKind {
    /// The kind of `nal`; `None` for an empty unit and one whose forbidden bit is set.
    pub fn of(nal: &[u8]) -> Option<Self> {
        let head = *nal.first()?;
        (head & 0x80 == 0).then_some(match head & 0x1f {
            1..=4 => Self::Slice,
            5 => Self::Idr,
            6 => Self::Sei,
            7 => Self::Sps,
            8 => Self::Pps,
            9 => Self::Delimiter,
            other => Self::Other(other),
        })
    }
}

/// The NAL units of `stream` without start codes and without the zero bytes that may follow a unit. What stands before
/// the first start code is passed over.
pub fn nals(stream: &[u8]) -> Nals<'_> {
    let start = start_code(stream).map_or(stream.len(), |at| at + 3);
    Nals { stream, start }
}

/// Iterator of [`nals`].
#[derive(Clone, Debug)]
pub struct Nals<'a> {
    stream: &'a [u8],
    start: usize,
}

impl<'a> Nals<'a> {
    /// The same, with the offset of each unit's start code (the first zero of it) before the unit.
    pub fn with_offsets(self) -> impl Iterator<Item = (usize, &'a [u8])> {
        let stream = self.stream;
        self.map(move |nal| {
            let at = nal.as_ptr() as usize - stream.as_ptr() as usize - 3;
            (at - usize::from(at > 0 && stream[at - 1] == 0), nal)
        })
    }
}

impl<'a> Iterator for Nals<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while self.start < self.stream.len() {
            let rest = &self.stream[self.start..];
            let end = start_code(rest).unwrap_or(rest.len());
            self.start += if end == rest.len() { end } else { end + 3 };
            let nal = &rest[..end];
            let len = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            if len > 0 {
                return Some(&nal[..len]);
            }
        }
        None
    }
}

/// Offset of the first `00 00 01`.
fn start_code(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, &[0, 0, 1])
}

/// Appends a start code of four bytes and `rbsp` behind `head`, with emulation prevention.
pub fn write_nal(head: u8, rbsp: impl IntoIterator<Item = u8>, out: &mut Vec<u8>) {
    out.extend_from_slice(&[0, 0, 0, 1, head]);
    let mut zeros = 0;
    for byte in rbsp {
        if zeros == 2 && byte <= 3 {
            out.push(3);
            zeros = 0;
        }
        out.push(byte);
        zeros = if byte == 0 { zeros + 1 } else { 0 };
    }
    if zeros > 0 {
        // A unit must not end in zero; only a payload without its stop bit could.
        out.push(3);
    }
}

/// The bytes of `nal` behind its first byte, without emulation prevention.
pub fn rbsp(nal: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut zeros = 0;
    nal.get(1..).unwrap_or_default().iter().copied().filter(move |byte| {
        let prevention = zeros >= 2 && *byte == 3;
        zeros = if *byte == 0 { zeros + 1 } else { 0 };
        !prevention
    })
}
