//! What is given when an engine is made: the JSON text `extra`, ports and paths; and the JSON of `SetParameter`.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, Deserializer};

use crate::documented::documented_enum;
use crate::error::CreateError;

/// Low end of the port range that the documents advise.
pub const ADVISED_LOW_PORT: u16 = 42_000;
/// High end of the port range that the documents advise.
pub const ADVISED_HIGH_PORT: u16 = 45_000;

documented_enum! {
    /// In what form received sound is handed out besides or instead of PCM.
    pub enum AudioTranscodingCodec {
        /// PCM.
        Pcm = 0 => "AudioTranscodingCodecPcm",
        /// AAC.
        Aac = 1 => "AudioTranscodingCodecAac",
        /// Both.
        BothPcmAndAac = 2 => "AudioTranscodingCodecBothPcmAndAac",
    }
    sentinels { "AudioTranscodingCodecMax" = 3 }
}

documented_enum! {
    /// In what form received video is handed out.
    pub enum VideoTranscodingCodec {
        /// Decoded pictures.
        Yuv = 0 => "VideoTranscodingCodecYuv",
        /// NAL units before decoding.
        H264 = 1 => "VideoTranscodingCodecH264",
        /// Both.
        BothYuvAndH264 = 2 => "VideoTranscodingCodecBothYuvAndH264",
    }
    sentinels { "VideoTranscodingCodecMax" = 3 }
}

/// Arguments of the factory (`CreateAliRTCEngine`), without the event handler: the engine brings its own queue.
#[doc(alias = "CreateAliRTCEngine")]
#[derive(Clone, Debug)]
pub struct CreateParams {
    /// Low end of the range from which the vendor's service takes its local port.
    #[doc(alias = "lowPort")]
    pub low_port: u16,
    /// High end of that range, inclusive.
    #[doc(alias = "highPort")]
    pub high_port: u16,
    /// Where the vendor's service writes its logs; `None` = the system's temporary directory.
    #[doc(alias = "logPath")]
    pub log_path: Option<PathBuf>,
    /// The vendor's service program; only the `sdk` engine has one.
    #[doc(alias = "coreServicePath")]
    pub core_service_path: Option<PathBuf>,
    /// Whether Web clients take part. The vendor's engine needs to know; the others always can.
    pub h5mode: bool,
    /// The settings inside `extra`.
    pub extra: Extra,
}

impl Default for CreateParams {
    fn default() -> Self {
        Self {
            low_port: ADVISED_LOW_PORT,
            high_port: ADVISED_HIGH_PORT,
            log_path: None,
            core_service_path: None,
            h5mode: true,
            extra: Extra::default(),
        }
    }
}

impl CreateParams {
    /// Whether an engine can be made from these.
    pub fn check(&self) -> Result<(), CreateError> {
        if self.low_port > self.high_port {
            return Err(CreateError::PortRange { low: self.low_port, high: self.high_port });
        }
        Ok(())
    }
}

/// Why `extra` or the text of `set_parameter` is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON object of the documented keys: {0}")]
pub struct ExtraError(String);

/// The documented keys of `extra`. Unknown keys are ignored, since newer vendor versions add some.
///
/// Source: seed 000 section 5, reference section 2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Extra {
    /// Turns off "only the loudest few are subscribed". The documents give the text `"true"`; a boolean is taken too.
    #[doc(alias = "user_specified_disable_audio_ranking")]
    #[serde(rename = "user_specified_disable_audio_ranking", deserialize_with = "truth")]
    pub disable_audio_ranking: bool,
    /// PCM, AAC or both.
    #[doc(alias = "user_specified_audio_observer_codec")]
    #[serde(rename = "user_specified_audio_observer_codec", deserialize_with = "audio_codec")]
    pub audio_observer_codec: Option<AudioTranscodingCodec>,
    /// 0 = ADTS, the only one.
    #[doc(alias = "user_specified_audio_observer_codec_format")]
    #[serde(rename = "user_specified_audio_observer_codec_format")]
    pub audio_observer_codec_format: u32,
    /// Hz of the AAC; 0 = no resampling.
    #[doc(alias = "user_specified_audio_observer_resample_rate")]
    #[serde(rename = "user_specified_audio_observer_resample_rate")]
    pub audio_observer_resample_rate: u32,
    /// bit/s of the AAC; 0 = the engine decides.
    #[doc(alias = "user_specified_audio_observer_codec_bitrate")]
    #[serde(rename = "user_specified_audio_observer_codec_bitrate")]
    pub audio_observer_codec_bitrate: u32,
    /// Pictures, NAL units or both.
    #[doc(alias = "user_specified_video_observer_codec")]
    #[serde(rename = "user_specified_video_observer_codec", deserialize_with = "video_codec")]
    pub video_observer_codec: Option<VideoTranscodingCodec>,
    /// 0 = Annex B, the only one.
    #[doc(alias = "user_specified_video_observer_codec_format")]
    #[serde(rename = "user_specified_video_observer_codec_format")]
    pub video_observer_codec_format: u32,
    /// Write pushed PCM to the log directory.
    #[doc(alias = "user_specified_audio_dump")]
    #[serde(rename = "user_specified_audio_dump", deserialize_with = "truth")]
    pub audio_dump: bool,
    /// Address of the room server for the open engine. Ours: the documents have none.
    pub artc_open_url: Option<String>,
}

impl Extra {
    /// Reads the text of `extra`; an empty text means no settings.
    pub fn parse(json: &str) -> Result<Self, ExtraError> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        object(json)
    }
}

/// Reads a JSON object; an array would do for serde, but not for the documents.
fn object<T: serde::de::DeserializeOwned>(json: &str) -> Result<T, ExtraError> {
    serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(json)
        .and_then(|map| serde_json::from_value(serde_json::Value::Object(map)))
        .map_err(|e| ExtraError(e.to_string()))
}

fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::Bool(b) => Ok(b),
        serde_json::Value::String(s) if s.eq_ignore_ascii_case("true") => Ok(true),
        serde_json::Value::String(s) if s.eq_ignore_ascii_case("false") || s.is_empty() => Ok(false),
        other => Err(de::Error::custom(format!("{other} is neither true nor false"))),
    }
}

fn audio_codec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<AudioTranscodingCodec>, D::Error> {
    let value = i64::deserialize(deserializer)?;
    let codec = AudioTranscodingCodec::from_value(value);
    codec.map(Some).ok_or_else(|| de::Error::custom(format!("{value} is no AudioTranscodingCodec")))
}

fn video_codec<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<VideoTranscodingCodec>, D::Error> {
    let value = i64::deserialize(deserializer)?;
    let codec = VideoTranscodingCodec::from_value(value);
    codec.map(Some).ok_or_else(|| de::Error::custom(format!("{value} is no VideoTranscodingCodec")))
}

/// What `set_parameter` can change: `{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}`. What is not in the
/// text stays as it was; unknown keys are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Parameters {
    /// The data channel's switches.
    #[serde(default)]
    pub data: DataParameters,
}

/// Switches of the data channel; both are off until set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct DataParameters {
    /// Whether we send.
    #[serde(rename = "enablePubDataChannel")]
    pub enable_pub_data_channel: Option<bool>,
    /// Whether we receive.
    #[serde(rename = "enableSubDataChannel")]
    pub enable_sub_data_channel: Option<bool>,
}

impl Parameters {
    /// Reads the text of `set_parameter`.
    pub fn parse(json: &str) -> Result<Self, ExtraError> {
        object(json)
    }
}
