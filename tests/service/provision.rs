//! One file on a stick, and what becomes of a running device by it.

use std::fs;
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{BASE, Device, Managed, PATIENCE};

/// A token that a server would refuse, which no text may show.
const CANARY: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkiLCJ2aWRlbyI6eyJyb29tIjoiZyJ9fQ.Y2FuYXJ5";

struct Stick<'a> {
    device: &'a Device,
    folder: PathBuf,
}

impl<'a> Stick<'a> {
    fn new(device: &'a Device, name: &str) -> Self {
        let folder = device.path(name);
        fs::create_dir(&folder).expect("a folder");
        Self { device, folder }
    }

    fn holding(self, file: &str, text: impl AsRef<[u8]>) -> Self {
        fs::write(self.folder.join(file), text).expect("written");
        self
    }

    /// Plugs it in: exit code, and everything that was said.
    fn plug(&self) -> (Option<i32>, String) {
        plug(self.device, &[&self.folder])
    }

    fn result(&self) -> Value {
        let text = fs::read_to_string(self.folder.join("artc-edge-result.json")).expect("a result");
        assert!(!text.contains(CANARY), "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect();
        names.sort();
        names
    }
}

fn plug(device: &Device, folders: &[&Path]) -> (Option<i32>, String) {
    let said = device.program(&["provision"]).args(folders).output().expect("it runs");
    let text = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(!text.contains(CANARY), "{text}");
    (said.status.code(), text)
}

/// What the device is set to, as far as this is about it.
fn settings(running: &Managed<'_>) -> Value {
    let all = running.call("config.get", PATIENCE).expect("it answers");
    let all = all["settings"].as_array().expect("settings").iter();
    all.map(|one| (one["key"].as_str().unwrap_or_default().to_owned(), one["value"].clone())).collect()
}

#[test]
fn a_file_is_taken_and_gone_and_holds_after_the_next_start() {
    let device = Device::new();
    let running = device.ready();
    let text = "\u{feff}version = 1\r\n[room]\r\nchannel = \"gate\"\r\n[stream]\r\nbitrate_kbps = 900\r\n[engine.open]\r\ntoken = \"CANARY\"\r\n";
    let stick = Stick::new(&device, "stick").holding("ARTC-EDGE.TOML", text.replace("CANARY", CANARY));
    let (code, said) = stick.plug();
    assert_eq!(code, Some(0), "{said}");
    let result = stick.result();
    assert_eq!(result["result"], "taken", "{result}");
    assert_eq!(result["keys"], json!(["stream.bitrate_kbps", "engine.open.token", "room.channel"]), "{result}");
    assert_eq!(stick.names(), ["artc-edge-result.json"], "the file is gone, with its secrets");
    let info = running.call("device.info", PATIENCE).expect("it answers");
    assert_eq!(info["channel"], "gate");
    drop(running);

    let kept = device.path("state/remote.toml");
    assert!(fs::read_to_string(&kept).expect("kept").contains(CANARY), "what the device needs is kept");
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&kept).expect("kept").permissions());
    assert_eq!(mode & 0o777, 0o600);
    let running = device.ready();
    assert_eq!(settings(&running)["room.channel"], "gate");
    // The same once more, as after a power cut before it was removed: nothing changes.
    let again = stick.holding("artc-edge.toml", "version = 1\n[room]\nchannel = \"gate\"\n");
    assert_eq!(again.plug().0, Some(0));
    assert_eq!((again.result()["result"].clone(), again.result().get("keys")), (json!("taken"), None));
    assert_eq!(
        plug(&device, &[&again.folder]),
        (Some(0), format!("no artc-edge.toml in {}: nothing to do\n", again.folder.display()))
    );
}

#[test]
fn a_file_that_leads_nowhere_is_undone_and_says_so() {
    let device = Device::new();
    let running = device.ready();
    let before = settings(&running);
    let text =
        format!("version = 1\n[provision]\njoin_within_s = 3\n[engine.open]\nurl = \"ws://127.0.0.1:9\"\ntoken = \"{CANARY}\"\n");
    let stick = Stick::new(&device, "stick").holding("artc-edge.toml", text);
    let (code, said) = stick.plug();
    assert_eq!(code, Some(75), "{said}");
    let result = stick.result();
    assert_eq!(result["result"], "undone", "{result}");
    let why = result["problems"][0]["text"].as_str().expect("a reason");
    assert!(why.starts_with("not in the channel within 3 s, everything is as it was"), "{why}");
    assert_eq!(stick.names(), ["artc-edge-result.json", "artc-edge.toml"], "it can be mended");
    running.status_until("it is where it was", |status| status["connection"] == "connected");
    assert_eq!(settings(&running), before);
    assert_eq!(running.call("device.info", PATIENCE).expect("it answers")["channel"], "camera");
}

#[test]
fn a_file_is_taken_from_whom_it_is_signed_by_and_where_that_is_wanted_from_nobody_else() {
    let pair = || Ed25519KeyPair::generate().expect("a key");
    let (fleet, watcher, lost, stranger) = (pair(), pair(), pair(), pair());
    let key = |name: &str, pair: &Ed25519KeyPair, role: &str| {
        let key = URL_SAFE_NO_PAD.encode(pair.public_key());
        format!("[control.keys.{name}]\nkey = \"{key}\"\nrole = \"{role}\"\n")
    };
    let keys = key("fleet", &fleet, "maintain") + &key("watcher", &watcher, "observe") + &key("lost", &lost, "own");
    let device = Device::new();
    fs::write(device.path("config.toml"), format!("{BASE}[control]\nrequire_signature = true\n{keys}")).expect("written");
    let running = device.ready();
    let revoke = device.program(&["call", "auth.revoke_key", r#"{"name":"lost"}"#]).output().expect("it runs");
    assert!(revoke.status.success(), "{}", String::from_utf8_lossy(&revoke.stderr));

    let text = "version = 1\n[stream]\nbitrate_kbps = 900\n";
    let signed = |name: &str, pair: &Ed25519KeyPair| {
        let message = format!("artc-edge provisioning file\n{text}");
        format!("{text}# signed {name} {}\n", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
    };
    let (good, before) = (signed("fleet", &fleet), settings(&running));
    for (nth, (file, why)) in [
        (text.to_owned(), "it is not signed, and this device wants that"),
        (signed("fleet", &stranger), "its signature is not one of the key \"fleet\", or it was changed"),
        (good.replace("900", "901"), "its signature is not one of the key \"fleet\", or it was changed"),
        (signed("nobody", &fleet), "which this device does not know"),
        (signed("watcher", &watcher), "whose role is not"),
        (signed("lost", &lost), "which is revoked"),
        (good.replace("# signed fleet", "# signed"), "a signature is `# signed NAME SIGNATURE`"),
    ]
    .into_iter()
    .enumerate()
    {
        let stick = Stick::new(&device, &format!("stick-{nth}")).holding("artc-edge.toml", file);
        let ((code, said), result) = (stick.plug(), stick.result());
        assert_eq!((code, &result["result"]), (Some(65), &json!("refused")), "{said}");
        assert!(result["problems"][0]["text"].as_str().expect("words").contains(why), "{why}: {result}");
        assert_eq!(settings(&running), before, "{why}");
    }
    let stick = Stick::new(&device, "good").holding("artc-edge.toml", good.replace('\n', "\r\n"));
    let (code, said) = stick.plug();
    assert_eq!((code, &stick.result()["result"]), (Some(0), &json!("taken")), "{said}");
    assert_eq!(settings(&running)["stream.bitrate_kbps"], 900);
}

#[test]
fn a_wrong_file_changes_nothing_and_says_why() {
    let device = Device::new();
    let running = device.ready();
    let before = settings(&running);
    let long = "#".repeat(10_000_000);
    let cases: [(&str, &[u8], Option<u64>, &str); 8] = [
        ("empty", b"", None, "the file is empty"),
        ("long", long.as_bytes(), None, "longer than 64 KiB"),
        ("unknown", b"version = 1\n[camera]\nwidht = 640\n", Some(3), "did you mean `camera.width`?"),
        ("later", b"version = 2\n[camera]\nwidth = 640\n", Some(1), "version 2 is not known"),
        ("binary", b"version = 1\n\xfe\xff\n", Some(2), "not UTF-8"),
        ("program", b"version = 1\n[engine.sdk]\npython = \"/bin/sh\"\n", Some(3), "set on the device only"),
        ("cut", b"version = 1\n[camera]\nwidth = \n", Some(3), "not valid TOML"),
        ("number", b"version = 1\n[stream]\nbitrate_kbps = 1\n", Some(3), "out of range"),
    ];
    for (name, text, line, why) in cases {
        let stick = Stick::new(&device, name).holding("artc-edge.toml", text);
        let (code, said) = stick.plug();
        assert!(code == Some(65) && said.contains(why), "{name}: {code:?} {said}");
        let result = stick.result();
        assert_eq!(result["result"], "refused", "{name}: {result}");
        let problem = &result["problems"][0];
        assert_eq!(problem["line"].as_u64(), line, "{name}: {result}");
        assert!(problem["text"].as_str().is_some_and(|text| text.contains(why)), "{name}: {result}");
        assert_eq!(fs::read(stick.folder.join("artc-edge.toml")).expect("still there"), text, "{name}");
    }

    // Another device's, and then the same for this one.
    let id = running.call("device.info", PATIENCE).expect("it answers")["id"].as_str().expect("an id").to_owned();
    let meant = |id: &str| format!("version = 1\n[provision]\ndevice = \"{id}\"\n[stream]\nbitrate_kbps = 900\n");
    let stick = Stick::new(&device, "other device").holding("artc-edge.toml", meant("0123456789"));
    let (code, said) = stick.plug();
    assert!(code == Some(65) && said.contains("it is for the device \"0123456789\", and this is"), "{said}");
    assert!(stick.result()["problems"][0]["text"].as_str().is_some_and(|text| text.contains(&id)), "{}", stick.result());
    assert_eq!(settings(&running), before, "nothing was tried");
    let own = Stick::new(&device, "own").holding("artc-edge.toml", meant(&id));
    assert_eq!(own.plug().0, Some(0), "{}", own.result());
    running.call("config.reset", PATIENCE).expect("it answers");
    running.status_until("it is where it was", |status| status["connection"] == "connected");
    let before = settings(&running);

    let good = "version = 1\n[room]\nchannel = \"gate\"\n";
    let (one, other) = (
        Stick::new(&device, "one").holding("artc-edge.toml", good),
        Stick::new(&device, "other").holding("artc-edge.toml", good),
    );
    let (code, said) = plug(&device, &[&one.folder, &other.folder]);
    assert!(code == Some(65) && said.contains("2 files at once"), "{said}");
    assert_eq!((&one.result()["result"], &other.result()["result"]), (&json!("refused"), &json!("refused")));

    // A link to nowhere is a file that vanishes between being found and being read.
    let gone = Stick::new(&device, "gone");
    std::os::unix::fs::symlink("nowhere", gone.folder.join("artc-edge.toml")).expect("linked");
    assert!(gone.plug().1.contains("vanished"));
    // What cannot be written to cannot be removed from: a folder that has the place of the result stands for a stick that is read-only.
    let locked = Stick::new(&device, "locked").holding("artc-edge.toml", good);
    fs::create_dir(locked.folder.join("artc-edge-result.json")).expect("a folder");
    let (code, said) = locked.plug();
    assert!(code == Some(65) && said.contains("cannot be written to"), "{said}");

    assert_eq!(settings(&running), before, "through all of it");
    drop(running);
    let alone = Stick::new(&device, "alone").holding("artc-edge.toml", good);
    let (code, said) = alone.plug();
    assert!(code == Some(69) && said.contains("no artc-edge daemon listens"), "{said}");
    assert!(BASE.contains("pattern") && alone.names().contains(&"artc-edge.toml".to_owned()), "it waits for one");
}
