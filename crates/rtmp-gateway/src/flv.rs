//! What pictures and sound look like in RTMP messages, and in the engine: tags of FLV, access units in Annex B, AAC. Pure.

use annexb::{NalKind, nals};
use bytes::Bytes;
use rtmp_rs::media::h264::{AvcConfig, NaluIterator};
use rtmp_rs::media::{AacData, H264Data};

/// Codecs by their numbers in FLV.
const AVC: u8 = 7;
const AAC: u8 = 10;
/// Bytes of an ADTS header without a checksum.
const ADTS: usize = 7;
/// Longest set of parameters that is carried, in bytes.
const MAX_SET: usize = 1024;

/// What a tag brings.
#[derive(Debug)]
pub(crate) enum Picture {
    /// Parameters for what follows.
    Parameters(AvcConfig),
    /// An access unit in the parameters' form. When it is shown is of no use: without B-frames, which are refused, all are equally late.
    Unit(Bytes),
    Nothing,
}

/// Why a tag is of no use.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadTag {
    /// The stream can never be passed on.
    #[error("{0}")]
    Codec(String),
    #[error("a tag that is none")]
    Syntax,
}

/// Reads a tag of video; `length` is that of the NAL units' own lengths, as the parameters said.
pub(crate) fn picture(tag: &Bytes, length: u8) -> Result<Picture, BadTag> {
    let &head = tag.first().ok_or(BadTag::Syntax)?;
    if head & 0x80 != 0 {
        let name = tag.get(1..5).map(|name| String::from_utf8_lossy(name).into_owned()).unwrap_or_default();
        return Err(BadTag::Codec(format!("the video is {name:?} of enhanced RTMP: send H.264, which goes through as it is")));
    }
    if head & 0x0f != AVC {
        return Err(BadTag::Codec(format!("the video has codec {}: send H.264 (7), which goes through as it is", head & 0x0f)));
    }
    // Such a tag is a remark to players.
    if head >> 4 == 5 {
        return Ok(Picture::Nothing);
    }
    match H264Data::parse(tag.slice(1..), length) {
        Ok(H264Data::SequenceHeader(parameters)) => Ok(Picture::Parameters(parameters)),
        Ok(H264Data::Frame { nalus, .. }) => Ok(Picture::Unit(nalus)),
        Ok(H264Data::EndOfSequence) => Ok(Picture::Nothing),
        Err(_) => Err(BadTag::Syntax),
    }
}

/// An access unit in Annex B; a key frame brings its parameter sets.
pub(crate) fn annex_b(parameters: &AvcConfig, unit: &[u8]) -> Vec<u8> {
    let units = || NaluIterator::new(unit, parameters.nalu_length_size).filter(|nal| !nal.is_empty());
    let has = |kind| units().any(|nal| NalKind::of(nal) == Some(kind));
    let mut out = Vec::with_capacity(unit.len() + 256);
    let mut put = |nal: &[u8]| {
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(nal);
    };
    if has(NalKind::Idr) && !(has(NalKind::Sps) && has(NalKind::Pps)) {
        parameters.sps.iter().chain(&parameters.pps).filter(|set| !set.is_empty()).for_each(|set| put(set));
    }
    // The delimiter would have to stand first, and fillers fill nothing here.
    units().filter(|nal| !matches!(NalKind::of(nal), Some(NalKind::Delimiter | NalKind::Other(12)))).for_each(put);
    out
}

/// What a tag of sound brings.
#[derive(Debug)]
pub(crate) enum Sound {
    /// How the packets that follow are encoded: an AudioSpecificConfig.
    Parameters(Bytes),
    /// A packet of AAC.
    Packet(Bytes),
}

/// Reads a tag of sound.
pub(crate) fn sound(tag: &Bytes) -> Result<Sound, BadTag> {
    let &head = tag.first().ok_or(BadTag::Syntax)?;
    if head >> 4 != AAC {
        return Err(BadTag::Codec(format!("the sound has format {}: send AAC (10), or none", head >> 4)));
    }
    match AacData::parse(tag.slice(1..)) {
        Ok(AacData::SequenceHeader(parameters)) => Ok(Sound::Parameters(parameters.raw)),
        Ok(AacData::Frame { data }) => Ok(Sound::Packet(data)),
        Err(_) => Err(BadTag::Syntax),
    }
}

/// The parameter sets of a key frame, as a tag; `None` where it has none.
pub(crate) fn parameters_tag(unit: &[u8]) -> Option<Bytes> {
    let find = |kind| nals(unit).find(|nal| NalKind::of(nal) == Some(kind)).filter(|nal| nal.len() <= MAX_SET);
    let (sps, pps) = (find(NalKind::Sps)?, find(NalKind::Pps)?);
    let &[_, profile, flags, level, ..] = sps else { return None };
    let mut out = vec![0x10 | AVC, 0, 0, 0, 0, 1, profile, flags, level, 0xff, 0xe1];
    out.extend_from_slice(&(sps.len() as u16).to_be_bytes());
    out.extend_from_slice(sps);
    out.push(1);
    out.extend_from_slice(&(pps.len() as u16).to_be_bytes());
    out.extend_from_slice(pps);
    if matches!(profile, 100 | 110 | 122 | 144) {
        // 4:2:0 of 8 bits, which is what the room's clients can show.
        out.extend_from_slice(&[0xfd, 0xf8, 0xf8, 0]);
    }
    Some(out.into())
}

/// An access unit as a tag.
pub(crate) fn picture_tag(unit: &[u8], key: bool) -> Bytes {
    let mut out = Vec::with_capacity(unit.len() + 64);
    out.extend_from_slice(&[if key { 0x10 } else { 0x20 } | AVC, 1, 0, 0, 0]);
    for nal in nals(unit) {
        if !matches!(NalKind::of(nal), Some(NalKind::Sps | NalKind::Pps | NalKind::Delimiter) | None) {
            out.extend_from_slice(&(nal.len() as u32).to_be_bytes());
            out.extend_from_slice(nal);
        }
    }
    out.into()
}

/// Head of all tags of AAC, whatever its rate: 44 kHz, 16 bits, stereo.
const AAC_HEAD: u8 = AAC << 4 | 0x0f;

/// A frame of ADTS as tags: how it is encoded, and the packet.
pub(crate) fn sound_tags(frame: &[u8]) -> Option<(Bytes, Bytes)> {
    let (&[0xff, _, second, third, ..], Some(raw)) = (frame, frame.get(ADTS..)) else { return None };
    let (object, rate, channels) = (1 + (second >> 6), second >> 2 & 0x0f, (second & 1) << 2 | third >> 6);
    let parameters = [AAC_HEAD, 0, object << 3 | rate >> 1, (rate & 1) << 7 | channels << 3];
    let packet = [&[AAC_HEAD, 1], raw].concat();
    Some((Bytes::copy_from_slice(&parameters), packet.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPS: &[u8] = &[0x67, 66, 0xc0, 30, 1, 2];
    const PPS: &[u8] = &[0x68, 3];

    fn key() -> Vec<u8> {
        [&[0, 0, 0, 1, 9, 0xf0], &[0, 0, 0, 1][..], SPS, &[0, 0, 1], PPS, &[0, 0, 1, 0x65, 0x88, 7, 7]].concat()
    }

    #[test]
    fn an_access_unit_comes_back_as_it_went_out() {
        let unit = key();
        let Picture::Parameters(parameters) = picture(&parameters_tag(&unit).unwrap(), 4).unwrap() else {
            panic!("no parameters")
        };
        let Picture::Unit(carried) = picture(&picture_tag(&unit, true), 4).unwrap() else { panic!("no unit") };
        let expected = [&[0, 0, 0, 1][..], SPS, &[0, 0, 0, 1], PPS, &[0, 0, 0, 1, 0x65, 0x88, 7, 7]].concat();
        assert_eq!(annex_b(&parameters, &carried), expected);
        assert!(parameters_tag(&[0, 0, 1, 0x61, 1]).is_none());
    }

    #[test]
    fn a_frame_of_sound_says_how_it_is_encoded() {
        // 48 kHz mono, low complexity: as syom's documents have it.
        let frame = [0xff, 0xf1, 0x4c, 0x40, 0x01, 0x3f, 0xfc, 1, 2];
        let (parameters, packet) = sound_tags(&frame).unwrap();
        assert!(matches!(sound(&parameters), Ok(Sound::Parameters(config)) if config[..] == [0x11, 0x88]));
        assert!(matches!(sound(&packet), Ok(Sound::Packet(raw)) if raw[..] == [1, 2]));
        assert!(sound_tags(&[0xff]).is_none());
    }

    #[test]
    fn other_codecs_are_named_and_broken_tags_are_no_crash() {
        for (head, word) in [(0x12, "codec 2"), (0x9d, "hvc1")] {
            let tag = Bytes::copy_from_slice(&[head, b'h', b'v', b'c', b'1', 0]);
            assert!(matches!(picture(&tag, 4), Err(BadTag::Codec(why)) if why.contains(word)), "{head:x}");
        }
        assert!(matches!(sound(&Bytes::from_static(&[0x2f, 0])), Err(BadTag::Codec(_))));
        let good = parameters_tag(&key()).unwrap();
        for cut in 0..good.len() {
            assert!(picture(&good.slice(..cut), 4).is_err(), "{cut} bytes");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_makes_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..80), length in 0u8..5) {
            let tag = Bytes::from(bytes.clone());
            if let Ok(Picture::Parameters(parameters)) = picture(&tag, length) {
                let _ = annex_b(&parameters, &bytes);
            }
            let _ = (sound(&tag), sound_tags(&bytes), parameters_tag(&bytes), picture_tag(&bytes, true));
        }
    }
}
