//! Half duplex: while the speaker is heard, and a moment longer, the microphone is silent. For boxes whose echo nothing takes out.

use std::time::Duration;

use media::pcm::{Gain, Level};
use media::{PcmBlock, PcmFormat};

/// Louder than this is somebody who talks, in -dBov.
const TALKS: u8 = 50;
/// What a room keeps sounding after the speaker is still, and a pause between words.
const HOLD: Duration = Duration::from_millis(300);

/// Who talks now.
#[derive(Debug)]
pub struct Gate {
    /// Until when the speaker is heard.
    until: Option<Duration>,
    gain: Gain,
}

impl Default for Gate {
    fn default() -> Self {
        Self { until: None, gain: Gain::new(1.0) }
    }
}

impl Gate {
    /// The speaker was given this at `now`, and is heard after `delay`.
    pub fn played(&mut self, block: &PcmBlock, delay: Duration, now: Duration) {
        if Level::of(block.samples()).dbov() < TALKS {
            let until = now + delay + HOLD;
            self.until = Some(self.until.map_or(until, |before| before.max(until)));
        }
    }

    /// Whether the microphone is silent at `now`.
    pub fn is_closed(&self, now: Duration) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// Silences what the microphone heard, or lets it through. It fades within the block, so that nothing clicks.
    pub fn captured(&mut self, block: &mut PcmBlock, silent: bool) {
        self.gain.set(if silent { 0.0 } else { 1.0 });
        let PcmFormat { channels, .. } = block.format;
        self.gain.apply(block.samples_mut(), channels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn block(value: i16) -> PcmBlock {
        let mut block = PcmBlock::silence(PcmFormat { rate: 48_000, channels: 1 }, Duration::ZERO);
        for (at, sample) in block.samples_mut().iter_mut().enumerate() {
            *sample = if at % 2 == 0 { value } else { -value };
        }
        block
    }

    fn heard(gate: &mut Gate, now: Duration) -> i16 {
        let mut said = block(8000);
        let closed = gate.is_closed(now);
        gate.captured(&mut said, closed);
        // The block before its end fades.
        said.samples().last().unwrap().abs()
    }

    #[test]
    fn one_side_talks_at_a_time() {
        let mut gate = Gate::default();
        assert_eq!(heard(&mut gate, Duration::ZERO), 8000);
        gate.played(&block(20), 30 * MS, 10 * MS);
        assert_eq!(heard(&mut gate, 10 * MS), 8000, "a speaker that only hisses keeps nobody silent");
        gate.played(&block(4000), 30 * MS, 20 * MS);
        assert_eq!((heard(&mut gate, 30 * MS), heard(&mut gate, 340 * MS)), (0, 0));
        gate.played(&block(4000), 30 * MS, 340 * MS);
        gate.played(&block(0), 30 * MS, 350 * MS);
        assert_eq!((heard(&mut gate, 660 * MS), heard(&mut gate, 670 * MS)), (0, 8000), "300 ms after the last word is over");
    }

    #[test]
    fn it_closes_and_opens_without_a_click() {
        let mut gate = Gate::default();
        let mut said = PcmBlock::silence(PcmFormat { rate: 48_000, channels: 1 }, Duration::ZERO);
        said.samples_mut().fill(10_000);
        gate.played(&block(4000), Duration::ZERO, Duration::ZERO);
        assert!(gate.is_closed(Duration::ZERO));
        gate.captured(&mut said, true);
        assert!(said.samples().windows(2).all(|pair| (pair[0] - pair[1]).abs() < 25), "it fades");
        said.samples_mut().fill(10_000);
        gate.captured(&mut said, false);
        assert_eq!(said.samples().last(), Some(&10_000));
    }
}
