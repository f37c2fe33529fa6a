//! A stamp drawn in the picture: frame counter and capture time, readable after lossy coding and scaling.
//!
//! It serves measuring: whoever sees the decoded picture knows which frame it is and when it was captured. It is not
//! for carrying data of users; that is what SEI ([`crate::h264::sei`]) is for.
//!
//! # Layout
//! The strip lies along the upper edge: 2 rows of 40 square cells, each `c = width / 40` pixels wide and high (at
//! 1280x720 that is 32, whole macroblocks; after scaling to 320x180 it is 8). Cell `i` (0..80, row by row from the
//! left) covers the pixels `floor(col * width / 40) .. floor((col + 1) * width / 40)` of a row with `col = i % 40`, and
//! vertically `floor(row * width / 40) .. floor((row + 1) * width / 40)` with `row = i / 40`. White (luma 235) is 1,
//! black (luma 16) is 0; colourless. The 80 bits, most significant first:
//!
//! | bits | what |
//! |---|---|
//! | 24 | frame counter, modulo 2^24 |
//! | 40 | capture time in units of 100 microseconds on `CLOCK_MONOTONIC`, modulo 2^40 |
//! | 16 | CRC-16/CCITT-FALSE (polynomial 0x1021, start 0xffff, no reflection) over the 8 bytes before |
//!
//! A cell is read as the mean of its middle half in both directions, against the half-way value. A picture without a
//! strip fails the CRC. In JavaScript, from the RGBA bytes `d` of a canvas `w` pixels wide:
//!
//! ```js
//! function readStamp(d, w) {
//!   const edge = (k) => Math.floor(k * w / 40), bytes = new Uint8Array(10);
//!   for (let i = 0; i < 80; i++) {
//!     const x0 = edge(i % 40), x1 = edge(i % 40 + 1), r = Math.floor(i / 40), y0 = edge(r), y1 = edge(r + 1);
//!     const mx = (x1 - x0) >> 2, my = (y1 - y0) >> 2;
//!     let sum = 0, n = 0;
//!     for (let y = y0 + my; y < y1 - my; y++) for (let x = x0 + mx; x < x1 - mx; x++, n++) sum += d[(y * w + x) * 4 + 1];
//!     if (sum > 127 * n) bytes[i >> 3] |= 128 >> (i & 7);
//!   }
//!   let crc = 0xffff;
//!   for (let i = 0; i < 8; i++) {
//!     crc ^= bytes[i] << 8;
//!     for (let k = 0; k < 8; k++) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
//!   }
//!   if (crc !== ((bytes[8] << 8) | bytes[9])) return null;
//!   const v = new DataView(bytes.buffer);
//!   return { counter: v.getUint32(0) >>> 8, ms: (bytes[3] * 2 ** 32 + v.getUint32(4)) / 10 };
//! }
//! ```

use std::time::Duration;

use crate::draw::{Canvas, Color, Rect};
use crate::format::Size;
use crate::frame::Frame;

/// Cells in a row of the strip.
pub const COLUMNS: u32 = 40;
/// Rows of the strip.
pub const ROWS: u32 = 2;
/// Narrowest picture that carries a readable strip, in pixels.
pub const MIN_WIDTH: u32 = 80;

/// What a strip says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Frame counter, modulo 2^24.
    pub counter: u32,
    /// Capture time on `CLOCK_MONOTONIC`, in steps of 100 microseconds, modulo 2^40 of them (3.4 years).
    pub time: Duration,
}

impl Stamp {
    /// A stamp of `counter` and `time`, cut to what the strip can say.
    pub fn new(counter: u32, time: Duration) -> Self {
        let ticks = (time.as_micros() / 100) as u64 & TIME_MASK;
        Self { counter: counter & COUNTER_MASK, time: Duration::from_micros(ticks * 100) }
    }

    /// Draws the strip along the upper edge. Pictures narrower than [`MIN_WIDTH`] stay as they are.
    pub fn draw(self, canvas: &mut Canvas<'_>) {
        let size = canvas.size();
        if size.width < MIN_WIDTH {
            return;
        }
        let bits = self.bits();
        for cell in 0..COLUMNS * ROWS {
            let ([left, right], [top, bottom]) = edges(size.width, cell);
            let color = if bits >> (COLUMNS * ROWS - 1 - cell) & 1 == 1 { Color::WHITE } else { Color::BLACK };
            canvas.fill(Rect { x: left, y: top, width: right - left, height: bottom - top }, color);
        }
    }

    /// Height of the strip in a picture `width` pixels wide.
    pub fn height(width: u32) -> u32 {
        if width < MIN_WIDTH { 0 } else { ROWS * width / COLUMNS }
    }

    /// Reads the strip of `frame`; `None` when there is none or it is too damaged.
    pub fn read_frame(frame: &Frame) -> Option<Self> {
        let [luma, ..] = frame.planes();
        Self::read_luma(luma, frame.size.width as usize, frame.size)
    }

    /// Reads the strip from a luma plane whose rows are `stride` bytes apart.
    pub fn read_luma(luma: &[u8], stride: usize, size: Size) -> Option<Self> {
        read(size, 126, |x, y| luma.get(y as usize * stride + x as usize).copied())
    }

    /// Reads the strip from packed RGBA or BGRA pixels (green is taken for the luma).
    pub fn read_rgba(rgba: &[u8], size: Size) -> Option<Self> {
        read(size, 127, |x, y| rgba.get((y as usize * size.width as usize + x as usize) * 4 + 1).copied())
    }

    fn bits(self) -> u128 {
        let ticks = (self.time.as_micros() / 100) as u64 & TIME_MASK;
        let payload = u64::from(self.counter & COUNTER_MASK) << 40 | ticks;
        u128::from(payload) << 16 | u128::from(crc16(payload))
    }
}

const COUNTER_MASK: u32 = 0xff_ffff;
const TIME_MASK: u64 = (1 << 40) - 1;

/// Left and right, upper and lower edge of a cell.
fn edges(width: u32, cell: u32) -> ([u32; 2], [u32; 2]) {
    let edge = |k: u32| (u64::from(k) * u64::from(width) / u64::from(COLUMNS)) as u32;
    let (column, row) = (cell % COLUMNS, cell / COLUMNS);
    ([edge(column), edge(column + 1)], [edge(row), edge(row + 1)])
}

fn read(size: Size, threshold: u64, sample: impl Fn(u32, u32) -> Option<u8>) -> Option<Stamp> {
    if size.width < MIN_WIDTH {
        return None;
    }
    let mut bits = 0u128;
    for cell in 0..COLUMNS * ROWS {
        let ([left, right], [top, bottom]) = edges(size.width, cell);
        let (skip_x, skip_y) = ((right - left) / 4, (bottom - top) / 4);
        let (mut sum, mut count) = (0u64, 0u64);
        for y in top + skip_y..bottom - skip_y {
            for x in left + skip_x..right - skip_x {
                sum += u64::from(sample(x, y)?);
                count += 1;
            }
        }
        bits = bits << 1 | u128::from(sum > threshold * count);
    }
    let payload = (bits >> 16) as u64;
    let stamp = Stamp { counter: (payload >> 40) as u32, time: Duration::from_micros((payload & TIME_MASK) * 100) };
    (crc16(payload) == bits as u16).then_some(stamp)
}

fn crc16(payload: u64) -> u16 {
    payload.to_be_bytes().iter().fold(0xffff, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn crc_is_ccitt_false() {
        // Check value of the catalogue is for the nine bytes "123456789"; eight bytes need one of our own making,
        // computed with Python's binascii.crc_hqx(b"12345678", 0xffff).
        assert_eq!(crc16(u64::from_be_bytes(*b"12345678")), 0xa12b);
    }

    #[test]
    fn a_picture_without_a_strip_reads_as_none() {
        let size = Size::new(320, 180);
        for value in [0, 16, 128, 235, 255] {
            assert_eq!(Stamp::read_luma(&vec![value; size.area()], 320, size), None);
        }
        assert_eq!(Stamp::read_luma(&[235; 100], 320, size), None, "a plane that ends early");
    }

    proptest! {
        #[test]
        fn what_is_drawn_is_read(width in 40u32..700, counter: u32, micros in 0u64..1 << 52, noise: u64) {
            let size = Size::new(width * 2, 128);
            let mut bytes = vec![128; size.area() * 3 / 2];
            let stamp = Stamp::new(counter, Duration::from_micros(micros));
            stamp.draw(&mut Canvas::new(size, &mut bytes).unwrap());
            let mut state = noise | 1;
            for byte in &mut bytes[..size.area()] {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                *byte = byte.saturating_add((state >> 58) as u8).saturating_sub(32);
            }
            prop_assert_eq!(Stamp::read_luma(&bytes, size.width as usize, size), Some(stamp));
        }
    }
}
