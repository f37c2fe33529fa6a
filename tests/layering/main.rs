//! The arrows of ARCHITECTURE.md: which room may name which. Modules of the daemon by the paths in their sources, crates by their
//! Cargo.toml.

mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Our crates, as they are named in Rust.
const CRATES: [&str; 17] = [
    "annexb",
    "artc_bindings",
    "artc_open",
    "board",
    "bucket",
    "call_control",
    "drift",
    "detection",
    "media",
    "record",
    "record_http",
    "record_upload",
    "room",
    "rtc",
    "v4l2_node",
    "voice",
    "wire",
];

/// What a room of the daemon may name: modules of the daemon, crates of ours. A room that is not here may name nothing of ours.
const ROOMS: &[(&str, &[&str], &[&str])] = &[
    ("soundcard", &[], &[]),
    ("capture", &["soundcard"], &["media", "v4l2_node"]),
    ("playout", &["soundcard"], &["drift", "media", "voice"]),
    ("session", &[], &["artc_bindings"]),
    ("uplink", &["capture"], &["artc_bindings", "media", "voice"]),
    ("control", &[], &["wire"]),
    ("recorder", &[], &["artc_bindings", "bucket", "record"]),
    ("detector", &["capture"], &["detection", "media"]),
    ("telemetry", &["version"], &["web_listener"]),
    ("version", &[], &[]),
    ("exit", &[], &[]),
    ("storage", &[], &[]),
    // The sum of the parts' configurations: it knows them all, and only those on top know it.
    (
        "config",
        &["capture", "control", "detector", "recorder", "telemetry", "session", "playout", "storage"],
        &["artc_bindings", "artc_open", "board", "call_control", "room"],
    ),
];

/// Those on top, who may name everything below them; `config` and `app` are named by them alone.
const TOP: [&str; 3] = ["main", "cli", "app"];

/// What a crate may depend on of ours.
const OURS: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("wire-codegen", &["wire"]),
    ("annexb", &[]),
    ("c-layout", &[]),
    ("media", &["annexb"]),
    ("board", &[]),
    ("join-token", &[]),
    ("call-control", &["join-token"]),
    ("backoff", &[]),
    ("drift", &[]),
    ("detection", &[]),
    ("tls-trust", &[]),
    ("mqtt-link", &["backoff", "tls-trust"]),
    (
        "artc-room",
        &[
            "app-state",
            "artc-bindings",
            "artc-open",
            "call-control",
            "join-token",
            "mixing",
            "mqtt-link",
            "open-api",
            "record-api",
            "room",
            "rtmp-gateway",
            "tls-trust",
            "web-listener",
            "wire",
        ],
    ),
    ("app-state", &[]),
    ("open-api", &[]),
    ("record-api", &["mixing", "open-api"]),
    ("web-listener", &[]),
    ("artc-bindings", &["join-token"]),
    ("record", &["annexb"]),
    ("record-http", &["record", "web-listener"]),
    ("bucket", &["tls-trust"]),
    ("record-upload", &["backoff", "bucket", "record"]),
    ("mixing", &["annexb", "artc-bindings", "artc-open", "backoff", "media", "record"]),
    ("rtmp-gateway", &["annexb", "artc-bindings", "artc-open", "media"]),
    ("rtc", &["annexb"]),
    ("v4l2-node", &[]),
    ("voice", &["drift", "media"]),
    ("room", &["join-token", "rtc", "web-listener"]),
    ("artc-open", &["artc-bindings", "backoff", "media", "rtc", "tls-trust", "v4l2-node"]),
    ("artc-python", &["artc-bindings", "artc-open"]),
];

/// What a crate must not depend on: what would make it do what it is not for.
const NOT_FOR: &[(&str, &[&str])] = &[
    ("wire", &["tokio", "axum", "libc", "tracing", "metrics"]),
    ("media", &["tokio", "axum", "socket2", "v4l", "alsa", "metrics"]),
    ("artc-bindings", &["str0m", "openh264", "opus", "axum", "socket2", "livekit-protocol"]),
    ("join-token", &["tokio", "axum", "str0m", "libc"]),
    ("call-control", &["tokio", "axum", "libc", "tracing", "metrics"]),
    ("drift", &["tokio", "alsa", "metrics", "tracing"]),
    ("voice", &["tokio", "alsa", "metrics", "tracing"]),
    ("app-state", &["axum", "serde", "metrics"]),
    ("record-api", &["tokio", "axum", "libc", "tracing", "metrics"]),
    ("open-api", &["tokio", "axum", "libc", "tracing", "metrics"]),
    ("detection", &["tokio", "axum", "serde", "libc", "tracing", "metrics", "openh264"]),
    ("record", &["tokio", "axum", "openh264", "opus", "serde", "metrics"]),
    ("bucket", &["axum", "serde", "metrics", "libc"]),
    ("record-upload", &["axum", "hyper", "metrics", "libc"]),
    ("rtc", &["axum", "openh264", "opus"]),
    ("rtmp-gateway", &["axum", "openh264", "opus", "serde", "metrics"]),
    ("room", &["openh264", "opus", "v4l", "alsa"]),
    ("board", &["tokio", "axum", "str0m"]),
    ("v4l2-node", &["tokio", "tracing", "metrics", "thiserror"]),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder` with its module path from `folder` on.
fn modules(folder: &Path, path: &[String], found: &mut Vec<(Vec<String>, PathBuf)>) {
    let mut entries: Vec<_> = fs::read_dir(folder).expect("a source folder").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_stem().and_then(|s| s.to_str()).expect("a name").to_owned();
        if entry.is_dir() {
            modules(&entry, &[path, &[name]].concat(), found);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            let own = match name.as_str() {
                "mod" | "lib" => path.to_vec(),
                _ => [path, &[name]].concat(),
            };
            found.push((own, entry));
        }
    }
}

/// Each room of the daemon with everything of ours that it names, and where.
fn daemon() -> BTreeMap<String, BTreeMap<String, String>> {
    let mut files = Vec::new();
    modules(&root().join("src"), &[], &mut files);
    let mut named: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (path, file) in files {
        let Some(room) = path.first() else { continue };
        let text = fs::read_to_string(&file).expect("a source file");
        let names = named.entry(room.clone()).or_default();
        for name in paths::named(&text, &path, &CRATES) {
            names.entry(name).or_insert_with(|| file.strip_prefix(root()).expect("below the root").display().to_string());
        }
    }
    named
}

#[test]
fn rooms_of_the_daemon_name_only_what_lies_below_them() {
    let mut faults = Vec::new();
    for (room, names) in daemon() {
        if TOP.contains(&room.as_str()) {
            continue;
        }
        let rule = ROOMS.iter().find(|(name, ..)| *name == room);
        let (modules, crates) = rule.map_or((&[][..], &[][..]), |(_, modules, crates)| (*modules, *crates));
        for (name, file) in names {
            let allowed = match name.strip_prefix("crate::") {
                Some(module) => module == room || modules.contains(&module),
                None => crates.contains(&name.as_str()),
            };
            if !allowed {
                faults.push(format!("{room} names {name} ({file})"));
            }
        }
    }
    assert!(faults.is_empty(), "arrows point one way:\n{}", faults.join("\n"));
}

#[test]
fn config_and_app_are_named_by_nobody_below_them() {
    for (room, names) in daemon() {
        for above in ["config", "app", "cli"] {
            let named = names.get(&format!("crate::{above}"));
            let below = room != above && !TOP.contains(&room.as_str());
            assert!(!(below && named.is_some()), "{room} names {above} ({})", named.map_or("", String::as_str));
        }
    }
}

#[test]
fn rooms_of_the_daemon_form_no_ring() {
    let arrows: BTreeMap<String, BTreeSet<String>> = daemon()
        .into_iter()
        .map(|(room, names)| {
            let others = names.keys().filter_map(|n| n.strip_prefix("crate::")).filter(|n| *n != room).map(str::to_owned);
            let others = others.collect();
            (room, others)
        })
        .collect();
    let ring = paths::ring(&arrows);
    assert_eq!(ring, None, "modules in a ring");
}

#[test]
fn every_room_of_the_daemon_has_a_rule() {
    for room in daemon().keys() {
        let known = TOP.contains(&room.as_str()) || ROOMS.iter().any(|(name, ..)| name == room);
        assert!(known, "src/{room} is in no rule of this test; give it one, and a line in ARCHITECTURE.md");
    }
}

fn dependencies(krate: &str) -> BTreeSet<String> {
    let folder = if krate == "board" { "board".into() } else { format!("crates/{krate}") };
    let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a Cargo.toml");
    let manifest: toml::Table = text.parse().expect("TOML");
    let mut found = BTreeSet::new();
    // Dependencies of tests are free: a test may look at both sides.
    for section in ["dependencies", "build-dependencies"] {
        found.extend(manifest.get(section).and_then(toml::Value::as_table).into_iter().flat_map(|t| t.keys().cloned()));
    }
    found
}

#[test]
fn crates_depend_only_on_what_lies_below_them() {
    let names: Vec<String> = CRATES.iter().map(|name| name.replace('_', "-")).collect();
    for (krate, allowed) in OURS {
        let ours: Vec<_> = dependencies(krate).into_iter().filter(|d| names.contains(d) || d == "artc-edge").collect();
        let above: Vec<_> = ours.iter().filter(|d| !allowed.contains(&d.as_str())).collect();
        assert!(above.is_empty(), "{krate} depends on {above:?}");
    }
    for (krate, unwanted) in NOT_FOR {
        let found: Vec<_> = dependencies(krate).into_iter().filter(|d| unwanted.contains(&d.as_str())).collect();
        assert!(found.is_empty(), "{krate} is not for what {found:?} does");
    }
}

/// The way between engine and room of one process is made of channels; anything more of tokio would be input and output.
#[test]
fn rtc_takes_channels_of_tokio_and_nothing_else() {
    for entry in std::fs::read_dir(root().join("crates/rtc/src")).expect("the crate's folder") {
        let path = entry.expect("an entry").path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let other = text.match_indices("tokio::").find(|(at, _)| !text[at + "tokio::".len()..].starts_with("sync::mpsc"));
        assert!(other.is_none(), "{} names more of tokio than channels", path.display());
    }
}

#[test]
fn every_crate_of_the_workspace_has_a_rule() {
    let mut found: Vec<String> = fs::read_dir(root().join("crates"))
        .expect("the crates")
        .map(|entry| entry.expect("an entry"))
        .filter(|entry| entry.path().join("Cargo.toml").exists())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.push("board".into());
    for krate in found {
        assert!(OURS.iter().any(|(name, _)| *name == krate), "{krate} is in no rule of this test");
    }
}

#[test]
fn one_cryptographic_library_is_linked() {
    // Cargo.lock also names what no feature of ours switches on, so cargo is asked what is really built.
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--locked", "--offline", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8_lossy(&tree.stdout);
    let linked: BTreeSet<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(linked.contains("aws-lc-rs"), "the list is empty");
    for unwanted in ["ring", "openssl", "openssl-sys", "native-tls", "boring"] {
        assert!(!linked.contains(unwanted), "{unwanted} came in beside aws-lc-rs");
    }
}
