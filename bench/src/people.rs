//! People in a room, each with a camera that encodes by itself: all send the same clip as it is, so that they cost little.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{Dimensions, Engine, RenderMode, SampleBytes, VideoDataSample, VideoEncoderConfiguration, VideoSource};
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::json;

use crate::Failure;
use crate::clip::units;
use crate::place::{publishing, wait_for_join};
use crate::steer::{monotonic, now, over, poll, say, sleep_until};

#[derive(Args)]
pub struct People {
    /// A clip: .h264 with delimiters
    clip: PathBuf,
    /// Width and height of its pictures
    #[arg(long, num_args = 2, default_values_t = [426, 240])]
    size: Vec<u32>,
    /// The room's address
    #[arg(long)]
    url: String,
    /// A token for each, which says channel and user
    #[arg(long, required = true)]
    token: Vec<String>,
    /// Pictures a second
    #[arg(long, default_value_t = 30.0)]
    fps: f64,
}

impl People {
    pub fn run(self) -> Result<(), Failure> {
        let clip = std::fs::read(&self.clip)?;
        let units: Vec<SampleBytes> = units(&clip).into_iter().map(|unit| Arc::new(unit.to_vec()) as SampleBytes).collect();
        let &[width, height] = self.size.as_slice() else { return Err("no size".into()) };
        if units.is_empty() {
            return Err("no access unit with a delimiter".into());
        }
        let mut engines: Vec<Arc<dyn Engine>> = Vec::new();
        for token in &self.token {
            let claims = artc_open::peek(token).ok_or("not a token")?;
            let (channel, user) = claims.room.zip(claims.identity).ok_or("a token without channel or user")?;
            let engine = OpenEngine::create(Options { exact_bitrate: true, ..Options::new(self.url.as_str()) })?;
            let dimensions = Dimensions { width, height };
            let camera = VideoEncoderConfiguration { dimensions, frame_rate: self.fps as u32, ..Default::default() };
            engine.set_video_encoder_configuration(&camera)?;
            engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
            engine.join_channel(token, &channel, &user, &user, &publishing())?;
            wait_for_join(&*engine)?;
            engines.push(engine);
        }
        say(&json!({ "event": "streaming" }));
        let start = now();
        for pushed in 0u64.. {
            sleep_until(start + Duration::from_secs_f64(pushed as f64 / self.fps));
            for (nth, engine) in engines.iter().enumerate() {
                // Each begins elsewhere in the clip, so that not all key frames come at once.
                let unit = &units[(pushed as usize + nth * units.len() / engines.len()) % units.len()];
                let sample = VideoDataSample::h264(Arc::clone(unit), width, height, 0, Some(monotonic()));
                // What finds no room is missing, as of a real camera.
                let _ = engine.push_external_video_frame(&sample, VideoSource::Camera);
                while engine.event_handler().try_next().is_some() {}
            }
            if over(poll(), || json!({ "pictures": pushed })) {
                break;
            }
        }
        engines.iter().for_each(|engine| engine.release());
        say(&json!({ "event": "end" }));
        Ok(())
    }
}
