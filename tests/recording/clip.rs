//! Clips that a camera plays, made up: a scene of 320 by 240 with a sensor's noise, 15 pictures a second.

use std::fmt::Write as _;
use std::path::Path;

const WIDTH: usize = 320;
const HEIGHT: usize = 240;

/// See the module.
pub struct Clip {
    bytes: Vec<u8>,
    seed: u32,
}

impl Clip {
    /// What `film` makes of it.
    pub fn of(film: impl FnOnce(&mut Self)) -> Self {
        let mut head = String::new();
        let _ = writeln!(head, "YUV4MPEG2 W{WIDTH} H{HEIGHT} F15:1 Ip A1:1 C420jpeg");
        let mut clip = Self { bytes: head.into_bytes(), seed: 1 };
        film(&mut clip);
        clip
    }

    /// So many pictures of the scene, with something before it where `shows` says which grey, by number, column and row.
    pub fn pictures(&mut self, count: usize, shows: impl Fn(usize, usize, usize) -> Option<u8>) {
        for picture in 0..count {
            self.bytes.extend_from_slice(b"FRAME\n");
            for at in 0..WIDTH * HEIGHT {
                let (x, y) = (at % WIDTH, at / WIDTH);
                let at_rest = if (x / 32 + y / 24) % 2 == 0 { 60 } else { 150 } + (x / 8) as u8;
                self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = (self.seed >> 30) as u8;
                self.bytes.push(shows(picture, x, y).unwrap_or(at_rest).saturating_add(noise));
            }
            self.bytes.extend(std::iter::repeat_n(128, WIDTH * HEIGHT / 2));
        }
    }

    pub fn write(&self, file: &Path) {
        std::fs::write(file, &self.bytes).expect("written");
    }
}
