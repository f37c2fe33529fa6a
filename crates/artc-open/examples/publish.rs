//! Publishes a moving picture and a tone to a LiveKit server or our own room, and prints statistics as JSON lines.
//!
//! `publish URL TOKEN CHANNEL IDENTITY [--seconds N] [--size WxH] [--fps N] [--kbps N] [--no-audio] [--ca FILE] [--smooth] [--small]`
//!
//! Instead of a token `mint:KEY:SECRET` makes one on the spot, for servers with development keys.

use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioFormat, AudioQualityMode, CallError, ChannelProfile, Dimensions, Engine, Event, JoinChannelConfig, PublishMode,
    RenderMode, VideoDataSample, VideoEncoderConfiguration, VideoFormat, VideoSource,
};
use artc_open::{Latency, OpenEngine, Options};
use tracing_subscriber::{filter::Targets, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

type Failure = Box<dyn std::error::Error>;

struct Args {
    url: String,
    token: String,
    channel: String,
    identity: String,
    rest: Vec<String>,
}

impl Args {
    fn read() -> Result<Self, Failure> {
        let mut args = std::env::args().skip(1);
        let mut next = || args.next().ok_or("usage: publish URL TOKEN CHANNEL IDENTITY [options]; see the head of the file");
        let (url, token, channel, identity) = (next()?, next()?, next()?, next()?);
        Ok(Self { url, token, channel, identity, rest: args.collect() })
    }

    fn flag(&self, name: &str) -> bool {
        self.rest.iter().any(|a| a == name)
    }

    fn value(&self, name: &str) -> Option<&str> {
        let at = self.rest.iter().position(|a| a == name)?;
        self.rest.get(at + 1).map(String::as_str)
    }

    fn number(&self, name: &str, default: u32) -> Result<u32, Failure> {
        self.value(name).map_or(Ok(default), |v| v.parse().map_err(|_| format!("{name} {v} is no number").into()))
    }
}

fn mint(key: &str, secret: &str, channel: &str, identity: &str) -> Result<String, Failure> {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    let claims = serde_json::json!({
        "iss": key, "sub": identity, "nbf": now - 10, "exp": now + 3600,
        "video": { "room": channel, "roomJoin": true, "canPublish": true, "canSubscribe": true, "canPublishData": true,
                   "canUpdateOwnMetadata": true },
    });
    let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
    Ok(jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key)?)
}

/// A picture with texture, moving with `n`.
fn draw(width: usize, height: usize, n: usize) -> Vec<u8> {
    let mut out = vec![128; width * height * 3 / 2];
    for y in 0..height {
        for x in 0..width {
            let moved = x + n * 4;
            out[y * width + x] =
                (((moved / 16 + y / 16) % 2) * 60 + (x * 100 / width) + 40 + ((x * 7 + y * 13 + n * 3) % 5)) as u8;
        }
    }
    out
}

fn main() -> Result<(), Failure> {
    let wanted: Targets = std::env::var("RUST_LOG").unwrap_or_else(|_| "error".to_owned()).parse()?;
    tracing_subscriber::registry().with(fmt::layer().with_writer(std::io::stderr)).with(wanted).init();
    let args = Args::read()?;
    let (width, height) = args.value("--size").unwrap_or("1280x720").split_once('x').ok_or("--size is WIDTHxHEIGHT")?;
    let (width, height): (u32, u32) = (width.parse()?, height.parse()?);
    let (fps, kbps, seconds) = (args.number("--fps", 30)?, args.number("--kbps", 2000)?, args.number("--seconds", 30)?);
    let token = match args.token.strip_prefix("mint:").and_then(|rest| rest.split_once(':')) {
        Some((key, secret)) => mint(key, secret, &args.channel, &args.identity)?,
        None => args.token.clone(),
    };
    let mut options = Options::new(args.url.as_str());
    options.ca_file = args.value("--ca").map(Into::into);
    options.latency = if args.flag("--smooth") { Latency::Smooth } else { Latency::Live };
    let engine = OpenEngine::create(options)?;
    engine.set_video_encoder_configuration(&VideoEncoderConfiguration {
        dimensions: Dimensions { width, height },
        frame_rate: fps,
        bitrate: kbps,
        ..Default::default()
    })?;
    engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto)?;
    engine.publish_local_dual_stream(args.flag("--small"))?;
    if !args.flag("--no-audio") {
        engine.set_audio_profile(AudioQualityMode::HighQuality, artc_bindings::AudioSceneMode::Default)?;
        engine.set_external_audio_source(true, 48_000, 1)?;
    }
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        subscribe_video_format: VideoFormat::None,
        subscribe_audio_format: AudioFormat::None,
        ..Default::default()
    };
    engine.set_parameter(r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#)?;
    engine.join_channel(&token, &args.channel, &args.identity, &args.identity, &config)?;
    let pictures: Vec<Arc<Vec<u8>>> = (0..60).map(|n| Arc::new(draw(width as usize, height as usize, n))).collect();
    run(&engine, &pictures, (width, height), fps, seconds, !args.flag("--no-audio"))?;
    engine.leave_channel()?;
    while let Some(event) = engine.event_handler().next_timeout(Duration::from_secs(2)) {
        println!("{}", serde_json::json!({ "event": format!("{event:?}") }));
        if matches!(event, Event::LeaveChannelResult { .. }) {
            break;
        }
    }
    engine.release();
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "a program of its own owns its clock")]
fn run(
    engine: &Arc<dyn Engine>,
    pictures: &[Arc<Vec<u8>>],
    (width, height): (u32, u32),
    fps: u32,
    seconds: u32,
    sound: bool,
) -> Result<(), Failure> {
    let start = Instant::now();
    let events = engine.event_handler();
    let mut tone = 0u64;
    for n in 0..u64::from(seconds) * u64::from(fps) {
        let due = start + Duration::from_secs_f64(n as f64 / f64::from(fps));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let picture = &pictures[n as usize % pictures.len()];
        let sample = VideoDataSample::i420(picture.clone(), width, height, (n * 1000 / u64::from(fps)) as i64, None);
        match engine.push_external_video_frame(&sample, VideoSource::Camera) {
            // Out of the channel there is nobody to show it to; what became of the join is an event.
            Ok(()) | Err(CallError::NotJoined { .. }) => {}
            Err(why) => return Err(why.into()),
        }
        while sound && tone * 480 < n * 48_000 / u64::from(fps) + 960 {
            let pcm: Vec<u8> = (tone * 480..(tone + 1) * 480)
                .map(|i| ((i as f64 * 1000.0 * std::f64::consts::TAU / 48_000.0).sin() * 8000.0) as i16)
                .flat_map(i16::to_le_bytes)
                .collect();
            if engine.push_external_audio_frame_raw_data(&pcm, -1).is_err() {
                break;
            }
            tone += 1;
        }
        while let Some(event) = events.try_next() {
            println!("{}", serde_json::json!({ "ms": start.elapsed().as_millis() as u64, "event": format!("{event:?}") }));
        }
        if n % u64::from(fps) == u64::from(fps) - 1
            && let Some(extensions) = engine.extensions()
        {
            let stats = extensions.stats();
            println!("{}", serde_json::json!({ "ms": start.elapsed().as_millis() as u64, "stats": format!("{stats:?}") }));
        }
    }
    Ok(())
}
