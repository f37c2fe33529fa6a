//! How much faster or slower the sound is to be, so that as much of it waits as is wanted.

use std::time::Duration;

/// The most that the rate is changed by, either way: 0.2 %, which nobody hears.
pub const MOST: f64 = 0.002;
/// The most that it changes by in a second, so that a change is no step.
const SLEW: f64 = 0.001;
/// What waits is seen through a filter of this time: devices tell it in whole periods.
const SEEN_OVER: f64 = 1.0;
/// How fast an error is made up for, in 1/s: the loop's own frequency. Far below the filter's, so that the loop does not swing.
const OMEGA: f64 = 0.1;
/// A time without sound longer than this tells nothing of clocks.
const PAUSE: Duration = Duration::from_millis(500);

/// A proportional-integral controller. Its integral is what the clocks run apart by.
#[derive(Clone, Debug)]
pub struct Controller {
    target: f64,
    seen: Option<f64>,
    /// The part of the change that makes up for the clocks.
    drift: f64,
    change: f64,
    last: Option<Duration>,
}

impl Controller {
    /// One that keeps `target` waiting.
    pub fn new(target: Duration) -> Self {
        Self { target: target.as_secs_f64(), seen: None, drift: 0.0, change: 0.0, last: None }
    }

    /// How much is to wait from now on; it gets there at 2 ms a second.
    pub fn set_target(&mut self, target: Duration) {
        self.target = target.as_secs_f64();
    }

    /// What waited was cut or filled up, so that what was seen of it is void; what is known of the clocks holds.
    pub fn interrupted(&mut self) {
        (self.seen, self.last) = (None, None);
    }

    /// So much `waits` at `now`, on a clock that never runs backwards. Gives by what the number of samples is to be multiplied:
    /// 1 within [`MOST`].
    pub fn observe(&mut self, waits: Duration, now: Duration) -> f64 {
        let waits = waits.as_secs_f64();
        let since = self.last.replace(now).map(|last| now.saturating_sub(last)).filter(|since| *since <= PAUSE);
        let Some(step) = since.map(|since| since.as_secs_f64()) else {
            self.seen = Some(waits);
            return self.ratio();
        };
        let seen = self.seen.get_or_insert(waits);
        *seen += (waits - *seen) * (step / (SEEN_OVER + step));
        let error = self.target - *seen;
        // Both poles at OMEGA; no integral beyond what can be done, or it would take as long to come back.
        let wanted = 2.0 * OMEGA * error + self.drift;
        if wanted.abs() < MOST || wanted.signum() != error.signum() {
            self.drift = (self.drift + OMEGA * OMEGA * error * step).clamp(-MOST, MOST);
        }
        let most = SLEW * step;
        self.change += (wanted.clamp(-MOST, MOST) - self.change).clamp(-most, most);
        self.ratio()
    }

    /// What the device's clock is faster than the sound's by, in ppm, as far as is known.
    pub fn ppm(&self) -> f64 {
        self.drift * 1e6
    }

    fn ratio(&self) -> f64 {
        1.0 + self.change
    }
}
