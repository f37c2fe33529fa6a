//! Packets of AAC into PCM that the engine takes. The decoder is `syom`, which encodes for the engine as well.

use artc_bindings::audio::SAMPLE_RATES;
use artc_open::audio::Resampler;
use bytes::Bytes;
use syom::{ChannelMode, DecodeOptions, Decoder};

/// What a rate becomes that the engine has not.
const RATE: u32 = 48_000;

/// See the module.
pub(crate) struct SoundDecoder {
    parameters: Bytes,
    decoder: Decoder,
    resampler: Option<(u32, Resampler)>,
    decoded: Vec<i16>,
    resampled: Vec<i16>,
}

/// PCM, interleaved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Format {
    /// Hz, one of [`SAMPLE_RATES`].
    pub rate: u32,
    /// 1 or 2.
    pub channels: u32,
}

impl SoundDecoder {
    /// Of packets with these parameters, an AudioSpecificConfig.
    pub(crate) fn new(parameters: Bytes) -> Result<Self, String> {
        let decoder = open(&parameters)?;
        Ok(Self { parameters, decoder, resampler: None, decoded: Vec::new(), resampled: Vec::new() })
    }

    /// Whether it was made with these.
    pub(crate) fn is_for(&self, parameters: &[u8]) -> bool {
        self.parameters == parameters
    }

    /// The samples of a packet. One that is broken is left out; the next may be right.
    pub(crate) fn decode(&mut self, packet: &[u8]) -> Result<(Format, &[i16]), String> {
        self.decoded.clear();
        let (mut rate, mut channels, decoded) = (0, 0, &mut self.decoded);
        let outcome = self.decoder.decode_au(packet, |frame| {
            (rate, channels) = (frame.sample_rate, frame.planar.len().min(2));
            for n in 0..frame.samples {
                let sample = |plane: &&[f32]| (plane.get(n).copied().unwrap_or(0.0) * 32_767.0) as i16;
                decoded.extend(frame.planar.iter().take(2).map(sample));
            }
            Ok(())
        });
        if let Err(why) = outcome {
            self.decoder = open(&self.parameters)?;
            return Err(why.to_string());
        }
        if channels == 0 {
            return Err("a packet without channels".into());
        }
        let format = |rate| Format { rate, channels: channels as u32 };
        if SAMPLE_RATES.contains(&rate) {
            return Ok((format(rate), &self.decoded));
        }
        if self.resampler.as_ref().is_none_or(|(from, _)| *from != rate) {
            self.resampler = Some((rate, Resampler::new(rate, RATE, channels)));
        }
        self.resampled.clear();
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.process(&self.decoded, &mut self.resampled);
        }
        Ok((format(RATE), &self.resampled))
    }
}

fn open(parameters: &[u8]) -> Result<Decoder, String> {
    // Five bits of object, four of rate (with 24 more where they are 15), four of channels.
    let bits = parameters.iter().take(8).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte))
        << (64 - 8 * parameters.len().clamp(1, 8));
    let channels = if bits << 5 >> 60 == 15 { bits << 33 >> 60 } else { bits << 9 >> 60 };
    // More than two are mixed, as the engine takes two.
    let mode = if channels > 2 { ChannelMode::Mono } else { ChannelMode::Split };
    let options = DecodeOptions::audio().with_max_duration_secs(f64::INFINITY).with_channel_mode(mode);
    Decoder::from_asc(parameters, options).map_err(|why| format!("the sound cannot be decoded: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flv::{Sound, sound, sound_tags};

    /// A second of a tone of 1 kHz through encoder and decoder.
    fn heard(rate: u32, channels: usize) -> (Format, Vec<i16>) {
        let tone: Vec<f32> = (0..rate).map(|n| 0.5 * (n as f32 * 1000.0 * std::f32::consts::TAU / rate as f32).sin()).collect();
        let planes = vec![tone.as_slice(); channels];
        let mut encoder = syom::Encoder::new(rate, channels, &syom::EncodeOptions::adts().with_bitrate_bps(48_000)).unwrap();
        let mut frames = Vec::new();
        encoder
            .feed(&planes, |frame| {
                frames.push(frame.au.to_vec());
                Ok(())
            })
            .unwrap();
        let Some(Sound::Parameters(parameters)) = sound_tags(&frames[0]).map(|tags| sound(&tags.0).unwrap()) else { panic!() };
        let mut decoder = SoundDecoder::new(parameters).unwrap();
        let (mut format, mut pcm) = (None, Vec::new());
        for frame in &frames {
            let Some(Sound::Packet(packet)) = sound_tags(frame).map(|tags| sound(&tags.1).unwrap()) else { panic!() };
            let (now, samples) = decoder.decode(&packet).unwrap();
            assert!(format.replace(now).is_none_or(|before| before == now));
            pcm.extend_from_slice(samples);
        }
        (format.unwrap(), pcm)
    }

    #[test]
    fn a_tone_is_the_same_tone_at_every_rate_in_one_channel_and_in_two() {
        for (rate, channels, becomes) in [(48_000, 1, 48_000), (44_100, 2, 44_100), (22_050, 2, 48_000), (11_025, 1, 48_000)] {
            let (format, pcm) = heard(rate, channels);
            assert_eq!(format, Format { rate: becomes, channels: channels as u32 });
            let left: Vec<i16> = pcm.iter().step_by(channels).copied().collect();
            // From the middle, where encoder and filters have come into step: half a second has 500 waves.
            let middle = &left[left.len() / 4..][..becomes as usize / 2];
            let rises = middle.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
            assert!((495..=505).contains(&rises), "{rises} waves at {rate} Hz");
            assert!(middle.iter().any(|sample| *sample > 14_000), "at {rate} Hz it is as loud as it was");
        }
    }

    #[test]
    fn what_is_broken_is_said_and_the_next_packet_is_decoded() {
        assert!(SoundDecoder::new(Bytes::new()).is_err());
        assert!(SoundDecoder::new(Bytes::from_static(&[0xff; 3])).is_err());
        let mut decoder = SoundDecoder::new(Bytes::from_static(&[0x11, 0x88])).unwrap();
        assert!(decoder.decode(&[]).is_err());
        let mut encoder = syom::Encoder::new(48_000, 1, &syom::EncodeOptions::adts()).unwrap();
        let mut first = Vec::new();
        encoder
            .feed(&[&[0.1; 4096][..]], |frame| {
                first.push(frame.au[7..].to_vec());
                Ok(())
            })
            .unwrap();
        assert_eq!(decoder.decode(&first[0]).unwrap().1.len(), 1024);
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_makes_it_panic(
            parameters in proptest::collection::vec(proptest::num::u8::ANY, 0..6),
            packet in proptest::collection::vec(proptest::num::u8::ANY, 0..300),
        ) {
            for parameters in [Bytes::from(parameters), Bytes::from_static(&[0x12, 0x10])] {
                if let Ok(mut decoder) = SoundDecoder::new(parameters) {
                    let _ = decoder.decode(&packet);
                }
            }
        }
    }
}
