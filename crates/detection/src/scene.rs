//! What the scene looks like at rest: a mean of each pixel and how much it wavers, learnt from the pictures themselves.
//!
//! A light that changes makes all pixels brighter or darker by one rule (so much more, so many times as bright). The rule is found for each
//! picture, and only what does not keep to it has changed. What changes nearly everywhere all the same is no thing that moves: it is a
//! light that no rule describes, or the camera. The scene is learnt anew then.

use std::time::Duration;

use crate::Luma;

/// A part of this many pixels that changes at once is nearly everything.
const NEARLY_ALL: f32 = 0.5;
/// So long everything may change anew and still be the light.
const LIGHT: Duration = Duration::from_secs(3);
/// The scene is learnt for so long before it is compared with.
const LEARN: Duration = Duration::from_secs(1);
/// How fast what is at rest is followed, and what is not: a thing that was put down belongs to the scene after a minute.
const AT_REST: Duration = Duration::from_secs(3);
const CHANGED: Duration = Duration::from_secs(20);
/// Grey levels that a pixel wavers at most: more is no noise.
const MOST_NOISE: f32 = 24.0;
/// A pixel has changed when it is so many times further off than it usually is.
const BEYOND_NOISE: f32 = 5.0;
/// Grey levels that pixels may be off to take part in finding the rule of the light, the first time and then.
const INLIERS: [f32; 2] = [48.0, 16.0];
/// From this grey level on a sensor may have been at its end.
const TOO_BRIGHT: f32 = 250.0;
/// The light does not make it so many times as bright at once, nor so many times as dark.
const MOST_GAIN: f32 = 4.0;

/// How a picture differs from the scene at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Not to be told: the scene is being learnt.
    Learning,
    /// Nearly everywhere. Learning begins anew.
    Everywhere,
    /// Here and there, or not at all.
    Places,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Scene {
    pub width: usize,
    mean: Vec<f32>,
    noise: Vec<f32>,
    /// Which pixels are others than at rest.
    pub changed: Vec<bool>,
    /// How many pixels are by how many grey levels brighter than at rest, from -255 on.
    shifts: Vec<u32>,
    /// When it is known well enough.
    learnt_at: Duration,
    seen_at: Option<Duration>,
    /// Since when everything changes.
    everywhere: Option<Duration>,
}

/// The rule of a light: at rest `x`, now `x * gain + more`.
#[derive(Clone, Copy, Debug)]
struct Light {
    gain: f32,
    more: f32,
}

impl Light {
    fn on(self, at_rest: f32) -> f32 {
        (at_rest * self.gain + self.more).clamp(0.0, 255.0)
    }

    /// Grey levels that a pixel is off the rule.
    fn off(self, pixel: u8, at_rest: f32) -> f32 {
        let more = f32::from(pixel) - self.on(at_rest);
        // What was too bright to be told may have been brighter still.
        if at_rest >= TOO_BRIGHT { (-more).max(0.0) } else { more.abs() }
    }
}

impl Scene {
    pub fn new(width: usize, height: usize) -> Self {
        let pixels = width * height;
        Self {
            width,
            mean: vec![0.0; pixels],
            noise: vec![0.0; pixels],
            changed: vec![false; pixels],
            shifts: vec![0; 511],
            learnt_at: Duration::ZERO,
            seen_at: None,
            everywhere: None,
        }
    }

    pub fn forget(&mut self) {
        (self.seen_at, self.everywhere) = (None, None);
    }

    /// Compares `luma` with the scene and learns from it; pixels that differ by less than `least` grey levels never count. `None` for a plane
    /// of another size.
    pub fn see(&mut self, luma: Luma<'_>, least: f32, now: Duration) -> Option<Change> {
        if luma.width != self.width || luma.pixels.len() != self.mean.len() || self.mean.is_empty() {
            return None;
        }
        let Some(seen_at) = self.seen_at.replace(now) else {
            self.begin(luma, now);
            return Some(Change::Learning);
        };
        let light = self.light(luma);
        let mut count = 0;
        for (((pixel, mean), noise), changed) in luma.pixels.iter().zip(&self.mean).zip(&self.noise).zip(&mut self.changed) {
            *changed = light.off(*pixel, *mean) > least.max(BEYOND_NOISE * noise);
            count += usize::from(*changed);
        }
        let learning = now < self.learnt_at;
        if !learning && count as f32 > NEARLY_ALL * self.mean.len() as f32 {
            let since = *self.everywhere.get_or_insert(now);
            if now.saturating_sub(since) < LIGHT {
                self.begin(luma, now);
                return Some(Change::Everywhere);
            }
        } else if !learning {
            self.everywhere = None;
        }
        self.learn(luma, light, learning, now.saturating_sub(seen_at));
        Some(if learning { Change::Learning } else { Change::Places })
    }

    /// The rule of the light, found from what keeps to it.
    fn light(&mut self, luma: Luma<'_>) -> Light {
        let mut light = Light { gain: 1.0, more: self.shift(luma) };
        for inliers in INLIERS {
            let (mut count, mut x, mut y, mut xx, mut xy) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for (pixel, mean) in luma.pixels.iter().zip(&self.mean) {
                let pixel = f32::from(*pixel);
                let weight = if (pixel - light.on(*mean)).abs() < inliers { 1.0 } else { 0.0 };
                count += weight;
                x += weight * mean;
                y += weight * pixel;
                xx += weight * mean * mean;
                xy += weight * mean * pixel;
            }
            // Of too few pixels, or of a scene without contrast, no rule is found.
            if count * 4.0 < luma.pixels.len() as f32 {
                return light;
            }
            let (x, y) = (x / count, y / count);
            let (spread, both) = (xx / count - x * x, xy / count - x * y);
            let gain = if spread > 64.0 { (both / spread).clamp(1.0 / MOST_GAIN, MOST_GAIN) } else { 1.0 };
            light = Light { gain, more: y - gain * x };
        }
        light
    }

    /// How much brighter the picture is as a whole: the middle one of all differences, so that what moves does not count.
    fn shift(&mut self, luma: Luma<'_>) -> f32 {
        self.shifts.fill(0);
        for (pixel, mean) in luma.pixels.iter().zip(&self.mean) {
            self.shifts[(f32::from(*pixel) - mean + 255.5).clamp(0.0, 510.0) as usize] += 1;
        }
        let half = luma.pixels.len() as u32 / 2;
        let mut below = 0;
        let middle = self.shifts.iter().position(|count| {
            below += count;
            below > half
        });
        middle.map_or(0.0, |at| at as f32 - 255.0)
    }

    /// The scene is what `luma` shows, as far as is known.
    fn begin(&mut self, luma: Luma<'_>, now: Duration) {
        for (mean, pixel) in self.mean.iter_mut().zip(luma.pixels) {
            *mean = (*pixel).into();
        }
        self.noise.fill(1.0);
        self.learnt_at = now + LEARN;
    }

    fn learn(&mut self, luma: Luma<'_>, light: Light, learning: bool, elapsed: Duration) {
        let part = |time: Duration| {
            let time = if learning { LEARN / 4 } else { time };
            (elapsed.as_secs_f32() / time.as_secs_f32()).clamp(0.0, 1.0)
        };
        let (rest, other) = (part(AT_REST), part(CHANGED));
        for (((pixel, mean), noise), changed) in luma.pixels.iter().zip(&mut self.mean).zip(&mut self.noise).zip(&self.changed) {
            let part = if *changed && !learning { other } else { rest };
            *noise += (light.off(*pixel, *mean).min(MOST_NOISE) - *noise) * part;
            *mean += (f32::from(*pixel) - *mean) * part;
        }
    }

    /// The scene at rest, into `out`.
    pub fn copy_into(&self, out: &mut Vec<f32>) {
        out.clone_from(&self.mean);
    }
}
