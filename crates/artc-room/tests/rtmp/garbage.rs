//! Whatever comes is answered or ended, and everybody else goes on.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use bytes::{Bytes, BytesMut};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use rtmp_rs::amf::AmfValue;
use rtmp_rs::protocol::ChunkEncoder;
use rtmp_rs::protocol::chunk::RtmpChunk;
use rtmp_rs::protocol::message::{Command, RtmpMessage};

use crate::stage::{CHANNEL, PATIENCE, Stage, token, wait};

/// What a pusher says up to its first pictures; the handshake, and where each message behind it begins.
fn session(token: &str) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = vec![7; 1 + 2 * 1536];
    bytes[0] = 3;
    let mut begins = Vec::new();
    let mut encoder = ChunkEncoder::new();
    let command = |name: &str, number: f64, object: AmfValue, arguments: Vec<AmfValue>| {
        let command_object = object;
        RtmpMessage::Command(Command { name: name.to_owned(), transaction_id: number, command_object, arguments, stream_id: 0 })
    };
    let app = AmfValue::Object(HashMap::from([("app".to_owned(), AmfValue::String(CHANNEL.to_owned()))]));
    let text = |text: String| AmfValue::String(text);
    let parameters = [
        0x17, 0, 0, 0, 0, 1, 66, 0xc0, 30, 0xff, 0xe1, 0, 9, 0x67, 66, 0xc0, 30, 0xda, 5, 7, 0xe8, 0x40, 1, 0, 4, 0x68, 0xce,
        0x3c, 0x80,
    ];
    let picture = [0x17, 1, 0, 0, 0, 0, 0, 0, 5, 0x65, 0x88, 0x84, 0, 7];
    let messages = [
        (3, command("connect", 1.0, app, Vec::new())),
        (3, command("createStream", 2.0, AmfValue::Null, Vec::new())),
        (3, command("publish", 3.0, AmfValue::Null, vec![text(format!("encoder?token={token}")), text("live".to_owned())])),
        (6, RtmpMessage::Video { timestamp: 0, data: Bytes::copy_from_slice(&parameters) }),
        (6, RtmpMessage::Video { timestamp: 0, data: Bytes::copy_from_slice(&picture) }),
        (4, RtmpMessage::Audio { timestamp: 0, data: Bytes::from_static(&[0xaf, 0, 0x11, 0x88]) }),
        (4, RtmpMessage::Audio { timestamp: 0, data: Bytes::from_static(&[0xaf, 1, 1, 2, 3, 4]) }),
    ];
    for (csid, message) in messages {
        let mut out = BytesMut::new();
        let (message_type, payload) = message.encode();
        encoder.encode(&RtmpChunk { csid, timestamp: 0, message_type, stream_id: u32::from(csid != 3), payload }, &mut out);
        begins.push(bytes.len());
        bytes.extend_from_slice(&out);
    }
    (bytes, begins)
}

/// Says `bytes` and then nothing more; what is answered until the server ends it.
fn say(stage: &Stage, bytes: &[u8], more: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(stage.rtmp).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time");
    // It may be ended before all is said.
    let _ = stream.write_all(bytes);
    if !more {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return answer,
            Ok(bytes) => answer.extend_from_slice(&piece[..bytes]),
            // An end that was not waited for.
            Err(why) if why.kind() == std::io::ErrorKind::ConnectionReset => return answer,
            Err(why) => panic!("it is not ended: {why}"),
        }
    }
}

fn holds(answer: &[u8], word: &str) -> bool {
    answer.windows(word.len()).any(|part| part == word.as_bytes())
}

#[test]
fn garbage_is_ended_and_the_next_one_is_served() {
    let mut stage = Stage::new();
    let token = token("encoder");
    let (good, begins) = session(&token);
    assert!(holds(&say(&stage, &good, false), "NetStream.Publish.Start"), "what is right is taken");
    let mut random = StdRng::seed_from_u64(1935);
    // Whoever says half a handshake, or connects and wants nothing, is ended by and by; beside the others, since it takes its time.
    let waits: Vec<_> = [0, 1, 700, 1537, 2000, good.len().min(begins[1])]
        .map(|len| {
            let (bytes, rtmp) = (good[..len].to_vec(), stage.rtmp);
            std::thread::spawn(move || {
                let mut stream = TcpStream::connect(rtmp).expect("it listens");
                stream.set_read_timeout(Some(PATIENCE)).expect("a time");
                stream.write_all(&bytes).expect("said");
                let mut answer = Vec::new();
                // Ended in whatever way.
                let _ = stream.read_to_end(&mut answer);
                answer.len()
            })
        })
        .into();
    for _ in 0..40 {
        let mut bytes = vec![0; random.random_range(0..5000)];
        random.fill(&mut bytes[..]);
        say(&stage, &bytes, false);
    }
    // Behind a handshake and behind each message: noise, an end, a change.
    for at in std::iter::once(1 + 2 * 1536).chain(begins.iter().copied()).chain([good.len()]) {
        for _ in 0..2 {
            let mut noise = vec![0; random.random_range(1..400)];
            random.fill(&mut noise[..]);
            say(&stage, &[&good[..at], &noise].concat(), false);
            let mut changed = good.clone();
            let place = random.random_range(begins[0]..good.len());
            changed[place] = random.random();
            say(&stage, &changed, false);
            say(&stage, &good[..random.random_range(at.saturating_sub(20)..at)], false);
        }
    }
    let refused = |reason: &str| stage.count("artc_server_refused_total", &["rtmp", reason]);
    // A connection may be closed before it is counted.
    let counted = |reason: &str, least: u64| wait(reason, || (refused(reason) >= least).then_some(()));
    counted("garbage", 1);
    // A message that would fill the memory, a chunk stream too many, references to references.
    let head = &good[..1 + 2 * 1536];
    let before = refused("too much");
    say(&stage, &[head, &[3, 0, 0, 0, 0xff, 0xff, 0xff, 20, 0, 0, 0, 0]].concat(), true);
    let streams: Vec<u8> = (2..40).flat_map(|id| [id, 0, 0, 0, 0, 0, 9, 18, 0, 0, 0, 0].into_iter().chain([1; 9])).collect();
    say(&stage, &[head, &streams].concat(), true);
    counted("too much", before + 2);
    let bomb = [3u8, 0, 0, 0, 0, 0, 13, 20, 0, 0, 0, 0, 2, 0, 1, b'x', 3, 0, 1, b'a', 7, 0, 0, 0, 9];
    let before = refused("garbage");
    say(&stage, &[head, &bomb].concat(), true);
    counted("garbage", before + 1);
    // Pictures before anybody knows whose, and a wrong order.
    say(&stage, &[head, &good[begins[3]..]].concat(), true);
    say(&stage, &[head, &good[begins[2]..]].concat(), true);
    for wait in waits {
        assert!(wait.join().expect("ended") < 10_000);
    }
    // So many connections and no more.
    let many: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(stage.rtmp).expect("it listens")).collect();
    counted("connections", 8);
    drop(many);
    assert_eq!(refused("broke"), 0, "no connection's task panicked");
    assert!(stage.lives());
    assert!(!stage.log().contains("panicked"));
    wait("the stream is free", || (stage.count("artc_server_rtmp_streams", &[]) == 0).then_some(()));
    wait("what is right is taken still", || holds(&say(&stage, &good, false), "NetStream.Publish.Start").then_some(()));
}
