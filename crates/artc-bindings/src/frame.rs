//! Media and messages that come out of the engine. Not for what goes in: see [`crate::sample`].

use std::fmt;
use std::time::Duration;

use crate::documented::documented_enum;
use crate::sample::SampleBytes;
use crate::track::VideoTrackType;

documented_enum! {
    /// Whether a received video frame is decoded.
    pub enum VideoFrameType {
        /// A decoded I420 picture, despite the name.
        H264 = 0 => "VideoFrameH264",
        /// NAL units before decoding (Annex B).
        H264Nalu = 1 => "VideoFrameH264Nalu",
    }
}

documented_enum! {
    /// Whether received sound is decoded.
    pub enum AudioFrameType {
        /// 16-bit PCM.
        RawPcm = 0 => "AudioFrameRawPcm",
        /// AAC in ADTS frames.
        AacAdts = 1 => "AudioFrameAacAdts",
    }
}

/// A video frame of a remote user. The bytes are shared, so a frame may be kept as long as wanted.
#[derive(Clone, Debug)]
pub struct VideoFrame {
    /// Which of the user's encodings.
    pub track: VideoTrackType,
    /// Decoded or not.
    #[doc(alias = "type")]
    pub kind: VideoFrameType,
    /// The frame itself.
    pub frame: VideoH264Frame,
}

/// Bytes and facts of a received video frame.
#[derive(Clone)]
pub struct VideoH264Frame {
    /// Presentation time in milliseconds since the first frame of the track.
    #[doc(alias = "frame_ms_")]
    pub frame_ms: i64,
    /// Number of the frame; reserved in the documents, here counted from 0.
    #[doc(alias = "frame_num_")]
    pub frame_num: i64,
    /// The bytes: I420 without padding, or an Annex B access unit.
    #[doc(alias = "buf_")]
    pub buf: SampleBytes,
    /// How many of them are meant.
    #[doc(alias = "bufSize_")]
    pub buf_size: usize,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Mean quantiser of the frame; 0 when not known.
    pub qp: i32,
    /// Motion vectors; empty unless the engine hands them out.
    #[doc(alias = "mv_infos")]
    pub motion_vectors: Vec<(i32, i32)>,
    /// H.264 slice type; 0 when not known.
    pub slice_type: i32,
    /// When the sender captured the frame, on the clock of the sender (abs-capture-time). Ours, not in the documents.
    pub captured_at: Option<Duration>,
}

impl VideoH264Frame {
    /// The bytes that are meant.
    pub fn bytes(&self) -> &[u8] {
        let all = (*self.buf).as_ref();
        &all[..self.buf_size.min(all.len())]
    }
}

impl fmt::Debug for VideoH264Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoH264Frame")
            .field("frame_ms", &self.frame_ms)
            .field("size", &format_args!("{}x{}", self.width, self.height))
            .field("buf_size", &self.buf_size)
            .finish_non_exhaustive()
    }
}

/// Sound of one remote user or of the mix.
///
/// In the documents a frame has a type and two parts of which one is filled; here the type *is* the variant.
#[derive(Clone, Debug)]
pub enum AudioFrame {
    /// Decoded ([`AudioFrameType::RawPcm`]).
    Pcm(AudioPcmFrame),
    /// AAC ([`AudioFrameType::AacAdts`]).
    Aac(AudioAacFrame),
}

impl AudioFrame {
    /// The documented type of the frame.
    pub const fn kind(&self) -> AudioFrameType {
        match self {
            Self::Pcm(_) => AudioFrameType::RawPcm,
            Self::Aac(_) => AudioFrameType::AacAdts,
        }
    }
}

/// 16-bit PCM, usually 10 ms.
#[derive(Clone)]
pub struct AudioPcmFrame {
    /// Duration of the block in milliseconds.
    #[doc(alias = "frame_ms_")]
    pub frame_ms: u32,
    /// 1 or 2.
    #[doc(alias = "channels_")]
    pub channels: u16,
    /// Always 16.
    #[doc(alias = "sample_bits_")]
    pub sample_bits: u16,
    /// Samples a second and channel, in Hz.
    #[doc(alias = "sample_rates_")]
    pub sample_rates: u32,
    /// Samples of one channel in this block.
    #[doc(alias = "samples_")]
    pub samples: u32,
    /// 0 main stream, 1 second stream.
    #[doc(alias = "streamIndex_")]
    pub stream_index: u32,
    /// The samples, interleaved.
    #[doc(alias = "pcmBuf_")]
    #[doc(alias = "pcmBufSize_")]
    pub pcm: Vec<i16>,
}

impl fmt::Debug for AudioPcmFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioPcmFrame")
            .field("channels", &self.channels)
            .field("sample_rates", &self.sample_rates)
            .field("samples", &self.samples)
            .finish_non_exhaustive()
    }
}

/// One AAC frame with its ADTS header.
#[derive(Clone)]
pub struct AudioAacFrame {
    /// Presentation time in milliseconds since the first frame.
    #[doc(alias = "frame_ms_")]
    pub frame_ms: u32,
    /// 1 or 2.
    #[doc(alias = "channels_")]
    pub channels: u16,
    /// In Hz.
    #[doc(alias = "sample_rates_")]
    pub sample_rates: u32,
    /// The bytes.
    #[doc(alias = "aacBuf_")]
    #[doc(alias = "aacBufSize_")]
    pub aac: Vec<u8>,
}

impl fmt::Debug for AudioAacFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AudioAacFrame")
            .field("channels", &self.channels)
            .field("sample_rates", &self.sample_rates)
            .field("len", &self.aac.len())
            .finish_non_exhaustive()
    }
}

documented_enum! {
    /// Kind of a data-channel message.
    pub enum DataMsgType => "AliEngineDataMsgType" {
        /// Not said.
        None = 0 => "AliEngineDataChannelNone",
        /// Playing position; reserved.
        Progress = 1 => "AliEngineDataChannelProgress" | "AliEngineDataChannelMusicProgress",
        /// The application's own.
        Custom = 2 => "AliEngineDataChannelCustom",
    }
}

/// A data-channel message. All of its fields reach the others. `Debug` shows its length, not its content.
///
/// Source: seed 000, section 4.1; [`kind`](Self::kind) and [`progress`](Self::progress) are named there without a meaning.
#[doc(alias = "AliEngineDataChannelMsg")]
#[derive(Clone, PartialEq, Eq)]
pub struct DataChannelMsg {
    /// Kind.
    #[doc(alias = "type")]
    pub kind: DataMsgType,
    /// Free for the application; the documents advise network time in milliseconds.
    #[doc(alias = "networkTime")]
    pub network_time: i64,
    /// Reserved by the documents, which set 0; arrives as it was sent.
    pub progress: i32,
    /// The message.
    #[doc(alias = "dataLen")]
    pub data: Vec<u8>,
}

impl DataChannelMsg {
    /// A message of the application's own kind.
    pub fn custom(data: impl Into<Vec<u8>>) -> Self {
        Self { kind: DataMsgType::Custom, network_time: 0, progress: 0, data: data.into() }
    }
}

impl fmt::Debug for DataChannelMsg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataChannelMsg")
            .field("kind", &self.kind)
            .field("network_time", &self.network_time)
            .field("len", &self.data.len())
            .finish_non_exhaustive()
    }
}
