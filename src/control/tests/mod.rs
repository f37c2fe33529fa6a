//! What callers see, through the whole desk: bytes in, bytes and effects out.

mod audit;
mod board;
mod broker;
mod delivery;
mod desk;
mod device;
mod dispatch;
mod jobs;
mod log;
mod net;
mod permission;
mod ptz;
mod record;
mod settings;
mod signed;
mod socket;
mod state;
mod states;
mod update;
mod voice;

use std::time::Duration;

use serde_json::{Value, json};
use wire::camera::{Control, ControlKind, ControlValue, MenuItem, Mode};
use wire::device::SourceState;

use super::{Config, Desk, Effect, Sender, Step, Ticket, View};

/// A device on which everything works.
fn view() -> View {
    let mut view = View::default();
    view.info.name = "gate".into();
    view.status.camera.state = SourceState::Live;
    view.status.microphone.state = SourceState::Live;
    view.modes.modes = vec![Mode { format: "YUYV".into(), width: 640, height: 480, fps: vec![30.0, 15.0] }];
    view.audio.speaker = Some(wire::audio::Speaker { volume: 100, muted: false, mixer: false });
    view.stream.published = true;
    view.stream.watched = true;
    view.board = std::sync::Arc::new(self::board::gate());
    view.controls = vec![
        control(1, "brightness", ControlKind::Integer, -64, 64, 2),
        control(2, "hue_auto", ControlKind::Boolean, 0, 1, 1),
        Control {
            menu: vec![
                MenuItem { value: 1, label: "Manual Mode".into() },
                MenuItem { value: 3, label: "Aperture Priority".into() },
            ],
            ..control(3, "auto_exposure", ControlKind::Menu, 1, 3, 1)
        },
        control(4, "do_white_balance", ControlKind::Button, 0, 0, 0),
        control(5, "flags", ControlKind::Bitmask, 0, 0b1010, 0),
        Control { read_only: true, ..control(6, "serial", ControlKind::Integer, 0, 9, 1) },
        Control { inactive: true, ..control(7, "focus_absolute", ControlKind::Integer, 0, 9, 1) },
        control(0x009a_090d, "zoom_absolute", ControlKind::Integer, 100, 400, 10),
    ];
    view
}

fn control(id: u32, name: &str, kind: ControlKind, min: i64, max: i64, step: u64) -> Control {
    let value = Some(ControlValue::Number(min));
    let (label, menu) = (name.to_owned(), Vec::new());
    Control { id, name: name.into(), label, kind, value, default: None, min, max, step, menu, read_only: false, inactive: false }
}

fn app_server() -> Sender {
    Sender::participant("app-server")
}

fn local(connection: u64) -> Sender {
    Sender::Local { connection, uid: 1000, pid: 4711 }
}

fn request(id: impl Into<Value>, method: &str, params: Value) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "id": id.into(), "method": method, "params": params }).to_string().into_bytes()
}

/// A desk and a clock that stands still until it is told.
struct Bench {
    desk: Desk,
    view: View,
    now: Duration,
}

impl Bench {
    fn new() -> Self {
        Self { desk: Desk::new(&Config::default()), view: view(), now: Duration::from_secs(1000) }
    }

    /// The reply to a message that is answered at once.
    fn reply(&mut self, from: &Sender, message: &[u8]) -> Value {
        match self.desk.receive(from, message, &self.view, self.now) {
            Step::Send(letter) => {
                assert_eq!((&letter.to, letter.attachments.len()), (from, 0));
                serde_json::from_slice(&letter.message).unwrap()
            }
            other => panic!("{} gave {other:?}", String::from_utf8_lossy(message)),
        }
    }

    /// Name, text and id of the refusal of a message.
    fn refused(&mut self, from: &Sender, message: &[u8]) -> (String, String, Value) {
        let reply = self.reply(from, message);
        let error = &reply["error"];
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no refusal: {reply}")).to_owned();
        (text(&error["data"]["name"]), text(&error["message"]), reply["id"].clone())
    }

    /// What a message makes the daemon do.
    fn effect(&mut self, from: &Sender, message: &[u8]) -> (Ticket, Effect) {
        match self.desk.receive(from, message, &self.view, self.now) {
            Step::Do { ticket, effect, .. } => (ticket, effect),
            other => panic!("{} gave {other:?}", String::from_utf8_lossy(message)),
        }
    }

    fn nothing(&mut self, from: &Sender, message: &[u8]) {
        let step = self.desk.receive(from, message, &self.view, self.now);
        assert!(matches!(step, Step::Nothing), "{} gave {step:?}", String::from_utf8_lossy(message));
    }
}
