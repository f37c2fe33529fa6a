//! A participant that sends nonsense through the room: pictures, SEI, sound, packets and messages of any content. Who listens to it
//! lives on, and goes on seeing and hearing the others.

use std::sync::Arc;
use std::time::Duration;

use artc_bindings::contract::Driver as _;
use artc_bindings::{
    AudioFormat, CallError, ChannelProfile, DataChannelMsg, Engine, Event, JoinChannelConfig, PublishMode, RenderMode,
    SubscribeMode, VideoDataSample, VideoSource,
};
use rtc::local::{Frame, FrameData, FromRoom, Link, LocalJoin, ToRoom};
use rtc::proto::{self, AddTrackRequest, TrackSource, TrackType, data_packet::Value};
use rtc::signal::{Request, Response};
use rtc::{DataChannel, packet};

use crate::server::{Server, Tokens};

const CHANNEL: &str = "yard";
const PATIENCE: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(10);

/// Bytes of any kind, the same ones each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn bytes(&mut self, most: u64) -> Vec<u8> {
        let len = self.next() % (most + 1);
        (0..len).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// The participant.
struct Mallory {
    link: Link,
    camera: Arc<str>,
    microphone: Arc<str>,
    frames: u32,
}

impl Mallory {
    fn join(server: &Server) -> Self {
        let token = server.access(Server::participant(CHANNEL), "mallory");
        let link = server.room().local().join(LocalJoin { token, ..LocalJoin::default() }).expect("let in");
        let mut mallory = Self { link, camera: "".into(), microphone: "".into(), frames: 0 };
        mallory.until(|said| matches!(said, Response::Join(_)).then_some(()));
        mallory.camera = mallory.publish("cam", TrackType::Video, TrackSource::Camera);
        mallory.microphone = mallory.publish("mic", TrackType::Audio, TrackSource::Microphone);
        mallory
    }

    fn publish(&mut self, cid: &str, kind: TrackType, source: TrackSource) -> Arc<str> {
        let codec = proto::SimulcastCodec { codec: "h264".into(), cid: cid.into(), ..Default::default() };
        let simulcast_codecs = if kind == TrackType::Video { vec![codec] } else { Vec::new() };
        self.say(Request::AddTrack(AddTrackRequest {
            cid: cid.into(),
            r#type: kind as i32,
            source: source as i32,
            width: 320,
            height: 180,
            simulcast_codecs,
            ..Default::default()
        }));
        self.until(|said| match said {
            Response::TrackPublished(published) if published.cid == cid => {
                published.track.as_ref().map(|track| track.sid.as_str().into())
            }
            _ => None,
        })
    }

    fn say(&self, request: Request) {
        self.link.sender.send(ToRoom::Signal(rtc::signal::encode_request(request))).expect("the room takes it");
    }

    fn until<T>(&mut self, wanted: impl Fn(&Response) -> Option<T>) -> T {
        for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
            while let Ok(said) = self.link.receiver.try_recv() {
                if let FromRoom::Signal(frame) = said
                    && let Some(found) = rtc::signal::decode_response(&frame).ok().as_ref().and_then(&wanted)
                {
                    return found;
                }
            }
            std::thread::park_timeout(STEP);
        }
        panic!("the room did not answer");
    }

    #[expect(clippy::disallowed_methods, reason = "frames are stamped with the machine's clock")]
    fn frame(&mut self, track: &Arc<str>, data: FrameData) {
        self.frames += 1;
        let frame = Frame {
            track: Arc::clone(track),
            rid: None,
            data,
            timestamp: self.frames.wrapping_mul(3000),
            captured_at: std::time::Instant::now(),
            captured: None,
            playout_delay: None,
            audio_level: None,
        };
        // A busy room loses frames, as a network does.
        let _ = self.link.sender.send(ToRoom::Frame(frame));
    }

    fn picture(&mut self, unit: Vec<u8>) {
        let camera = Arc::clone(&self.camera);
        self.frame(&camera, FrameData::Picture(Arc::new(unit)));
    }

    /// A second of nonsense of every kind.
    fn rave(&mut self, noise: &mut Noise) {
        let start = [0, 0, 0, 1];
        let sets: &[u8] = &[0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0x68, 0xff];
        for n in 0..50_u8 {
            // Every type of NAL unit, those among them by which a packet says that it holds several, or a part of one.
            let header = (n % 32) | (noise.next() as u8 & 0x60);
            self.picture([&start[..], &[header], &noise.bytes(1000)].concat());
            self.picture([sets, &start[..], &[0x65], &noise.bytes(4000)].concat());
            // An SEI message that is longer than it is, and one of very many parts.
            self.picture([&start[..], &[6, 5], &[0xff; 40], &noise.bytes(60), &start[..], &[0x65, 0x88]].concat());
            self.picture([&[0, 0, 1][..], &[6, 5, 1]].concat().repeat(200));
            self.picture(noise.bytes(2000));
            let microphone = Arc::clone(&self.microphone);
            self.frame(&microphone, FrameData::Sound(noise.bytes(1400).into()));
            for channel in [DataChannel::Reliable, DataChannel::Lossy] {
                let any = noise.bytes(1500).into();
                let _ = self.link.sender.send(ToRoom::Data(channel, any));
                let user = proto::UserPacket {
                    payload: noise.bytes(1000),
                    topic: [None, Some("artc.rpc".to_owned()), Some("\u{0}".repeat(500))][usize::from(n) % 3].clone(),
                    start_time: Some(noise.next() << 31),
                    ..Default::default()
                };
                let _ = self.link.sender.send(ToRoom::Data(channel, packet::encode(Value::User(user), &[], channel, n.into())));
                let chunk = proto::data_stream::Chunk {
                    stream_id: "nobody's".into(),
                    chunk_index: noise.next(),
                    content: noise.bytes(500),
                    ..Default::default()
                };
                let _ = self.link.sender.send(ToRoom::Data(channel, packet::encode(Value::StreamChunk(chunk), &[], channel, 0)));
            }
            while self.link.receiver.try_recv().is_ok() {}
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

fn wait<T>(engine: &dyn Engine, what: &str, mut meanwhile: impl FnMut(), wanted: impl Fn(&Event) -> Option<T>) -> T {
    let events = engine.event_handler();
    for _ in 0..PATIENCE.as_millis() / STEP.as_millis() {
        meanwhile();
        std::thread::park_timeout(STEP);
        while let Some(event) = events.try_next() {
            if let Event::Error { code, detail } = &event {
                panic!("{code}: {detail}");
            }
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    }
    panic!("never told {what}");
}

fn config(publish_mode: PublishMode, subscribe_mode: SubscribeMode) -> JoinChannelConfig {
    let (channel_profile, subscribe_audio_format) = (ChannelProfile::Communication, AudioFormat::PcmBeforeMixing);
    JoinChannelConfig { channel_profile, publish_mode, subscribe_mode, subscribe_audio_format, ..JoinChannelConfig::default() }
}

fn joined(server: &mut Server, user: &str, config: &JoinChannelConfig) -> Arc<dyn Engine> {
    let engine = server.engine().expect("an engine");
    engine.set_parameter(r#"{"data":{"enablePubDataChannel":true,"enableSubDataChannel":true}}"#).expect("switches");
    engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("a camera");
    engine.join_channel(&server.token(CHANNEL, user), CHANNEL, user, "", config).expect("asked");
    wait(
        &*engine,
        "the result of the join",
        || (),
        |event| match event {
            Event::JoinChannelResult { result, .. } => {
                assert!(result.is_ok(), "{result}");
                Some(())
            }
            _ => None,
        },
    );
    engine
}

fn lives_on_beside_nonsense(mut server: Server) {
    let viewer = joined(&mut server, "viewer", &config(PublishMode::Manually, SubscribeMode::Automatically));
    let mut mallory = Mallory::join(&server);
    let mut noise = Noise(1);
    wait(
        &*viewer,
        "mallory's camera",
        || (),
        |event| match event {
            Event::VideoSubscribeStateChanged(change) => (change.uid == "mallory").then_some(()),
            _ => None,
        },
    );
    mallory.rave(&mut noise);
    let camera = joined(&mut server, "cam", &config(PublishMode::Automatically, SubscribeMode::Manually));
    for round in 0..3_u8 {
        let picture = VideoDataSample::i420(Arc::new(vec![60 * round; 320 * 180 * 3 / 2]), 320, 180, 0, None);
        let push = || match camera.push_external_video_frame(&picture, VideoSource::Camera) {
            Ok(()) | Err(CallError::BufferFull { .. }) => {}
            Err(error) => panic!("{error}"),
        };
        wait(&*viewer, "the camera's picture", push, |event| {
            matches!(event, Event::RemoteVideoSample { uid, .. } if uid == "cam").then_some(())
        });
        camera.send_data_channel_message(&DataChannelMsg::custom([round])).expect("sent");
        wait(
            &*viewer,
            "the camera's message",
            || (),
            |event| match event {
                Event::DataChannelMsg { uid, msg } => (uid == "cam" && msg.data == [round]).then_some(()),
                _ => None,
            },
        );
        mallory.rave(&mut noise);
    }
    // At last it says nonsense to the room itself, which shows it the door and nobody else.
    for _ in 0..100 {
        let _ = mallory.link.sender.send(ToRoom::Signal(noise.bytes(200).into()));
    }
    drop(mallory);
    wait(
        &*viewer,
        "that mallory has left",
        || (),
        |event| matches!(event, Event::RemoteUserOffLineNotify { uid } if uid == "mallory").then_some(()),
    );
    viewer.leave_channel().expect("still in the channel");
    wait(&*viewer, "the result of leaving", || (), |event| matches!(event, Event::LeaveChannelResult { .. }).then_some(()));
}

#[test]
fn a_participant_that_sends_nonsense_harms_nobody_over_the_network() {
    lives_on_beside_nonsense(Server::own(false, Tokens::LiveKit));
}

#[test]
fn a_participant_that_sends_nonsense_harms_nobody_over_the_link_in_a_process() {
    lives_on_beside_nonsense(Server::own(true, Tokens::LiveKit));
}
