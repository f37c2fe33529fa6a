//! Pushes pictures into an engine at a steady pace, as a program that uses the API does. `bench/feed.py` is the same in Python.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::sdk::{Options as SdkOptions, SdkEngine};
use artc_bindings::{Engine, ErrorCode, RenderMode, SampleBytes, VideoDataSample, VideoSource};
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::place::{User, publishing};
use crate::steer::{monotonic, now, over, poll, say, sleep_until};

const WIDTH: u32 = 1920;
const HEIGHT: u32 = 1080;
/// Different pictures.
const PICTURES: usize = 16;

#[derive(Args)]
pub struct Feed {
    /// The room's address, for the open engine
    #[arg(long, required_unless_present = "sdk")]
    url: Option<String>,
    /// Folder of an SDK, for the sdk engine: pushes are stamped with the time, in nanoseconds of CLOCK_MONOTONIC
    #[arg(long)]
    sdk: Option<std::path::PathBuf>,
    /// The `extra` of that SDK
    #[arg(long, default_value = "{}")]
    extra: String,
    #[command(flatten)]
    user: User,
    /// Pictures a second
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
}

/// A grey slope that moves, without colour.
fn picture(number: usize) -> SampleBytes {
    let row: Vec<u8> = (0..WIDTH as usize).map(|x| ((x + 4 * number) % 256) as u8).collect();
    let mut bytes = row.repeat(HEIGHT as usize);
    bytes.resize(bytes.len() * 3 / 2, 128);
    Arc::new(bytes)
}

impl Feed {
    pub fn run(self) -> Result<(), Failure> {
        let stamped = self.sdk.is_some();
        let engine: Arc<dyn Engine> = match (&self.sdk, &self.url) {
            (Some(path), _) => SdkEngine::create(SdkOptions { extra: self.extra.clone(), ..SdkOptions::new(path) })?,
            (None, Some(url)) => OpenEngine::create(Options::new(url.clone()))?,
            (None, None) => return Err("neither a room nor an SDK".into()),
        };
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
        let camera = artc_bindings::VideoEncoderConfiguration {
            dimensions: artc_bindings::Dimensions { width: WIDTH, height: HEIGHT },
            frame_rate: 30,
            bitrate: 2000,
            ..Default::default()
        };
        engine.set_video_encoder_configuration(&camera)?;
        engine.publish_local_audio_stream(false)?;
        self.user.join(&*engine, &publishing())?;
        let events = engine.event_handler();
        let pictures: Vec<SampleBytes> = (0..PICTURES).map(picture).collect();
        let (start, mut frames, mut full, mut push_us) = (now(), 0_u64, 0_u64, Vec::new());
        say(&json!({ "event": "streaming" }));
        loop {
            sleep_until(start + Duration::from_secs_f64(frames as f64 / self.fps));
            let (at, bytes) = (monotonic(), Arc::clone(&pictures[frames as usize % PICTURES]));
            let stamp = if stamped { at.as_nanos() } else { at.as_millis() };
            let sample = VideoDataSample::i420(bytes, WIDTH, HEIGHT, i64::try_from(stamp)?, Some(at));
            let began = now();
            match engine.push_external_video_frame(&sample, VideoSource::Camera) {
                Ok(()) => {}
                Err(why) if why.code() == ErrorCode::AudioBufferFull => full += 1,
                Err(why) => return Err(why.into()),
            }
            push_us.push(now().saturating_duration_since(began).as_micros() as u64);
            frames += 1;
            while events.try_next().is_some() {}
            if over(poll(), || json!({ "frames": frames, "full": full })) {
                break;
            }
        }
        engine.release();
        say(&json!({ "event": "end", "frames": frames, "full": full, "push_us": push_us }));
        Ok(())
    }
}
