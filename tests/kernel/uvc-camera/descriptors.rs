//! The camera's descriptors (USB 2.0 chapter 9, USB Video Class 1.1 chapter 3), and lies in them.

use crate::controls::{self, CAMERA_TERMINAL, PROCESSING_UNIT};
use crate::modes::{Format, Mode};

/// Bytes of one payload: as much as uvcvideo puts into one bulk request at high speed.
pub const PAYLOAD: u32 = 16_384;

/// Who the camera says it is, and where it lies.
#[derive(Debug)]
pub struct Identity {
    /// Serial number; empty for none.
    pub serial: String,
    /// Product name.
    pub product: String,
    /// What is wrong with its descriptors.
    pub defect: Option<Defect>,
}

impl Default for Identity {
    fn default() -> Self {
        Self { serial: "SN0001".to_owned(), product: "Bench Camera".to_owned(), defect: None }
    }
}

/// A lie in the descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// The configuration ends in the middle of a frame descriptor.
    Truncated,
    /// A streaming interface without any format.
    NoFormats,
    /// A descriptor of length zero.
    ZeroLength,
    /// Frame interval zero.
    ZeroInterval,
    /// More frames announced than there are.
    EndlessFrames,
    /// The processing unit's source does not exist.
    WrongTerminal,
    /// A frame larger than memory.
    HugeFrame,
}

impl Defect {
    /// Reads a defect's name.
    pub fn parse(name: &str) -> Result<Self, String> {
        Ok(match name {
            "truncated" => Self::Truncated,
            "no-formats" => Self::NoFormats,
            "zero-length" => Self::ZeroLength,
            "zero-interval" => Self::ZeroInterval,
            "endless-frames" => Self::EndlessFrames,
            "wrong-terminal" => Self::WrongTerminal,
            "huge-frame" => Self::HugeFrame,
            _ => return Err(format!("no defect {name:?}")),
        })
    }
}

/// The device descriptor and the configuration with everything in it.
pub fn build(identity: &Identity, modes: &[Mode]) -> (Vec<u8>, Vec<u8>) {
    // USB 2.0, class "miscellaneous" with interface association, 64 bytes on endpoint 0, Linux Foundation's numbers.
    let mut device = vec![18, 1, 0x00, 0x02, 0xef, 2, 1, 64];
    device.extend([0x6b, 0x1d, 0x04, 0x01, 0x00, 0x01, 1, 2, if identity.serial.is_empty() { 0 } else { 3 }, 1]);

    let mut body = vec![8, 0x0b, 0, 2, 0x0e, 3, 0, 0]; // association: two interfaces, video, collection
    body.extend([9, 4, 0, 0, 1, 0x0e, 1, 0, 0]); // interface 0: control, one endpoint
    body.extend(control_interface(identity));
    body.extend([7, 5, 0x82, 3, 16, 0, 6]); // its status endpoint: interrupt, 16 bytes, every 4 ms
    body.extend([5, 0x25, 3, 16, 0]);
    body.extend([9, 4, 1, 0, 1, 0x0e, 2, 0, 0]); // interface 1: streaming
    body.extend(streaming_interface(identity, modes));
    body.extend([7, 5, 0x81, 2, 0x00, 0x02, 0]); // bulk in, 512 bytes

    if identity.defect == Some(Defect::Truncated) {
        body.truncate(body.len() - 30);
    }
    let mut configuration = vec![9, 2];
    configuration.extend(((body.len() + 9) as u16).to_le_bytes());
    configuration.extend([2, 1, 0, 0x80, 250]); // two interfaces, powered by the bus, 500 mA
    configuration.extend(body);
    (device, configuration)
}

fn control_interface(identity: &Identity) -> Vec<u8> {
    let camera = controls::bitmap(CAMERA_TERMINAL).to_le_bytes();
    let processing = controls::bitmap(PROCESSING_UNIT).to_le_bytes();
    let source = if identity.defect == Some(Defect::WrongTerminal) { 77 } else { CAMERA_TERMINAL };
    let mut units = vec![18, 0x24, 2, CAMERA_TERMINAL, 0x01, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 3, camera[0], camera[1], camera[2]];
    units.extend([11, 0x24, 5, PROCESSING_UNIT, source, 0, 0, 2, processing[0], processing[1], 0]);
    units.extend([9, 0x24, 3, 3, 0x01, 0x01, 0, PROCESSING_UNIT, 0]); // output terminal: the bus
    let mut out = vec![13, 0x24, 1, 0x10, 0x01];
    out.extend(((units.len() + 13) as u16).to_le_bytes());
    out.extend(48_000_000_u32.to_le_bytes());
    out.extend([1, 1]); // one streaming interface, number 1
    out.extend(units);
    out
}

/// The modes, format by format, in the order of their first appearance.
pub fn formats(modes: &[Mode]) -> Vec<(Format, Vec<usize>)> {
    let mut out: Vec<(Format, Vec<usize>)> = Vec::new();
    for (index, mode) in modes.iter().enumerate() {
        match out.iter_mut().find(|(format, _)| *format == mode.format) {
            Some((_, members)) => members.push(index),
            None => out.push((mode.format, vec![index])),
        }
    }
    out
}

fn streaming_interface(identity: &Identity, modes: &[Mode]) -> Vec<u8> {
    let formats = if identity.defect == Some(Defect::NoFormats) { Vec::new() } else { formats(modes) };
    let mut body = Vec::new();
    for (index, (format, members)) in formats.iter().enumerate() {
        let frames = if identity.defect == Some(Defect::EndlessFrames) { 200 } else { members.len() as u8 };
        body.extend(format_descriptor(*format, index as u8 + 1, frames));
        for (number, member) in members.iter().enumerate() {
            body.extend(frame_descriptor(&modes[*member], number as u8 + 1, identity.defect));
        }
        body.extend([6, 0x24, 0x0d, 1, 1, 4]); // colours: BT.709, BT.709, BT.601
    }
    if identity.defect == Some(Defect::ZeroLength) {
        body.extend([0, 0x24, 0x07, 9]);
    }
    let count = formats.len() as u8;
    let header = 13 + count;
    let mut out = vec![header, 0x24, 1, count];
    out.extend((u16::from(header) + body.len() as u16).to_le_bytes());
    out.extend([0x81, 0, 3, 0, 0, 0, 1]); // endpoint 1, to terminal 3, one byte of controls for each format
    out.extend(vec![0; usize::from(count)]);
    out.extend(body);
    out
}

/// The sixteen bytes that name a format: its four characters, and the tail that all such names share.
fn guid(characters: &[u8; 4]) -> Vec<u8> {
    let mut out = characters.to_vec();
    out.extend([0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    out
}

fn format_descriptor(format: Format, index: u8, frames: u8) -> Vec<u8> {
    let raw = |characters: &[u8; 4], bits: u8| {
        let mut out = vec![27, 0x24, 4, index, frames];
        out.extend(guid(characters));
        out.extend([bits, 1, 0, 0, 0, 0]);
        out
    };
    match format {
        Format::Mjpeg => vec![11, 0x24, 6, index, frames, 0, 1, 0, 0, 0, 0],
        Format::Yuyv => raw(b"YUY2", 16),
        Format::Nv12 => raw(b"NV12", 12),
        Format::H264 => {
            let mut out = vec![28, 0x24, 0x10, index, frames];
            out.extend(guid(b"H264"));
            out.extend([16, 1, 0, 0, 0, 0, 1]); // frames vary in size
            out
        }
    }
}

fn frame_descriptor(mode: &Mode, index: u8, defect: Option<Defect>) -> Vec<u8> {
    let subtype = match mode.format {
        Format::Mjpeg => 7,
        Format::H264 => 0x11,
        Format::Yuyv | Format::Nv12 => 5,
    };
    let bytes = mode.format.frame_bytes(mode.width, mode.height) as u32;
    let bits_at = |interval: u32| (u64::from(bytes) * 8 * 10_000_000 / u64::from(interval)).min(u64::from(u32::MAX)) as u32;
    let slowest = bits_at(mode.intervals.iter().copied().max().unwrap_or(1));
    let fastest = bits_at(mode.intervals.iter().copied().min().unwrap_or(1));
    let intervals: Vec<u32> =
        if defect == Some(Defect::ZeroInterval) { vec![0; mode.intervals.len()] } else { mode.intervals.clone() };
    let mut out = vec![26 + 4 * intervals.len() as u8, 0x24, subtype, index, 0];
    out.extend(mode.width.to_le_bytes());
    out.extend(mode.height.to_le_bytes());
    out.extend(slowest.to_le_bytes());
    out.extend(fastest.to_le_bytes());
    if mode.format == Format::H264 {
        out.extend(intervals[0].to_le_bytes());
        out.push(intervals.len() as u8);
        out.extend(0_u32.to_le_bytes()); // no fixed bytes a line
    } else {
        out.extend((if defect == Some(Defect::HugeFrame) { u32::MAX } else { bytes }).to_le_bytes());
        out.extend(intervals[0].to_le_bytes());
        out.push(intervals.len() as u8);
    }
    for interval in intervals {
        out.extend(interval.to_le_bytes());
    }
    out
}
