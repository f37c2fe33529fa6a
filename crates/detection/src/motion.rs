//! Whether something moves: enough of the picture, within the zones, running.

use std::time::Duration;

use crate::rise::Rise;
use crate::scene::{Change, Scene};

/// Pixels of a cell's sides: what changes in a cell must hang together, noise does not.
const CELL: usize = 4;
/// A cell of which so much has changed has changed.
const OF_CELL: f32 = 0.4;
/// Pictures running in which something must move.
const RUNNING: u32 = 2;

/// From 1 (only what is large and stands out) to 100 (what is barely seen).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sensitivity(u8);

impl Sensitivity {
    /// What is beyond 1 to 100 is 1 or 100.
    pub fn new(percent: u8) -> Self {
        Self(percent.clamp(1, 100))
    }

    fn between(self, least: f32, most: f32) -> f32 {
        least * (most / least).powf(f32::from(self.0) / 100.0)
    }

    /// Grey levels by which a pixel must be off: 40 to 6.
    fn levels(self) -> f32 {
        self.between(40.0, 6.0)
    }

    /// Cells out of `cells` that must have changed: 1/50 of them to a single one.
    fn cells(self, cells: usize) -> usize {
        (self.between((cells as f32 / 50.0).max(1.0), 1.0).round() as usize).max(1)
    }
}

/// Motion in the zones; see the module.
#[derive(Debug)]
pub(crate) struct Motion {
    least: f32,
    /// Pixels in the zones, of each cell, and how many of them have changed.
    zone: Vec<bool>,
    in_zone: Vec<u8>,
    found: Vec<u8>,
    columns: usize,
    needed: usize,
    rise: Rise,
}

impl Motion {
    pub(crate) fn new(width: usize, height: usize, sensitivity: Sensitivity, zone: &[bool], quiet: Duration) -> Self {
        let zone = if zone.len() == width * height { zone.to_vec() } else { vec![true; width * height] };
        let columns = width.div_ceil(CELL);
        let mut in_zone = vec![0; columns * height.div_ceil(CELL)];
        for (at, inside) in zone.iter().enumerate() {
            in_zone[cell(at, width, columns)] += u8::from(*inside);
        }
        let cells = in_zone.iter().filter(|pixels| counts(**pixels)).count();
        Self {
            least: sensitivity.levels(),
            found: vec![0; in_zone.len()],
            needed: sensitivity.cells(cells),
            zone,
            in_zone,
            columns,
            rise: Rise::new(RUNNING, quiet),
        }
    }

    /// Grey levels by which a pixel must be off.
    pub(crate) fn least(&self) -> f32 {
        self.least
    }

    pub(crate) fn judge(&mut self, scene: &Scene, change: Change, now: Duration) {
        let moves = change == Change::Places && self.cells(scene) >= self.needed;
        self.rise.see(moves, now);
    }

    /// Cells that have changed.
    fn cells(&mut self, scene: &Scene) -> usize {
        self.found.fill(0);
        for ((y, changed), zone) in scene.changed.chunks_exact(scene.width).enumerate().zip(self.zone.chunks_exact(scene.width)) {
            let row = &mut self.found[y / CELL * self.columns..][..self.columns];
            for ((changed, zone), found) in changed.chunks(CELL).zip(zone.chunks(CELL)).zip(row) {
                *found += changed.iter().zip(zone).map(|(changed, zone)| u8::from(*changed && *zone)).sum::<u8>();
            }
        }
        let has_changed = |(found, all): &(&u8, &u8)| counts(**all) && f32::from(**found) >= OF_CELL * f32::from(**all);
        self.found.iter().zip(&self.in_zone).filter(has_changed).count()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.rise.is_on()
    }

    pub(crate) fn forget(&mut self) {
        self.rise.forget();
    }
}

/// Whether so many pixels of a cell in the zones are enough to tell.
fn counts(pixels: u8) -> bool {
    usize::from(pixels) * 2 >= CELL * CELL
}

fn cell(at: usize, width: usize, columns: usize) -> usize {
    at / width / CELL * columns + at % width / CELL
}
