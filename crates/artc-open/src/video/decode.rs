//! Decoders of others' pictures: H.264 by OpenH264, VP8 by a decoder in Rust. Access units in, I420 out. Not for deciding what to do
//! about one that fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use media::Size;
use openh264::formats::YUVSource;
use oxideav_vp8::Vp8DecoderState;

/// Largest picture that is decoded, in pixels: the screen encoder's limit in the documents, 3840x2160.
const MOST_PIXELS: u64 = 3840 * 2160;

/// How pictures of a track are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureCodec {
    /// Access units in Annex B.
    H264,
    /// Frames as RFC 6386 has them.
    Vp8,
}

impl PictureCodec {
    /// Whether this picture refers to no other.
    pub fn is_key(self, unit: &[u8]) -> bool {
        match self {
            Self::H264 => media::h264::is_key(unit),
            Self::Vp8 => unit.first().is_some_and(|first| first & 1 == 0),
        }
    }
}

/// Why a picture could not be decoded.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// No decoder could be made, or it does not understand the unit.
    #[error("H.264: {0}")]
    H264(#[from] openh264::Error),
    /// It does not understand the frame.
    #[error("VP8: {0}")]
    Vp8(String),
}

/// A decoder of one track.
pub enum Decoder {
    /// Of H.264.
    H264(Box<openh264::decoder::Decoder>),
    /// Of VP8.
    Vp8(Box<Vp8DecoderState>),
}

impl Decoder {
    /// A decoder that has seen nothing yet; the first picture must be a key frame.
    pub fn new(codec: PictureCodec) -> Result<Self, DecodeError> {
        Ok(match codec {
            PictureCodec::H264 => Self::H264(Box::new(openh264::decoder::Decoder::new()?)),
            PictureCodec::Vp8 => Self::vp8(),
        })
    }

    fn vp8() -> Self {
        Self::Vp8(Box::new(Vp8DecoderState::new().with_max_pixels_per_frame(MOST_PIXELS)))
    }

    /// What it decodes.
    pub fn codec(&self) -> PictureCodec {
        match self {
            Self::H264(_) => PictureCodec::H264,
            Self::Vp8(_) => PictureCodec::Vp8,
        }
    }

    /// Decodes a picture into `out`: I420 without padding, colour planes of odd sizes rounded up. `None` where the unit shows nothing.
    pub fn decode(&mut self, unit: &[u8], out: &mut Vec<u8>) -> Result<Option<Size>, DecodeError> {
        match self {
            Self::H264(decoder) => {
                let Some(picture) = decoder.decode(unit)? else { return Ok(None) };
                copy(&picture, out);
                let (width, height) = picture.dimensions();
                Ok(Some(Size::new(width as u32, height as u32)))
            }
            Self::Vp8(decoder) => {
                // What a stranger sends must not end the thread, whatever the decoder makes of it.
                let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode_frame(unit)));
                let shown = decoder.last_frame_shown() != Some(false);
                let Ok(decoded) = decoded else {
                    *self = Self::vp8();
                    return Err(DecodeError::Vp8("the decoder broke on it".into()));
                };
                let picture = decoded.map_err(|error| DecodeError::Vp8(error.to_string()))?;
                if !shown {
                    return Ok(None);
                }
                for plane in [&picture.y, &picture.u, &picture.v] {
                    out.extend_from_slice(plane);
                }
                Ok(Some(Size::new(picture.width, picture.height)))
            }
        }
    }
}

/// The planes without padding.
fn copy(picture: &impl YUVSource, out: &mut Vec<u8>) {
    let (width, height) = picture.dimensions();
    let (sy, su, sv) = picture.strides();
    let mut plane = |data: &[u8], stride: usize, width: usize, rows: usize| {
        data.chunks(stride).take(rows).for_each(|row| out.extend_from_slice(&row[..width]));
    };
    plane(picture.y(), sy, width, height);
    plane(picture.u(), su, width.div_ceil(2), height.div_ceil(2));
    plane(picture.v(), sv, width.div_ceil(2), height.div_ceil(2));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of a bright square that wanders over a ramp.
    fn picture(size: Size, n: usize) -> Vec<u8> {
        let (width, height) = (size.width as usize, size.height as usize);
        let mut out = Vec::with_capacity(size.i420_len());
        for y in 0..height {
            for x in 0..width {
                let inside = (n * 3..n * 3 + 40).contains(&x) && (20..60).contains(&y);
                out.push(if inside { 220 } else { (x * 128 / width + y * 60 / height + 16) as u8 });
            }
        }
        out.resize(size.i420_len(), 128);
        out
    }

    /// VP8 key and inter frames, made by an encoder of the same library.
    fn vp8(size: Size, count: usize) -> Vec<Vec<u8>> {
        let params = oxideav_vp8::KeyframeParams::default();
        let mut encoder = oxideav_vp8::stream::Vp8InterStreamEncoder::new(params, 1000).unwrap();
        let half = (size.width as usize / 2) * (size.height as usize / 2);
        let luma = (size.width * size.height) as usize;
        (0..count)
            .map(|n| {
                let data = picture(size, n);
                let (y, u, v) = (&data[..luma], &data[luma..luma + half], &data[luma + half..]);
                encoder.encode_frame(&oxideav_vp8::I420Frame::packed(size.width, size.height, y, u, v)).unwrap().bytes
            })
            .collect()
    }

    fn distance(a: &[u8], b: &[u8]) -> f64 {
        a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
    }

    #[test]
    fn vp8_is_decoded_key_frame_and_what_follows() {
        let size = Size::new(176, 144);
        let mut decoder = Decoder::new(PictureCodec::Vp8).unwrap();
        for (n, frame) in vp8(size, 12).iter().enumerate() {
            assert_eq!(PictureCodec::Vp8.is_key(frame), n == 0);
            let mut out = Vec::new();
            assert_eq!(decoder.decode(frame, &mut out).unwrap(), Some(size));
            assert!(distance(&out, &picture(size, n)) < 4.0, "picture {n}: {}", distance(&out, &picture(size, n)));
        }
    }

    /// The sum that ffmpeg writes with `-f framecrc`.
    fn adler32(data: &[u8]) -> u32 {
        let (mut a, mut b) = (0u32, 0u32);
        for byte in data {
            a = (a + u32::from(*byte)) % 65_521;
            b = (b + a) % 65_521;
        }
        b << 16 | a
    }

    #[test]
    fn what_libvpx_has_encoded_is_decoded_to_the_last_bit() {
        let file = include_bytes!("../../testdata/libvpx.ivf");
        let wanted: Vec<u32> = include_str!("../../testdata/libvpx.adler32")
            .lines()
            .map(|line| u32::from_str_radix(line.trim_start_matches("0x"), 16).unwrap())
            .collect();
        let mut decoder = Decoder::new(PictureCodec::Vp8).unwrap();
        let (mut rest, mut found, mut keys) = (&file[32..], Vec::new(), 0);
        while let Some((head, data)) = rest.split_at_checked(12) {
            let (frame, more) = data.split_at(u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize);
            let mut out = Vec::new();
            assert_eq!(decoder.decode(frame, &mut out).unwrap(), Some(Size::new(174, 142)));
            keys += u32::from(PictureCodec::Vp8.is_key(frame));
            found.push(adler32(&out));
            rest = more;
        }
        assert_eq!((found.len(), keys), (36, 2));
        assert_eq!(found, wanted);
    }

    #[test]
    fn rubbish_is_an_error_and_the_next_key_frame_heals() {
        let size = Size::new(176, 144);
        let frames = vp8(size, 6);
        let mut decoder = Decoder::new(PictureCodec::Vp8).unwrap();
        assert!(decoder.decode(&frames[1], &mut Vec::new()).is_err(), "nothing to refer to");
        let mut seed = 1u64;
        for round in 0..600 {
            let mut damaged = frames[round % frames.len()].clone();
            for _ in 0..1 + round % 7 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (seed >> 33) as usize % damaged.len();
                // The size stays: it says how much memory is asked for, which the limit bounds.
                if !(6..10).contains(&at) {
                    damaged[at] = (seed >> 20) as u8;
                }
            }
            damaged.truncate(damaged.len() - round % 5);
            let mut out = Vec::new();
            if let Ok(Some(size)) = decoder.decode(&damaged, &mut out) {
                assert_eq!(out.len(), size.i420_len());
            }
        }
        let mut out = Vec::new();
        assert_eq!(decoder.decode(&frames[0], &mut out).unwrap(), Some(size));
        assert!(distance(&out, &picture(size, 0)) < 4.0);
        let mut huge = frames[0].clone();
        huge[6..10].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
        assert!(decoder.decode(&huge, &mut Vec::new()).is_err(), "16383 x 16383 is refused before memory is asked for");
    }
}
