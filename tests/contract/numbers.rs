//! Every documented error number, and the test that brings it about. A number without one fails here.

use std::collections::HashSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use artc_bindings::contract::{Driver as _, Report};
use artc_bindings::{
    AudioFormat, ChannelProfile, Engine, ErrorCode, Event, JoinChannelConfig, PublishMode, RenderMode, VideoSource,
};
use artc_open::{OpenEngine, Options};
use room::token::VideoGrant;

use crate::server::{Server, Tokens};

/// What brings a number about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum By {
    /// A case of the suite, on every engine.
    Contract,
    /// A server that refuses, is silent, or is none: on the open engine, below.
    Server,
    /// The test of this name in a file of the open engine.
    Test(&'static str, &'static str),
    /// The fake engine's own rules (`fake.rs`).
    Fake,
    /// The fake engine, told to (`fake.rs`): our engines repair it by themselves, or it is about parts that only the vendor's has.
    Script,
}

const STRANGERS: &str = "crates/artc-open/src/session/tests/strangers.rs";
const HANDED_OUT: By = By::Test(STRANGERS, "a_track_that_the_server_cannot_hand_out_is_told_by_its_kind");

const NUMBERS: &[(ErrorCode, By)] = &[
    (ErrorCode::Ok, By::Contract),
    (ErrorCode::JoinBadAppid, By::Server),
    (ErrorCode::JoinInvalidAppid, By::Server),
    (ErrorCode::JoinInvalidChannel, By::Server),
    (ErrorCode::JoinBadChannel, By::Contract),
    (ErrorCode::JoinBadToken, By::Contract),
    (ErrorCode::JoinTimeout, By::Server),
    (ErrorCode::JoinBadParam, By::Contract),
    (ErrorCode::JoinFailed, By::Server),
    (ErrorCode::JoinConfigInvalid, By::Contract),
    (ErrorCode::LeaveUnusual, By::Contract),
    (ErrorCode::NoPeople, By::Contract),
    (ErrorCode::PublishInvalid, By::Contract),
    (ErrorCode::AudioDataError, By::Contract),
    (ErrorCode::VideoDataError, By::Contract),
    (ErrorCode::NetworkConnectFail, By::Server),
    (ErrorCode::NetworkReconnectFail, By::Script),
    (ErrorCode::NetworkDisconnect, By::Fake),
    (ErrorCode::NetworkTimeout, By::Script),
    (ErrorCode::PublishNotJoinChannel, By::Contract),
    (ErrorCode::PublishAudioStreamFailed, By::Server),
    (ErrorCode::PublishVideoStreamFailed, By::Server),
    (ErrorCode::PublishDualStreamFailed, By::Script),
    (ErrorCode::PublishScreenShareFailed, By::Server),
    (ErrorCode::PublishScreenShareConfig, By::Script),
    (ErrorCode::SubscribeInvalid, By::Contract),
    (ErrorCode::SubscribeNotJoinChannel, By::Contract),
    (ErrorCode::SubscribeAudioStreamFailed, HANDED_OUT),
    (ErrorCode::SubscribeVideoStreamFailed, HANDED_OUT),
    (ErrorCode::SubscribeDualStreamFailed, By::Script),
    (ErrorCode::SubscribeScreenShareFailed, HANDED_OUT),
    (ErrorCode::SubscribeDualAudioStreamFailed, By::Script),
    (ErrorCode::SdkInvalidState, By::Contract),
    (ErrorCode::SessionRemoved, By::Server),
    (ErrorCode::Inner, By::Script),
    (ErrorCode::VideoTransfer, By::Script),
    (ErrorCode::AudioTransfer, By::Script),
    (ErrorCode::AudioBufferFull, By::Contract),
    (ErrorCode::Fatal, By::Contract),
];

fn brought_by(by: By) -> impl Iterator<Item = ErrorCode> {
    NUMBERS.iter().filter(move |(_, how)| *how == by).map(|(code, _)| *code)
}

/// The numbers that only the fake engine's script says.
pub fn scripted() -> impl Iterator<Item = ErrorCode> {
    brought_by(By::Script)
}

/// Checks that a run of the suite brought the numbers that it is to bring.
pub fn came_with_the_contract(report: &Report) {
    let missing: Vec<_> = brought_by(By::Contract).filter(|code| !report.codes.contains(code)).collect();
    assert!(missing.is_empty(), "the suite did not bring about {missing:?}");
}

#[test]
fn every_documented_number_has_a_test() {
    let listed: Vec<_> = NUMBERS.iter().map(|(code, _)| *code).collect();
    assert_eq!(listed, ErrorCode::ALL, "each once, in the documents' order");
    for (code, by) in NUMBERS {
        if let By::Test(file, name) = by {
            let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect(file);
            let there = text.contains(&format!("#[test]\nfn {name}(")) && text.contains(&format!("{code:?}"));
            assert!(there, "{code:?}: {file} has no test {name} that brings it about");
        }
    }
}

/// Publishing by itself; without sound of others, which would keep coming.
fn by_itself() -> JoinChannelConfig {
    JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        publish_mode: PublishMode::Automatically,
        subscribe_audio_format: AudioFormat::None,
        ..JoinChannelConfig::default()
    }
}

/// The number in the next event that has one and is not about success.
fn next_number(engine: &dyn Engine) -> ErrorCode {
    let events = engine.event_handler();
    loop {
        match events.next_timeout(Duration::from_secs(20)).expect("an answer") {
            Event::Error { code, .. } => return code,
            Event::JoinChannelResult { result, .. } if !result.is_ok() => return result,
            _ => {}
        }
    }
}

fn number_of_join(url: &str, token: &str) -> ErrorCode {
    let engine = OpenEngine::create(Options::new(url)).expect("an engine");
    number_of(&*engine, token)
}

/// The number that a join with this token ends in.
fn number_of(engine: &dyn Engine, token: &str) -> ErrorCode {
    engine.join_channel(token, "yard", "cam", "", &by_itself()).expect("to be refused later");
    let number = next_number(engine);
    engine.release();
    number
}

/// A server of one answer; `None` says nothing and keeps the connection.
fn stranger(answer: Option<String>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("the engine");
        let mut request = [0; 4096];
        let _ = stream.read(&mut request);
        match answer {
            Some(answer) => drop(stream.write_all(answer.as_bytes())),
            // Until the other side gives up.
            None => while matches!(stream.read(&mut request), Ok(1..)) {},
        }
    });
    address
}

#[test]
fn servers_that_refuse_or_are_silent_are_told_by_their_numbers() {
    let mut came = HashSet::new();
    let mut expect = |what: &str, number: ErrorCode, expected: ErrorCode| {
        assert_eq!(number, expected, "{what}");
        came.insert(number);
    };
    // By name: what our rooms say for unknown apps, and any server of the vendor's rules may say.
    for code in [ErrorCode::JoinInvalidAppid, ErrorCode::JoinInvalidChannel, ErrorCode::JoinBadChannel] {
        let answer = format!(
            "HTTP/1.1 401 Unauthorized\r\nartc-error: {}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno",
            code.name()
        );
        expect(code.name(), number_of_join(&format!("ws://{}", stranger(Some(answer))), "t"), code);
    }
    for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "SSH-2.0-OpenSSH_9.2\r\n", ""] {
        let url = format!("ws://{}", stranger(Some(answer.to_owned())));
        expect(answer, number_of_join(&url, "t"), ErrorCode::JoinFailed);
    }
    // A number that is not about joins is not believed.
    let odd = "HTTP/1.1 401 Unauthorized\r\nartc-error: ERR_OK\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(number_of_join(&format!("ws://{}", stranger(Some(odd.to_owned()))), "t"), ErrorCode::JoinBadToken);
    let silent = format!("ws://{}", stranger(None));
    expect("silence", number_of_join(&silent, "t"), ErrorCode::JoinTimeout);
    // The port of a listener that is gone.
    let gone = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).expect("a port");
    expect("nobody", number_of_join(&format!("ws://{gone}"), "t"), ErrorCode::NetworkConnectFail);

    let mut server = Server::own(false, Tokens::LiveKit);
    let url = server.room().signal_url();
    let token = Server::of_unknown_app("yard", "cam");
    expect("an unknown app", number_of_join(&url, &token), ErrorCode::JoinBadAppid);
    let mut inside = Server::own(true, Tokens::Vendor);
    let engine = inside.engine().expect("an engine");
    expect("an unknown app, asked over the link", number_of(&*engine, &token), ErrorCode::JoinBadAppid);

    let engine = server.engine().expect("an engine");
    engine.set_external_video_source(true, VideoSource::Camera, RenderMode::Auto).expect("a camera");
    engine.set_external_audio_source(true, 48_000, 1).expect("a microphone");
    engine.set_external_video_source(true, VideoSource::ScreenShare, RenderMode::Auto).expect("a screen");
    engine.publish_screen_share_stream(true).expect("allowed");
    let token = server.access(VideoGrant { can_publish: Some(false), ..Server::participant("yard") }, "cam");
    engine.join_channel(&token, "yard", "cam", "", &by_itself()).expect("asked");
    let failed: HashSet<_> = (0..3).map(|_| next_number(&*engine)).collect();
    let publishing =
        [ErrorCode::PublishAudioStreamFailed, ErrorCode::PublishVideoStreamFailed, ErrorCode::PublishScreenShareFailed];
    assert_eq!(failed, publishing.into());
    came.extend(failed);

    assert!(server.administer("yard", "DeleteRoom", r#"{"room":"yard"}"#));
    let number = next_number(&*engine);
    assert_eq!(number, ErrorCode::SessionRemoved);
    came.insert(number);
    engine.release();

    let missing: Vec<_> = brought_by(By::Server).filter(|code| !came.contains(code)).collect();
    assert!(missing.is_empty(), "not brought about: {missing:?}");
}
