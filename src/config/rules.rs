//! What no single value can break, but the whole can.

use super::{
    Config, EngineKind,
    error::Problem,
    secrets::{SECRETS, is_secret},
    tree::{Layer, Node},
};
use crate::recorder::When;

/// A credential or a file named in a higher layer takes the place of a secret written in a lower one, and the other way
/// round; only within one layer are both together a mistake.
pub(super) fn prefer_file_over_lower_inline(whole: &mut Node) {
    for secret in SECRETS {
        let layer = |key: &str| whole.get(&split(key)).map(|entry| entry.node.origin.source.layer);
        let (inline, file): (Option<Layer>, Option<Layer>) = (layer(secret.key), layer(secret.file_key));
        match (inline, file) {
            (Some(inline), Some(file)) if inline < file => whole.remove(&split(secret.key)),
            (Some(inline), Some(file)) if file < inline => whole.remove(&split(secret.file_key)),
            _ => false,
        };
    }
}

/// Everything that reading alone cannot see. Keys in `broken` have been complained about already.
pub(super) fn check(config: &Config, whole: &Node, broken: &[String], problems: &mut Vec<Problem>) {
    let mut say = |key: &str, text: String| {
        if broken.iter().any(|path| path == key || path.starts_with(&format!("{key}.")) || key.starts_with(&format!("{path}."))) {
            return;
        }
        let at = whole.place(&split(key));
        let mut problem = Problem::plain(at, format!("`{key}`: {text}"));
        problem.secret = is_secret(key);
        problems.push(problem);
    };
    let sections = [
        ("camera", config.camera.problems()),
        ("microphone", config.microphone.problems()),
        ("speaker", config.speaker.problems()),
        ("board", config.board.problems()),
        ("stream", config.stream.problems()),
        ("detect", config.detect.problems()),
        ("record", config.record.problems()),
        ("record.upload", config.record.upload.problems()),
        ("engine.open", config.engine.open.problems()),
        ("engine.sdk", config.engine.sdk.problems()),
        ("room", config.room.problems()),
        ("calls", config.calls.problems()),
        ("control", config.control.problems()),
        ("telemetry", config.telemetry.problems()),
    ];
    for (section, found) in sections {
        for (key, text) in found {
            say(&format!("{section}.{key}"), text);
        }
    }
    if config
        .device
        .id
        .as_deref()
        .is_some_and(|id| id.is_empty() || id.len() > 128 || !id.bytes().all(|byte| byte.is_ascii_graphic()))
    {
        say("device.id", "is not 1 to 128 visible letters of ASCII".into());
    }
    if config.device.name.as_deref().is_some_and(|name| name.trim().is_empty() || name.chars().any(char::is_control)) {
        say("device.name", "is empty or holds control characters".into());
    }
    let open = &config.engine.open;
    // Who is called gets a token with each call.
    let token = open.token.is_some() || open.token_file.is_some() || config.calls.enabled;
    if config.engine.kind == EngineKind::Open {
        match (&open.url, token, config.room.enabled) {
            (None, _, false) => {
                say(
                    "room.enabled",
                    "false leaves nothing to join; set `engine.open.url` and a token, or switch the room on".into(),
                );
            }
            (Some(_), false, _) => {
                let text =
                    "needs a join token; set `engine.open.token_file`, or hand one over as the credential `engine.open.token`";
                say("engine.open.url", text.into());
            }
            _ => {}
        }
    }
    if config.record.is_on() && config.engine.kind != EngineKind::Open {
        say("record.when", "needs `engine.kind` \"open\": the others hand no encoded pictures out".into());
    }
    if config.record.upload.bucket.is_some() && !config.record.is_on() {
        say("record.upload.bucket", "gets nothing while `record.when` is empty".into());
    }
    for (when, noticed, key) in [(When::Motion, config.detect.motion, "motion"), (When::Sound, config.detect.sound, "sound")] {
        if config.record.when.contains(&when) && !noticed {
            say("record.when", format!("\"{key}\" is noticed only with `detect.{key}` = true"));
        }
    }
    if config.detect.sound && config.microphone.source == "none" {
        say("detect.sound", "hears nothing with `microphone.source` = \"none\"".into());
    }
    let sdk = &config.engine.sdk;
    if config.engine.kind == EngineKind::Sdk {
        if sdk.path.is_none() {
            say("engine.kind", "\"sdk\" needs the folder of the vendor's SDK; set `engine.sdk.path`".into());
        } else if sdk.token.is_none() && sdk.token_file.is_none() && !config.calls.enabled {
            let text = "needs a join token; set `engine.sdk.token_file`, or hand one over as the credential `engine.sdk.token`";
            say("engine.sdk.path", text.into());
        }
    }
    if sdk.token.is_some() && sdk.token_file.is_some() {
        say("engine.sdk.token", "given together with `token_file`; keep one of them".into());
    }
    for (number, camera) in config.cameras.iter().enumerate() {
        let at = item(whole, number).or_else(|| whole.get(&split("cameras")).map(|entry| entry.node.origin.clone()));
        let mut complain = |text: String| problems.push(Problem::plain(at.clone(), text));
        if let Some(first) = config.cameras[..number].iter().position(|other| other.name == camera.name) {
            let above = item(whole, first).map(|at| format!(" ({at})")).unwrap_or_default();
            complain(format!("`cameras`: two cameras are named \"{}\"; the other is number {}{above}", camera.name, first + 1));
        }
        if ["", "auto", "pattern", "none"].contains(&camera.name.as_str()) || camera.name.starts_with('/') {
            complain(format!(
                "`cameras`: \"{}\" cannot be the name of a camera; it means something else in `camera.source`",
                camera.name
            ));
        }
        if camera.source.is_empty() {
            complain(format!(
                "`cameras`: camera \"{}\" has an empty source; `artc-edge devices` lists what there is",
                camera.name
            ));
        }
    }
}

/// Puts the source of a named camera where its name is used; what has no name of the configuration may have a role on the board.
pub(super) fn resolve_names(config: &mut Config, board: &board::Profile) {
    if let Some(role) = board.sounds.get(&config.microphone.source) {
        config.microphone.source.clone_from(&role.source);
    }
    if let Some(role) = board.sounds.get(&config.speaker.device) {
        config.speaker.device.clone_from(&role.source);
    }
    let named = config.cameras.iter().any(|camera| camera.name == config.camera.source);
    if let Some(role) = board.cameras.get(&config.camera.source).filter(|_| !named) {
        config.camera.source.clone_from(&role.source);
    } else if let Some(named) = config.cameras.iter().find(|camera| camera.name == config.camera.source) {
        config.camera.source = named.source.clone();
    }
}

pub(super) fn split(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

fn item(whole: &Node, number: usize) -> Option<super::tree::Origin> {
    match &whole.get(&split("cameras"))?.node.value {
        super::tree::Value::Array(items) => items.get(number).map(|node| node.origin.clone()),
        _ => None,
    }
}
