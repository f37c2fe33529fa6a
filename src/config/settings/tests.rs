//! What is set by command is lawful, says so, and is the old one or the new one whatever breaks and whenever the power goes.

use serde_json::{Value as Json, json};

use super::super::{File, Layer as Origin};
use super::*;
use crate::storage::fake::FakeDisk;

const KEPT: &str = "/state/remote.toml";
const OLD: &str = "[stream]\nbitrate_kbps = 700\n";
const NOW: Duration = Duration::from_secs(1000);

fn sources(variables: &[(&str, &str)]) -> Sources {
    Sources {
        file: File::None,
        variables: variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        remote: Remote::File(KEPT.into()),
        machine: "/nowhere".into(),
        ..Sources::default()
    }
}

fn open(disk: FakeDisk) -> Settings {
    Settings::open(Box::new(disk), sources(&[])).unwrap_or_else(|why| panic!("{why}"))
}

fn old() -> FakeDisk {
    FakeDisk::holding(KEPT.as_ref(), OLD.as_bytes())
}

fn set(values: Json) -> Edit {
    let Json::Object(values) = values else { panic!("an object") };
    Edit::Set(values.into_iter().collect())
}

fn kbps(settings: &Settings) -> u32 {
    settings.in_force().config.stream.bitrate_kbps
}

#[test]
fn a_value_is_in_force_kept_and_named_by_its_layer() {
    let mut settings = open(old());
    let changed = settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), None, NOW).unwrap();
    assert_eq!((changed.keys.as_slice(), changed.applies), (&["stream.bitrate_kbps".to_owned()][..], Applies::Live));
    assert_eq!((kbps(&settings), settings.trial(NOW)), (1500, None));
    let origin = settings.in_force().origin("stream.bitrate_kbps").unwrap();
    assert_eq!((origin.source.layer, origin.source.name.as_str()), (Origin::Remote, KEPT));
    let same = settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), None, NOW).unwrap();
    assert_eq!((same.keys.len(), same.applies), (0, Applies::Live));
    settings.edit(&Edit::Reset(None), None, NOW).unwrap();
    assert_eq!(kbps(&settings), 2000);
}

#[test]
fn what_takes_a_restart_says_so_and_what_the_environment_overrules_too() {
    let mut settings =
        Settings::open(Box::new(old()), sources(&[("ARTC__CAMERA__WIDTH", "640"), ("ARTC__CAMERA__HEIGHT", "480")])).unwrap();
    let changed = settings.edit(&set(json!({ "camera.width": 320, "camera.idle": "close" })), None, NOW).unwrap();
    assert_eq!((changed.keys.as_slice(), changed.applies), (&["camera.idle".to_owned()][..], Applies::Restart));
    assert_eq!(changed.overruled, [("camera.width".to_owned(), "environment variable ARTC__CAMERA__WIDTH".to_owned())]);
    assert_eq!(settings.in_force().config.camera.width, 640);
}

#[test]
fn the_rules_of_the_file_are_the_rules_of_commands() {
    let cases = [
        (
            json!({ "stream.bitrat_kbps": 1500 }),
            "unknown key `stream.bitrat_kbps`; did you mean `stream.bitrate_kbps`?",
            Some("stream.bitrate_kbps"),
        ),
        (
            json!({ "bitrate_kbps": 1500 }),
            "unknown key `bitrate_kbps`; did you mean `stream.bitrate_kbps`?",
            Some("stream.bitrate_kbps"),
        ),
        (json!({ "stream.bitrate_kbps": 49 }), "`stream.bitrate_kbps`: 49 is out of range, 50 to 50000 kbit/s", None),
        (
            json!({ "stream.bitrate_kbps": "fast" }),
            "`stream.bitrate_kbps`: expected a whole number from 0, found the text \"fast\"",
            None,
        ),
        (
            json!({ "camera.idle": "clos" }),
            "`camera.idle`: unknown value \"clos\"; did you mean \"close\"? It is one of \"keep\", \"close\"",
            Some("close"),
        ),
        (json!({ "engine.open.token": 7 }), "`engine.open.token`: expected a text in quotes, found something else", None),
    ];
    for (values, text, suggestion) in cases {
        let mut settings = open(old());
        let why = settings.edit(&set(values), None, NOW).unwrap_err();
        assert_eq!((why.to_string().as_str(), why.suggestion()), (text, suggestion));
        assert_eq!((kbps(&settings), settings.trial(NOW)), (700, None), "nothing has changed");
    }
}

#[test]
fn a_change_on_trial_is_kept_when_confirmed_and_gone_when_not() {
    let ten = Duration::from_secs(10);
    let mut settings = open(old());
    settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), Some(ten), NOW).unwrap();
    assert_eq!((kbps(&settings), settings.deadline()), (1500, Some(NOW + ten)));
    let another = settings.edit(&set(json!({ "camera.fps": 10 })), None, NOW + Duration::from_secs(4)).unwrap_err();
    assert_eq!(
        another.to_string(),
        "a change of stream.bitrate_kbps is on trial for another 6 s; confirm it or roll it back first"
    );
    assert_eq!(settings.expire(NOW + ten - Duration::from_millis(1)), None);
    settings.confirm().unwrap();
    assert_eq!((kbps(&settings), settings.deadline(), settings.expire(NOW + ten)), (1500, None, None));

    settings.edit(&set(json!({ "stream.bitrate_kbps": 900 })), Some(ten), NOW).unwrap();
    assert_eq!(settings.expire(NOW + ten), Some(vec!["stream.bitrate_kbps".to_owned()]));
    assert_eq!(kbps(&settings), 1500);
    assert_eq!(
        settings.confirm().unwrap_err().to_string(),
        "no change is on trial; the last change, of stream.bitrate_kbps, was rolled back: it was not confirmed in time"
    );
}

#[test]
fn what_may_cut_off_its_caller_is_on_trial_unasked() {
    let cases = [
        json!({ "engine.open.url": "wss://elsewhere.example", "engine.open.token": "a.b.c" }),
        json!({ "control.allow.app-server": [] }),
        json!({ "room.listen": "127.0.0.1:1" }),
    ];
    for values in cases {
        let mut settings = open(old());
        settings.edit(&set(values.clone()), None, NOW).unwrap();
        assert_eq!(settings.trial(NOW).map(|trial| trial.left), Some(TRIAL), "{values}");
        assert!(settings.expire(NOW + TRIAL).is_some(), "{values}");
        assert!(differences(settings.in_force(), open(old()).in_force()).is_empty(), "{values}");
    }
}

#[test]
fn a_layer_that_breaks_the_rules_is_set_aside_and_can_be_begun_anew() {
    for broken in [&b"[stream]\nbitrate_kbps = 1\n"[..], b"[stream", b"\xff\xfe", b"[stream]\nof_a_later_version = 1\n"] {
        let mut settings = open(FakeDisk::holding(KEPT.as_ref(), broken));
        assert!(settings.set_aside().is_some() && kbps(&settings) == 2000, "the device runs without it");
        settings.edit(&Edit::Reset(None), None, NOW).unwrap();
        assert!(settings.set_aside().is_none());
        settings.edit(&set(json!({ "stream.bitrate_kbps": 800 })), None, NOW).unwrap();
        assert_eq!(kbps(&settings), 800);
    }
}

#[test]
fn without_a_layer_nothing_is_set() {
    let sources = Sources { remote: Remote::None, ..sources(&[]) };
    let mut settings = Settings::open(Box::new(FakeDisk::default()), sources).unwrap();
    assert!(matches!(settings.edit(&Edit::Reset(None), None, NOW), Err(SetError::NoLayer)));
}

/// What a caller does from a given disk, and what the layer must be in the end for each power cut on the way.
type Story = fn(&mut Settings);

fn kept_at_once(settings: &mut Settings) {
    let _ = settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), None, NOW);
}

fn tried_and_confirmed(settings: &mut Settings) {
    let _ = settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), Some(TRIAL), NOW);
    let _ = settings.confirm();
}

fn tried_and_expired(settings: &mut Settings) {
    let _ = settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), Some(TRIAL), NOW);
    let _ = settings.expire(NOW + TRIAL);
}

fn tried_and_left(settings: &mut Settings) {
    let _ = settings.edit(&set(json!({ "stream.bitrate_kbps": 1500 })), Some(TRIAL), NOW);
}

fn begun_anew(settings: &mut Settings) {
    let _ = settings.edit(&Edit::Reset(None), None, NOW);
}

/// The disk that a story leaves, by way of one that both sides hold.
#[derive(Clone, Default)]
struct Shared(Arc<std::sync::Mutex<FakeDisk>>);

macro_rules! shared {
    ($($name:ident($($arg:ident: $kind:ty),*) -> $reply:ty;)*) => {
        impl Disk for Shared {
            fn read(&self, path: &std::path::Path) -> std::io::Result<Option<Vec<u8>>> {
                self.0.lock().unwrap().read(path)
            }
            $(fn $name(&mut self, $($arg: $kind),*) -> $reply { self.0.lock().unwrap().$name($($arg),*) })*
        }
    };
}

shared! {
    write(path: &std::path::Path, bytes: &[u8]) -> std::io::Result<()>;
    sync(path: &std::path::Path) -> std::io::Result<()>;
    rename(from: &std::path::Path, to: &std::path::Path) -> std::io::Result<()>;
    remove(path: &std::path::Path) -> std::io::Result<()>;
    make_folder(path: &std::path::Path) -> std::io::Result<()>;
    sync_folder(path: &std::path::Path) -> std::io::Result<()>;
}

/// What is in force at the end of `story`, and the disk then.
fn play(story: Story, disk: FakeDisk) -> (u32, FakeDisk) {
    let shared = Shared(Arc::new(std::sync::Mutex::new(disk)));
    let mut settings = Settings::open(Box::new(shared.clone()), sources(&[])).unwrap();
    story(&mut settings);
    let disk = shared.0.lock().unwrap().clone();
    (kbps(&settings), disk)
}

#[test]
fn after_a_power_cut_at_any_step_it_is_the_old_one_or_the_new_one() {
    // Of each story: what it must be at the end, when nothing goes wrong, and all that it may be when the power goes.
    let stories: [(&str, Story, u32, &[u32]); 5] = [
        ("kept at once", kept_at_once, 1500, &[700, 1500]),
        ("tried and confirmed", tried_and_confirmed, 1500, &[700, 1500]),
        ("tried and expired", tried_and_expired, 700, &[700]),
        ("tried and left", tried_and_left, 700, &[700]),
        ("begun anew", begun_anew, 2000, &[700, 2000]),
    ];
    for (name, story, end, lawful) in stories {
        let (_, whole) = play(story, old());
        let mut seen = std::collections::BTreeSet::new();
        let mut cuts = 0;
        for step in 0..=whole.steps() {
            let (_, dark) = play(story, old().cut_at(step));
            for disk in dark.after_power_cut() {
                let settings = open(disk.clone());
                assert!(settings.set_aside().is_none(), "{name}, step {step}: {:?}", settings.set_aside());
                assert!(lawful.contains(&kbps(&settings)), "{name}, step {step}: {}", kbps(&settings));
                seen.insert(kbps(&settings));
                cuts += 1;
                if step == whole.steps() {
                    assert_eq!(kbps(&settings), end, "{name}: what was answered is kept");
                }
                // And the device goes on from there.
                let (_, after) = play(kept_at_once, disk);
                assert_eq!(kbps(&open(after)), 1500, "{name}, step {step}");
            }
        }
        assert!(cuts > whole.steps() && seen == lawful.iter().copied().collect(), "{name}: {cuts} cuts led to {seen:?}");
    }
}

#[test]
fn a_step_that_fails_is_told_and_what_is_in_force_is_what_the_next_start_has() {
    let stories: [(Story, bool); 4] =
        [(kept_at_once, false), (tried_and_confirmed, true), (tried_and_expired, false), (begun_anew, false)];
    for (story, may_stay_on_trial) in stories {
        let (_, whole) = play(story, old());
        for step in 0..whole.steps() {
            let (in_force, disk) = play(story, old().failing_at(step));
            let next = kbps(&open(disk));
            // One that could not be confirmed is still on trial.
            assert!(in_force == next || may_stay_on_trial && next == 700, "step {step}: {in_force}, then {next}");
        }
    }
}

#[test]
fn nothing_is_left_lying_about() {
    let (_, disk) = play(tried_and_confirmed, old());
    assert_eq!(disk.names(), [std::path::Path::new(KEPT)]);
    let (_, disk) = play(tried_and_expired, old());
    assert_eq!(disk.names(), [std::path::Path::new(KEPT)]);
}
