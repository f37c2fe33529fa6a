//! Turning and mirroring I420 pictures. Not for sizes: see [`crate::scale`].

use crate::format::Size;

/// Pixels a side of the squares that a quarter turn goes by: both pictures' rows of one square stay in the cache.
const TILE: usize = 16;

/// How a picture is turned, and then mirrored left to right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// Quarter turns clockwise, 0 to 3.
    pub quarters: u8,
    /// Mirrored left to right after the turn.
    pub mirrored: bool,
}

impl Turn {
    /// By `degrees` clockwise, in whole quarters.
    pub fn new(degrees: u32, mirrored: bool) -> Self {
        Self { quarters: (degrees / 90 % 4) as u8, mirrored }
    }

    /// Nothing is changed.
    pub fn is_none(self) -> bool {
        self == Self::default()
    }

    /// The size of a picture of `size` after the turn; the same function leads back.
    pub fn size(self, size: Size) -> Size {
        if self.quarters % 2 == 1 { Size::new(size.height, size.width) } else { size }
    }

    /// Turns the I420 picture `from` (both sides even, planes without padding) into `to`. False when one of them is too short.
    #[must_use]
    pub fn apply(self, from: (Size, &[u8]), to: &mut [u8]) -> bool {
        let ((size, mut bytes), mut out) = (from, to);
        if size != size.even() || bytes.len() < size.i420_len() || out.len() < size.i420_len() {
            return false;
        }
        for shift in [0, 1, 1] {
            let (width, height) = ((size.width >> shift) as usize, (size.height >> shift) as usize);
            let (plane, rest) = bytes.split_at(width * height);
            let (out_plane, out_rest) = out.split_at_mut(width * height);
            self.plane(plane, width, height, out_plane);
            (bytes, out) = (rest, out_rest);
        }
        true
    }

    fn plane(self, plane: &[u8], width: usize, height: usize, out: &mut [u8]) {
        if width == 0 || height == 0 {
            return;
        }
        let (w, h) = (width as isize, height as isize);
        // Where the first pixel of `out` comes from, and how far it is from there to the next one right and the next one below.
        let (mut start, mut right, below) = match self.quarters % 4 {
            0 => (0, 1, w),
            1 => ((h - 1) * w, -w, 1),
            2 => (w * h - 1, -1, -w),
            _ => (w - 1, w, -1),
        };
        let (columns, rows) = if self.quarters % 2 == 1 { (height, width) } else { (width, height) };
        if self.mirrored {
            start += right * (columns as isize - 1);
            right = -right;
        }
        for top in (0..rows).step_by(TILE) {
            for left in (0..columns).step_by(TILE) {
                for y in top..rows.min(top + TILE) {
                    let mut at = start + below * y as isize + right * left as isize;
                    for pixel in &mut out[y * columns + left..y * columns + columns.min(left + TILE)] {
                        *pixel = plane[at as usize];
                        at += right;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A picture whose luma says where each pixel was.
    fn picture(size: Size) -> Vec<u8> {
        (0..size.i420_len()).map(|n| (n * 7 % 251) as u8).collect()
    }

    fn turned(size: Size, bytes: &[u8], turn: Turn) -> Vec<u8> {
        let mut out = vec![0; size.i420_len()];
        assert!(turn.apply((size, bytes), &mut out));
        out
    }

    #[test]
    fn a_quarter_turn_is_clockwise_and_a_mirror_swaps_left_and_right() {
        let size = Size::new(4, 2);
        let bytes = [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 20, 21];
        let quarter = turned(size, &bytes, Turn::new(90, false));
        assert_eq!(quarter, [5, 1, 6, 2, 7, 3, 8, 4, 10, 11, 20, 21], "the left column is the top row, from below");
        assert_eq!(turned(size, &bytes, Turn::new(180, false))[..8], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(turned(size, &bytes, Turn::new(270, false))[..8], [4, 8, 3, 7, 2, 6, 1, 5]);
        assert_eq!(turned(size, &bytes, Turn::new(0, true)), [4, 3, 2, 1, 8, 7, 6, 5, 11, 10, 21, 20]);
        assert_eq!(turned(size, &bytes, Turn::new(90, true))[..8], [1, 5, 2, 6, 3, 7, 4, 8], "mirrored after the turn");
    }

    #[test]
    fn what_is_too_short_or_odd_is_refused() {
        let (size, mut out) = (Size::new(4, 2), [0; 12]);
        assert!(!Turn::new(90, false).apply((size, &[0; 11]), &mut out));
        assert!(!Turn::new(90, false).apply((size, &[0; 12]), &mut out[..11]));
        assert!(!Turn::new(90, false).apply((Size::new(3, 2), &[0; 12]), &mut out));
    }

    proptest! {
        #[test]
        fn four_quarters_or_two_mirrors_change_nothing(width in 1u32..40, height in 1u32..40, quarters in 0u32..4) {
            let size = Size::new(2 * width, 2 * height);
            let bytes = picture(size);
            let (there, back) = (Turn::new(90 * quarters, false), Turn::new(360 - 90 * quarters, false));
            let once = turned(size, &bytes, there);
            prop_assert_eq!(&turned(there.size(size), &once, back), &bytes);
            let mirror = Turn::new(0, true);
            prop_assert_eq!(&turned(size, &turned(size, &bytes, mirror), mirror), &bytes);
        }
    }
}
