//! A stream that is pushed in: access units to the engine as they are, sound as PCM. The engine keeps the pusher's time, and a pusher that is
//! faster than that waits.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{
    AudioFormat, AudioQualityMode, AudioSceneMode, CallError, ChannelProfile, CreateParams, Dimensions, Engine, ErrorCode, Event,
    JoinChannelConfig, PublishAvsyncMode, PublishMode, RenderMode, SampleError, SubscribeMode, VideoDataSample,
    VideoEncoderConfiguration, VideoFormat, VideoSource,
};
use bytes::Bytes;
use media::Size;
use media::h264::{Sps, inspect};
use rtmp_rs::media::h264::AvcConfig;

use crate::flv::{self, BadTag, Picture, Sound};
use crate::seat::{Seat, lost};
use crate::sound::{Format, SoundDecoder};

/// The engine has room again within this, or time stamps are far from one another.
const FULL: Duration = Duration::from_secs(10);
/// How often it is asked whether it has room.
const AGAIN: Duration = Duration::from_millis(10);
/// So many pieces in a row that cannot be used end a stream.
const BAD: u32 = 250;
/// Frames a second, where the stream does not say it.
const FPS: u32 = 30;

/// What the engine of a pushed stream is made with.
pub(crate) fn params() -> CreateParams {
    CreateParams::default()
}

/// How it joins.
pub(crate) fn config() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Manually,
        publish_avsync_mode: PublishAvsyncMode::WithPts,
        subscribe_mode: SubscribeMode::Manually,
        subscribe_video_format: VideoFormat::None,
        subscribe_audio_format: AudioFormat::None,
        ..JoinChannelConfig::default()
    }
}

/// Sets its engine up before it joins.
pub(crate) fn prepare(engine: &dyn Engine) -> Result<(), CallError> {
    // Tracks are published when their first piece has come.
    engine.publish_local_video_stream(false)?;
    engine.publish_local_audio_stream(false)?;
    engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)
}

/// Why a stream cannot be passed on: the word it is counted by, and why, for its pusher.
pub(crate) type Unfit = (&'static str, String);

/// A stream on its way in.
pub(crate) struct Publication {
    seat: Seat,
    video: Option<Video>,
    sound: Option<SoundDecoder>,
    format: Option<Format>,
    clock: Clock,
    bad: u32,
}

struct Video {
    parameters: AvcConfig,
    size: Size,
}

impl Publication {
    pub(crate) fn new(seat: Seat) -> Self {
        Self { seat, video: None, sound: None, format: None, clock: Clock::default(), bad: 0 }
    }

    pub(crate) fn seat(&self) -> &Seat {
        &self.seat
    }

    pub(crate) fn into_seat(self) -> Seat {
        self.seat
    }

    /// Heeds an event of the engine.
    pub(crate) fn heed(&self, event: &Event) -> Result<(), Unfit> {
        match event {
            Event::Error { code: code @ (ErrorCode::PublishVideoStreamFailed | ErrorCode::PublishAudioStreamFailed), detail } => {
                Err(("not published", format!("the room does not take the stream ({}): {detail}", code.name())))
            }
            event => lost(event).map_or(Ok(()), |why| Err(("lost", why))),
        }
    }

    /// A tag of video came, at a time in ms.
    pub(crate) async fn picture(&mut self, time: u32, tag: &Bytes) -> Result<(), Unfit> {
        let length = self.video.as_ref().map_or(4, |video| video.parameters.nalu_length_size);
        match flv::picture(tag, length) {
            Ok(Picture::Parameters(parameters)) => self.parameters(parameters),
            Ok(Picture::Unit(unit)) => {
                let time = self.clock.at(time);
                self.unit(time, &unit).await
            }
            Ok(Picture::Nothing) => Ok(()),
            Err(why) => self.unusable(why),
        }
    }

    /// What the pictures that follow are like.
    fn parameters(&mut self, parameters: AvcConfig) -> Result<(), Unfit> {
        let sps = parameters.sps.first().ok_or("it has no sequence parameter set".to_owned());
        let sps = sps.and_then(|sps| Sps::parse(sps).map_err(|why| why.to_string()));
        let sps = sps.map_err(|why| ("pictures", format!("the H.264 cannot be read: {why}")))?;
        if sps.interlaced {
            return Err(("pictures", "the video is interlaced, which WebRTC cannot show: send whole frames".into()));
        }
        let engine = self.seat.engine();
        let told = engine.set_video_encoder_configuration(&VideoEncoderConfiguration {
            dimensions: Dimensions { width: sps.size.width, height: sps.size.height },
            frame_rate: sps.fps.map_or(FPS, |fps| fps.round() as u32),
            ..VideoEncoderConfiguration::default()
        });
        told.map_err(engine_says("pictures"))?;
        if self.video.is_none() {
            engine.publish_local_video_stream(true).map_err(engine_says("pictures"))?;
        }
        self.video = Some(Video { parameters, size: sps.size });
        Ok(())
    }

    async fn unit(&mut self, time: i64, unit: &[u8]) -> Result<(), Unfit> {
        let Some(video) = &self.video else { return self.unusable(BadTag::Syntax) };
        let annex_b = flv::annex_b(&video.parameters, unit);
        match inspect(&annex_b) {
            Ok(info) if info.has_b_slice => {
                let why =
                    "the video has B-frames, which WebRTC cannot show in order: switch them off (bframes=0, tune=zerolatency)";
                return Err(("pictures", why.into()));
            }
            Ok(_) => {}
            Err(_) => return self.unusable(BadTag::Syntax),
        }
        let size = video.size;
        let sample = VideoDataSample::h264(Arc::new(annex_b), size.width, size.height, time, None);
        self.push(|engine| engine.push_external_video_frame(&sample, VideoSource::Camera)).await
    }

    /// A tag of sound came, at a time in ms.
    pub(crate) async fn sound(&mut self, time: u32, tag: &Bytes) -> Result<(), Unfit> {
        match flv::sound(tag) {
            Ok(Sound::Parameters(parameters)) => {
                if self.sound.as_ref().is_none_or(|sound| !sound.is_for(&parameters)) {
                    self.sound = Some(SoundDecoder::new(parameters).map_err(|why| ("sound", why))?);
                }
                Ok(())
            }
            Ok(Sound::Packet(packet)) => {
                let time = self.clock.at(time);
                self.packet(time, &packet).await
            }
            Err(why) => self.unusable(why),
        }
    }

    async fn packet(&mut self, time: i64, packet: &[u8]) -> Result<(), Unfit> {
        let Some(decoder) = &mut self.sound else { return self.unusable(BadTag::Syntax) };
        let Ok((format, samples)) = decoder.decode(packet) else { return self.unusable(BadTag::Syntax) };
        let pcm: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        if pcm.is_empty() {
            return Ok(());
        }
        if self.format != Some(format) {
            let engine = self.seat.engine();
            let quality = if format.channels == 2 { AudioQualityMode::StereoHighQuality } else { AudioQualityMode::HighQuality };
            engine.set_audio_profile(quality, AudioSceneMode::Media).map_err(engine_says("sound"))?;
            engine.set_external_audio_source(true, format.rate, format.channels).map_err(engine_says("sound"))?;
            if self.format.replace(format).is_none() {
                engine.publish_local_audio_stream(true).map_err(engine_says("sound"))?;
            }
        }
        self.push(|engine| engine.push_external_audio_frame_raw_data(&pcm, time)).await
    }

    /// Gives the engine a piece, when it has room for it.
    async fn push(&mut self, piece: impl Fn(&dyn Engine) -> Result<(), CallError>) -> Result<(), Unfit> {
        let full = async {
            loop {
                match piece(self.seat.engine()) {
                    Err(CallError::BufferFull { .. }) => {}
                    outcome => return Ok(outcome),
                }
                tokio::select! {
                    event = self.seat.next() => match event {
                        Some(event) => self.heed(&event)?,
                        None => return Err(("lost", "the engine has ended".to_owned())),
                    },
                    () = tokio::time::sleep(AGAIN) => {}
                }
            }
        };
        let outcome = tokio::time::timeout(FULL, full).await;
        let outcome =
            outcome.map_err(|_| ("times", "its time stamps are far apart: pictures and sound have one axis".to_owned()))??;
        match outcome {
            // Out of the channel for a moment there is nobody to show it to.
            Ok(()) | Err(CallError::NotJoined { .. }) => {
                self.bad = 0;
                Ok(())
            }
            Err(why @ CallError::Sample(SampleError::TooLarge { .. })) => Err(engine_says("pictures")(why)),
            Err(_) => self.unusable(BadTag::Syntax),
        }
    }

    /// A piece is left out; many in a row are no stream.
    fn unusable(&mut self, why: BadTag) -> Result<(), Unfit> {
        self.bad += 1;
        match why {
            BadTag::Codec(why) => Err(("codec", why)),
            BadTag::Syntax if self.bad >= BAD => Err(("pieces", format!("{BAD} pieces in a row cannot be used"))),
            BadTag::Syntax => Ok(()),
        }
    }
}

/// The engine's own words, counted under `what` they are of.
fn engine_says(what: &'static str) -> impl Fn(CallError) -> Unfit {
    move |why| (what, why.to_string())
}

/// The pusher's time, which counts modulo 2^32 ms, as one that does not.
#[derive(Default)]
struct Clock(Option<i64>);

impl Clock {
    fn at(&mut self, time: u32) -> i64 {
        let at = match self.0 {
            Some(before) => before + i64::from(time.wrapping_sub(before as u32) as i32),
            None => i64::from(time),
        };
        self.0 = Some(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_goes_on_when_its_number_begins_anew() {
        let mut clock = Clock::default();
        let came: Vec<i64> = [u32::MAX - 40, u32::MAX, u32::MAX - 20, 39, 19, 60].map(|time| clock.at(time)).into();
        let end = i64::from(u32::MAX);
        assert_eq!(came, [end - 40, end, end - 20, end + 40, end + 20, end + 61]);
    }
}
