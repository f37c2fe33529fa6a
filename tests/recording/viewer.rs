//! Somebody who watches what the daemon sends: the open engine as a participant, with the address that the device gives out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{AudioFormat, ChannelProfile, Engine, Event, Extra, JoinChannelConfig, SubscribeMode, VideoTranscodingCodec};
use artc_open::{OpenEngine, Options};
use serde_json::json;

use crate::daemon::{Daemon, PATIENCE};

pub struct Viewer {
    engine: Arc<dyn Engine>,
}

impl Viewer {
    /// Joins the daemon's room and subscribes to what is published.
    pub fn join(daemon: &Daemon) -> Self {
        let told = daemon.call("viewer.address", json!({}));
        let address = told["address"].as_str().expect("an address");
        let (page, fragment) = address.split_once("/#").expect("a page, and what it is to do");
        let token = fragment.split('&').find_map(|part| part.strip_prefix("token=")).expect("a token");
        let claims = artc_open::peek(token).expect("a join token");
        let extra = Extra { video_observer_codec: Some(VideoTranscodingCodec::Yuv), ..Extra::default() };
        let url = page.replacen("http", "ws", 1);
        let engine: Arc<dyn Engine> = OpenEngine::create_with(Options::new(&url), &extra).expect("the engine can be made");
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            subscribe_mode: SubscribeMode::Automatically,
            subscribe_audio_format: AudioFormat::PcmBeforeMixing,
            ..JoinChannelConfig::default()
        };
        let (room, identity) = (claims.room.expect("a room"), claims.identity.expect("somebody"));
        engine
            .publish_local_video_stream(false)
            .and_then(|()| engine.publish_local_audio_stream(false))
            .and_then(|()| engine.join_channel(token, &room, &identity, &identity, &config))
            .expect("a join is begun");
        Self { engine }
    }

    /// The next picture as it was decoded: width, height, luma.
    #[expect(clippy::disallowed_methods, reason = "the end of a wait")]
    pub fn next_picture(&self) -> (usize, usize, Vec<u8>) {
        let (begun, events) = (Instant::now(), self.engine.event_handler());
        loop {
            if let Some(Event::RemoteVideoSample { frame, .. }) = events.next_timeout(Duration::from_millis(200)) {
                let (width, height) = (frame.frame.width as usize, frame.frame.height as usize);
                return (width, height, frame.frame.bytes()[..width * height].to_vec());
            }
            assert!(begun.elapsed() < PATIENCE, "no picture comes to who watches");
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.engine.release();
    }
}
