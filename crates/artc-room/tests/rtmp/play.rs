//! A user of the room publishes, and ffmpeg plays the stream.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioFormat, AudioQualityMode, AudioSceneMode, ChannelProfile, Dimensions, Engine, JoinChannelConfig, PublishMode,
    RenderMode, VideoDataSample, VideoEncoderConfiguration, VideoFormat, VideoSource,
};
use artc_open::{OpenEngine, Options};

use crate::stage::{CHANNEL, Ffmpeg, Stage, is_color, middle, output, pitch, token, wait};

const FPS: u64 = 15;

/// Somebody who publishes a colour and a tone of 600 Hz, until dropped.
struct Camera {
    engine: Arc<dyn Engine>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Camera {
    fn join(stage: &Stage, user: &str, color: [u8; 3]) -> Self {
        let engine = OpenEngine::create(Options::new(stage.room.as_str())).expect("an engine");
        let dimensions = Dimensions { width: 320, height: 240 };
        let encoder = VideoEncoderConfiguration { dimensions, frame_rate: FPS as u32, bitrate: 400, ..Default::default() };
        engine.set_video_encoder_configuration(&encoder).expect("taken");
        engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("taken");
        engine.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Media).expect("taken");
        engine.set_external_audio_source(true, 48_000, 1).expect("taken");
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            publish_mode: PublishMode::Automatically,
            subscribe_video_format: VideoFormat::None,
            subscribe_audio_format: AudioFormat::None,
            ..JoinChannelConfig::default()
        };
        engine.join_channel(&token(user), CHANNEL, user, user, &config).expect("a join");
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, own) = (Arc::clone(&stop), Arc::clone(&engine));
        let thread = std::thread::spawn(move || publish(&*own, color, &stopping));
        Self { engine, stop, thread: Some(thread) }
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
        self.engine.release();
    }
}

#[expect(clippy::disallowed_methods, reason = "a camera has a clock")]
fn publish(engine: &dyn Engine, color: [u8; 3], stop: &AtomicBool) {
    let began = Instant::now();
    let mut bytes = vec![color[1]; 320 * 240 * 3 / 2];
    bytes[..320 * 240].fill(color[0]);
    bytes[320 * 240 * 5 / 4..].fill(color[2]);
    let picture = Arc::new(bytes);
    let (mut frames, mut blocks) = (0u64, 0u64);
    while !stop.load(Ordering::Relaxed) {
        let ms = began.elapsed().as_millis() as u64;
        while blocks * 10 <= ms {
            let sample = |n: u64| ((n as f64 * 600.0 * std::f64::consts::TAU / 48_000.0).sin() * 12_000.0) as i16;
            let pcm: Vec<u8> = (0..480).flat_map(|n| sample(blocks * 480 + n).to_le_bytes()).collect();
            // What finds no room is missing, as of a real microphone.
            let _ = engine.push_external_audio_frame_raw_data(&pcm, (blocks * 10) as i64);
            blocks += 1;
        }
        if frames * 1000 / FPS <= ms {
            frames = ms * FPS / 1000;
            let sample = VideoDataSample::i420(picture.clone(), 320, 240, (frames * 1000 / FPS) as i64, None);
            let _ = engine.push_external_video_frame(&sample, VideoSource::Camera);
            frames += 1;
        }
        while engine.event_handler().try_next().is_some() {}
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

#[test]
fn what_a_user_publishes_is_played_with_its_picture_and_its_tone_until_the_user_leaves() {
    let stage = Stage::new();
    let camera = Camera::join(&stage, "cam", [145, 54, 34]);
    let file = stage.file("played.mkv");
    let file = file.to_str().expect("a name");
    // As it comes, so that what is in the file is what was sent.
    let player = Ffmpeg::start(&["-i", &stage.address("cam", &token("player")), "-c", "copy", "-t", "4", file]);
    let (content, said) = player.ended();
    assert!(content, "{said}");
    let entry = |stream: &str, entry: &str| {
        let args = ["-v", "error", "-select_streams", stream, "-show_entries", entry, "-of", "csv=p=0", file];
        String::from_utf8(output("ffprobe", &args)).expect("text").lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(entry("v", "stream=codec_name,width,height"), "h264,320,240");
    assert_eq!(entry("a", "stream=codec_name,sample_rate,channels"), "aac,48000,1");
    let decoded = output("ffmpeg", &["-v", "error", "-i", file, "-map", "0:v", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
    let pictures: Vec<[u8; 3]> = decoded.chunks_exact(320 * 240 * 3 / 2).map(|picture| middle(picture, 320, 240)).collect();
    assert!(pictures.len() >= 5 && pictures.iter().all(|got| is_color(*got, [145, 54, 34])), "{pictures:?}");
    let pcm = output("ffmpeg", &["-v", "error", "-i", file, "-map", "0:a", "-f", "s16le", "-"]);
    let pcm: Vec<i16> = pcm.chunks_exact(2).map(|sample| i16::from_le_bytes([sample[0], sample[1]])).collect();
    let tones = pcm.chunks(24_000).filter_map(|half| pitch(half, 48_000)).filter(|pitch| (590.0..610.0).contains(pitch)).count();
    assert!(tones >= 2, "{tones} half seconds of {} samples have the tone", pcm.len());

    // One that goes on is told when the user has left.
    let player = Ffmpeg::start(&["-i", &stage.address("cam", &token("player")), "-c", "copy", "-f", "null", "-"]);
    wait("it plays", || (stage.count("artc_server_rtmp_streams", &["out"]) == 1).then_some(()));
    drop(camera);
    player.ended();
    wait("nobody plays", || (stage.count("artc_server_rtmp_streams", &["out"]) == 0).then_some(()));
}

#[test]
fn what_is_pushed_can_be_played() {
    let stage = Stage::new();
    let _pusher = Ffmpeg::push(&stage.address("encoder", &token("encoder")), "red");
    let file = stage.file("played.mkv");
    let file = file.to_str().expect("a name");
    let player = Ffmpeg::start(&["-i", &stage.address("encoder", &token("player")), "-c", "copy", "-t", "3", file]);
    let (content, said) = player.ended();
    assert!(content, "{said}");
    let decoded = output("ffmpeg", &["-v", "error", "-i", file, "-map", "0:v", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]);
    let pictures: Vec<[u8; 3]> = decoded.chunks_exact(320 * 240 * 3 / 2).map(|picture| middle(picture, 320, 240)).collect();
    assert!(pictures.len() >= 5 && pictures.iter().all(|got| is_color(*got, [81, 90, 240])), "{pictures:?}");
}
