//! The built-in pictures: a moving test pattern and the "no signal" card. Not for pacing them: whoever shows them
//! owns the clock.
//!
//! Both are drawn in two steps, so that a frame costs little: a background that never changes (drawn once into every
//! buffer of a pool, see [`FramePool::with_background`](crate::FramePool::with_background)) and what moves on top of it.

use std::fmt::{self, Write as _};
use std::time::Duration;

use crate::barcode::Stamp;
use crate::draw::{Canvas, Color, Rect};
use crate::format::Size;

/// The bars' colours, 75 % saturated, BT.601 limited range.
const BARS: [Color; 8] = [
    Color::gray(180),
    Color { y: 162, u: 44, v: 142 },
    Color { y: 131, u: 156, v: 44 },
    Color { y: 112, u: 72, v: 58 },
    Color { y: 84, u: 184, v: 198 },
    Color { y: 65, u: 100, v: 212 },
    Color { y: 35, u: 212, v: 114 },
    Color::gray(40),
];

/// How the moving part of the test pattern looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Luma of the block, 16 (black) to 235 (white).
    pub block: u8,
    /// How long the block takes from one side to the other and back; not zero.
    pub sweep: Duration,
    /// Show the clock and the frame counter.
    pub clock: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { block: 145, sweep: Duration::from_secs(4), clock: true }
    }
}

/// Draws what does not move in the test pattern: colour bars, and steps of grey at the bottom.
pub fn draw_background(canvas: &mut Canvas<'_>) {
    let Size { width, height } = canvas.size();
    let edge = |index: usize, parts: usize| (index * width as usize / parts) as u32;
    for (index, color) in BARS.into_iter().enumerate() {
        let (left, right) = (edge(index, BARS.len()), edge(index + 1, BARS.len()));
        canvas.fill(Rect { x: left, y: 0, width: right - left, height }, color);
    }
    let ramp = height * 7 / 8;
    for index in 0..16 {
        let (left, right) = (edge(index, 16), edge(index + 1, 16));
        let gray = Color::gray(16 + (index * 219 / 15) as u8);
        canvas.fill(Rect { x: left, y: ramp, width: right - left, height: height - ramp }, gray);
    }
}

/// Draws what moves in the test pattern: the barcode, the clock with the frame counter, and a block that goes to and fro.
pub fn draw_moving(canvas: &mut Canvas<'_>, counter: u32, captured_at: Duration, look: &Look) {
    let Size { width, height } = canvas.size();
    let (band, row) = (height * 5 / 8, height / 8);
    canvas.fill(Rect { x: 0, y: band, width, height: 2 * row }, Color::BLACK);

    let mut text = Line::default();
    let seconds = captured_at.as_secs();
    let (hours, minutes) = (seconds / 3600 % 100, seconds / 60 % 60);
    // A line always has room for these; a cut text would still be a picture.
    let _ = write!(text, "{hours:02}:{minutes:02}:{:02}.{:03}  #{counter:06}", seconds % 60, captured_at.subsec_millis());
    let scale = (width / (Canvas::text_width(text.as_str(), 1) + 12)).clamp(1, (row / Canvas::GLYPH.height).max(1));
    let (left, top) = (centred(width, Canvas::text_width(text.as_str(), scale)), centred(row, Canvas::GLYPH.height * scale));
    if look.clock {
        canvas.text(left, band + top, scale, text.as_str(), Color::WHITE.y);
    }

    let block = row.min(width);
    let sweep = look.sweep.as_micros().max(2);
    let phase = (captured_at.as_micros() % sweep) as u64;
    let half = sweep as u64 / 2;
    let way = if phase < half { phase } else { 2 * half - phase };
    let x = (u64::from(width - block) * way / half) as u32;
    canvas.fill(Rect { x, y: band + row, width: block, height: row }, Color { y: look.block, u: 54, v: 34 });

    Stamp::new(counter, captured_at).draw(canvas);
}

/// Draws the "no signal" card: `title` large, `detail` (device, reason) small below it. Texts that are too long are cut.
pub fn draw_card(canvas: &mut Canvas<'_>, title: &str, detail: &str) {
    let Size { width, height } = canvas.size();
    canvas.fill(Rect { x: 0, y: 0, width, height }, Color::gray(40));
    let middle = height / 2;
    let scale = (width / 2 / Canvas::text_width(title, 1).max(1)).clamp(1, (height / 4 / Canvas::GLYPH.height).max(1));
    let top = middle.saturating_sub(Canvas::GLYPH.height * scale);
    canvas.text(centred(width, Canvas::text_width(title, scale)), top, scale, title, Color::WHITE.y);
    let small = (scale / 3).max(1).min((width / Canvas::text_width(detail, 1).max(1)).max(1));
    let below = middle + Canvas::GLYPH.height * small;
    canvas.text(centred(width, Canvas::text_width(detail, small)), below, small, detail, 180);
}

/// Draws the heartbeat of the card: a mark that jumps with `counter`, so that a still picture is told from a stuck one.
pub fn draw_heartbeat(canvas: &mut Canvas<'_>, counter: u32) {
    let Size { width, height } = canvas.size();
    let (side, top) = ((width / 80).max(2), height * 7 / 8);
    let left = width / 2 - (side * 4).min(width / 2);
    for step in 0..4 {
        let color = if step == counter % 4 { Color::gray(200) } else { Color::gray(70) };
        canvas.fill(Rect { x: left + step * side * 2, y: top, width: side, height: side }, color);
    }
}

fn centred(room: u32, taken: u32) -> u32 {
    room.saturating_sub(taken) / 2
}

/// A short text on the stack, so that a frame's clock costs no allocation.
struct Line {
    bytes: [u8; 48],
    len: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 48], len: 0 }
    }
}

impl Line {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default()
    }
}

impl fmt::Write for Line {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        let rest = self.bytes.get_mut(self.len..self.len + s.len()).ok_or(fmt::Error)?;
        rest.copy_from_slice(s.as_bytes());
        self.len += s.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_size_is_drawn_without_touching_what_is_outside(width in 1u32..200, height in 1u32..200, counter: u32, ms in 0u64..1 << 40) {
            let size = Size::new(width * 2, height * 2);
            let len = size.area() * 3 / 2;
            let mut bytes = vec![7; len + 64];
            let mut canvas = Canvas::new(size, &mut bytes).unwrap();
            draw_background(&mut canvas);
            draw_moving(&mut canvas, counter, Duration::from_millis(ms), &Look::default());
            prop_assert!(bytes[..len].iter().all(|b| *b != 7), "everything is painted");
            prop_assert!(bytes[len..].iter().all(|b| *b == 7));
            let mut canvas = Canvas::new(size, &mut bytes).unwrap();
            draw_card(&mut canvas, "NO SIGNAL", "camera /dev/video0 was unplugged");
            draw_heartbeat(&mut canvas, counter);
            prop_assert!(bytes[len..].iter().all(|b| *b == 7));
        }
    }

    #[test]
    fn the_pattern_moves_and_carries_its_stamp() {
        let size = Size::new(640, 360);
        let draw = |counter, ms| {
            let mut bytes = vec![0; size.area() * 3 / 2];
            let mut canvas = Canvas::new(size, &mut bytes).unwrap();
            draw_background(&mut canvas);
            draw_moving(&mut canvas, counter, Duration::from_millis(ms), &Look::default());
            bytes
        };
        let (first, second) = (draw(1, 1000), draw(2, 1033));
        assert_eq!(Stamp::read_luma(&second, 640, size), Some(Stamp::new(2, Duration::from_millis(1033))));
        let below = Stamp::height(640) as usize * 640;
        assert_ne!(first[below..], second[below..], "something besides the barcode moves");
    }
}
