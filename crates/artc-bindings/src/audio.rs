//! Quality and scene of published sound, and the sample rates that can be pushed.

use crate::documented::documented_enum;

/// Sample rates of pushed PCM, in Hz.
pub const SAMPLE_RATES: [u32; 8] = [8_000, 12_000, 16_000, 24_000, 32_000, 44_100, 48_000, 96_000];

/// Loudest volume of [`Engine::set_external_audio_publish_volume`](crate::Engine::set_external_audio_publish_volume), and the
/// volume before it was ever called.
pub const MAX_VOLUME: i32 = 100;

documented_enum! {
    /// Rate, channels and bitrate of published sound.
    pub enum AudioQualityMode {
        /// 8 kHz mono, at most 12 kbit/s.
        LowQuality = 0x0000 => "LowQualityMode",
        /// 16 kHz mono, at most 24 kbit/s; the default.
        BasicQuality = 0x0001 => "BasicQualityMode",
        /// 48 kHz mono, at most 64 kbit/s.
        HighQuality = 0x0010 => "HighQualityMode",
        /// 48 kHz stereo, at most 80 kbit/s.
        StereoHighQuality = 0x0011 => "StereoHighQualityMode",
        /// 48 kHz mono, at most 96 kbit/s.
        SuperHighQuality = 0x0012 => "SuperHighQualityMode",
        /// 48 kHz stereo, at most 128 kbit/s.
        StereoSuperHighQuality = 0x0013 => "StereoSuperHighQualityMode",
    }
    sentinels { "QualityMaxMode" = 0x0014 }
}

impl AudioQualityMode {
    /// Sample rate in Hz, channels, and the highest bitrate in kbit/s.
    pub const fn limits(self) -> (u32, u8, u32) {
        match self {
            Self::LowQuality => (8_000, 1, 12),
            Self::BasicQuality => (16_000, 1, 24),
            Self::HighQuality => (48_000, 1, 64),
            Self::StereoHighQuality => (48_000, 2, 80),
            Self::SuperHighQuality => (48_000, 1, 96),
            Self::StereoSuperHighQuality => (48_000, 2, 128),
        }
    }
}

documented_enum! {
    /// What the sound is for.
    pub enum AudioSceneMode {
        /// Nothing special.
        Default = 0x0000 => "DefaultMode" | "SceneDefaultMode",
        /// Lessons: steady rather than rich.
        Education = 0x0100 => "EducationMode" | "SceneEducationMode",
        /// Media and games.
        Media = 0x0200 => "MediaMode" | "SceneMediaMode",
        /// Music.
        Music = 0x0300 => "MusicMode" | "SceneMusicMode",
        /// Many people talking.
        Chatroom = 0x0400 => "ChatroomMode" | "SceneChatroomMode",
        /// Singing along.
        Ktv = 0x0500 => "KtvMode" | "SceneKtvMode",
    }
    sentinels { "SceneMaxMode" = 0x0501 }
}
