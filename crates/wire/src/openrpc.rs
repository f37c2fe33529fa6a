//! The OpenRPC 1.3 document, made from the types.

use std::sync::OnceLock;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::event::Topic;
use crate::method::Kind;
use crate::{Code, Method};

/// What `rpc.discover` answers: [`brief`] as wire-codegen wrote it down, so that a device carries a text and no generator of schemas.
pub fn discovery() -> Value {
    // A test holds the text.
    serde_json::from_str(include_str!("discovery.json")).unwrap_or_default()
}

/// [`document`] without what each member of a type means, so that it fits a message. docs/control.md and docs/control/openrpc.json
/// tell all.
pub fn brief() -> Value {
    let mut document = document().clone();
    if let Some(schemas) = document.pointer_mut("/components/schemas") {
        leave_out_meanings(schemas);
    }
    document
}

fn leave_out_meanings(schema: &mut Value) {
    match schema {
        // A member may be called so too; that is an object.
        Value::Object(members) => {
            members.retain(|name, value| name != "description" || !value.is_string());
            members.values_mut().for_each(leave_out_meanings);
        }
        Value::Array(items) => items.iter_mut().for_each(leave_out_meanings),
        _ => {}
    }
}

/// All that can be said. It is made once and kept.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(generate)
}

fn generate() -> Value {
    let mut schemas =
        SchemaSettings::draft07().with(|settings| settings.definitions_path = "/components/schemas".into()).into_generator();
    let methods: Vec<Value> = Method::ALL.iter().map(|&method| describe(method, &mut schemas)).collect();
    let notifications: Vec<Value> = Topic::ALL.iter().map(|topic| notification(*topic, &mut schemas)).collect();
    let schemas = schemas.take_definitions(true);
    let mut document = json!({
        "openrpc": "1.3.2",
        "info": {
            "title": "artc-edge",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Commands to an artc-edge device: JSON-RPC 2.0, one object a message, on the engine's data channel (LiveKit: topic `artc.rpc`) \
                            or the local unix socket. Parameters go by name; unknown ones are refused. \
                            A message is one request or a batch of at most 32. A request may say `deadline_ms` (1 to 10000). A changing \
                            request that is repeated with its id, by the same identity, is answered from memory and not run again. `x-role` is \
                            the least role that may call a method: observe, operate, maintain or own.",
        },
        "methods": methods,
        "x-errors": errors_of(&EVERYWHERE),
        "x-notifications": notifications,
        "components": { "schemas": schemas, "errors": errors() },
    });
    lean(&mut document);
    document
}

/// Leaves out what says nothing to a reader of JSON, so that the document stays one reply: how wide a number is in Rust, and that
/// one without an upper end begins at 0.
fn lean(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("type").is_some_and(|kind| kind == "integer" || kind == "number" || kind.is_array()) {
                members.remove("format");
                if !members.contains_key("maximum") && members.get("minimum").is_some_and(|least| *least == 0) {
                    members.remove("minimum");
                }
            }
            members.values_mut().for_each(lean);
        }
        Value::Array(items) => items.iter_mut().for_each(lean),
        _ => {}
    }
}

fn notification(topic: Topic, schemas: &mut SchemaGenerator) -> Value {
    let params = match topic {
        Topic::BoardPress => schemas.subschema_for::<crate::board::Press>(),
        Topic::JobProgress => schemas.subschema_for::<crate::job::Job>(),
        Topic::CameraChanged => schemas.subschema_for::<crate::device::Source>(),
        Topic::NetChanged => schemas.subschema_for::<crate::net::Status>(),
        Topic::ConfigChanged => schemas.subschema_for::<crate::event::ConfigChanged>(),
        Topic::StateChanged => schemas.subschema_for::<crate::event::StateChanged>(),
        Topic::MotionChanged => schemas.subschema_for::<crate::detection::MotionChanged>(),
        Topic::RecordChanged => schemas.subschema_for::<crate::record::Changed>(),
        Topic::SoundChanged => schemas.subschema_for::<crate::detection::SoundChanged>(),
        Topic::LineChanged => schemas.subschema_for::<crate::board::LineChanged>(),
        Topic::TamperChanged => schemas.subschema_for::<crate::detection::TamperChanged>(),
    };
    json!({ "name": topic.notification(), "summary": topic.summary(), "params": params, "x-topic": topic.name() })
}

fn describe(method: Method, schemas: &mut SchemaGenerator) -> Value {
    let mut described = json!({
        "name": method.name(),
        "summary": method.summary(),
        "x-role": method.role(),
        "paramStructure": "by-name",
        "params": params(method.params_schema(schemas), schemas),
        "result": { "name": "result", "schema": method.reply_schema(schemas) },
        "errors": method_errors(method),
    });
    if method.is_confirmed() {
        described["x-confirmed"] = true.into();
    }
    described
}

/// One content descriptor for each member of the parameter type.
fn params(schema: Schema, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let Value::Object(mut schema) = schema.to_value() else { return Vec::new() };
    // What the parameters refer to belongs among the document's schemas.
    if let Some(Value::Object(components)) = schema.remove("components")
        && let Some(Value::Object(definitions)) = components.get("schemas")
    {
        schemas.definitions_mut().extend(definitions.clone());
    }
    let required: Vec<Value> = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(members)) = schema.remove("properties") else { return Vec::new() };
    members.into_iter().map(|(name, schema)| param(name, schema, &required)).collect()
}

fn param(name: String, mut schema: Value, required: &[Value]) -> Value {
    let summary = schema.as_object_mut().and_then(|schema| schema.remove("description")).unwrap_or_default();
    let required = required.iter().any(|member| member.as_str() == Some(&name));
    json!({ "name": name, "summary": summary, "required": required, "schema": schema })
}

/// The errors that every method can have; named once, as `x-errors`.
const EVERYWHERE: [Code; 4] = [Code::NotAllowed, Code::RateLimited, Code::TooManyInFlight, Code::InvalidParams];

/// The errors that a method can have besides those.
fn method_errors(method: Method) -> Vec<Value> {
    let mut codes = Vec::new();
    if method.kind() == Kind::Change
        || matches!(
            method,
            Method::CameraModes
                | Method::CameraControls
                | Method::CameraGetPtz
                | Method::BoardInfo
                | Method::BoardGetLine
                | Method::UpdateCheck
                | Method::UpdateProgress
        )
    {
        codes.extend([Code::NotAvailable, Code::DeviceFailed, Code::TimedOut]);
    }
    if matches!(
        method,
        Method::CameraSetControl
            | Method::DeviceIdentify
            | Method::DeviceSetTime
            | Method::StreamSet
            | Method::AudioSetVolume
            | Method::AudioSetSpeakerVolume
            | Method::CameraSetPtz
            | Method::BoardPulseLine
            | Method::BoardSetLed
            | Method::LogTail
            | Method::LogSetLevel
            | Method::ConfigSet
            | Method::ConfigReset
            | Method::StateSetDesired
    ) {
        codes.push(Code::OutOfRange);
    }
    if method.kind() == Kind::Change {
        codes.extend([Code::DuplicateId, Code::ReplyGone]);
    }
    if matches!(
        method,
        Method::JobStatus
            | Method::JobCancel
            | Method::CameraSetControl
            | Method::CameraSelect
            | Method::BoardGetLine
            | Method::BoardSetLine
            | Method::BoardPulseLine
            | Method::BoardSetLed
            | Method::LogTail
            | Method::LogSetLevel
    ) {
        codes.push(Code::UnknownName);
    }
    if method == Method::StateSetDesired {
        codes.extend([Code::StaleVersion, Code::UnknownName]);
    }
    if method.is_local() {
        codes.extend([Code::LocalOnly, Code::NotAvailable]);
    }
    errors_of(&codes)
}

fn errors_of(codes: &[Code]) -> Vec<Value> {
    codes.iter().map(|code| json!({ "$ref": format!("#/components/errors/{}", code.name()) })).collect()
}

fn errors() -> Map<String, Value> {
    let describe = |code: &Code| json!({ "code": code.number(), "message": code.meaning(), "data": { "name": code.name(), "remedy": code.remedy() } });
    Code::ALL.iter().map(|code| (code.name().to_owned(), describe(code))).collect()
}
