//! A room with people in it: real engines that publish a colour, a flash with a beep, or sound alone; and the recorder beside them.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use artc_bindings::{
    AudioFormat, AudioQualityMode, AudioSceneMode, ChannelProfile, Dimensions, Engine, JoinChannelConfig, PublishMode,
    RenderMode, Secret, VideoDataSample, VideoEncoderConfiguration, VideoFormat, VideoSource,
};
use artc_open::{OpenEngine, OpenFactory, Options};
use mixing::{
    Event, Events, Files, Job, JobSpec, MixedRecorders, Mp4, Place, RECEIVE, Recorders, Scene, Settings, Store, Template,
};
use room::token::{Claims, Key, VideoGrant};

pub const CHANNEL: &str = "mixed";
/// Everything that is waited for comes within this, on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
const KEY: &str = "mixing";
const SECRET: &str = "a-secret-of-the-mixing-test-alone";
const FPS: u64 = 15;

/// A room and a runtime.
pub struct Stage {
    pub runtime: tokio::runtime::Runtime,
    room: room::Handle,
}

impl Stage {
    pub fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let config = room::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            media_port: 0,
            tcp_port: 0,
            api_key: KEY.to_owned(),
            max_joins_per_second: 1000,
            ..room::Config::default()
        };
        let room = runtime.block_on(async { room::Server::start_with(config, room::token::Secret::new(SECRET)) }).unwrap();
        Self { runtime, room }
    }

    pub fn url(&self) -> String {
        self.room.signal_url()
    }

    /// Somebody who publishes until dropped.
    pub fn publisher(&self, user: &str, sends: Sends) -> Publisher {
        let engine = OpenEngine::create(Options::local(self.room.local())).unwrap();
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
        engine.join_channel(&token(user, false), CHANNEL, user, user, &config).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (stopping, own) = (Arc::clone(&stop), Arc::clone(&engine));
        let thread = std::thread::spawn(move || publish(&*own, sends, &stopping));
        Publisher { stop, thread: Some(thread), engine }
    }
}

/// What somebody publishes.
#[derive(Clone, Copy)]
pub struct Sends {
    /// Y, U and V; without it no camera.
    pub color: Option<[u8; 3]>,
    /// Every second a white flash and a beep of 200 ms.
    pub flashes: bool,
}

impl Sends {
    pub const fn color(y: u8, u: u8, v: u8) -> Self {
        Self { color: Some([y, u, v]), flashes: false }
    }
}

pub struct Publisher {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    engine: Arc<dyn Engine>,
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
    let flash = |ms: u64| sends.flashes && ms % 1000 < 200;
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
            let sample = |n: u64| if flash(at) { ((n as f64 * 0.13).sin() * 12_000.0) as i16 } else { 0 };
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

/// A token of the room's key.
pub fn token(user: &str, hidden: bool) -> String {
    let grant = VideoGrant { hidden, recorder: hidden, ..VideoGrant::join(CHANNEL) };
    let claims = Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() };
    let now = SystemTime::UNIX_EPOCH + SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Key::new(KEY, room::token::Secret::new(SECRET)).mint(claims, Duration::from_secs(3600), now).unwrap()
}

/// Recorders that join the room at `url` over the network, work below `folder` and store in its `store`.
pub fn recorders(url: &str, folder: &Path, runtime: &tokio::runtime::Handle) -> MixedRecorders {
    let store = Store::open(&Place::Folder(folder.join("store"))).unwrap();
    let options = Options { receive: RECEIVE, ..Options::new(url) };
    let settings = Settings { work: folder.join("work"), store, engines: Arc::new(OpenFactory { options }), most: 4 };
    MixedRecorders::new(settings, runtime.clone()).unwrap()
}

/// A job of one MP4 file.
pub fn spec(template: &str) -> JobSpec {
    JobSpec {
        id: "job-1".into(),
        channel: CHANNEL.into(),
        user_id: "recorder".into(),
        token: Secret::from(token("recorder", true)),
        template: template.parse::<Template>().unwrap(),
        scene: Scene::default(),
        files: Files {
            mp4: Some(Mp4 { prefix: "rec/{record_format}/{file_start_time}".into(), cycle: Duration::ZERO }),
            hls: None,
        },
        idle: Duration::from_secs(600),
    }
}

/// Starts a job.
pub fn start(recorders: &dyn Recorders, spec: JobSpec) -> (Box<dyn Job>, Told) {
    let (job, events) = recorders.start(spec).unwrap();
    (job, Told { events })
}

/// What a job tells.
pub struct Told {
    pub events: Events,
}

impl Told {
    /// The first event that `wanted` wants, with those before it.
    pub fn until<T>(&mut self, stage: &tokio::runtime::Runtime, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let mut before = Vec::new();
        stage.block_on(async {
            loop {
                let event = tokio::time::timeout(PATIENCE, self.events.recv()).await;
                let event = event.unwrap_or_else(|_| panic!("not told within {PATIENCE:?}, only {before:?}"));
                let event = event.unwrap_or_else(|| panic!("the events ended after {before:?}"));
                if let Some(found) = wanted(&event) {
                    return found;
                }
                before.push(event);
            }
        })
    }

    /// All that follows until the events end.
    pub fn rest(&mut self, stage: &tokio::runtime::Runtime) -> Vec<Event> {
        let mut all = Vec::new();
        stage.block_on(async {
            while let Some(event) = tokio::time::timeout(PATIENCE, self.events.recv()).await.expect("the events end in time") {
                all.push(event);
            }
        });
        all
    }
}
