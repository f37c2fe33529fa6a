//! ffmpeg pushes a stream, and a user of the room sees and hears it.

use std::sync::Arc;

use artc_bindings::{
    AudioFormat, AudioFrame, ChannelProfile, Engine, Event, JoinChannelConfig, PublishMode, SubscribeMode, VideoFormat,
};
use artc_open::{OpenEngine, Options};

use crate::stage::{CHANNEL, Ffmpeg, Stage, is_color, middle, pitch, token, wait};

/// Somebody who sees and hears everything.
struct Viewer {
    engine: Arc<dyn Engine>,
    pcm: Vec<i16>,
    colors: Vec<[u8; 3]>,
    left: Vec<String>,
}

impl Viewer {
    fn join(stage: &Stage) -> Self {
        let engine = OpenEngine::create(Options::new(stage.room.as_str())).expect("an engine");
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::Communication,
            publish_mode: PublishMode::Manually,
            subscribe_mode: SubscribeMode::Automatically,
            subscribe_video_format: VideoFormat::H264,
            subscribe_audio_format: AudioFormat::PcmBeforeMixing,
            ..JoinChannelConfig::default()
        };
        engine.join_channel(&token("viewer"), CHANNEL, "viewer", "viewer", &config).expect("a join");
        Self { engine, pcm: Vec::new(), colors: Vec::new(), left: Vec::new() }
    }

    /// Takes what has come from `user`.
    fn look(&mut self, user: &str) {
        while let Some(event) = self.engine.event_handler().try_next() {
            match event {
                Event::RemoteVideoSample { uid, frame } if uid == user => {
                    let frame = &frame.frame;
                    assert_eq!((frame.width, frame.height), (320, 240));
                    self.colors.push(middle(frame.bytes(), 320, 240));
                }
                Event::SubscribeAudioFrame { uid, frame: AudioFrame::Pcm(frame) } if uid == user => {
                    self.pcm.extend_from_slice(&frame.pcm);
                    // The last half second.
                    let old = self.pcm.len().saturating_sub(24_000);
                    self.pcm.drain(..old);
                }
                Event::RemoteUserOffLineNotify { uid } => self.left.push(uid),
                _ => {}
            }
        }
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.engine.release();
    }
}

#[test]
fn a_stream_reaches_a_room_elsewhere_and_only_with_a_token_of_its_key() {
    let room = Stage::new();
    let gateway = Stage::at(&room);
    let (content, said) = Ffmpeg::start(&["-i", &gateway.address("encoder", "a.b.c"), "-t", "1", "-f", "null", "-"]).ended();
    assert!(!content && said.contains("JWT"), "{said}");
    let mut viewer = Viewer::join(&room);
    let _pusher = Ffmpeg::push(&gateway.address("encoder", &token("encoder")), "red");
    wait("pictures of the colour", || {
        viewer.look("encoder");
        (viewer.colors.iter().filter(|got| is_color(**got, [81, 90, 240])).count() >= 10).then_some(())
    });
}

#[test]
fn what_is_pushed_is_seen_and_heard_in_the_room_and_ends_with_its_pusher() {
    let stage = Stage::new();
    let mut viewer = Viewer::join(&stage);
    for (color, yuv) in [("red", [81, 90, 240]), ("blue", [41, 240, 110])] {
        let pusher = Ffmpeg::push(&stage.address("encoder", &token("encoder")), color);
        (viewer.pcm, viewer.colors) = Default::default();
        wait("pictures of the colour", || {
            viewer.look("encoder");
            (viewer.colors.iter().filter(|got| is_color(**got, yuv)).count() >= 10).then_some(())
        });
        assert!(viewer.colors.iter().all(|got| is_color(*got, yuv)), "{:?}", viewer.colors);
        wait("the tone", || {
            viewer.look("encoder");
            pitch(&viewer.pcm, 48_000).filter(|pitch| (990.0..1010.0).contains(pitch))
        });
        assert_eq!(stage.count("artc_server_rtmp_streams", &["in"]), 1);
        drop(pusher);
        wait("the user leaves", || {
            viewer.look("encoder");
            viewer.left.contains(&"encoder".to_owned()).then_some(())
        });
        viewer.left.clear();
        wait("nobody pushes", || (stage.count("artc_server_rtmp_streams", &["in"]) == 0).then_some(()));
    }
}

#[test]
fn with_a_certificate_streams_are_pushed_and_played_by_rtmps_and_by_nothing_else() {
    let stage = Stage::encrypted();
    let _pusher = Ffmpeg::push(&stage.address("encoder", &token("encoder")), "red");
    wait("it pushes", || (stage.count("artc_server_rtmp_streams", &["in"]) == 1).then_some(()));
    let address = stage.address("encoder", &token("player"));
    let (content, said) = Ffmpeg::start(&["-i", &address, "-t", "1", "-f", "null", "-"]).ended();
    assert!(content, "{said}");
    let plain = address.replace("rtmps://", "rtmp://");
    let (content, said) = Ffmpeg::start(&["-i", &plain, "-t", "1", "-f", "null", "-"]).ended();
    assert!(!content, "{said}");
    assert_eq!(stage.count("artc_server_refused_total", &["rtmp", "garbage"]), 1);
    assert!(stage.log().contains("no TLS"), "why is in the log");
}
