//! The ladder: which size and frame rate a bitrate is good for.

use std::time::{Duration, Instant};

use media::Size;

/// Bits a pixel below which a picture of H.264 baseline falls apart. At 1280x720 with 30 frames a second that is 690 kbit/s.
const POOR: f64 = 0.025;
/// The rungs: share of the frame rate, share of the size (numerator, denominator). Frame rate gives way before size.
const RUNGS: [(f64, (u32, u32)); 8] = [
    (1.0, (1, 1)),
    (2.0 / 3.0, (1, 1)),
    (0.5, (1, 1)),
    (0.5, (3, 4)),
    (0.5, (1, 2)),
    (0.5, (3, 8)),
    (0.5, (1, 4)),
    (0.25, (1, 4)),
];
/// Slowest that a moving picture is sent.
const SLOWEST: f32 = 5.0;
/// Narrowest picture that is sent.
const NARROWEST: u32 = 160;
/// A rung is left downwards when its bitrate was missing for so long ...
const DOWN_AFTER: Duration = Duration::from_millis(800);
/// ... or at once when less than this share of it is there.
const DOWN_AT_ONCE: f64 = 0.6;
/// A rung is entered upwards when this many times its bitrate ...
const UP_MARGIN: f64 = 1.25;
/// ... was there for so long. After a step down it is twice as long each time, up to [`UP_AFTER_MOST`].
const UP_AFTER: Duration = Duration::from_secs(4);
/// Longest wait before a step up.
const UP_AFTER_MOST: Duration = Duration::from_secs(32);
/// Steady for so long after a step up means that the step was right: the wait is short again.
const SETTLED: Duration = Duration::from_secs(30);
/// Below this many bit/s no picture is worth sending; sound stays.
const PAUSE_BELOW: u64 = 40_000;
/// At and above this many bit/s the picture comes back.
const RESUME_FROM: u64 = 80_000;

/// What was configured: the top of the ladder.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Size at the top.
    pub size: Size,
    /// Frames a second at the top.
    pub fps: f32,
    /// Bit/s that are never exceeded.
    pub max_bps: u64,
    /// Bit/s that are not gone below as long as the picture is sent at all; 0 = no such wish.
    pub min_bps: u64,
}

/// What the encoder is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Bit/s.
    pub bitrate_bps: u32,
    /// Frames a second.
    pub fps: f32,
    /// Size; both sides even.
    pub size: Size,
    /// Nothing is sent: the network carries sound only.
    pub paused: bool,
}

/// Chooses the rung, with hysteresis in both directions.
#[derive(Debug)]
pub struct Ladder {
    limits: Limits,
    budget: u64,
    rung: usize,
    paused: bool,
    short_since: Option<Instant>,
    ample_since: Option<Instant>,
    up_after: Duration,
    stepped_up: Option<Instant>,
}

impl Ladder {
    /// At the top, with the whole bitrate, until somebody says otherwise.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            budget: u64::MAX,
            rung: 0,
            paused: false,
            short_since: None,
            ample_since: None,
            up_after: UP_AFTER,
            stepped_up: None,
        }
    }

    /// Other limits, for example another camera mode. The rung stays: the network has not changed.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.rung = self.rung.min(self.lowest());
    }

    /// What the network gives the picture now, bit/s.
    pub fn set_budget(&mut self, bps: u64) {
        self.budget = bps;
    }

    /// The connection was made anew; the new path is tried from the top.
    pub fn reset(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Takes at most one step. To be called with every new budget and at [`Ladder::wake`].
    pub fn advance(&mut self, now: Instant) -> Target {
        self.pause_or_resume();
        let budget = self.spendable();
        let need = self.need(self.rung);
        if self.rung < self.lowest() && (budget as f64) < need {
            self.ample_since = None;
            let since = *self.short_since.get_or_insert(now);
            if (budget as f64) < need * DOWN_AT_ONCE || now.saturating_duration_since(since) >= DOWN_AFTER {
                self.step_down(now);
            }
        } else {
            self.short_since = None;
            let above = self.rung.checked_sub(1).map(|r| self.need(r) * UP_MARGIN);
            if above.is_some_and(|above| budget as f64 >= above.min(self.limits.max_bps as f64)) {
                let since = *self.ample_since.get_or_insert(now);
                if now.saturating_duration_since(since) >= self.up_after {
                    self.rung -= 1;
                    self.ample_since = Some(now);
                    self.stepped_up = Some(now);
                }
            } else {
                self.ample_since = None;
            }
            if self.stepped_up.is_some_and(|at| now.saturating_duration_since(at) >= SETTLED) {
                self.up_after = UP_AFTER;
                self.stepped_up = None;
            }
        }
        self.target()
    }

    /// When [`Ladder::advance`] must be called even without a new budget.
    pub fn wake(&self) -> Option<Instant> {
        let down = self.short_since.map(|at| at + DOWN_AFTER);
        let up = self.ample_since.filter(|_| self.rung > 0).map(|at| at + self.up_after);
        down.into_iter().chain(up).min()
    }

    /// What the encoder is asked for now.
    pub fn target(&self) -> Target {
        Target {
            bitrate_bps: u32::try_from(self.spendable()).unwrap_or(u32::MAX),
            fps: self.fps(self.rung),
            size: self.size(self.rung),
            paused: self.paused,
        }
    }

    /// Steps below the top; for statistics.
    pub fn rung(&self) -> usize {
        self.rung
    }

    fn pause_or_resume(&mut self) {
        self.paused = if self.paused { self.budget < RESUME_FROM } else { self.budget < PAUSE_BELOW };
    }

    fn spendable(&self) -> u64 {
        self.budget.min(self.limits.max_bps).max(self.limits.min_bps.min(self.limits.max_bps)).max(PAUSE_BELOW)
    }

    fn step_down(&mut self, now: Instant) {
        // Straight to the rung that the bitrate is good for: each step on the way would cost a key frame and its time.
        let budget = self.spendable() as f64;
        let fitting = (self.rung + 1..=self.lowest()).find(|&r| budget >= self.need(r)).unwrap_or(self.lowest());
        self.rung = fitting;
        self.short_since = None;
        if self.stepped_up.take().is_some_and(|at| now.saturating_duration_since(at) < SETTLED) {
            self.up_after = (self.up_after * 2).min(UP_AFTER_MOST);
        }
    }

    /// Bit/s that a rung needs to look decent; the top never needs more than what is configured.
    fn need(&self, rung: usize) -> f64 {
        let raw = self.size(rung).area() as f64 * f64::from(self.fps(rung)) * POOR;
        raw.min(self.limits.max_bps as f64 * self.share(rung))
    }

    /// Share of the top's pixels a second.
    fn share(&self, rung: usize) -> f64 {
        let pixels = |r| self.size(r).area() as f64 * f64::from(self.fps(r));
        pixels(rung) / pixels(0).max(1.0)
    }

    fn fps(&self, rung: usize) -> f32 {
        let top = self.limits.fps;
        ((f64::from(top) * RUNGS[rung].0) as f32).max(SLOWEST.min(top))
    }

    fn size(&self, rung: usize) -> Size {
        let (numerator, denominator) = RUNGS[rung].1;
        let scale = |side: u32| (side * numerator / denominator).next_multiple_of(2).max(2);
        Size::new(scale(self.limits.size.width), scale(self.limits.size.height))
    }

    /// The last rung whose picture is not narrower than anything worth sending.
    fn lowest(&self) -> usize {
        (0..RUNGS.len())
            .rev()
            .find(|&r| RUNGS[r].1 == (1, 1) || self.size(r).width.max(self.size(r).height) >= NARROWEST)
            .unwrap_or(0)
    }
}
