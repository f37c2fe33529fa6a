use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::camera::{ControlValue, SetControl};
use crate::error::ErrorObject;
use crate::jsonrpc::ReplyTo;
use crate::method::Kind;

/// What a sender sees of a message that is no lawful request: code, id of the answer, text.
fn bad(message: &str) -> (i64, ReplyTo, String) {
    match Incoming::parse(message.as_bytes()) {
        Ok(Incoming::Request(request)) => match request.command() {
            Ok(command) => panic!("{message} was taken as {command:?}"),
            Err(refusal) => (refusal.code.number(), request.id.into(), refusal.message),
        },
        Ok(other) => panic!("{message} was taken for {other:?}"),
        Err(bad) => (bad.refusal.code.number(), bad.to, bad.refusal.message),
    }
}

fn command(message: &str) -> (Option<Id>, Command) {
    match Incoming::parse(message.as_bytes()) {
        Ok(Incoming::Request(request)) => (request.id.clone(), request.command().unwrap()),
        other => panic!("{message} is no request: {other:?}"),
    }
}

#[test]
fn a_request_is_read_whatever_the_order_of_its_members() {
    let set = Command::CameraSetControl(SetControl { name: "brightness".into(), value: Some(ControlValue::Number(7)) });
    for message in [
        r#"{"jsonrpc":"2.0","id":7,"method":"camera.set_control","params":{"name":"brightness","value":7}}"#,
        " {\"params\":{\"value\":7,\"name\":\"brightness\"},\n\"method\":\"camera.set_control\",\"id\":7,\"jsonrpc\":\"2.0\"} \r\n",
    ] {
        assert_eq!(command(message), (Some(Id::Number(7)), set.clone()));
    }
    assert_eq!(command(r#"{"jsonrpc":"2.0","method":"stream.key_frame"}"#).0, None, "no id makes a notification");
    assert_eq!(command(r#"{"jsonrpc":"2.0","method":"stream.key_frame","id":"a","params":{}}"#).0, Some(Id::Text("a".into())));
}

#[test]
fn each_mistake_has_its_code_its_id_and_its_text() {
    let id = ReplyTo::Id(Id::Number(1));
    let cases = [
        ("", -32700, ReplyTo::Null, "message is not JSON: EOF while parsing a value at line 1 column 0"),
        ("{", -32700, ReplyTo::Null, "message is not JSON: EOF while parsing an object at line 1 column 1"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info""#,
            -32700,
            ReplyTo::Null,
            "message is not JSON: EOF while parsing an object at line 1 column 46",
        ),
        ("7", -32600, ReplyTo::Null, "message is JSON, but no object"),
        ("[]", -32600, ReplyTo::Null, "batch is empty"),
        ("[1,]", -32700, ReplyTo::Null, "message is not JSON: trailing comma at line 1 column 4"),
        ("{}", -32600, ReplyTo::Null, "missing field `jsonrpc`"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"device.info"}"#, -32600, id.clone(), "`jsonrpc` is not \"2.0\""),
        (r#"{"jsonrpc":2,"id":1,"method":"device.info"}"#, -32600, id.clone(), "invalid type: integer `2`, expected a string"),
        (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, -32600, id.clone(), "invalid type: integer `7`, expected a string"),
        (r#"{"jsonrpc":"2.0","id":1}"#, -32600, id.clone(), "missing field `method`"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","parms":{}}"#,
            -32600,
            id.clone(),
            "a request has no member `parms`; did you mean `params`?",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","method":"stream.get"}"#,
            -32600,
            id.clone(),
            "duplicate field `method`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":null,"method":"device.info"}"#,
            -32600,
            ReplyTo::Null,
            "invalid type: null, expected an id that is a string or a whole number",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1.5,"method":"device.info"}"#,
            -32600,
            ReplyTo::Null,
            "invalid type: floating point `1.5`, expected an id that is a string or a whole number",
        ),
        (
            r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"device.info"}"#,
            -32600,
            ReplyTo::Null,
            "id is above 9223372036854775807",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"camera.mode"}"#,
            -32601,
            id.clone(),
            "no method `camera.mode`; did you mean `camera.modes`?",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"Camera.Modes"}"#,
            -32601,
            id.clone(),
            "no method `Camera.Modes`; did you mean `camera.modes`?",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"reboot\n"}"#, -32601, id.clone(), "no method `reboot\\n`"),
        // A Cyrillic letter in place of the Latin one.
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"dеvice.info"}"#,
            -32601,
            id.clone(),
            "no method `dеvice.info`; did you mean `device.info`?",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","params":[]}"#,
            -32602,
            id.clone(),
            "device.info: params go by name, in an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","params":{"x":1}}"#,
            -32602,
            id.clone(),
            "device.info: no parameter `x`, which takes none",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"audio.mute"}"#, -32602, id.clone(), "audio.mute: missing field `muted`"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"audio.mute","params":{"mute":true}}"#,
            -32602,
            id.clone(),
            "audio.mute: no parameter `mute`; did you mean `muted`?",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"audio.mute","params":{"muted":1}}"#,
            -32602,
            id.clone(),
            "audio.mute: invalid type: integer `1`, expected a boolean",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"audio.mute","params":{"muted":true,"muted":false}}"#,
            -32602,
            id.clone(),
            "audio.mute: duplicate field `muted`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"audio.set_volume","params":{"volume":-1}}"#,
            -32602,
            id.clone(),
            "audio.set_volume: invalid value: integer `-1`, expected u32",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"stream.set","params":{"bitrate":500}}"#,
            -32602,
            id,
            "stream.set: no parameter `bitrate`; did you mean `bitrate_kbps`?",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","deadline_ms":0}"#,
            -32600,
            ReplyTo::Id(Id::Number(1)),
            "`deadline_ms` of 0 is not between 1 and 10000",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","deadline_ms":"1"}"#,
            -32600,
            ReplyTo::Id(Id::Number(1)),
            "invalid type: string \"1\", expected u32",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"device.info","deadline":1}"#,
            -32600,
            ReplyTo::Id(Id::Number(1)),
            "a request has no member `deadline`; did you mean `deadline_ms`?",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"camera.mode"}"#,
            -32601,
            ReplyTo::Nobody,
            "no method `camera.mode`; did you mean `camera.modes`?",
        ),
    ];
    for (message, code, to, text) in cases {
        assert_eq!(bad(message), (code, to, text.to_owned()), "{message}");
    }
    let not_utf8 = Incoming::parse(b"{\"id\":\"\xff\"}").unwrap_err();
    assert_eq!(not_utf8.refusal.message, "message is not UTF-8 from byte 7");
    let nest = "[".repeat(5000) + &"]".repeat(5000);
    let deep = format!("{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"audio.mute\",\"params\":{{\"muted\":{nest}}}}}");
    assert_eq!(bad(&deep).0, -32602, "nesting is bounded");
    // As a batch it has one part, which is answered as one.
    let Ok(Incoming::Batch(parts)) = Incoming::parse(nest.as_bytes()) else { panic!("no batch") };
    let codes: Vec<_> = parts.iter().map(|part| part.as_ref().unwrap_err().refusal.code).collect();
    assert_eq!(codes, [Code::ParseError], "nesting is bounded");
}

#[test]
fn a_batch_is_read_part_by_part_and_bounded() {
    let text = r#"[{"jsonrpc":"2.0","id":1,"method":"device.info","deadline_ms":250},7,["2.0",1,"device.info"],{"result":1},
        {"jsonrpc":"2.0","id":2,"method":"camera.mode"}]"#;
    let Ok(Incoming::Batch(parts)) = Incoming::parse(text.as_bytes()) else { panic!("no batch") };
    assert_eq!(parts.len(), 5);
    match &parts[0] {
        Ok(Incoming::Request(request)) => assert_eq!(request.deadline, Some(std::time::Duration::from_millis(250))),
        other => panic!("{other:?}"),
    }
    let codes: Vec<_> = parts.iter().filter_map(|part| part.as_ref().err()).map(|bad| bad.refusal.code).collect();
    assert_eq!(codes, [Code::InvalidRequest, Code::InvalidRequest, Code::MethodNotFound], "a batch in a batch is no request");
    assert!(matches!(parts[3], Ok(Incoming::Response)));
    let of = |count: usize| format!("[{}]", vec!["1"; count].join(","));
    assert!(matches!(Incoming::parse(of(jsonrpc::MAX_BATCH).as_bytes()), Ok(Incoming::Batch(_))));
    assert_eq!(bad(&of(jsonrpc::MAX_BATCH + 1)).2, "batch has more than 32 requests");
    assert_eq!(bad(&of(7000)).2, "batch has more than 32 requests");
}

#[test]
fn an_id_is_bounded() {
    let of = |length: usize| format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"device.info"}}"#, "x".repeat(length));
    assert_eq!(command(&of(jsonrpc::MAX_ID)).0, Some(Id::Text("x".repeat(128))));
    assert_eq!(bad(&of(jsonrpc::MAX_ID + 1)), (-32600, ReplyTo::Null, "id of 129 bytes is longer than 128".to_owned()));
}

#[test]
fn responses_are_never_answered() {
    for message in [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"x"}}"#,
        r#"{"error":1,"garbage":true}"#,
    ] {
        assert!(matches!(Incoming::parse(message.as_bytes()), Ok(Incoming::Response)), "{message}");
    }
    for code in Code::ALL {
        let response = Response { id: None, outcome: Err(Refusal::new(*code, "x").into()) };
        assert!(matches!(Incoming::parse(&response.to_bytes()), Ok(Incoming::Response)), "our own {code:?}");
    }
}

#[test]
fn a_response_carries_code_text_name_remedy_and_suggestion() {
    let refusal = Refusal::new(Code::RateLimited, "more than 50 messages a second").retry_after_ms(20);
    let response = Response { id: Some(Id::Text("q".into())), outcome: Err(refusal.into()) };
    let expected = json!({
        "jsonrpc": "2.0",
        "id": "q",
        "error": {
            "code": 2002,
            "message": "more than 50 messages a second",
            "data": { "name": "rate_limited", "remedy": "wait retry_after_ms and send more slowly", "retry_after_ms": 20 },
        },
    });
    assert_eq!(serde_json::from_slice::<Value>(&response.to_bytes()).unwrap(), expected);
    let nobody = Response { id: None, outcome: Ok(json!({})) };
    assert_eq!(serde_json::from_slice::<Value>(&nobody.to_bytes()).unwrap()["id"], Value::Null);
    for wrong in [
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#,
        r#"{"id":1,"result":1}"#,
    ] {
        assert!(serde_json::from_str::<Response>(wrong).is_err(), "{wrong}");
    }
    let null = serde_json::from_str::<Response>(r#"{"jsonrpc":"2.0","id":1,"result":null}"#).unwrap();
    assert_eq!(null.outcome, Ok(Value::Null), "null is a result");
}

#[test]
fn codes_are_distinct_and_ours_begin_at_2000() {
    let mut numbers: Vec<i64> = Code::ALL.iter().map(|code| code.number()).collect();
    let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    for code in Code::ALL {
        assert!(code.number() >= 2000 || (-32768..=-32000).contains(&code.number()), "{code:?}");
        assert_eq!(Code::from_number(code.number()), Some(*code));
        assert!(!code.meaning().is_empty() && !code.remedy().is_empty());
    }
    numbers.sort_unstable();
    numbers.dedup();
    names.sort_unstable();
    names.dedup();
    assert_eq!((numbers.len(), names.len()), (Code::ALL.len(), Code::ALL.len()));
}

#[test]
fn the_document_describes_every_method_and_refers_to_nothing_missing() {
    let document = openrpc::document();
    let text = document.to_string();
    let brief = openrpc::brief();
    let length = brief.to_string().len();
    assert!(length < 5 * 15 * 1024, "rpc.discover goes over thin links in five pieces of 15 KiB, and has {length} bytes");
    assert_eq!(brief["methods"], document["methods"]);
    let members = |document: &Value| document["components"]["schemas"]["UpdateChecked"]["properties"].clone();
    assert_eq!(members(&brief)["description"]["type"], "string", "a member of this name stays");
    assert!(members(document)["version"]["description"].is_string() && members(&brief)["version"]["description"].is_null());
    assert!(openrpc::discovery() == brief, "crates/wire/src/discovery.json: make generate");
    assert_eq!(document["openrpc"], "1.3.2");
    assert_eq!(document["x-errors"].as_array().map(Vec::len), Some(4), "what every method can answer");
    let methods = document["methods"].as_array().unwrap();
    let names: Vec<&str> = methods.iter().map(|method| method["name"].as_str().unwrap()).collect();
    assert_eq!(names, Method::ALL.iter().map(|method| method.name()).collect::<Vec<_>>());
    for method in methods {
        let summary = method["summary"].as_str().unwrap();
        assert!(summary.ends_with('.') && !summary.contains("  "), "{summary}");
        assert_eq!(method["paramStructure"], "by-name");
        assert!(serde_json::from_value::<Role>(method["x-role"].clone()).is_ok(), "{method}");
        assert!(method["result"]["schema"].is_object() && method["errors"].is_array());
    }
    let params = |name: &str| methods.iter().find(|method| method["name"] == name).unwrap()["params"].clone();
    assert_eq!(params("device.info"), json!([]));
    let volume = &params("audio.set_volume")[0];
    assert_eq!(
        (&volume["name"], &volume["required"], &volume["schema"]["maximum"]),
        (&json!("volume"), &json!(true), &json!(100))
    );
    let control = params("camera.set_control");
    assert_eq!(control[1]["required"], false);
    // schemars tells two types of one name apart by a number, and generated clients would show that.
    for name in document["components"]["schemas"].as_object().unwrap().keys() {
        assert!(
            !name.ends_with(|letter: char| letter.is_ascii_digit()),
            "{name}: two types have this name; give this one `#[schemars(rename = \"FamilyName\")]`"
        );
    }
    // Every reference leads somewhere.
    for part in text.split("\"$ref\":\"#").skip(1) {
        let pointer = part.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[test]
fn a_key_of_the_configuration_is_not_given_twice() {
    let refusal = |params: &str| {
        let message = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"config.set","params":{params}}}"#);
        let Ok(Incoming::Request(request)) = Incoming::parse(message.as_bytes()) else { panic!("a request") };
        request.command().unwrap_err().message
    };
    let twice = r#"{"values":{"camera.width":640,"camera.width":1280}}"#;
    assert_eq!(refusal(twice), "config.set: `camera.width` is given twice");
    assert!(refusal(r#"{"values":["camera.width"]}"#).contains("an object of keys with their values"));
}

#[test]
fn every_method_has_a_command_that_round_trips() {
    for method in Method::ALL {
        let params = match method {
            Method::CameraSetControl => json!({ "name": "contrast", "value": "Auto" }),
            Method::DeviceIdentify => json!({ "for_s": 5 }),
            Method::DeviceSetTime => json!({ "time_ms": 1_800_000_000_000_u64 }),
            Method::CameraSelect => json!({ "camera": "usb:046d:0825:AB" }),
            Method::CameraSetPtz => json!({ "pan": -3600, "relative": true }),
            Method::CameraPrivacy => json!({ "on": true }),
            Method::StreamSet => json!({ "width": 640, "height": 360, "fps": 12.5 }),
            Method::StreamMute | Method::AudioMute | Method::AudioMuteSpeaker => json!({ "muted": true }),
            Method::StreamDual | Method::StreamScreen => json!({ "on": true }),
            Method::AudioSetProfile => json!({ "quality": "stereo_high", "scene": "music" }),
            Method::AudioSetVoice => json!({ "noise": true, "half_duplex": false }),
            Method::AudioSetVolume | Method::AudioSetSpeakerVolume => json!({ "volume": 40 }),
            Method::BoardGetLine => json!({ "line": "door" }),
            Method::BoardSetLine => json!({ "line": "door", "on": true }),
            Method::BoardPulseLine => json!({ "line": "door", "ms": 500 }),
            Method::BoardSetLed => json!({ "led": "red", "pattern": [100, 900] }),
            Method::BoardSetIrCut => json!({ "mode": "night" }),
            Method::BoardWatch => json!({ "on": true }),
            Method::NetProbe => json!({ "stun": "stun.example.com:3478" }),
            Method::LogSetLevel => json!({ "level": "debug", "part": "room", "for_s": 60 }),
            Method::ConfigSet => json!({ "values": { "camera.width": 640, "device.name": "gate" }, "confirm_within_s": 30 }),
            Method::StateSetDesired => {
                json!({ "desired": { "stream": { "muted": true }, "lines": { "door": true } }, "if_version": 3 })
            }
            Method::UpdateCheck | Method::UpdateInstall => json!({ "bundle": "/data/gate.raucb" }),
            Method::ConfigReset => json!({ "keys": ["camera"] }),
            Method::AuthRotateKey => json!({ "name": "app", "key": "x" }),
            Method::AuthRevokeKey => json!({ "name": "app" }),
            Method::RecordList => json!({ "before": "20261121T190143.123Z-command", "limit": 20 }),
            Method::RecordFetch => json!({ "id": "20261121T190143.123Z-command", "offset": 4096, "length": 1024 }),
            Method::RecordDelete => json!({ "id": "20261121T190143.123Z-command" }),
            Method::AuditTail => json!({ "lines": 3, "before": 7 }),
            Method::RpcSigned => json!({ "jws": "a.b.c" }),
            Method::JobStatus | Method::JobCancel => json!({ "job": "job-1" }),
            Method::EventSubscribe | Method::EventUnsubscribe => json!({ "topics": ["job.progress"] }),
            _ => json!({}),
        };
        let message = json!({ "jsonrpc": "2.0", "id": 3, "method": method.name(), "params": params }).to_string();
        let (_, command) = command(&message);
        assert_eq!(command.method(), *method);
        let again = Request::to_text(&Id::Number(3), &command);
        assert_eq!(super::tests::command(&again), (Some(Id::Number(3)), command));
        assert_eq!(
            method.kind() == Kind::Read,
            !matches!(params, Value::Object(ref map) if !map.is_empty())
                && !matches!(
                    method,
                    Method::CameraSnapshot
                        | Method::StreamKeyFrame
                        | Method::DeviceReboot
                        | Method::DeviceShutdown
                        | Method::DeviceLeaveSafeMode
                        | Method::ConfigConfirm
                        | Method::ConfigRollback
                        | Method::UpdateConfirm
                        | Method::UpdateRollback
                        | Method::RecordStart
                        | Method::RecordStop
                )
                || matches!(
                    method,
                    Method::BoardGetLine
                        | Method::JobStatus
                        | Method::UpdateCheck
                        | Method::AuditTail
                        | Method::RecordList
                        | Method::RecordFetch
                )
        );
    }
}

#[test]
fn a_role_has_all_below_it_and_what_changes_something_asks_for_more_than_looking() {
    assert!(Role::Observe < Role::Operate && Role::Operate < Role::Maintain && Role::Maintain < Role::Own);
    for method in Method::ALL {
        let harmless = matches!(
            method,
            Method::CameraSnapshot | Method::BoardWatch | Method::EventSubscribe | Method::EventUnsubscribe | Method::RpcSigned
        );
        assert!(method.kind() == Kind::Read || harmless || method.role() >= Role::Operate, "{}", method.name());
        assert!(!method.is_confirmed() || method.role() >= Role::Maintain, "{}", method.name());
        let described =
            openrpc::document()["methods"].as_array().unwrap().iter().find(|one| one["name"] == method.name()).unwrap();
        assert_eq!(described["x-role"], method.role().name());
        assert_eq!(described["x-confirmed"] == true, method.is_confirmed());
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|half| Value::from(f64::from(half) / 2.0)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("[a-z_.]{0,8}", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn control_value() -> impl Strategy<Value = ControlValue> {
    prop_oneof![
        any::<bool>().prop_map(ControlValue::Flag),
        any::<i64>().prop_map(ControlValue::Number),
        ".{0,20}".prop_map(ControlValue::Label),
    ]
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Incoming::parse(&bytes).map(|incoming| match incoming {
            Incoming::Request(request) => request.command().map(|_| ()),
            Incoming::Response | Incoming::Batch(_) => Ok(()),
        });
    }

    /// Requests with any member replaced by anything: read or refused, and an id that can be told is the one that is answered to.
    #[test]
    fn a_disfigured_request_keeps_its_id(
        member in "jsonrpc|method|params|[a-z]{1,9}",
        value in json_value(),
        id in any::<i64>(),
        method in 0..Method::ALL.len(),
    ) {
        let mut request = json!({ "jsonrpc": "2.0", "method": Method::ALL[method].name(), "params": {} });
        request[&member] = value;
        request["id"] = json!(id);
        match Incoming::parse(request.to_string().as_bytes()) {
            Ok(Incoming::Request(read)) => {
                prop_assert_eq!(read.id.clone(), Some(Id::Number(id)));
                if let Err(refusal) = read.command() {
                    prop_assert_eq!(refusal.code, Code::InvalidParams);
                }
            }
            Ok(other) => prop_assert!(false, "it is an object with a method, and was taken for {other:?}"),
            Err(Bad { to, refusal }) => {
                prop_assert_eq!(to, ReplyTo::Id(Id::Number(id)));
                prop_assert!(matches!(refusal.code, Code::InvalidRequest | Code::MethodNotFound));
                prop_assert!(!refusal.message.chars().any(|letter| letter.is_control()), "one line for the log: {:?}", refusal.message);
            }
        }
    }

    #[test]
    fn parameters_round_trip(name in ".{0,40}", value in proptest::option::of(control_value()), id in ".{0,20}") {
        let sent = Command::CameraSetControl(SetControl { name, value });
        let id = Id::Text(id);
        let text = Request::to_text(&id, &sent);
        let (got_id, got) = command(&text);
        prop_assert_eq!((got_id, got), (Some(id), sent));
    }

    #[test]
    fn responses_round_trip(id in proptest::option::of(any::<i64>()), result in json_value(), code in 0..Code::ALL.len(), text in ".{0,60}", suggestion in proptest::option::of("[a-z]{1,9}")) {
        let id = id.map(Id::Number);
        let error = ErrorObject::from(Refusal::new(Code::ALL[code], text).suggest(suggestion.as_deref()));
        for outcome in [Ok(result), Err(error)] {
            let response = Response { id: id.clone(), outcome };
            prop_assert_eq!(&serde_json::from_slice::<Response>(&response.to_bytes()).unwrap(), &response);
        }
    }

    #[test]
    fn a_slip_of_one_letter_is_understood(method in 0..Method::ALL.len(), at in any::<prop::sample::Index>(), letter in "[a-z]") {
        let name = Method::ALL[method].name();
        let at = at.index(name.len());
        let slipped = format!("{}{letter}{}", &name[..at], &name[at + 1..]);
        if let Err(refusal) = Method::from_name(&slipped) {
            let suggestion = refusal.suggestion.unwrap();
            prop_assert!(suggestion == name || suggestion.split('.').next() == name.split('.').next(), "{slipped} gave {suggestion}");
        }
    }
}
