//! Received sound as AAC: low complexity, in ADTS frames, at the rate and bitrate that were asked for. Not for PCM.

use super::resample::Resampler;

/// Samples of one AAC frame.
const FRAME: u64 = 1024;
/// Bitrate where none was asked for, bit/s.
const BITRATE: u32 = 64_000;

/// How AAC is to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AacSettings {
    /// Hz; 0 = as it is, 48,000.
    pub rate: u32,
    /// bit/s; 0 = the engine decides.
    pub bitrate: u32,
}

impl AacSettings {
    /// Hz of what comes out.
    pub fn rate(self) -> u32 {
        if self.rate == 0 { super::RATE } else { self.rate }
    }
}

/// Why no AAC can be made.
#[derive(Debug, thiserror::Error)]
#[error("no AAC at {rate} Hz and {bitrate} bit/s: {why}")]
pub struct AacError {
    rate: u32,
    bitrate: u32,
    why: String,
}

/// An encoder of mono sound at 48 kHz.
pub struct AacEncoder {
    encoder: syom::Encoder,
    resampler: Option<Resampler>,
    rate: u32,
    bitrate: u32,
    resampled: Vec<i16>,
    plane: Vec<f32>,
    frames: u64,
}

impl AacEncoder {
    /// Fails where AAC has no such rate, or no so high bitrate at it.
    pub fn new(settings: AacSettings) -> Result<Self, AacError> {
        let rate = settings.rate();
        let bitrate = if settings.bitrate == 0 { BITRATE } else { settings.bitrate };
        let mut options = syom::EncodeOptions::adts();
        options.bitrate_bps = bitrate;
        let encoder = syom::Encoder::new(rate, 1, &options).map_err(|e| AacError { rate, bitrate, why: e.to_string() })?;
        let resampler = (rate != super::RATE).then(|| Resampler::new(super::RATE, rate, 1));
        Ok(Self { encoder, resampler, rate, bitrate, resampled: Vec::new(), plane: Vec::new(), frames: 0 })
    }

    /// Takes sound; each frame that is complete goes to `each` with its time since the first one, in ms.
    pub fn encode(&mut self, pcm: &[i16], mut each: impl FnMut(&[u8], u32)) -> Result<(), AacError> {
        let pcm: &[i16] = match &mut self.resampler {
            None => pcm,
            Some(resampler) => {
                self.resampled.clear();
                resampler.process(pcm, &mut self.resampled);
                &self.resampled
            }
        };
        self.plane.clear();
        self.plane.extend(pcm.iter().map(|s| f32::from(*s) / 32_768.0));
        let (rate, frames) = (u64::from(self.rate), &mut self.frames);
        let outcome = self.encoder.feed(&[self.plane.as_slice()], |frame| {
            each(frame.au, (*frames * FRAME * 1000 / rate) as u32);
            *frames += 1;
            Ok(())
        });
        outcome.map(|_| ()).map_err(|e| AacError { rate: self.rate, bitrate: self.bitrate, why: e.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::super::speech::{speech, understood};
    use super::*;

    /// ADTS frames of 3 s of speech, decoded again to 48 kHz.
    fn there_and_back(settings: AacSettings) -> (Vec<i16>, Vec<i16>, usize) {
        let pcm = speech(3, 6.0);
        let mut encoder = AacEncoder::new(settings).unwrap();
        let (mut adts, mut times) = (Vec::new(), Vec::new());
        for block in pcm.chunks(480) {
            encoder
                .encode(block, |frame, ms| {
                    assert_eq!(frame[..2], [0xff, 0xf1], "an ADTS frame without a checksum");
                    adts.extend_from_slice(frame);
                    times.push(ms);
                })
                .unwrap();
        }
        let expected = 6000 * u64::from(settings.rate()) / 1000 / FRAME;
        assert!(times.len() as u64 + 3 >= expected && times[0] == 0, "{} of {expected}", times.len());
        let decoded = syom::decode_with(&adts, &syom::DecodeOptions::audio()).unwrap();
        assert_eq!((decoded.sample_rate, decoded.channels.len()), (settings.rate(), 1));
        let plane: Vec<i16> = decoded.channels[0].iter().map(|s| (s * 32_767.0) as i16).collect();
        let mut heard = Vec::new();
        if settings.rate() == super::super::RATE {
            heard = plane;
        } else {
            Resampler::new(settings.rate(), super::super::RATE, 1).process(&plane, &mut heard);
        }
        heard.extend_from_slice(&[0; 48_000]);
        (pcm, heard, adts.len())
    }

    #[test]
    fn aac_at_every_rate_sounds_like_what_went_in() {
        for rate in [0, 8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000] {
            let (pcm, heard, bytes) = there_and_back(AacSettings { rate, bitrate: if rate == 8_000 { 24_000 } else { 48_000 } });
            let score = understood(&pcm, &heard).0;
            assert!(score > if rate == 8_000 { 0.8 } else { 0.9 }, "{rate} Hz: {score:.3}");
            let kbps = bytes as f64 * 8.0 / 6000.0;
            assert!((10.0..60.0).contains(&kbps), "{rate} Hz: {kbps:.0} kbit/s");
        }
    }

    #[test]
    fn a_rate_or_bitrate_that_aac_has_not_is_refused_with_both_numbers() {
        for (rate, bitrate) in [(44_000, 64_000), (8_000, 1_000_000), (1, 1)] {
            let error = AacEncoder::new(AacSettings { rate, bitrate }).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(&rate.to_string()) && error.contains(&bitrate.to_string()), "{error}");
        }
    }
}
