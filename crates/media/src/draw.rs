//! Drawing flat rectangles and short texts into an I420 picture. Not for pictures from cameras, and no more than
//! what the built-in pictures ([`crate::pattern`], [`crate::barcode`]) need.

use crate::font;
use crate::format::Size;

/// A colour in limited-range Y'CbCr, as it stands in the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Luma, 16 (black) to 235 (white).
    pub y: u8,
    /// Blue difference, 128 is none.
    pub u: u8,
    /// Red difference, 128 is none.
    pub v: u8,
}

impl Color {
    /// Black.
    pub const BLACK: Self = Self::gray(16);
    /// White.
    pub const WHITE: Self = Self::gray(235);

    /// A grey of luma `y`.
    pub const fn gray(y: u8) -> Self {
        Self { y, u: 128, v: 128 }
    }
}

/// A rectangle in pixels; what lies outside the picture is not drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rect {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// An I420 picture being drawn: planes Y, U, V one after the other without padding.
#[derive(Debug)]
pub struct Canvas<'a> {
    size: Size,
    y: &'a mut [u8],
    u: &'a mut [u8],
    v: &'a mut [u8],
}

impl<'a> Canvas<'a> {
    /// Width and height of a glyph's cell at scale 1, its gap included.
    pub const GLYPH: Size = Size::new(6, 8);

    /// A picture of `size` (both sides even) in `bytes`; `None` when `bytes` is shorter than `size` asks.
    pub fn new(size: Size, bytes: &'a mut [u8]) -> Option<Self> {
        let luma = size.area();
        let (y, chroma) = bytes.get_mut(..luma + luma / 2)?.split_at_mut(luma);
        let (u, v) = chroma.split_at_mut(luma / 4);
        Some(Self { size, y, u, v })
    }

    /// Size of the picture.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Paints `rect` in `color`. Chroma is shared by two by two pixels, so odd edges paint half a chroma sample more.
    pub fn fill(&mut self, rect: Rect, color: Color) {
        let (left, right) = (rect.x.min(self.size.width), rect.x.saturating_add(rect.width).min(self.size.width));
        let (top, bottom) = (rect.y.min(self.size.height), rect.y.saturating_add(rect.height).min(self.size.height));
        if left == right || top == bottom {
            return;
        }
        rows(self.y, self.size.width, [left, right], [top, bottom], color.y);
        let half = self.size.width / 2;
        let (columns, lines) = ([left / 2, right.div_ceil(2).min(half)], [top / 2, bottom.div_ceil(2).min(self.size.height / 2)]);
        rows(self.u, half, columns, lines, color.u);
        rows(self.v, half, columns, lines, color.v);
    }

    /// Copies the I420 picture `bytes` of `size` so that its upper left corner is at (`x`, `y`), all even; what would lie outside is not
    /// copied. Nothing happens where `bytes` is shorter than `size` asks.
    pub fn paste(&mut self, size: Size, bytes: &[u8], x: u32, y: u32) {
        if bytes.len() < size.i420_len() || size.area() == 0 || x >= self.size.width || y >= self.size.height {
            return;
        }
        let mut rest = bytes;
        let stride = self.size.width as usize;
        for (plane, shift) in [(&mut *self.y, 0), (&mut *self.u, 1), (&mut *self.v, 1)] {
            let (width, height) = ((size.width >> shift) as usize, (size.height >> shift) as usize);
            let (from, behind) = rest.split_at(width * height);
            rest = behind;
            let (left, top) = ((x >> shift) as usize, (y >> shift) as usize);
            let stride = stride >> shift;
            let shown = width.min(stride - left);
            for (from, to) in from.chunks_exact(width).zip(plane.chunks_exact_mut(stride).skip(top)) {
                to[left..left + shown].copy_from_slice(&from[..shown]);
            }
        }
    }

    /// Draws the luma of `text`, upper-cased, with its upper left corner at (`x`, `y`); a glyph is 5 by 7 squares of
    /// `scale` pixels. Chroma stays, so draw on grey.
    pub fn text(&mut self, x: u32, y: u32, scale: u32, text: &str, luma: u8) {
        let mut left = x;
        for letter in text.chars() {
            for (column, bits) in font::glyph(letter).into_iter().enumerate() {
                let from = left.saturating_add(column as u32 * scale).min(self.size.width);
                let to = from.saturating_add(scale).min(self.size.width);
                for row in (0..7).filter(|row| bits >> row & 1 == 1) {
                    let top = y.saturating_add(row * scale).min(self.size.height);
                    let bottom = top.saturating_add(scale).min(self.size.height);
                    rows(self.y, self.size.width, [from, to], [top, bottom], luma);
                }
            }
            left = left.saturating_add(Self::GLYPH.width * scale);
        }
    }

    /// Pixels that `text` takes in a row at `scale`.
    pub fn text_width(text: &str, scale: u32) -> u32 {
        text.chars().count() as u32 * Self::GLYPH.width * scale
    }
}

fn rows(plane: &mut [u8], width: u32, [left, right]: [u32; 2], [top, bottom]: [u32; 2], value: u8) {
    for row in top..bottom {
        let start = row as usize * width as usize;
        plane[start + left as usize..start + right as usize].fill(value);
    }
}
