//! What a camera and a microphone notice: motion, tampering, loudness. Values and pure functions of pictures, levels and time.
//!
//! Pictures come as small planes of brightness ([`Luma`], about 160 pixels wide), which cost nothing to look at; whoever brings them has made
//! them smaller once. Nothing is allocated after a detector was made, and time is an argument throughout.
//!
//! Not for knowing what it is that moves, not for drawing, and not for doing anything about it.
//!
//! A library was looked for: OpenCV's background subtraction brings OpenCV, in C++; those in Rust are frame differences (`oximedia-cv`), models on
//! floating-point arrays (`scirs2-vision`), or young and little used (`waldo_vision`, `block-motion-detector`). None was found that says to
//! tell a light from motion without allocating for each picture.
#![forbid(unsafe_code)]

mod loudness;
mod motion;
mod rise;
mod scene;
mod tamper;

use std::time::Duration;

pub use loudness::Loudness;
pub use motion::Sensitivity;

pub use tamper::Tampering;

use motion::Motion;
use scene::Scene;
use tamper::Tamper;

/// A small plane of brightness, without padding.
#[derive(Clone, Copy, Debug)]
pub struct Luma<'a> {
    /// Pixels of a row.
    pub width: usize,
    /// `width` times the rows of them, 0 to 255 each.
    pub pixels: &'a [u8],
}

/// What is noticed in pictures: motion and tampering, on one model of what the scene looks like at rest.
#[derive(Debug)]
pub struct Watch {
    scene: Scene,
    motion: Motion,
    tamper: Tamper,
}

impl Watch {
    /// For planes of `width` by `height` pixels. Motion counts where `zone` is true, a flag for each pixel; everywhere where it has another
    /// length. It is over after `quiet` without any.
    pub fn new(width: usize, height: usize, sensitivity: Sensitivity, zone: &[bool], quiet: Duration) -> Self {
        Self {
            scene: Scene::new(width, height),
            motion: Motion::new(width, height, sensitivity, zone, quiet),
            tamper: Tamper::default(),
        }
    }

    /// Looks at a picture of the time `now`; one of another size is not looked at.
    pub fn see(&mut self, luma: Luma<'_>, now: Duration) {
        let Some(change) = self.scene.see(luma, self.motion.least(), now) else { return };
        self.motion.judge(&self.scene, change, now);
        self.tamper.judge(&self.scene, luma, change, now);
    }

    /// Something moves.
    pub fn moves(&self) -> bool {
        self.motion.is_on()
    }

    /// Somebody has done something to the camera.
    pub fn tampering(&self) -> Option<Tampering> {
        self.tamper.found()
    }

    /// What is noticed now is over; what the scene looks like is learnt anew.
    pub fn forget(&mut self) {
        self.scene.forget();
        self.motion.forget();
        self.tamper = Tamper::default();
    }
}
