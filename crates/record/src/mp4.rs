//! Fragmented MP4 (ISO/IEC 14496-12, -15; Opus in ISOBMFF; AAC, -14): the head of a file and its fragments as bytes. The boxes are `shiguredo_mp4`'s;
//! which of them, with which times, is decided here. No input and output.
//!
//! A file begins with what a decoder needs and no table of samples; every fragment brings its own. So a file that ends after any fragment is
//! whole.

use std::num::NonZeroU32;
use std::time::Duration;

use shiguredo_mp4::bitstream::aac::{
    AudioObjectType, AudioSpecificConfig, ChannelConfiguration, Mp4aSampleEntryConfig, SamplingFrequency, build_mp4a_box,
};
use shiguredo_mp4::bitstream::h264::{H264SampleEntryConfig, LengthSize, build_avc1_box};
use shiguredo_mp4::bitstream::opus::{ChannelCount, OpusSampleEntryConfig, build_opus_box};
use shiguredo_mp4::boxes::{MfhdBox, MoofBox, SampleEntry, TfdtBox, TfhdBox, TrafBox, TrunBox, TrunSample};
use shiguredo_mp4::mux::{Fmp4SegmentMuxer, Sample, SegmentMuxerOptions};
use shiguredo_mp4::{Decode, Encode, SampleFlags, TrackKind};

/// Ticks a second of pictures.
pub const VIDEO_CLOCK: u32 = 90_000;
/// Ticks a second of sound: Opus has no other, and AAC is taken at that rate.
pub const SOUND_CLOCK: u32 = 48_000;
/// Samples in an Opus packet of 20 ms.
pub(crate) const PACKET: u32 = SOUND_CLOCK / 50;
/// Of the pictures, or of the sound of a file without pictures.
const FIRST_TRACK: u32 = 1;
const SECOND_TRACK: u32 = 2;
/// What a decoder is to drop at the beginning: by so much libopus' encoder is late.
const PRE_SKIP: u16 = 312;
/// `sample_depends_on` = 2: of nothing.
const SYNC: SampleFlags = SampleFlags::new(0x0200_0000);
/// `sample_depends_on` = 1, and not a sync sample.
const NON_SYNC: SampleFlags = SampleFlags::new(0x0101_0000);

/// The bytes that a box's length and kind take.
const BOX_HEAD: u64 = 8;

/// Why there is no file of this: parameter sets that cannot be read, or a fragment longer than a box can say.
#[derive(Debug, thiserror::Error)]
#[error("no MP4 of this stream: {0}")]
pub struct Unfit(String);

fn unfit(why: impl std::fmt::Display) -> Unfit {
    Unfit(why.to_string())
}

/// What a decoder must know before the first picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Format {
    /// Sequence parameter sets, without start codes.
    pub sps: Vec<Vec<u8>>,
    /// Picture parameter sets, without start codes.
    pub pps: Vec<Vec<u8>>,
}

/// A picture of a fragment, in the order of the payload.
#[derive(Clone, Copy, Debug)]
pub struct Picture {
    /// Bytes: NAL units behind their lengths of 4 bytes, without parameter sets.
    pub len: u32,
    /// Until the next one, in ticks of 1/90000 s.
    pub duration: u32,
    /// A decoder can begin here.
    pub key: bool,
}

/// A packet of sound of a fragment; behind all pictures in the payload.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// Bytes.
    pub len: u32,
    /// In ticks of 1/48000 s.
    pub duration: u32,
}

/// A time since the beginning of the file in ticks of pictures.
pub fn video_ticks(since: Duration) -> u64 {
    ticks(since, VIDEO_CLOCK)
}

/// The same in ticks of sound.
pub fn sound_ticks(since: Duration) -> u64 {
    ticks(since, SOUND_CLOCK)
}

fn ticks(since: Duration, clock: u32) -> u64 {
    since.as_secs() * u64::from(clock) + u64::from(since.subsec_nanos()) * u64::from(clock) / 1_000_000_000
}

/// Ticks of pictures as a time.
pub fn video_time(ticks: u64) -> Duration {
    time(ticks, VIDEO_CLOCK)
}

/// Ticks of sound as a time.
pub fn sound_time(ticks: u64) -> Duration {
    time(ticks, SOUND_CLOCK)
}

fn time(ticks: u64, clock: u32) -> Duration {
    let clock = u64::from(clock);
    Duration::from_secs(ticks / clock) + Duration::from_nanos(ticks % clock * 1_000_000_000 / clock)
}

/// The sound of a file, 48 kHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// Opus of 1 or 2 channels.
    Opus(u8),
    /// AAC-LC of one channel, without ADTS headers.
    Aac,
}

impl Sound {
    fn entry(self) -> Result<SampleEntry, Unfit> {
        match self {
            Self::Opus(channels) => {
                let opus = OpusSampleEntryConfig {
                    channel_count: if channels == 2 { ChannelCount::Stereo } else { ChannelCount::Mono },
                    pre_skip: PRE_SKIP,
                    input_sample_rate: SOUND_CLOCK,
                    output_gain: 0,
                };
                Ok(SampleEntry::Opus(build_opus_box(&opus)))
            }
            Self::Aac => {
                let config = AudioSpecificConfig {
                    audio_object_type: AudioObjectType::AacLc,
                    sampling_frequency: SamplingFrequency::from_hz(SOUND_CLOCK).map_err(unfit)?,
                    channel_configuration: ChannelConfiguration::Mono,
                };
                let entry = Mp4aSampleEntryConfig { es_id: 1, buffer_size_db: 0, max_bitrate: 0, avg_bitrate: 0 };
                Ok(SampleEntry::Mp4a(build_mp4a_box(&config, &entry).map_err(unfit)?))
            }
        }
    }
}

/// What a file begins with: `ftyp` and `moov`. `format` of the pictures and `sound`, where the file has them; `began` since 1970.
pub fn head(format: Option<&Format>, sound: Option<Sound>, began: Duration) -> Result<Vec<u8>, Unfit> {
    let mut muxer =
        Fmp4SegmentMuxer::with_options(SegmentMuxerOptions { creation_timestamp: began, ..Default::default() }).map_err(unfit)?;
    // The muxer learns of tracks from their first samples; the fragments are ours, since it takes no gaps.
    let sample = |track_kind, clock, entry, data_offset| Sample {
        track_kind,
        timescale: NonZeroU32::new(clock).unwrap_or(NonZeroU32::MIN),
        sample_entry: Some(entry),
        duration: 1,
        keyframe: true,
        composition_time_offset: None,
        data_offset,
        data_size: 1,
    };
    let mut tracks = Vec::with_capacity(2);
    if let Some(format) = format {
        let config = H264SampleEntryConfig { length_size: LengthSize::FourBytes };
        let avc1 = build_avc1_box(&format.sps, &format.pps, &config).map_err(unfit)?;
        tracks.push(sample(TrackKind::Video, VIDEO_CLOCK, SampleEntry::Avc1(avc1), 0));
    }
    if let Some(sound) = sound {
        tracks.push(sample(TrackKind::Audio, SOUND_CLOCK, sound.entry()?, tracks.len() as u64));
    }
    muxer.create_media_segment_metadata(&tracks).map_err(unfit)?;
    muxer.init_segment_bytes().map_err(unfit)
}

/// What stands before a fragment's payload: `moof` and the head of `mdat`. Pictures begin at `video_at`, sound at `sound_at`, in ticks of
/// each since the beginning of the file. In a file with pictures every fragment has some.
pub fn fragment_head(
    sequence_number: u32,
    (video_at, pictures): (u64, &[Picture]),
    (sound_at, packets): (u64, &[Packet]),
) -> Result<Vec<u8>, Unfit> {
    let video_len: u64 = pictures.iter().map(|picture| u64::from(picture.len)).sum();
    let sound_len: u64 = packets.iter().map(|packet| u64::from(packet.len)).sum();
    let track = |track_id, default_sample_duration, flags, at, samples| TrafBox {
        tfhd_box: TfhdBox {
            track_id,
            base_data_offset: None,
            sample_description_index: None,
            default_sample_duration,
            default_sample_size: None,
            default_sample_flags: Some(flags),
            duration_is_empty: false,
            default_base_is_moof: true,
        },
        tfdt_box: Some(TfdtBox { version: 1, base_media_decode_time: at }),
        trun_boxes: vec![TrunBox { data_offset: Some(0), first_sample_flags: None, samples }],
        unknown_boxes: Vec::new(),
    };
    let mut traf_boxes = Vec::with_capacity(2);
    let mut offsets = Vec::with_capacity(2);
    if !pictures.is_empty() {
        let sample = |picture: &Picture| TrunSample {
            duration: Some(picture.duration),
            size: Some(picture.len),
            flags: Some(if picture.key { SYNC } else { NON_SYNC }),
            composition_time_offset: None,
        };
        traf_boxes.push(track(FIRST_TRACK, None, NON_SYNC, video_at, pictures.iter().map(sample).collect()));
        offsets.push(0);
    }
    if !packets.is_empty() {
        // Nearly always: what every packet would say else is said once.
        let usual = packets[0].duration;
        let even = packets.iter().all(|packet| packet.duration == usual);
        let sample = |packet: &Packet| TrunSample {
            duration: (!even).then_some(packet.duration),
            size: Some(packet.len),
            flags: None,
            composition_time_offset: None,
        };
        let samples = packets.iter().map(sample).collect();
        let id = if pictures.is_empty() { FIRST_TRACK } else { SECOND_TRACK };
        traf_boxes.push(track(id, even.then_some(usual), SYNC, sound_at, samples));
        offsets.push(video_len);
    }
    let mut moof = MoofBox { mfhd_box: MfhdBox { sequence_number }, traf_boxes, unknown_boxes: Vec::new() };
    // An offset has the same length whatever it says, so the first encoding tells the second where the payload begins.
    let payload_at = moof.encode_to_vec().map_err(unfit)?.len() as u64 + BOX_HEAD;
    for (traf, offset) in moof.traf_boxes.iter_mut().zip(offsets) {
        let offset = i32::try_from(payload_at + offset).map_err(unfit)?;
        traf.trun_boxes.iter_mut().for_each(|trun| trun.data_offset = Some(offset));
    }
    let mut bytes = moof.encode_to_vec().map_err(unfit)?;
    let len = u32::try_from(video_len + sound_len + BOX_HEAD).map_err(unfit)?;
    bytes.extend_from_slice(&len.to_be_bytes());
    bytes.extend_from_slice(b"mdat");
    Ok(bytes)
}

/// Where the pictures of a fragment end, or its sound where the file has no pictures, by its `moof`; `None` for one that is not ours.
pub(crate) fn ends(moof: &[u8]) -> Option<Duration> {
    let (moof, _) = MoofBox::decode(moof).ok()?;
    let track = moof.traf_boxes.iter().find(|traf| traf.tfhd_box.track_id == FIRST_TRACK)?;
    let usual = track.tfhd_box.default_sample_duration.unwrap_or(0);
    let samples = track.trun_boxes.iter().flat_map(|trun| &trun.samples);
    let lasts: u64 = samples.map(|sample| u64::from(sample.duration.unwrap_or(usual))).sum();
    let end = track.tfdt_box.as_ref()?.base_media_decode_time.checked_add(lasts)?;
    // Of sound every sample is one to begin at.
    let clock = if track.tfhd_box.default_sample_flags == Some(SYNC) { SOUND_CLOCK } else { VIDEO_CLOCK };
    Some(time(end, clock))
}
