//! Whether somebody has done something to the camera: it shows nothing, always the same, or something else than before.

use std::time::Duration;

use crate::Luma;
use crate::scene::{Change, Scene};

/// How long it must be so: pictures that are the same to the last bit, and pictures in which nothing is seen.
const FROZEN: Duration = Duration::from_secs(10);
const BLIND: Duration = Duration::from_secs(3);
/// A camera that has been turned is told of for so long.
const TOLD: Duration = Duration::from_secs(10);
/// Brighter pixels than this are seen even in the dark; a part of 1/200 of them is no dark picture.
const DARK: u8 = 40;
/// Grey levels between neighbouring squares, on the mean: a scene must have so many for a cover to be told from it, and a cover has
/// less than this part of them.
const DETAIL: f32 = 2.0;
const COVERED: f32 = 0.3;
/// Pixels of a square's sides.
const SQUARE: usize = 4;
/// How fast it is followed how much detail the scene has.
const USUAL: Duration = Duration::from_secs(30);
/// Two pictures that have less than this in common (1: all) are of two scenes.
const LIKENESS: f32 = 0.3;
/// How often it is remembered what the scene looks like.
const REMEMBER: Duration = Duration::from_secs(5);

/// What has been done to a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// It shows the same picture all the time.
    Frozen,
    /// It shows nothing but darkness. So it does at night where there is no light.
    Black,
    /// There is nothing to be seen, though there is light: something is before it, or it is out of focus.
    Covered,
    /// It shows another scene than before. Told for ten seconds.
    Moved,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Tamper {
    last: Vec<u8>,
    same_since: Option<Duration>,
    dark_since: Option<Duration>,
    flat_since: Option<Duration>,
    /// Mean detail of the scene; nothing before the first picture.
    usual: Option<f32>,
    judged_at: Duration,
    /// The scene as it was, and when it was remembered.
    before: Vec<f32>,
    remembered_at: Option<Duration>,
    /// Everything changed, and it is not yet known into what.
    upset: bool,
    moved_until: Option<Duration>,
    found: Option<Tampering>,
}

impl Tamper {
    pub(crate) fn judge(&mut self, scene: &Scene, luma: Luma<'_>, change: Change, now: Duration) {
        let same = luma.pixels == self.last;
        self.last.clear();
        self.last.extend_from_slice(luma.pixels);
        let frozen = lasts(&mut self.same_since, same, now) >= FROZEN;

        let bright = luma.pixels.iter().filter(|pixel| **pixel > DARK).count();
        let dark = bright * 200 < luma.pixels.len();
        let detail = detail(luma);
        let usual = *self.usual.get_or_insert(detail);
        let flat = !dark && usual >= DETAIL && detail < COVERED * usual;
        if !flat && !dark {
            let part = (now.saturating_sub(self.judged_at).as_secs_f32() / USUAL.as_secs_f32()).clamp(0.0, 1.0);
            self.usual = Some(usual + (detail - usual) * part);
        }
        self.judged_at = now;
        let black = lasts(&mut self.dark_since, dark, now) >= BLIND;
        let covered = lasts(&mut self.flat_since, flat, now) >= BLIND;

        match change {
            Change::Everywhere => self.upset = true,
            Change::Learning => {}
            // What is dark or covered is no other scene.
            Change::Places if dark || flat => {}
            Change::Places => {
                if std::mem::take(&mut self.upset) && !self.before.is_empty() && likeness(&self.before, luma) < LIKENESS {
                    self.moved_until = Some(now + TOLD);
                }
                if self.remembered_at.is_none_or(|at| now.saturating_sub(at) >= REMEMBER) {
                    self.remembered_at = Some(now);
                    scene.copy_into(&mut self.before);
                }
            }
        }
        self.moved_until = self.moved_until.filter(|until| now < *until);
        self.found = match (black, covered, frozen, self.moved_until) {
            (true, ..) => Some(Tampering::Black),
            (_, true, ..) => Some(Tampering::Covered),
            (_, _, true, _) => Some(Tampering::Frozen),
            (.., Some(_)) => Some(Tampering::Moved),
            _ => None,
        };
    }

    pub(crate) fn found(&self) -> Option<Tampering> {
        self.found
    }
}

/// How long something has been so.
fn lasts(since: &mut Option<Duration>, so: bool, now: Duration) -> Duration {
    if !so {
        *since = None;
        return Duration::ZERO;
    }
    now.saturating_sub(*since.get_or_insert(now))
}

/// Mean difference of neighbours in a row, of squares of [`SQUARE`] pixels: noise is no detail.
fn detail(luma: Luma<'_>) -> f32 {
    let (mut sum, mut pairs) = (0, 0_u32);
    for rows in luma.pixels.chunks_exact(luma.width * SQUARE) {
        let square = |column: usize| {
            let row = |row: &[u8]| row[column * SQUARE..][..SQUARE].iter().map(|pixel| u32::from(*pixel)).sum::<u32>();
            rows.chunks_exact(luma.width).map(row).sum::<u32>()
        };
        let mut before = None;
        for now in (0..luma.width / SQUARE).map(square) {
            if let Some(before) = before.replace(now) {
                sum += now.abs_diff(before);
                pairs += 1;
            }
        }
    }
    sum as f32 / (pairs.max(1) as f32 * (SQUARE * SQUARE) as f32)
}

/// How much two pictures have in common in their shapes, whatever the light: 1 for all of it, 0 for nothing.
fn likeness(before: &[f32], luma: Luma<'_>) -> f32 {
    let count = luma.pixels.len() as f32;
    let one = before.iter().sum::<f32>() / count;
    let other = luma.pixels.iter().map(|pixel| f32::from(*pixel)).sum::<f32>() / count;
    let (mut both, mut ones, mut others) = (0.0, 0.0, 0.0);
    for (a, b) in before.iter().zip(luma.pixels) {
        let (a, b) = (a - one, f32::from(*b) - other);
        (both, ones, others) = (both + a * b, ones + a * a, others + b * b);
    }
    both / (ones * others).sqrt().max(1.0)
}
