//! Messages to the desk, from three senders of different rights, one a line.

use std::time::Duration;

use artc_edge::control::{Config, Desk, Failure, Outcome, Sender, Step, View};
use wire::device::SourceState;
use wire::{Method, Response};

pub(crate) fn run(data: &[u8]) {
    let mut desk = Desk::new(&Config::default());
    let mut view = View::default();
    view.status.camera.state = SourceState::Live;
    view.status.microphone.state = SourceState::Live;
    let senders =
        [Sender::participant("app-server"), Sender::participant("stranger"), Sender::Local { connection: 1, uid: 0, pid: 1 }];
    let mut now = Duration::ZERO;
    for (number, line) in data.split(|byte| *byte == b'\n').enumerate() {
        let from = &senders[number % senders.len()];
        now += Duration::from_millis(7);
        let mut steps = vec![desk.receive(from, line, &view, now)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Nothing => (),
                Step::Many(more) => steps.extend(more),
                Step::Send(letter) => {
                    assert_eq!(&letter.to, from);
                    assert_lawful(&letter.message);
                }
                Step::Work { .. } => assert_ne!(number % senders.len(), 1, "a stranger may nothing"),
                Step::Do { ticket, .. } => {
                    assert_ne!(number % senders.len(), 1, "a stranger may nothing");
                    if number % 2 == 0 {
                        let outcome = Outcome::Failed(Failure::Device("x".to_owned()));
                        desk.finish(ticket, &outcome, now).into_iter().for_each(|letter| assert_lawful(&letter.message));
                    }
                }
            }
        }
    }
    while let Some(letter) = desk.expire(now + Duration::from_secs(60)) {
        assert_lawful(&letter.message);
    }
    assert_eq!(desk.deadline(), None);
}

fn assert_lawful(message: &[u8]) {
    let responses: Vec<Response> = match message.first() {
        Some(b'[') => serde_json::from_slice(message).expect("the reply to a batch is a list of responses"),
        _ => vec![serde_json::from_slice(message).expect("a reply is a response")],
    };
    for error in responses.into_iter().filter_map(|response| response.outcome.err()) {
        assert!(wire::Code::from_number(error.code).is_some() && !error.message.chars().any(char::is_control), "{error:?}");
    }
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let each = Method::ALL.iter().map(|method| {
        let params = serde_json::json!({ "name": "brightness", "value": 1, "muted": true, "volume": 7, "width": 64, "height": 64, "fps": 9.5 });
        format!(r#"{{"jsonrpc":"2.0","id":"a","method":"{}","params":{params}}}"#, method.name()).into_bytes()
    });
    let plain =
        Method::ALL.iter().map(|method| format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{}"}}"#, method.name()).into_bytes());
    let lines = [&br#"{"jsonrpc":"2.0","id":1,"method":"audio.mute","params":{"muted":true}}
{"jsonrpc":"2.0","id":1,"method":"audio.set_volume","params":{"volume":100}}
{"jsonrpc":"2.0","method":"camera.set_control","params":{"name":"gain","value":"Auto"}}
{"jsonrpc":"2.0","id":1,"result":{}}
[{"jsonrpc":"2.0","id":1,"method":"stream.get"},{"jsonrpc":"2.0","id":7,"method":"stream.key_frame","deadline_ms":9},7]
{"jsonrpc":"2.0","id":null,"method":"stream.set","params":{"width":640,"height":360,"fps":30,"bitrate_kbps":900}}"#[..]];
    each.chain(plain).chain(lines.map(<[u8]>::to_vec)).collect()
}
