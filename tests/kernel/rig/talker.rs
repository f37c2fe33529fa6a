//! Somebody in the room who talks: the open engine as a participant that publishes recorded speech, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_bindings::{
    AudioQualityMode, AudioSceneMode, CallError, ChannelProfile, Engine, JoinChannelConfig, PublishMode, SubscribeMode,
};
use artc_open::{OpenEngine, Options};
use room::token::VideoGrant;

use super::daemon::mint;

/// Says something again and again until it is dropped.
pub struct Mouth {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Mouth {
    /// Through an engine that is about to join: `samples` of 48 kHz, one channel.
    pub fn open(engine: &Arc<dyn Engine>, samples: &[i16]) -> Self {
        engine
            .set_external_audio_source(true, 48_000, 1)
            .and_then(|()| engine.set_audio_profile(AudioQualityMode::HighQuality, AudioSceneMode::Default))
            .expect("taken");
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        let stop = Arc::new(AtomicBool::new(false));
        let (engine, stopped) = (Arc::clone(engine), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for block in bytes.chunks_exact(960).cycle() {
                while !stopped.load(Ordering::Relaxed) {
                    match engine.push_external_audio_frame_raw_data(block, -1) {
                        // The engine takes it at its own pace, and nothing before it has joined.
                        Err(CallError::BufferFull { .. } | CallError::NotJoined { .. }) => {
                            std::thread::park_timeout(Duration::from_millis(5));
                        }
                        Ok(()) => break,
                        Err(other) => panic!("sound is refused: {other}"),
                    }
                }
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        Self { stop, thread: Some(thread) }
    }
}

impl Drop for Mouth {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A participant who talks until it is dropped.
pub struct Talker {
    engine: Arc<dyn Engine>,
    mouth: Option<Mouth>,
}

impl Talker {
    /// Joins `channel` at `url` as `identity` and says `samples` (48 kHz, one channel) again and again.
    pub fn join(url: &str, channel: &str, identity: &str, samples: &[i16]) -> Self {
        let engine = OpenEngine::create(Options::new(url)).expect("the engine can be made");
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            publish_mode: PublishMode::Automatically,
            is_audio_only: true,
            subscribe_mode: SubscribeMode::Manually,
            ..JoinChannelConfig::default()
        };
        let mouth = Mouth::open(&engine, samples);
        let grant = VideoGrant::join(channel);
        engine.join_channel(&mint(identity, grant), channel, identity, identity, &config).expect("a join is begun");
        Self { engine, mouth: Some(mouth) }
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        self.mouth = None;
        self.engine.release();
    }
}
