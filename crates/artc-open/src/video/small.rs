//! The small stream's picture, made from the big one's: a whole fraction of its sides. Not for encoding it.

use media::shrink::Shrinker;
use media::{Plane, Size};

use crate::encoder::Picture;

/// The small picture's shorter side, if the big one's is long enough: what a tile in a wall of cameras shows.
const SHORT_SIDE: u32 = 180;
/// The small picture has at most a third of the big one's sides, a ninth of its pixels, so that it costs little beside it.
const LEAST_FACTOR: u32 = 3;
/// Encoders take no shorter side.
const LEAST_SIDE: u32 = 16;

/// What the big picture's sides are divided by.
fn factor(big: Size) -> u32 {
    big.width.min(big.height).div_ceil(SHORT_SIDE).max(LEAST_FACTOR)
}

/// The size of the small picture of a big one; nothing where it would be too small to encode.
pub fn small_size(big: Size) -> Option<Size> {
    let side = |side: u32| (side / factor(big)) & !1;
    let size = Size::new(side(big.width), side(big.height));
    (size.width >= LEAST_SIDE && size.height >= LEAST_SIDE).then_some(size)
}

/// Makes small pictures, keeping its scratch.
#[derive(Default)]
pub(super) struct SmallPicture {
    shrinker: Shrinker,
    scratch: Vec<u8>,
}

impl SmallPicture {
    /// The small picture of `big`.
    pub(super) fn of(&mut self, big: &Picture<'_>) -> Option<Picture<'_>> {
        let (size, factor) = (small_size(big.size)?, factor(big.size) as usize);
        self.scratch.resize(size.area() * 3 / 2, 0);
        let mut out = self.scratch.as_mut_slice();
        for (index, shift) in [0, 1, 1].into_iter().enumerate() {
            let (width, height) = ((size.width >> shift) as usize, (size.height >> shift) as usize);
            let (plane, rest) = out.split_at_mut(width * height);
            let from = Plane { data: big.planes[index], stride: big.strides[index] };
            if !self.shrinker.shrink(from, factor, width, plane) {
                return None;
            }
            out = rest;
        }
        let width = size.width as usize;
        Picture::contiguous(&self.scratch, size, [width, width / 2, width / 2], big.captured_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_small_picture_is_a_tile_of_the_same_shape() {
        let s = Size::new;
        assert_eq!(small_size(s(1920, 1080)), Some(s(320, 180)));
        assert_eq!(small_size(s(1280, 720)), Some(s(320, 180)));
        assert_eq!(small_size(s(720, 1280)), Some(s(180, 320)));
        assert_eq!(small_size(s(640, 480)), Some(s(212, 160)));
        assert_eq!(small_size(s(320, 180)), Some(s(106, 60)));
        assert_eq!(small_size(s(64, 36)), None, "no encoder takes 20x12");
    }

    #[test]
    fn it_shows_what_the_big_one_shows() {
        let size = Size::new(640, 480);
        // Left half dark, right half bright; colour likewise.
        let bytes: Vec<u8> = [(640, 480), (320, 240), (320, 240)]
            .into_iter()
            .flat_map(|(width, height)| (0..width * height).map(move |n| if n % width < width / 2 { 40 } else { 200 }))
            .collect();
        let big = Picture::contiguous(&bytes, size, [640, 320, 320], std::time::Duration::from_secs(3)).unwrap();
        let mut maker = SmallPicture::default();
        let small = maker.of(&big).unwrap();
        assert_eq!((small.size, small.captured_at), (Size::new(212, 160), big.captured_at));
        for (plane, width) in small.planes.iter().zip([212, 106, 106]) {
            assert_eq!((plane[0], plane[width - 1]), (40, 200));
            assert_eq!((plane[plane.len() - width], plane[plane.len() - 1]), (40, 200));
        }
    }
}
