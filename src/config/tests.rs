//! The manual is true, the layers win as promised, and every mistake gets its message.

use std::{collections::BTreeSet, fs, path::Path};

use super::*;

const MANUAL: &str = include_str!("../../config.toml");

fn text(text: &str) -> Sources {
    Sources { file: File::Text { name: "t".into(), text: text.into() }, machine: "/nowhere".into(), ..Sources::default() }
}

fn variables(pairs: &[(&str, &str)]) -> Sources {
    let variables = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Sources { file: File::None, variables, machine: "/nowhere".into(), ..Sources::default() }
}

/// The first lines of all problems; panics when there are none.
fn problems(sources: &Sources) -> String {
    let why = load(sources).expect_err("a mistake is found");
    why.problems.iter().map(Problem::headline).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_manual_changes_nothing() {
    let loaded = load(&text(MANUAL)).unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(loaded.config, Config::default());
}

/// Keys of the manual with their sections: those that are set, and those that are examples (`#key = value`).
fn manual_keys() -> Vec<(String, bool, usize)> {
    let mut section = String::new();
    let mut found = Vec::new();
    for (number, line) in MANUAL.lines().enumerate() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned() + ".";
        }
        let example = line.strip_prefix('#').filter(|rest| rest.starts_with(|first: char| first.is_ascii_lowercase()));
        if let Some((key, _)) = example.unwrap_or(line).split_once(" = ")
            && (example.is_some() || !line.starts_with('#'))
        {
            found.push((format!("{section}{key}"), example.is_some(), number));
        }
    }
    found
}

#[test]
fn the_manual_has_every_key() {
    let known: BTreeSet<String> = schema::leaves(&Config::default()).into_iter().map(|(key, _)| key).collect();
    let written: BTreeSet<String> = manual_keys().into_iter().map(|(key, ..)| key).collect();
    assert_eq!(known.difference(&written).collect::<Vec<_>>(), Vec::<&String>::new(), "not in config.toml");
    assert_eq!(written.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "in config.toml, but nobody reads it");
}

#[test]
fn every_key_of_the_manual_is_explained() {
    let lines: Vec<&str> = MANUAL.lines().collect();
    for (key, _, number) in manual_keys() {
        // Keys that belong together share the comment above the first of them.
        let above = lines[..number].iter().rev().find(|line| line.starts_with("# ") || line.is_empty());
        assert!(above.is_some_and(|line| line.starts_with("# ")), "{key} has no comment above it");
    }
}

#[test]
fn every_example_of_the_manual_is_right() {
    // What an example needs beside it, or cannot have.
    let company = [
        ("engine.open.url", "token_file = \"x\""),
        ("room.tls_cert", "tls_key = \"x\""),
        ("room.tls_key", "tls_cert = \"x\""),
        ("record.upload.bucket", "key_id_file = \"x\"\nkey_file = \"x\"\n[record]\nwhen = [\"always\"]"),
    ];
    for (key, example, number) in manual_keys() {
        if !example {
            continue;
        }
        let (section, name) = key.rsplit_once('.').unwrap_or(("", &key));
        let line = MANUAL.lines().nth(number).unwrap_or_default().trim_start_matches('#');
        let head = if section.is_empty() { String::new() } else { format!("[{section}]\n") };
        let more = company.iter().find(|(wants, _)| *wants == key).map_or("", |(_, line)| line);
        let loaded = load(&text(&format!("{head}{line}\n{more}\n"))).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_ne!(loaded.config, Config::default(), "{key}: the example does something");
    }
}

#[test]
fn what_is_shown_loads_again() {
    let mine = "cameras = [{ name = \"a \\\"b\\\"\", source = \"c\" }]\n[camera]\nwidth = 640\nheight = 480\nfps = 29.97\n[control]\n\
                allow = { \"x y\" = [\"camera.*\"] }\n[device]\nname = \"it's\"";
    let first = load(&text(mine)).unwrap_or_else(|why| panic!("{why}"));
    for origins in [false, true] {
        let shown = first.show(origins);
        let second = load(&text(&shown)).unwrap_or_else(|why| panic!("{why}\n{shown}"));
        assert_eq!(second.config, first.config, "{shown}");
    }
}

#[test]
fn later_layers_win_and_say_who_they_are() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = |name: &str| directory.path().join(name);
    fs::create_dir(path("conf.d")).expect("made");
    fs::write(path("config.toml"), "\u{feff}[camera]\r\nwidth = 640\r\nheight = 480\r\n\r\n[stream]\r\nbitrate_kbps = 500\r\n")
        .expect("written");
    fs::write(path("conf.d/20.toml"), "[camera]\nheight = 360\n").expect("written");
    fs::write(path("conf.d/10.toml"), "[camera]\nheight = 240\nfps = 15\n").expect("written");
    fs::write(path("conf.d/ignored.txt"), "nonsense").expect("written");
    let mut sources = variables(&[("ARTC__STREAM__BITRATE_KBPS", "700"), ("PATH", "/bin")]);
    sources.file = File::Named(path("config.toml"));
    let loaded = load(&sources).unwrap_or_else(|why| panic!("{why}"));
    let config = &loaded.config;
    assert_eq!((config.camera.width, config.camera.height, config.stream.bitrate_kbps), (640, 360, 700));
    let origin =
        |key: &str| loaded.origin(key).map(|origin| origin.to_string().replace(directory.path().to_str().unwrap_or(""), ""));
    assert_eq!(origin("camera.width").as_deref(), Some("/config.toml:2:9"));
    assert_eq!(origin("camera.height").as_deref(), Some("/conf.d/20.toml:2:10"));
    assert_eq!(origin("camera.fps").as_deref(), Some("/conf.d/10.toml:3:7"));
    assert_eq!(origin("stream.bitrate_kbps").as_deref(), Some("environment variable ARTC__STREAM__BITRATE_KBPS"));
    assert_eq!(origin("camera.idle"), None);
    let files: Vec<_> = loaded.files.iter().map(|path| path.file_name().unwrap_or_default().to_string_lossy()).collect();
    assert_eq!(files, ["config.toml", "10.toml", "20.toml"]);
}

#[test]
fn a_variable_becomes_what_its_key_wants() {
    let loaded = load(&variables(&[
        ("ARTC__CAMERA__WIDTH", "640"),
        ("ARTC__CAMERA__HEIGHT", "480"),
        ("ARTC__CAMERA__FPS", "15"),
        ("ARTC__CAMERA__FORMAT", "mjpeg"),
        ("ARTC__CAMERA__SCALE", "true"),
        ("ARTC__DEVICE__NAME", "1234"),
        ("ARTC__CONTROL__ALLOW", r#"{ alice = ["camera.*"] }"#),
        ("ARTC__CONTROL__SOCKET", ""),
        ("ARTC__CAMERAS", r#"[{ name = "front", source = "usb-1" }]"#),
        ("ARTC__CAMERA__SOURCE", "front"),
        ("ARTC__ROOM__LISTEN", "127.0.0.1:0"),
    ]))
    .unwrap_or_else(|why| panic!("{why}"));
    let config = loaded.config;
    assert_eq!((config.camera.width, config.camera.height, config.camera.scale), (640, 480, true));
    assert_eq!(config.camera.format, capture::video::Format::Mjpeg);
    assert_eq!(config.device.name.as_deref(), Some("1234"));
    assert_eq!(config.control.allow["alice"], ["camera.*"]);
    assert_eq!(config.control.socket, None);
    assert_eq!(config.camera.source, "usb-1", "the name stands for its source");
}

#[test]
fn credentials_name_files_and_yield_to_nothing_below() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("engine.open.token"), "abc\n").expect("written");
    let mut sources = text("[engine.open]\nurl = \"ws://localhost\"\ntoken = \"below\"\n");
    sources.credentials = Some(directory.path().to_owned());
    let open = load(&sources).unwrap_or_else(|why| panic!("{why}")).config.engine.open;
    assert_eq!((open.token, open.token_file), (None, Some(directory.path().join("engine.open.token"))));
    sources.variables = vec![("ARTC__ENGINE__OPEN__TOKEN".into(), "above".into())];
    let open = load(&sources).unwrap_or_else(|why| panic!("{why}")).config.engine.open;
    assert_eq!((open.token.as_deref(), open.token_file), (Some("above"), None));
}

#[test]
fn keys_of_apps_come_from_sections_and_credentials() {
    let directory = tempfile::tempdir().expect("a directory");
    let credential = directory.path().join("room.apps.second.key");
    for name in ["room.apps.second.key", "room.apps.a.b.key", "room.apps..key", "other"] {
        fs::write(directory.path().join(name), "abc\n").expect("written");
    }
    let mut sources = text("[room.apps.first]\nkey_file = \"/first\"\n[room.apps.second]\nkey_file = \"/below\"\n");
    sources.credentials = Some(directory.path().to_owned());
    let apps = load(&sources).unwrap_or_else(|why| panic!("{why}")).config.room.apps;
    let apps: Vec<_> = apps.into_iter().map(|(id, app)| (id, app.key_file)).collect();
    assert_eq!(apps, [("first".to_owned(), "/first".into()), ("second".to_owned(), credential)]);
    assert!(problems(&text("[room.apps.a]\n")).contains("key_file"));
    assert!(problems(&text("[room.apps.\"a b\"]\nkey_file = \"x\"\n")).contains("`a b` is no app id"));
}

#[test]
fn secrets_are_shown_nowhere() {
    const CANARY: &str = "canary-0123456789-canary-0123456789";
    let good = format!("[engine.open]\nurl = \"ws://x\"\ntoken = \"{CANARY}\"\n");
    let loaded = load(&text(&good)).unwrap_or_else(|why| panic!("{why}"));
    let settings = serde_json::to_string(&loaded.settings()).expect("JSON");
    for shown in [loaded.show(true), settings, format!("{:?}", loaded.config)] {
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("(secret)") || shown.contains("redacted"), "{shown}");
    }
    for bad in [
        format!("[engine.open]\ntoken = [\"{CANARY}\"]\n"),
        format!("[engine.open]\ntoken = \"{CANARY}\n"),
        format!("[engine.open]\ntoken = {CANARY}\n"),
        // Where it does not belong.
        format!("[room]\napi_secret = \"{CANARY}\"\n"),
        format!("[room.apps.a]\nkey = \"{CANARY}\"\n"),
        format!("[room.apps.a]\nappkey = \"{CANARY}\"\n"),
        format!("[room]\npassword = \"{CANARY}\"\n"),
        format!("[engine]\nopen = {{ token = \"{CANARY}\", x = 1 }}\n"),
        format!("[engine.open]\ntoken = \"{CANARY}\"\ntoken = \"{CANARY}\"\n"),
        format!("[engine.open]\ntoken = \"{CANARY}\"\ntoken_file = \"x\"\n"),
        format!("[engine.open]\ntokn = \"{CANARY}\"\n"),
    ] {
        let why = load(&text(&bad)).expect_err("a mistake is found").to_string();
        assert!(!why.contains("canary"), "{bad} -> {why}");
    }
}

#[test]
fn a_secret_comes_from_the_first_line_of_its_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("secret");
    let read = || read_secret("--secret-file", path.clone());
    let shown = path.display();
    let missing = read().expect_err("refused").to_string();
    assert_eq!(missing, format!("--secret-file {shown}: no such file; create it with the secret on its first line"));
    fs::write(&path, "\n").expect("written");
    let empty = read().expect_err("refused").to_string();
    assert_eq!(empty, format!("--secret-file {shown}: the file is empty; put the secret on its first line"));
    fs::write(&path, "0123456789 \nnot this\n").expect("written");
    assert_eq!(read().unwrap_or_else(|why| panic!("{why}")), "0123456789");
}

#[test]
fn files_that_cannot_be_read_say_so() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("config.toml");
    let named = |path: &Path| Sources { file: File::Named(path.into()), machine: "/nowhere".into(), ..Sources::default() };
    let shown = path.display();
    assert_eq!(problems(&named(&path)), format!("{shown}: no such file; create it, or name another with --config"));
    fs::write(&path, b"[camera]\n# caf\xe9\n").expect("written");
    assert_eq!(problems(&named(&path)), format!("{shown}:2: not UTF-8 text"));
    assert_eq!(problems(&named(directory.path())), format!("{}: a directory; name the file in it", directory.path().display()));
}

/// Each broken text with exactly what is said about it.
#[test]
fn every_mistake_gets_its_message() {
    let rows: &[(&str, &str)] = &[
        // Keys.
        ("[camera]\nwidht = 1", "t:2:1: unknown key `camera.widht`; did you mean `camera.width`?"),
        ("[camra]\nwidth = 640", "t:1:2: unknown key `camra`; did you mean `camera`?"),
        (
            "[camera]\nzzz = 1",
            "t:2:1: unknown key `camera.zzz`; [camera] has source, width, height, fps, format, scale, idle, masks",
        ),
        ("[camera]\nbitrate_kbps = 1", "t:2:1: unknown key `camera.bitrate_kbps`; did you mean `stream.bitrate_kbps`?"),
        ("width = 640", "t:1:1: unknown key `width`; did you mean `camera.width`?"),
        ("[engine.opne]\nurl = \"ws://x\"", "t:1:9: unknown key `engine.opne`; did you mean `engine.open`?"),
        ("camera.fsp = 3", "t:1:8: unknown key `camera.fsp`; did you mean `camera.fps`?"),
        ("camera = { fsp = 3 }", "t:1:12: unknown key `camera.fsp`; did you mean `camera.fps`?"),
        (
            "[zzz]",
            "t:1:2: unknown key `zzz`; the sections are device, board, camera, cameras, microphone, speaker, voice, stream, detect, record, \
             engine, room, calls, control, telemetry",
        ),
        // Types.
        ("camera = 3", "t:1:10: `camera`: expected a section or table, found the number 3"),
        ("camera = []", "t:1:10: `camera`: expected a section or table, found a list"),
        ("[camera]\nwidth = \"640\"", "t:2:9: `camera.width`: expected a whole number from 0, found the text \"640\""),
        ("[camera]\nwidth = 640.5", "t:2:9: `camera.width`: expected a whole number from 0, found the number 640.5"),
        ("[camera]\nwidth = -640", "t:2:9: `camera.width`: expected a whole number from 0, found the number -640"),
        ("[camera]\nwidth = 5000000000", "t:2:9: `camera.width`: expected a whole number from 0, found the number 5000000000"),
        ("[camera]\nwidth = true", "t:2:9: `camera.width`: expected a whole number from 0, found `true`"),
        ("[camera]\nwidth = 1979-05-27", "t:2:9: `camera.width`: expected a whole number from 0, found a date or time"),
        ("[camera]\nfps = \"30\"", "t:2:7: `camera.fps`: expected a number, found the text \"30\""),
        ("[camera]\nscale = \"yes\"", "t:2:9: `camera.scale`: expected true or false, found the text \"yes\""),
        ("[camera]\nsource = 0", "t:2:10: `camera.source`: expected a text in quotes, found the number 0"),
        ("[camera]\nsource = [\"a\"]", "t:2:10: `camera.source`: expected a text in quotes, found a list"),
        ("[device]\nname = 3", "t:2:8: `device.name`: expected a text in quotes, found the number 3"),
        ("[room]\ntcp_port = 70000", "t:2:12: `room.tcp_port`: expected a whole number from 0 to 65535, found the number 70000"),
        (
            "[room]\nlisten = 7880",
            "t:2:10: `room.listen`: expected an address with port in quotes, such as \"127.0.0.1:7880\", found the number 7880",
        ),
        (
            "[room]\nlisten = \"7880\"",
            "t:2:10: `room.listen`: no address with port; write it as \"127.0.0.1:7880\" or \"[::1]:7880\"",
        ),
        (
            "[room]\nlisten = \"localhost:7880\"",
            "t:2:10: `room.listen`: no address with port; write it as \"127.0.0.1:7880\" or \"[::1]:7880\"",
        ),
        ("cameras = 3", "t:1:11: `cameras`: expected a list, in [brackets], found the number 3"),
        ("[control]\nallow = [\"x\"]", "t:2:9: `control.allow`: expected a table, found a list"),
        ("[control]\nallow = { a = \"x\" }", "t:2:15: `control.allow.a`: expected a list, in [brackets], found the text \"x\""),
        // Names.
        (
            "[camera]\nformat = \"yuv\"",
            "t:2:10: `camera.format`: unknown value \"yuv\"; did you mean \"yuyv\"? It is one of \"auto\", \"yuyv\", \"uyvy\", \
             \"nv12\", \"nv21\", \"yu12\", \"yv12\", \"nm12\", \"nm21\", \"ym12\", \"ym21\", \"mjpeg\", \"h264\"",
        ),
        ("[camera]\nidle = \"MAYBE\"", "t:2:8: `camera.idle`: unknown value \"MAYBE\"; it is one of \"keep\", \"close\""),
        ("[stream]\nlatency = 3", "t:2:11: `stream.latency`: expected one of \"live\", \"smooth\", found the number 3"),
        (
            "[stream]\nencoder = \"x264\"",
            "t:2:11: `stream.encoder`: unknown value \"x264\"; it is one of \"auto\", \"openh264\", \"v4l2\"",
        ),
        (
            "[engine]\nkind = \"opne\"",
            "t:2:8: `engine.kind`: unknown value \"opne\"; did you mean \"open\"? It is one of \"open\", \"sdk\", \"fake\"",
        ),
        (
            "[board]\nprofile = \"rasberrypi4\"",
            "t:2:11: `board.profile`: no board profile is called \"rasberrypi4\"; did you mean \"raspberrypi4\"? There are KNOWN",
        ),
        // Ranges.
        ("[camera]\nwidth = 8", "t:2:9: `camera.width`: 8 is out of range, 16 to 1920 pixels"),
        ("[camera]\nwidth = 2560", "t:2:9: `camera.width`: 2560 is out of range, 16 to 1920 pixels"),
        ("[camera]\nheight = 721", "t:2:10: `camera.height`: 721 is odd; a 4:2:0 picture has an even width and height"),
        (
            "[camera]\nwidth = 1920\nheight = 1200",
            "t:3:10: `camera.height`: 1920 x 1200 is above the 2K limit: at most 1920 on the longer side, 1088 on the shorter",
        ),
        ("[camera]\nfps = 0", "t:2:7: `camera.fps`: 0 is out of range, 1 to 240 frames a second"),
        ("[camera]\nfps = nan", "t:2:7: `camera.fps`: NaN is out of range, 1 to 240 frames a second"),
        ("[camera]\nsource = \"\"", "t:2:10: `camera.source`: is empty; use \"auto\", \"pattern\", a device node or a stable id"),
        (
            "[microphone]\nrate = 22050",
            "t:2:8: `microphone.rate`: 22050 is not one of 8000, 16000, 32000, 44100, 48000 samples a second",
        ),
        ("[microphone]\nchannels = 6", "t:2:12: `microphone.channels`: 6 is out of range, 1 or 2"),
        ("[speaker]\nvolume = 101", "t:2:10: `speaker.volume`: 101 is out of range, 0 to 100"),
        (
            "[microphone]\nsource = \"file:x.wav,raw\"",
            "t:2:10: `microphone.source`: \"file:x.wav,raw\" is an ALSA name with arguments that may write files; give it a name of its own in /etc/asound.conf",
        ),
        ("[speaker]\ndevice = \"\"", "t:2:10: `speaker.device`: is empty; use \"none\", \"auto\", a card or an ALSA name"),
        (
            "[camera]\nformat = \"h264\"\nmasks = [[[0.0, 0.0], [0.5, 0.5]]]",
            "t:3:9: `camera.masks`: nothing can be covered in H.264 that comes encoded; set `camera.format` to \"auto\"",
        ),
        ("[record]\npre_roll_s = 61", "t:2:14: `record.pre_roll_s`: 61 is out of range, 0 to 60 seconds"),
        ("[record]\nmost_mib = 15", "t:2:12: `record.most_mib`: 15 is out of range, 16 to 16777216 MiB"),
        ("[record]\nmost_mib_a_day = 15", "t:2:18: `record.most_mib_a_day`: 15 is out of range, 16 to 16777216 MiB, or 0"),
        (
            "[record.upload]\nmost_kbit_s = 63",
            "t:2:15: `record.upload.most_kbit_s`: 63 is out of range, 64 to 10000000 kbit/s, or 0",
        ),
        (
            "[record.upload]\nprefix = \"/yard\"",
            "t:2:10: `record.upload.prefix`: begins with a slash, has a part that is . or .., or is longer than 512 bytes",
        ),
        (
            "[record]\nwhen = [\"always\"]\n[record.upload]\nbucket = \"a/b\"\nkey_id_file = \"/id\"\nkey_file = \"/key\"",
            "t:4:10: `record.upload.bucket`: bucket a/b: the name of a bucket is 3 to 255 letters of ASCII, digits, dots, hyphens and \
             underscores",
        ),
        (
            "[record.upload]\nbucket = \"recordings\"\nkey_id_file = \"/id\"\nkey_file = \"/key\"",
            "t:2:10: `record.upload.bucket`: gets nothing while `record.when` is empty",
        ),
        (
            "[record]\nwhen = [\"always\"]\n[record.upload]\nbucket = \"recordings\"\nendpoint = \"s3.example.com\"\nkey_id_file = \"/id\"\n\
             key_file = \"/key\"",
            "t:4:10: `record.upload.bucket`: bucket recordings: its endpoint is no address: relative URL without a base",
        ),
        ("[record]\npost_roll_s = 601", "t:2:15: `record.post_roll_s`: 601 is out of range, 0 to 600 seconds"),
        (
            "[record]\nwhen = [\"movement\"]",
            "t:2:9: `record.when[0]`: unknown value \"movement\"; it is one of \"always\", \"command\", \
             \"motion\", \"sound\", \"line\"",
        ),
        ("[record]\nwhen = [\"motion\"]", "t:2:8: `record.when`: \"motion\" is noticed only with `detect.motion` = true"),
        ("[detect]\nsensitivity = 0", "t:2:15: `detect.sensitivity`: 0 is out of range, 1 to 100"),
        (
            "[detect]\nzones = [[[0.0, 0.0], [1.0, 1.5]]]",
            "t:2:9: `detect.zones`: number 1: 1.5 is out of range, 0 to 1 of width or height",
        ),
        (
            "[detect]\nzones = [[[0.0, 0.0]]]",
            "t:2:9: `detect.zones`: number 1: a zone has 1 points; two are the corners of a rectangle, 3 to 32 those of a polygon",
        ),
        (
            "[detect]\nsound = true\n[microphone]\nsource = \"none\"",
            "t:2:9: `detect.sound`: hears nothing with `microphone.source` = \"none\"",
        ),
        (
            "[record]\nhttp = \"0.0.0.0:9465\"",
            "t:2:8: `record.http`: 0.0.0.0 is not a loopback address; recordings are for this machine only, and for who may `record.fetch`",
        ),
        ("[record]\nfolder = \"card\"", "t:2:10: `record.folder`: is no path from / on"),
        (
            "[engine]\nkind = \"fake\"\n[record]\nwhen = [\"always\"]",
            "t:4:8: `record.when`: needs `engine.kind` \"open\": the others hand no encoded pictures out",
        ),
        ("[stream]\nbitrate_kbps = 10", "t:2:16: `stream.bitrate_kbps`: 10 is out of range, 50 to 50000 kbit/s"),
        // Cameras.
        (
            "[[cameras]]\nname = \"a\"\nsource = \"x\"\n[[cameras]]\nname = \"a\"\nsource = \"y\"",
            "t:4:1: `cameras`: two cameras are named \"a\"; the other is number 1 (t:1:1)",
        ),
        ("[[cameras]]\nname = \"a\"", "t:1:1: `cameras[0]` has no `source`, which it needs"),
        ("[[cameras]]\nnaem = \"a\"", "t:2:1: unknown key `cameras[0].naem`; did you mean `cameras[0].name`?"),
        (
            "[[cameras]]\nname = \"auto\"\nsource = \"x\"",
            "t:1:1: `cameras`: \"auto\" cannot be the name of a camera; it means something else in `camera.source`",
        ),
        (
            "[[cameras]]\nname = \"a\"\nsource = \"\"",
            "t:1:1: `cameras`: camera \"a\" has an empty source; `artc-edge devices` lists what there is",
        ),
        ("[camera]\nfps = 30\n[camera]\nfps = 25", "t:3:2: [camera] is written twice; put all its keys under one"),
        // Rooms.
        (
            "[engine.open]\nurl = \"http//x\"\ntoken_file = \"x\"",
            "t:2:7: `engine.open.url`: `http//x` is no address: relative URL without a base",
        ),
        (
            "[engine.open]\nurl = \"rtmp://x\"\ntoken_file = \"x\"",
            "t:2:7: `engine.open.url`: `rtmp://` is not a scheme of a room; use ws:// or wss://",
        ),
        ("[engine.open]\nurl = \"wss://\"\ntoken_file = \"x\"", "t:2:7: `engine.open.url`: `wss://` is no address: empty host"),
        (
            "[engine.open]\nurl = \"wss://u:p@x\"\ntoken_file = \"x\"",
            "t:2:7: `engine.open.url`: a user or password in the address would be ignored; the token is what lets in",
        ),
        (
            "[engine.open]\nurl = \"wss://x\"",
            "t:2:7: `engine.open.url`: needs a join token; set `engine.open.token_file`, or hand one over as the credential \
             `engine.open.token`",
        ),
        ("[engine]\nkind = \"sdk\"", "t:2:8: `engine.kind`: \"sdk\" needs the folder of the vendor's SDK; set `engine.sdk.path`"),
        (
            "[engine]\nkind = \"sdk\"\nsdk.path = \"/opt/sdk\"",
            "t:3:12: `engine.sdk.path`: needs a join token; set `engine.sdk.token_file`, or hand one over as the credential \
             `engine.sdk.token`",
        ),
        (
            "[engine.sdk]\nextra = \"{\"",
            "t:2:9: `engine.sdk.extra`: not a JSON object of the documented keys: EOF while parsing an object at line 1 column 1",
        ),
        (
            "[engine.open]\nurl = \"wss://x\"\ntoken = \"a\"\ntoken_file = \"b\"",
            "t:3:9: `engine.open.token`: given together with `token_file`; keep one of them",
        ),
        (
            "[room]\nenabled = false",
            "t:2:11: `room.enabled`: false leaves nothing to join; set `engine.open.url` and a token, or switch the room on",
        ),
        ("[room]\nchannel = \"\"", "t:2:11: `room.channel`: is empty; the device needs a channel to be met in"),
        ("[room]\napi_key = \"\"", "t:2:11: `room.api_key`: is empty; name the key under which tokens are signed"),
        ("[room]\nmax_rooms = 0", "t:2:13: `room.max_rooms`: 0 is out of range, 1 to 10000"),
        (
            "[room]\nexternal_ips = [\"here\"]",
            "t:2:17: `room.external_ips[0]`: no IP address; write it as \"192.0.2.7\" or \"2001:db8::7\"",
        ),
        (
            "[room]\nexternal_ips = [7]",
            "t:2:17: `room.external_ips[0]`: expected an IP address in quotes, such as \"192.0.2.7\", found the number 7",
        ),
        ("[room]\ntls_cert = \"x\"", "t:2:12: `room.tls_cert`: needs `tls_key` beside it"),
        ("[room]\ntls_key = \"x\"", "t:2:11: `room.tls_key`: needs `tls_cert` beside it"),
        // Commands, telemetry.
        (
            "[control]\nallow = { a = [\"reboot\"] }",
            "t:2:9: `control.allow`: `reboot` is no method; use `family.verb`, `family.*` or `*`",
        ),
        (
            "[control]\nroles = { a = \"root\" }",
            "t:2:15: `control.roles.a`: unknown value \"root\"; it is one of \"observe\", \"operate\", \"maintain\", \"own\"",
        ),
        (
            "[telemetry]\nlog = \"loud\"",
            "t:2:7: `telemetry.log`: \"loud\" is no level; use error, warn, info, debug, trace or off",
        ),
        ("[telemetry]\nlog = \"=debug\"", "t:2:7: `telemetry.log`: `=debug` names no part before `=`; write `room=debug`"),
        (
            "[telemetry]\nlisten = \"0.0.0.0:9464\"",
            "t:2:10: `telemetry.listen`: 0.0.0.0 is not a loopback address; metrics and health are for this machine only",
        ),
        ("[device]\nname = \" \"", "t:2:8: `device.name`: is empty or holds control characters"),
        // Syntax.
        ("[camera\nwidth = 3", "t:1:8: not valid TOML: unclosed table, expected `]`"),
        ("[camera]\nwidth 3", "t:2:7: not valid TOML: key with no value, expected `=`"),
        ("[camera]\nwidth =", "t:2:8: not valid TOML: this value is no number, true or false; a text stands in \"quotes\""),
        (
            "[camera]\nsource = front",
            "t:2:10: not valid TOML: this value is no number, true or false; a text stands in \"quotes\"",
        ),
        ("[camera]\nsource = \"front", "t:2:16: not valid TOML: invalid basic string, expected `\"`"),
        ("[camera]\nwidth = 1\nwidth = 2", "t:3:1: `width` is set twice in this section; keep one"),
        ("{ \"camera\": {} }", "t:1:1: not valid TOML: invalid key-value pair, expected key"),
    ];
    let known = board::embedded().expect("profiles").into_iter().map(|profile| profile.badge.id).collect::<Vec<_>>().join(", ");
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(given, wanted)| {
            let said = problems(&text(given));
            (said != wanted.replace("KNOWN", &known)).then(|| format!("{given:?}\n  said   {said}\n  wanted {wanted}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

#[test]
fn mistakes_in_variables_name_the_variable() {
    let rows: &[(&str, &str, &str)] = &[
        ("ARTC__CAMERA__WIDHT", "1", "unknown key `camera.widht`; did you mean `camera.width`?"),
        ("ARTC__CAMERA__WIDTH", "wide", "`camera.width`: expected a whole number from 0, found the text \"wide\""),
        ("ARTC__CAMERA__WIDTH", "5000", "`camera.width`: 5000 is out of range, 16 to 1920 pixels"),
        ("ARTC__CAMERA", "640", "`camera`: expected a section or table, found the text \"640\""),
        ("ARTC__", "1", "names no key; write ARTC__SECTION__KEY, such as ARTC__CAMERA__WIDTH"),
        (
            "ARTC__STREAM__LATENCY",
            "liv",
            "`stream.latency`: unknown value \"liv\"; did you mean \"live\"? It is one of \"live\", \"smooth\"",
        ),
    ];
    for (name, value, wanted) in rows {
        assert_eq!(problems(&variables(&[(name, value)])), format!("environment variable {name}: {wanted}"));
    }
}

#[test]
fn all_mistakes_are_told_at_once_with_their_lines() {
    let why = load(&text("[camera]\nwidth = 8\n  fsp = 25\n[stream]\nlatency = \"x\"\n")).expect_err("mistakes").to_string();
    let wanted = "t:2:9: `camera.width`: 8 is out of range, 16 to 1920 pixels
  2 | width = 8
    |         ^
t:3:3: unknown key `camera.fsp`; did you mean `camera.fps`?
  3 |   fsp = 25
    |   ^^^
t:5:11: `stream.latency`: unknown value \"x\"; it is one of \"live\", \"smooth\"
  5 | latency = \"x\"
    |           ^^^";
    assert_eq!(why, wanted);
}

proptest::proptest! {
    /// Whatever stands in a file: an answer, no panic, and each problem has a text.
    #[test]
    fn any_text_gets_an_answer(given in "(\\[|\\]|=|\"|\\.|\\{|\\}|,|\n| |camera|width|cameras|name|room|listen|[0-9]{1,3}|é|\t){0,40}") {
        if let Err(why) = load(&text(&given)) {
            assert!(why.problems.iter().all(|problem| !problem.text.is_empty()));
            assert!(!why.to_string().is_empty());
        }
    }
}
