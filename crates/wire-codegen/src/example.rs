//! Values that show what a request and its reply look like, made of the types.

use serde_json::{Map, Value, json};

use crate::schema::{Document, Member, Method, Type};

/// What a member of this name is in examples: `Type.member`, or `member` wherever it is. What is not here is made of its type.
const SAYINGS: &[(&str, &str)] = &[
    ("DeviceInfo.name", r#""Front door""#),
    ("DeviceInfo.version", r#""0.1.0""#),
    ("DeviceInfo.board", r#""raspberrypi5""#),
    ("DeviceInfo.architecture", r#""aarch64""#),
    ("DeviceInfo.kernel", r#""6.12.48""#),
    ("DeviceInfo.engine", r#""open""#),
    ("channel", r#""front-door""#),
    ("identity", r#""camera""#),
    ("connection", r#""connected""#),
    ("Source.name", r#""Brio 100""#),
    ("Source.state", r#""live""#),
    ("connection_reason", r#""the server went away""#),
    ("reason", r#""unplugged""#),
    ("Camera.id", r#""usb:046d:094c""#),
    ("Camera.name", r#""Brio 100""#),
    ("node", r#""/dev/video0""#),
    ("note", r#""in use by another program""#),
    ("format", r#""YUYV""#),
    ("width", "1280"),
    ("height", "720"),
    ("fps", "30"),
    ("Mode.fps", "[30, 15]"),
    ("bitrate_kbps", "1800"),
    ("encoder", r#""openh264""#),
    ("Control.name", r#""brightness""#),
    ("Control.label", r#""Brightness""#),
    ("camera.set_control.name", r#""brightness""#),
    ("value", "140"),
    ("default", "128"),
    ("max", "255"),
    ("min", "0"),
    ("step", "1"),
    ("Snapshot.name", r#""snapshot-1.jpg""#),
    ("mime", r#""image/jpeg""#),
    ("bytes", "81920"),
    ("base64", r#""/9j/4AAQ...""#),
    ("Audio.source", r#""hw:1,0""#),
    ("rate", "48000"),
    ("volume", "80"),
    ("line", r#""door""#),
    ("Line.name", r#""door""#),
    ("relay", r#""gate""#),
    ("led", r#""red""#),
    ("Led.name", r#""red""#),
    ("ms", "500"),
    ("pattern", "[100, 900]"),
    ("shows", "[100, 900]"),
    ("owner", r#""the privacy LED""#),
    ("missing", r#""held by another process""#),
    ("Button.name", r#""bell""#),
    ("button", r#""bell""#),
    ("BoardInfo.name", r#""Gate controller""#),
    ("profile", r#""gate""#),
    ("support", r#""community""#),
    ("Temperature.name", r#""cpu_thermal""#),
    ("celsius", "48.7"),
    ("temperature_c", "48.7"),
    ("slowed", r#"["cpufreq-cpu0"]"#),
    ("job", r#""job-7""#),
    ("topics", r#"["job.progress"]"#),
    ("Job.method", r#""camera.list""#),
    ("address", r##""http://192.0.2.7:7880/#room=front-door&token=...""##),
    ("time_ms", "1767225600000"),
    ("uptime_s", "86400"),
    ("expires_in_s", "3600"),
    ("refused", r#"{"token: expired": 2}"#),
    ("rpm", "1450"),
    ("device.set_time.time_ms", "1767225600000"),
    ("for_s", "60"),
    ("camera", r#""usb:046d:094c""#),
    ("CameraSelected.name", r#""Brio 100""#),
    ("zoom", "200"),
    ("pan", "3600"),
    ("tilt", "-3600"),
    ("stun", r#""stun.example.com:3478""#),
    ("lines", "100"),
    ("part", r#""artc_edge::capture""#),
    ("text", r#""in the channel channel=front-door joins=1""#),
    ("levels", r#""info""#),
    ("NetInterface.name", r#""eth0""#),
    ("interface", r#""eth0""#),
    ("NetInterface.state", r#""up""#),
    ("addresses", r#"["192.0.2.7/24"]"#),
    ("version", "4"),
    ("metric", "100"),
    ("config.set.values", r#"{"stream.bitrate_kbps": 1500}"#),
    ("confirm_within_s", "60"),
    ("keys", r#"["stream.bitrate_kbps"]"#),
    ("key", r#""stream.bitrate_kbps""#),
    ("ConfigSetting.value", "1500"),
    ("layer", r#""remote""#),
    ("left_s", "60"),
    ("if_version", "3"),
    ("StateDocument.version", "4"),
    ("bundle", r#""/data/gate-2.0.raucb""#),
    ("compatible", r#""gate""#),
    ("UpdateChecked.version", r#""2.0""#),
    ("description", r#""Spring""#),
    ("percent", "40"),
    ("UpdateProgress.step", r#""Copying image to rootfs.1""#),
    ("last_error", r#""""#),
    ("booted", r#""A""#),
    ("primary", r#""rootfs.0""#),
    ("UpdateSlot.name", r#""rootfs.1""#),
    ("UpdateSlot.state", r#""inactive""#),
    ("UpdateMarked.slot", r#""rootfs.0""#),
    ("UpdateMarked.message", r#""marked slot rootfs.0 as good""#),
    ("light", "118.0"),
];

/// Types within types are shown to this depth.
const DEPTH: u8 = 6;

/// A request of this method.
pub fn request(method: &Method, document: &Document) -> Value {
    let params: Map<String, Value> =
        method.params.iter().map(|param| (param.name.clone(), member(&method.name, param, document, 0))).collect();
    match params.is_empty() {
        true => json!({ "jsonrpc": "2.0", "id": 1, "method": method.name }),
        false => json!({ "jsonrpc": "2.0", "id": 1, "method": method.name, "params": params }),
    }
}

/// Its reply.
pub fn reply(method: &Method, document: &Document) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": value("", &method.result, document, 0) })
}

/// The parameters of a notification.
pub fn notification(name: &str, params: &Type, document: &Document) -> Value {
    json!({ "jsonrpc": "2.0", "method": name, "params": value("", params, document, 0) })
}

fn member(owner: &str, member: &Member, document: &Document, depth: u8) -> Value {
    let of_owner = format!("{owner}.{}", member.name);
    let said =
        |name: &str| SAYINGS.iter().find(|(saying, _)| *saying == name).and_then(|(_, text)| serde_json::from_str(text).ok());
    let fits = |said: &Value| fits(said, &member.is, document);
    said(&of_owner).or_else(|| said(&member.name)).filter(fits).unwrap_or_else(|| value(owner, &member.is, document, depth))
}

fn value(owner: &str, is: &Type, document: &Document, depth: u8) -> Value {
    match is {
        Type::Anything => json!({}),
        Type::Flag => json!(true),
        Type::Whole(least, most) => json!(least.unwrap_or(1).max(1).min(most.unwrap_or(i64::MAX))),
        Type::Number => json!(1.0),
        Type::Text => json!("..."),
        Type::Words(words) => words.first().map_or(Value::Null, |(word, _)| json!(word)),
        Type::List(_) | Type::Map(_) if depth >= DEPTH => json!([]),
        Type::List(of) => json!([value(owner, of, document, depth + 1)]),
        Type::Map(of) => json!({ "...": value(owner, of, document, depth + 1) }),
        Type::Named(name) => document.named(name).map_or(Value::Null, |named| value(name, &named.is, document, depth + 1)),
        Type::Either(choices) => choices.first().map_or(Value::Null, |first| value(owner, first, document, depth)),
        // What may be left out is, because not everything can be so at the same time.
        Type::Object(members) => {
            let there = members.iter().filter(|each| each.required);
            there.map(|each| (each.name.clone(), member(owner, each, document, depth))).collect()
        }
    }
}

/// Whether a value is of this type.
fn fits(said: &Value, is: &Type, document: &Document) -> bool {
    match is {
        Type::Anything => true,
        Type::Flag => said.is_boolean(),
        Type::Whole(least, most) => said
            .as_i64()
            .is_some_and(|number| least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)),
        Type::Number => said.is_number(),
        Type::Text => said.is_string(),
        Type::Words(words) => words.iter().any(|(word, _)| said == word),
        Type::List(of) => said.as_array().is_some_and(|list| list.iter().all(|each| fits(each, of, document))),
        Type::Map(of) => said.as_object().is_some_and(|map| map.values().all(|each| fits(each, of, document))),
        Type::Named(name) => document.named(name).is_some_and(|named| fits(said, &named.is, document)),
        Type::Either(choices) => choices.iter().any(|choice| fits(said, choice, document)),
        Type::Object(_) => false,
    }
}
