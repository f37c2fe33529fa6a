//! The sound of the file: blocks of the engine's mix on the file's axis of time, as AAC. Pure.
//!
//! Blocks are counted, not timed: so jitter of threads is not heard. What got lost on the way shows as blocks that come late, all of them:
//! the least lateness of a while is what is missing, and becomes silence.

use std::time::Duration;

use artc_open::audio::{AacEncoder, AacError, AacSettings, RATE};
use record::mp4::{self, Packet};

/// Samples of an AAC frame; the first one carries what a decoder needs to begin and no sound.
const FRAME: u64 = 1024;
/// Bytes of an ADTS header, which MP4 says by itself.
const ADTS: usize = 7;
/// How long blocks are watched before sound is put right.
const WATCH: Duration = Duration::from_secs(2);
/// So much off is not heard.
const SLACK: i64 = RATE as i64 / 50;
/// bit/s.
const BITRATE: u32 = 64_000;

/// See the module.
pub(crate) struct SoundTrack {
    encoder: AacEncoder,
    /// When the file's axis began.
    began: Duration,
    /// Samples given to the encoder.
    samples: u64,
    /// Frames that came out.
    frames: u64,
    /// Since when blocks are watched, and the least that they were late, in samples.
    watched: Option<(Duration, i64)>,
    /// Samples that are too many and are left out, by whole blocks.
    surplus: i64,
    silence: Vec<i16>,
}

impl SoundTrack {
    /// An axis that begins at `began`.
    pub(crate) fn new(began: Duration) -> Result<Self, AacError> {
        let encoder = AacEncoder::new(AacSettings { rate: RATE, bitrate: BITRATE })?;
        Ok(Self { encoder, began, samples: 0, frames: 0, watched: None, surplus: 0, silence: vec![0; RATE as usize / 100] })
    }

    /// A block of the mix, mono at 48 kHz, which was handed out at `at`. Packets go to `each` with their place in ticks of sound.
    pub(crate) fn block(&mut self, pcm: &[i16], at: Duration, mut each: impl FnMut(u64, &[u8])) -> Result<(), AacError> {
        if self.surplus >= pcm.len() as i64 {
            self.surplus -= pcm.len() as i64;
            return Ok(());
        }
        // It ends when it is handed out, as pictures begin when they are.
        let due = mp4::sound_ticks(at.saturating_sub(self.began)) as i64;
        let late = due - self.samples as i64 - pcm.len() as i64;
        match &mut self.watched {
            // The first one begins the axis, and a long silence is no jitter.
            None => self.silence(late, &mut each)?,
            Some(_) if late > i64::from(RATE) * 2 => {
                self.silence(late, &mut each)?;
                self.watched = None;
            }
            Some((since, least)) if at.saturating_sub(*since) >= WATCH => {
                let least = (*least).min(late);
                self.watched = None;
                if least > SLACK {
                    self.silence(least, &mut each)?;
                } else if least < -SLACK {
                    self.surplus = -least;
                }
            }
            Some(_) => {}
        }
        let watched = self.watched.get_or_insert((at, i64::MAX));
        watched.1 = watched.1.min(late);
        self.encode(pcm, &mut each)
    }

    fn silence(&mut self, samples: i64, each: &mut impl FnMut(u64, &[u8])) -> Result<(), AacError> {
        let mut left = usize::try_from(samples).unwrap_or(0);
        let silence = std::mem::take(&mut self.silence);
        let mut outcome = Ok(());
        while left > 0 && outcome.is_ok() {
            let now = left.min(silence.len());
            outcome = self.encode(&silence[..now], each);
            left -= now;
        }
        self.silence = silence;
        outcome
    }

    fn encode(&mut self, pcm: &[i16], each: &mut impl FnMut(u64, &[u8])) -> Result<(), AacError> {
        self.samples += pcm.len() as u64;
        let frames = &mut self.frames;
        self.encoder.encode(pcm, |frame, _| {
            if let (Some(before), Some(raw)) = (frames.checked_sub(1), frame.get(ADTS..)) {
                each(before * FRAME, raw);
            }
            *frames += 1;
        })
    }
}

/// A packet of `len` bytes.
pub(crate) fn packet(len: usize) -> Packet {
    Packet { len: len as u32, duration: FRAME as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: [i16; 480] = [1000; 480];

    /// How long the track is after blocks handed out at these times.
    fn length(times: impl IntoIterator<Item = u64>) -> Duration {
        let mut track = SoundTrack::new(Duration::from_secs(100)).unwrap();
        let mut end = 0;
        for ms in times {
            let at = Duration::from_secs(100) + Duration::from_millis(ms);
            track
                .block(&BLOCK, at, |place, raw| {
                    assert!(place == end && !raw.is_empty(), "{place} after {end}");
                    end = place + FRAME;
                })
                .unwrap();
        }
        mp4::sound_time(track.samples)
    }

    fn near(got: Duration, want_ms: u64) {
        assert!(got.abs_diff(Duration::from_millis(want_ms)) <= Duration::from_millis(50), "{got:?} for {want_ms} ms");
    }

    #[test]
    fn blocks_in_time_late_by_jitter_or_in_bursts_are_counted_and_not_stretched() {
        near(length((1..=1000).map(|n| n * 10)), 10_000);
        near(length((1..=1000).map(|n| n * 10 + (n * 7) % 40)), 10_000);
        // The thread slept 400 ms every second, and found all that had come.
        near(length((1..=1000).map(|n| if n % 100 < 40 { n / 100 * 1000 + 400 } else { n * 10 })), 10_000);
    }

    #[test]
    fn what_is_lost_becomes_silence_and_what_is_too_much_goes() {
        near(length((1..=500).map(|n| n * 10 + 3000)), 8_000);
        near(length((1..=2000).filter(|n| !(100..130).contains(n)).map(|n| n * 10)), 20_000);
        near(length((1..=2000).filter(|n| !(100..1000).contains(n)).map(|n| n * 10)), 20_000);
        // A clock that ticks a percent fast.
        near(length((1..=2020).map(|n| n * 10 * 100 / 101)), 20_000);
    }
}
