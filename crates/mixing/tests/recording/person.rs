//! Somebody in a room: a real engine that publishes a colour, flashes with beeps, a tone, or sound alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioFormat, AudioQualityMode, AudioSceneMode, ChannelProfile, Dimensions, Engine, JoinChannelConfig, PublishMode,
    RenderMode, VideoDataSample, VideoEncoderConfiguration, VideoFormat, VideoSource,
};
use artc_open::{OpenEngine, Options};

const FPS: u64 = 15;

/// What somebody publishes.
#[derive(Clone, Copy)]
pub struct Sends {
    /// Y, U and V; without it no camera.
    pub color: Option<[u8; 3]>,
    pub signal: Signal,
}

/// What there is to be seen and heard besides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Nothing: the sound is silence.
    None,
    /// Every second a white flash and a beep of 200 ms.
    Flashes,
    /// 600 Hz all the time.
    #[allow(dead_code, reason = "the tests of RTMP hear it")]
    Tone,
}

impl Sends {
    pub const fn color(y: u8, u: u8, v: u8) -> Self {
        Self { color: Some([y, u, v]), signal: Signal::None }
    }
}

pub struct Publisher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    engine: Arc<dyn Engine>,
}

impl Publisher {
    /// Joins with a token, a channel and as a user, and publishes until dropped; comes back by itself when the room was away.
    pub fn join(options: Options, (token, channel, user): (&str, &str, &str), sends: Sends) -> Self {
        let engine = OpenEngine::create(options).unwrap();
        let video = sends.color.is_some();
        if video {
            let dimensions = Dimensions { width: 320, height: 240 };
            let encoder = VideoEncoderConfiguration { dimensions, frame_rate: FPS as u32, bitrate: 400, ..Default::default() };
            engine.set_video_encoder_configuration(&encoder).unwrap();
            engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).unwrap();
        } else {
            engine.publish_local_video_stream(false).unwrap();
        }
        engine.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Media).unwrap();
        engine.set_external_audio_source(true, 48_000, 1).unwrap();
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            publish_mode: PublishMode::Automatically,
            subscribe_video_format: VideoFormat::None,
            subscribe_audio_format: AudioFormat::None,
            ..JoinChannelConfig::default()
        };
        engine.join_channel(token, channel, user, user, &config).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, own) = (Arc::clone(&stop), Arc::clone(&engine));
        let thread = std::thread::spawn(move || publish(&*own, sends, &stopping));
        Self { stop, thread: Some(thread), engine }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().unwrap().join().unwrap();
        self.engine.release();
    }
}

#[expect(clippy::disallowed_methods, reason = "a camera has a clock")]
fn publish(engine: &dyn Engine, sends: Sends, stop: &AtomicBool) {
    let began = Instant::now();
    let flash = |ms: u64| sends.signal == Signal::Flashes && ms % 1000 < 200;
    let pitch = |ms: u64| match sends.signal {
        Signal::Tone => 600.0,
        Signal::Flashes if flash(ms) => 1000.0,
        Signal::Flashes | Signal::None => 0.0,
    };
    let picture = |color: [u8; 3]| {
        let mut bytes = vec![color[1]; 320 * 240 * 3 / 2];
        bytes[..320 * 240].fill(color[0]);
        bytes[320 * 240 * 5 / 4..].fill(color[2]);
        Arc::new(bytes)
    };
    let pictures = sends.color.map(|color| [picture(color), picture([235, 128, 128])]);
    let (mut frames, mut blocks) = (0u64, 0u64);
    while !stop.load(Ordering::Relaxed) {
        let ms = began.elapsed().as_millis() as u64;
        while blocks * 10 <= ms {
            let at = blocks * 10;
            let turn = pitch(at) * std::f64::consts::TAU / 48_000.0;
            let sample = |n: u64| ((n as f64 * turn).sin() * 12_000.0) as i16;
            let pcm: Vec<u8> = (0..480).flat_map(|n| sample(blocks * 480 + n).to_le_bytes()).collect();
            // What finds no room is missing, as of a real microphone.
            let _ = engine.push_external_audio_frame_raw_data(&pcm, at as i64);
            blocks += 1;
        }
        if let Some(pictures) = &pictures
            && frames * 1000 / FPS <= ms
        {
            // A camera that was not asked in time leaves pictures out.
            frames = ms * FPS / 1000;
            let data = Arc::clone(&pictures[usize::from(flash(frames * 1000 / FPS))]);
            let sample = VideoDataSample::i420(data, 320, 240, (frames * 1000 / FPS) as i64, None);
            let _ = engine.push_external_video_frame(&sample, VideoSource::Camera);
            frames += 1;
        }
        while engine.event_handler().try_next().is_some() {}
        std::thread::park_timeout(Duration::from_millis(2));
    }
}
