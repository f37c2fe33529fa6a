//! Calls through a real Mosquitto: from `create` over the enter message and the stream to `destory`, with the daemon as it ships and
//! the room of `artc-room`; and commands to devices, the same way.

mod broker;
mod commands;
mod device;

use std::time::Duration;

use artc_bindings::{AudioFormat, ChannelProfile, JoinChannelConfig, SubscribeMode, VideoTrack};
use artc_open::OpenEngine;
use artc_room::{Config, Server, Service};
use broker::{Broker, person};
use call_control::message::{Enter, Notice, Request, Told};
use call_control::{ClientId, Said};
use device::Device;
use mqtt_link::{Event, Link};

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);
const UP: &str = "MeetingCtrlUp";

/// Waits until it is so.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "in vain: {what}");
}

/// Somebody with the app of their phone.
struct Person {
    link: Link,
    client: ClientId,
}

#[derive(Debug)]
enum Heard {
    Enter(Box<Enter>),
    Destroyed,
    Notice(Notice),
}

impl Person {
    async fn new(broker: &Broker, name: &str) -> Self {
        let client = person(name);
        let mut link = broker.link(&client, None);
        let up = async { while !matches!(link.next().await, Event::Up) {} };
        tokio::time::timeout(PATIENCE, up).await.expect("let in");
        Self { link, client }
    }

    fn say(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.link.publish(topic, payload.into()).expect("room for it");
    }

    fn ask(&self, request: &Request) {
        self.say(&format!("{UP}/{}", self.client), request.write());
    }

    fn call(&self, whom: &[ClientId]) {
        self.ask(&Request::Create { channel: None, invite: whom.to_vec() });
    }

    /// Calls the device until it comes.
    async fn gets_through(&mut self) {
        loop {
            self.call(&[broker::device()]);
            loop {
                match self.hear().await {
                    Heard::Notice(Notice { event: Said::Accepted, .. }) => return,
                    Heard::Notice(Notice { event: Said::Ended, .. }) => break,
                    _ => {}
                }
            }
        }
    }

    async fn hear(&mut self) -> Heard {
        let hearing = async {
            loop {
                if let Event::Message { topic, payload } = self.link.next().await {
                    return (topic, payload);
                }
            }
        };
        let (topic, payload) = tokio::time::timeout(PATIENCE, hearing).await.expect("a message");
        if topic.ends_with("/call") {
            return Heard::Notice(Notice::read(&payload).expect("a notice"));
        }
        match Told::read(&payload).expect("a message of the documents") {
            Told::Enter(enter) => Heard::Enter(enter),
            Told::Destroyed { .. } => Heard::Destroyed,
        }
    }

    /// Passes over everything until one is told `said`.
    async fn told(&mut self, said: Said) -> Notice {
        loop {
            if let Heard::Notice(notice) = self.hear().await
                && notice.event == said
            {
                return notice;
            }
        }
    }
}

fn serve(broker: &Broker, ring_s: u16) -> Server {
    let any = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let config = Config {
        room: room::Config { listen: any(0), media_port: 0, tcp_port: 0, ..room::Config::default() },
        calls: broker.config(&broker::server()),
        service: Service { invite: vec![broker::device()], ring_s, ..Service::default() },
        ..Config::default()
    };
    Server::start(&config).expect("it starts")
}

fn refused(server: &Server, why: &str) -> u64 {
    server.counts().refused.get(why).copied().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_create_to_destory_and_everything_that_comes_between() {
    let broker = Broker::start();
    let server = serve(&broker, 3);
    let room = server.room().expect("a room");
    let device = Device::start(&broker, &room.signal_url());
    until("server and device are at the broker", || server.counts().clients >= 2).await;
    until("the device is ready", || device.get("/readyz").contains("waiting for calls")).await;
    assert_eq!(room.stats().participants, 0, "nobody calls, so it is in no channel");
    let mut alice = Person::new(&broker, "alice").await;

    one_calls_and_another_finds_it_busy(&broker, &server, &mut alice).await;
    the_texts_of_the_guide(&server, &alice).await;
    let mut device = what_is_wrong_harms_nobody(&broker, &server, device).await;
    // What comes right after a flood may be lost in it; then it was missed, and the caller tries again.
    tokio::time::timeout(PATIENCE, alice.gets_through()).await.expect("a call gets through");
    alice.say(&format!("{UP}/{}", alice.client), "destory");
    alice.told(Said::Ended).await;
    assert!(device.is_alive());

    // Off line: it rings in vain, and the device hears of it when it is back.
    let clients = server.counts().clients;
    device.kill();
    until("the broker told the device's last will", || server.counts().clients < clients).await;
    alice.call(&[broker::device()]);
    let missed = alice.told(Said::Missed).await;
    assert_eq!(missed.who, Some(broker::device()));
    alice.told(Said::Ended).await;
    device = Device::start(&broker, &room.signal_url());
    until("the missed call", || device.count("artc_calls_missed_total", "") == 1).await;
    assert_eq!(device.count("artc_calls_taken_total", ""), 0, "a call that is over is not joined");
    server.stop().await;
}

async fn one_calls_and_another_finds_it_busy(broker: &Broker, server: &Server, alice: &mut Person) {
    let room = server.room().expect("a room");
    alice.call(&[broker::device()]);
    let Heard::Enter(enter) = alice.hear().await else { panic!("the caller is told to enter first") };
    assert_eq!(enter.gslb, [room.signal_url()]);
    let accepted = alice.told(Said::Accepted).await;
    assert_eq!((accepted.who, accepted.channel), (Some(broker::device()), enter.channel.clone()));
    sees_somebody(&enter).await;

    let mut mallory = Person::new(broker, "mallory").await;
    mallory.call(&[broker::device()]);
    mallory.told(Said::Busy).await;
    mallory.told(Said::Ended).await;
    mallory.ask(&Request::Destory { call: enter.call.clone() });
    mallory.told(Said::Refused).await;
    assert_eq!(server.counts().calls, 1, "somebody else's call goes on");
    mallory.link.stop(PATIENCE).await;

    alice.ask(&Request::Destory { call: enter.call });
    loop {
        match alice.hear().await {
            Heard::Destroyed => break,
            Heard::Notice(_) => {}
            Heard::Enter(_) => panic!("the call is over"),
        }
    }
    alice.told(Said::Ended).await;
    until("the device has left", || room.stats().participants == 0).await;
}

/// Enters with the token of the invitation, and waits for a decoded picture of whoever publishes one.
async fn sees_somebody(enter: &Enter) {
    let engine = OpenEngine::create(artc_open::Options::new(enter.gslb[0].clone())).expect("an engine");
    let events = engine.event_handler();
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        subscribe_mode: SubscribeMode::Manually,
        subscribe_audio_format: AudioFormat::None,
        ..JoinChannelConfig::default()
    };
    engine.join_channel(enter.token.expose(), &enter.channel, &enter.user_id, "Alice", &config).expect("a join");
    let seeing = async {
        loop {
            match events.next().await.expect("the engine lives") {
                artc_bindings::Event::RemoteTrackAvailableNotify {
                    uid,
                    video_track: VideoTrack::Camera | VideoTrack::Both,
                    ..
                } => {
                    engine.subscribe_remote_video_stream(&uid, VideoTrack::Camera, true).expect("subscribed");
                }
                artc_bindings::Event::RemoteVideoSample { uid, .. } => break uid,
                _ => {}
            }
        }
    };
    let uid = tokio::time::timeout(PATIENCE, seeing).await.expect("a picture");
    assert!(uid.starts_with("DEVICE_001-"), "{uid}");
    engine.release();
}

/// The payloads and topics of the vendor's guide, to the letter.
async fn the_texts_of_the_guide(server: &Server, alice: &Person) {
    let room = server.room().expect("a room");
    alice.say(UP, "create");
    until("the device publishes picture and sound in the usual channel", || room.stats().tracks == 2).await;
    assert_eq!(server.counts().calls, 1);
    alice.say(UP, "destory");
    until("the device has left", || room.stats().participants == 0 && server.counts().calls == 0).await;
}

/// Malformed payloads, wrong levels, names that are too long, a flood: counted by reason, and the next call gets through.
async fn what_is_wrong_harms_nobody(broker: &Broker, server: &Server, device: Device) -> Device {
    let mallory = Person::new(broker, "mallory").await;
    let own = format!("{UP}/{}", mallory.client);
    let to_device = format!("{UP}/p2p/{}", broker::device());
    let long = format!("{UP}/GID@@@{}", "x".repeat(100));
    for (topic, payload) in [
        (own.as_str(), &b"\xff\xfe{"[..]),
        (&own, b"{\"do\":\"create\",\"invite\":[\"a b\"]}"),
        (&own, &[b'x'; 70_000]),
        (&long, b"create"),
        (&format!("{UP}/no-client-id"), b"create"),
        (&format!("{to_device}/enter"), b"{\"code\":0,\"data\":{}}"),
        (&format!("{to_device}/enter"), &[b'['; 20_000]),
        (&format!("{to_device}/elsewhere/and/deeper"), b"{}"),
        (&format!("{to_device}/call"), b"null"),
    ] {
        mallory.say(topic, payload);
    }
    for why in ["malformed", "too_long", "topic"] {
        until(&format!("the server counts {why}"), || refused(server, why) > 0).await;
        until(&format!("the device counts {why}"), || device.count("artc_calls_refused_total", why) > 0).await;
    }
    for _ in 0..120 {
        mallory.say(&own, "destory");
        mallory.say(&format!("{to_device}/enter"), "{}");
    }
    until("the server counts the flood", || refused(server, "flood") > 0).await;
    until("the device counts the flood", || device.count("artc_calls_refused_total", "flood") > 0).await;
    mallory.link.stop(PATIENCE).await;
    assert_eq!(server.counts().calls, 0);
    device
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_device_notices_is_told_at_the_broker_while_nobody_calls() {
    let broker = Broker::start();
    let alice = person("alice");
    let topic = format!("{UP}/{}/event", broker::device());
    let mut link = broker.listening(&alice, &topic);
    let up = async { while !matches!(link.next().await, Event::Up) {} };
    tokio::time::timeout(PATIENCE, up).await.expect("let in");
    let settings = [("RECORD__WHEN", "[\"command\"]"), ("RECORD__PRE_ROLL_S", "0")];
    let device = Device::start_with(&broker, "ws://127.0.0.1:9", &broker::device(), &settings);
    until("the device is ready", || device.get("/readyz").contains("waiting for calls")).await;
    for (method, recording) in [("record.start", true), ("record.stop", false)] {
        device.call(method);
        let event = loop {
            let next = tokio::time::timeout(PATIENCE, link.next()).await.expect("told");
            if let Event::Message { topic: told, payload } = next {
                assert_eq!(told, topic);
                let event: serde_json::Value = serde_json::from_slice(&payload).expect("JSON");
                // Before its first picture it may say that it stands still.
                if event["method"] == "record.changed" && event["params"]["recording"] == recording {
                    break event;
                }
            }
        };
        assert_eq!(event["jsonrpc"], "2.0");
        assert!(event["params"]["time_ms"].as_u64().is_some_and(|time| time > 1_700_000_000_000), "{event}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_broker_that_does_not_let_us_in_is_named_with_the_way_out() {
    let broker = Broker::start();
    let mut link = broker.link(&person("alice"), Some("another"));
    let Ok(Event::Down(why)) = tokio::time::timeout(PATIENCE, link.next()).await else { panic!("let in") };
    assert!(why.contains("password") && !why.contains("another"), "{why}");
    let mut config = broker.config(&broker::server());
    config.ca_file = None;
    let calls = Config {
        room: room::Config { listen: ([127, 0, 0, 1], 0).into(), media_port: 0, tcp_port: 0, ..room::Config::default() },
        calls: config,
        ..Config::default()
    };
    let server = Server::start(&calls).expect("a broker that is not trusted is no reason not to start");
    let mut let_in = false;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let_in |= server.counts().up;
    }
    assert!(!let_in, "an authority that nobody trusts");
    server.stop().await;
}
