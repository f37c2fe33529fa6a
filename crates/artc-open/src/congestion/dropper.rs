//! Leaves pictures out so that at most so many a second are encoded, evenly.

use std::time::Duration;

/// A picture may come this share of the interval early and still count as on time: camera clocks are not exact.
const EARLY: f64 = 0.19;
/// How much of an early arrival the grid follows, so that it locks to a source that is a little faster.
const FOLLOW: f64 = 0.25;

/// Decides by capture time which pictures are encoded. Its grid follows the camera's clock, so that a source of the wanted rate
/// loses no picture however its time drifts.
#[derive(Debug, Default)]
pub struct Dropper {
    /// When the next picture is due, in seconds of capture time.
    due: Option<f64>,
}

impl Dropper {
    /// Whether the picture captured at `at` is to be encoded when `fps` a second are wanted.
    pub fn takes(&mut self, at: Duration, fps: f32) -> bool {
        let interval = 1.0 / f64::from(fps.clamp(0.1, 1000.0));
        let at = at.as_secs_f64();
        let Some(due) = self.due else {
            self.due = Some(at + interval);
            return true;
        };
        let late = at - due;
        if late < -EARLY * interval && late >= -2.0 * interval {
            return false;
        }
        self.due = Some(if late.abs() >= interval {
            // A source slower than wanted, or a clock that jumped: the grid begins anew.
            at + interval
        } else {
            due + interval + late.min(0.0) * FOLLOW
        });
        true
    }
}
