//! What the device is given: sound at its rate and on its channels, as much faster or slower as its clock is, in one piece. Pure.
//!
//! Where the sound does not go on (a block is missing or left out, silence begins, the device ran dry), the last sample glides into
//! what follows within 5 ms, so that nothing clicks.

use std::time::Duration;

use drift::{Controller, Stretcher, UnknownRate};
use media::{PcmBlock, PcmFormat};

/// What waits at least right after a block was written: enough for a thread that wakes late.
const LEAST: Duration = Duration::from_millis(30);
/// And at most, on a machine that is always late.
const LONGEST: Duration = Duration::from_millis(150);
/// So much more waits after the device ran dry.
const MORE: Duration = Duration::from_millis(10);
/// And so much less after a minute in which it did not.
const LESS: Duration = Duration::from_millis(5);
const QUIET_FOR: Duration = Duration::from_secs(60);
/// More than this above the target is too much to be played a little faster: a block is left out.
const TOO_MUCH: Duration = Duration::from_millis(60);
/// How long a joint glides.
const JOINT: Duration = Duration::from_millis(5);

/// See the module.
#[derive(Debug)]
pub(super) struct Flow {
    from: PcmFormat,
    rate: u32,
    channels: usize,
    stretcher: Stretcher,
    controller: Controller,
    change: f64,
    /// The least that the device lets wait.
    least: Duration,
    target: Duration,
    dry_at: Option<Duration>,
    /// One channel, as it goes into the stretcher.
    mono: Vec<i16>,
    last: i16,
    cut: bool,
    out: Vec<i16>,
}

impl Flow {
    /// To a device of `rate` Hz on `channels`, which moves samples in steps of `period`.
    ///
    /// # Errors
    /// A rate that no sound can be brought to.
    pub(super) fn new(rate: u32, channels: u32, period: Duration) -> Result<Self, UnknownRate> {
        let least = LEAST.max(period * 2 + Duration::from_millis(10)).min(LONGEST);
        let from = PcmFormat { rate: 48_000, channels: 1 };
        Ok(Self {
            from,
            rate,
            channels: channels.max(1) as usize,
            stretcher: Stretcher::new(from.rate, rate)?,
            controller: Controller::new(least),
            change: 1.0,
            least,
            target: least,
            dry_at: None,
            mono: Vec::with_capacity(PcmBlock::MAX_SAMPLES),
            last: 0,
            cut: false,
            out: Vec::new(),
        })
    }

    /// How much is to wait in the device right after a block was written.
    pub(super) fn target(&self) -> Duration {
        self.target
    }

    /// Whether so much waits already that the next block is left out.
    pub(super) fn is_too_much(&self, waits: Duration) -> bool {
        waits > self.target + TOO_MUCH
    }

    /// What the device's clock is faster than ours by.
    pub(super) fn drift_ppm(&self) -> f64 {
        self.controller.ppm()
    }

    /// The sound does not go on where it was.
    pub(super) fn cut(&mut self) {
        self.cut = true;
    }

    /// So much waits in the device at `now`, right after a block was written.
    pub(super) fn observe(&mut self, waits: Duration, now: Duration) {
        if self.target > self.least && self.dry_at.is_some_and(|at| now > at + QUIET_FOR) {
            self.target = self.target.saturating_sub(LESS).max(self.least);
            self.dry_at = Some(now);
            self.controller.set_target(self.target);
        }
        self.change = self.controller.observe(waits, now);
    }

    /// The device ran dry at `now`, because we were late: more is to wait from now on.
    pub(super) fn ran_dry(&mut self, now: Duration) {
        self.target = (self.target + MORE).min(LONGEST);
        self.dry_at = Some(now);
        self.controller.set_target(self.target);
        self.interrupted();
    }

    /// The device begins anew.
    pub(super) fn interrupted(&mut self) {
        self.controller.interrupted();
        self.cut = true;
    }

    /// What the device is to be given for `block`: interleaved samples of all its channels.
    pub(super) fn sound(&mut self, block: &PcmBlock) -> &[i16] {
        if block.format.rate != self.from.rate {
            // Refused only for rates that no block has.
            if let Ok(stretcher) = Stretcher::new(block.format.rate, self.rate) {
                (self.stretcher, self.from, self.cut) = (stretcher, block.format, true);
            }
        }
        self.mono.clear();
        self.mono.extend_from_slice(block.samples());
        if block.format.channels == 2 {
            media::pcm::downmix(&mut self.mono);
        }
        self.go_on()
    }

    /// What the device is to be given where nothing comes: 10 ms into which the last sound glides.
    pub(super) fn silence(&mut self) -> &[i16] {
        self.mono.clear();
        self.mono.resize(self.stretcher.block(), 0);
        self.cut = self.last != 0;
        self.go_on()
    }

    fn go_on(&mut self) -> &[i16] {
        if std::mem::take(&mut self.cut) {
            let glide = (self.from.rate as usize * JOINT.as_millis() as usize / 1000).min(self.mono.len()).max(1);
            let from = f32::from(self.last);
            for (at, sample) in self.mono.iter_mut().take(glide).enumerate() {
                let share = (at + 1) as f32 / glide as f32;
                *sample = (from + (f32::from(*sample) - from) * share).round() as i16;
            }
        }
        self.last = self.mono.last().copied().unwrap_or(0);
        let sound = self.stretcher.stretch(&self.mono, self.change);
        self.out.clear();
        for sample in sound {
            let sample = (sample * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
            // The first two are left and right wherever there are more.
            self.out.extend((0..self.channels).map(|channel| if channel < 2 { sample } else { 0 }));
        }
        &self.out
    }
}

#[cfg(test)]
mod tests;
