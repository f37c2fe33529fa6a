//! A publisher and nothing else: a clip through the open engine into somebody else's room, with or without a small stream. Not for
//! capturing and not for serving viewers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{
    Dimensions, Event, PublishState, RenderMode, SampleBytes, VideoDataSample, VideoEncoderConfiguration, VideoSource,
};
use artc_open::encoder::Choice;
use artc_open::{OpenEngine, Options};
use clap::Args;
use media::Size;
use serde_json::json;

use crate::Failure;
use crate::clip::Clip;
use crate::place::publishing;
use crate::steer::{monotonic, now, over, poll, say, sleep_until};

#[derive(Args)]
pub struct Publish {
    /// A clip: .y4m
    clip: PathBuf,
    /// The room's address
    #[arg(long)]
    url: String,
    /// A token for it, which says channel and user
    #[arg(long)]
    token: String,
    /// Pictures a second
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
    /// Bits a second to keep to, in thousands
    #[arg(long, default_value_t = 2000)]
    kbps: u32,
    /// Publish a small stream, too
    #[arg(long)]
    small: bool,
}

impl Publish {
    pub fn run(self) -> Result<(), Failure> {
        let clip = Clip::read(&self.clip, Size::new(0, 0))?;
        let frames: Vec<SampleBytes> =
            clip.frames.iter().map(|frame| Arc::new(clip.bytes[frame.clone()].to_vec()) as SampleBytes).collect();
        let size = clip.size;
        drop(clip);
        let claims = artc_open::peek(&self.token).ok_or("not a token")?;
        let (channel, user) = claims.room.zip(claims.identity).ok_or("a token without channel or user")?;
        let options = Options { encoder: Choice::OpenH264, exact_bitrate: true, ..Options::new(self.url) };
        let engine = OpenEngine::create(options)?;
        let dimensions = Dimensions { width: size.width, height: size.height };
        engine.set_video_encoder_configuration(&VideoEncoderConfiguration {
            dimensions,
            frame_rate: self.fps as u32,
            bitrate: self.kbps,
            ..VideoEncoderConfiguration::default()
        })?;
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
        engine.publish_local_dual_stream(self.small)?;
        engine.join_channel(&self.token, &channel, &user, &user, &publishing())?;
        let events = engine.event_handler();
        let own = engine.extensions().ok_or("an engine without statistics")?;
        // What must be published before anything is measured: camera, small stream.
        let mut missing = [true, self.small];
        let (start, mut pushed) = (now(), 0_u64);
        loop {
            sleep_until(start + Duration::from_secs_f64(pushed as f64 / self.fps));
            let data = Arc::clone(&frames[pushed as usize % frames.len()]);
            let sample = VideoDataSample::i420(data, size.width, size.height, 0, Some(monotonic()));
            engine.push_external_video_frame(&sample, VideoSource::Camera)?;
            pushed += 1;
            while let Some(event) = events.try_next() {
                let which = match &event {
                    Event::VideoPublishStateChanged(change) if change.new_state == PublishState::Published => 0,
                    Event::DualStreamPublishStateChanged(change) if change.new_state == PublishState::Published => 1,
                    Event::Error { code, detail } => return Err(format!("{code}: {detail}").into()),
                    _ => continue,
                };
                if std::mem::replace(&mut missing[which], false) && missing == [false; 2] {
                    say(&json!({ "event": "streaming" }));
                }
            }
            let counters = || {
                let stats = own.stats();
                json!({ "frames": stats.video.encoded, "bytes": stats.network.bytes_sent, "pushed": pushed })
            };
            if over(poll(), counters) {
                say(&json!({ "event": "end" }));
                return Ok(());
            }
        }
    }
}
