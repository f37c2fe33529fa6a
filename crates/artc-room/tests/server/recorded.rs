//! A recording through all of it: the program as it ships, people with real engines in its room, jobs over REST, and the files as ffmpeg
//! sees them. The program is killed once and asked to end once in between.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use artc_open::Options;
use serde_json::{Value, json};

use crate::person::{Publisher, Sends, Signal};
use crate::probe;
use crate::program::{ADMIN, OPERATOR, Place, Program, WATCHER, until};
use crate::receiver::{AUTH_KEY, Receiver};

const CHANNEL: &str = "yard";
/// Y, U and V of the two who publish, of the flash that one of them makes, and of where nobody is.
const RED: [u8; 3] = [81, 90, 240];
const GREEN: [u8; 3] = [81, 100, 80];
const WHITE: [u8; 3] = [235, 128, 128];
const BLACK: [u8; 3] = [16, 128, 128];
/// Fragments of half a second that are on the medium before anything happens to the program.
const FRAGMENTS: usize = 10;
/// What a kill may cost.
const LOST: Duration = Duration::from_secs(2);
/// By flashes and beeps, half a picture of either side and a loaded machine included.
const SKEW_MS: f64 = 80.0;

fn place() -> Place {
    let mut place = Place::new();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    place.room = free.local_addr().expect("an address").to_string();
    place.sections = format!(
        "[record]\nfolder = {:?}\nwork = {:?}\ncallbacks_may_reach = [\"127.0.0.1\"]\n",
        place.file("recordings").display().to_string(),
        place.file("work").display().to_string(),
    );
    place
}

fn publisher(place: &Place, program: &Program, user: &str, sends: Sends) -> Publisher {
    let reply = program.send("POST", "/v1/tokens", OPERATOR, &json!({ "channel": CHANNEL, "user": user }));
    assert_eq!(reply.status, 200, "{reply:?}");
    let token = reply.json()["token"].as_str().expect("a token").to_owned();
    Publisher::join(Options::new(format!("ws://{}", place.room)), (&token, CHANNEL, user), sends)
}

#[track_caller]
fn made(program: &Program, path: &str, body: &Value, key: &str) -> String {
    let reply = program.send("POST", path, ADMIN, body);
    assert_eq!(reply.status, 201, "{path}: {reply:?}");
    reply.json()[key].as_str().expect("an id").to_owned()
}

/// Red in the first corner and green in the one across, or the other way round.
fn layout(swapped: bool) -> Value {
    let pane = |user: &str, id: u32, at: f32| json!({ "id": id, "user_id": user, "x": at, "y": at, "width": 0.5, "height": 0.5 });
    let (red, green) = if swapped { (0.5, 0.0) } else { (0.0, 0.5) };
    json!({ "layout_template": "custom", "layout_panes": [pane("red", 1, red), pane("green", 2, green)] })
}

/// What of the file that is written now is on the medium, in fragments.
fn fragments(job: &Path) -> usize {
    let takes = fs::read_dir(job).into_iter().flatten().flatten().map(|entry| entry.path());
    let Some(media) = takes.max().map(|take| take.join("media.mp4")) else { return 0 };
    let bytes = fs::read(media).unwrap_or_default();
    bytes.windows(4).filter(|four| four == b"moof").count()
}

/// Callbacks until one of this type comes that `wanted` wants; others go into `all`.
fn hear(receiver: &Receiver, all: &mut Vec<Value>, wanted: impl Fn(&Value) -> bool) {
    loop {
        let (head, told) = receiver.next();
        assert!(head.contains("x-rtc-signature: "), "{head}");
        all.push(told.clone());
        if wanted(&told) {
            return;
        }
    }
}

/// The whole files that were told of, each once: after a kill a callback may come again.
fn files(all: &[Value]) -> Vec<(PathBuf, Value)> {
    let mut files: Vec<(PathBuf, Value)> = Vec::new();
    for told in all.iter().filter(|told| told["event_type"] == "RECORD_FILE_COMPLETE") {
        let url = told["download_url"].as_str().expect("an address");
        let path = PathBuf::from(url.strip_prefix("file://").expect("a folder's"));
        if !files.iter().any(|(known, _)| *known == path) {
            files.push((path, told.clone()));
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

fn near(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) < 24)
}

/// Sees to size, rate, length, tiles and that pictures come with their sound.
fn judge(file: &Path, told: &Value, swapped: bool) {
    probe::plays(file);
    let lasts = probe::duration(file);
    assert!(lasts + LOST >= Duration::from_millis(500) * FRAGMENTS as u32, "{lasts:?}");
    assert_eq!(told["record_duration"].as_u64().expect("seconds").abs_diff(lasts.as_secs()) / 2, 0, "{lasts:?}, {told}");
    assert_eq!(told["file_size"].as_u64(), fs::metadata(file).ok().map(|file| file.len()));
    assert_eq!(probe::value(file, "v", "width,height"), "640,480");
    assert_eq!(probe::value(file, "v", "r_frame_rate"), "15/1");
    assert_eq!(probe::value(file, "a", "codec_name,sample_rate,channels"), "aac,48000,1");
    let at = lasts.saturating_sub(Duration::from_millis(700));
    let seen = probe::colors(file, at, (640, 480), &[(160, 120), (480, 360), (480, 120), (160, 360)]);
    let (red, green) = if swapped { (seen[1], seen[0]) } else { (seen[0], seen[1]) };
    let right = near(red, RED) && (near(green, GREEN) || near(green, WHITE)) && near(seen[2], BLACK) && near(seen[3], BLACK);
    assert!(right, "{seen:?}, swapped: {swapped}");
    let (flashes, beeps) = probe::flashes_and_beeps(file, if swapped { (152, 112) } else { (472, 352) });
    let nearest = |flash: &f64| beeps.iter().map(|beep| flash - beep).min_by(|a, b| a.abs().total_cmp(&b.abs()));
    let mut skews: Vec<f64> = flashes.iter().filter_map(nearest).collect();
    skews.sort_by(f64::total_cmp);
    println!("{lasts:?}, pictures behind their sound by {skews:?} ms");
    assert!(skews.len() >= 2, "flashes {flashes:?}, beeps {beeps:?}");
    assert!(skews[skews.len() / 2].abs() <= SKEW_MS, "{skews:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_recorded_over_a_kill_and_a_restart() {
    let (place, receiver, mut told) = (place(), Receiver::start(), Vec::new());
    let program = place.start();
    let _people = [
        publisher(&place, &program, "red", Sends { color: Some(RED), signal: Signal::None }),
        publisher(&place, &program, "green", Sends { color: Some(GREEN), signal: Signal::Flashes }),
    ];
    let app = made(&program, "/v2/apps", &json!({ "app_name": "rtctest" }), "app_id");
    let address = json!({ "bucket": "obsName", "location": "cn-north-4", "object": "Record/" });
    let rule = json!({ "obs_addr": address, "record_formats": ["MP4"], "mp4_config": {} });
    let rule = made(&program, &format!("/v2/apps/{app}/record-rules"), &rule, "rule_id");
    let callback = json!({ "url": receiver.url, "auth_key": AUTH_KEY });
    assert_eq!(program.send("PUT", &format!("/v2/apps/{app}/record-callback"), ADMIN, &callback).status, 200);
    let mut mix = layout(false);
    (mix["room_id"], mix["encode_template"], mix["max_idle_time"]) = (json!(CHANNEL), json!("640x480_15_500"), json!(300));
    let job = json!({ "mix_param": mix, "record_param": { "record_rule_id": rule } });
    let jobs = format!("/v2/apps/{app}/mix-stream-jobs");
    let id = made(&program, &jobs, &job, "job_id");
    let (path, work) = (format!("{jobs}/{id}"), place.file("work").join(&id));
    let began = |told: &Value| told["event_type"] == "RECORD_NEW_FILE_START";
    let whole = |told: &Value| told["event_type"] == "RECORD_FILE_COMPLETE";

    hear(&receiver, &mut told, began);
    until("the first file grows", || fragments(&work) >= FRAGMENTS).await;
    program.kill();

    let program = place.start();
    hear(&receiver, &mut told, whole);
    until("the job goes on", || program.get(&path, WATCHER).json()["state"] == "RUNNING").await;
    until("the second file grows", || fragments(&work) >= FRAGMENTS).await;
    program.stop();

    let program = place.start();
    until("the second file is told of", || {
        hear(&receiver, &mut told, |_| true);
        files(&told).len() == 2
    })
    .await;
    assert_eq!(program.get(&path, WATCHER).json()["stop_reason"], Value::Null, "who ends the process ends no job");
    until("the third file begins", || fragments(&work) >= 1).await;
    let update = json!({ "mix_param": layout(true) });
    assert_eq!(program.send("PUT", &path, OPERATOR, &update).status, 200);
    let before = fragments(&work);
    until("the third file grows", || fragments(&work) >= before + FRAGMENTS).await;
    assert_eq!(program.send("DELETE", &path, OPERATOR, &Value::Null).status, 204);
    until("all is told", || {
        hear(&receiver, &mut told, |_| true);
        files(&told).len() == 3 && told.iter().any(|told| told["event_type"] == "CLOUD_RECORD_OVER")
    })
    .await;
    let over = program.get(&path, WATCHER).json();
    assert_eq!((&over["state"], &over["stop_reason"]), (&json!("STOPPED"), &json!("TENANT_STOP")));

    assert!(told.iter().all(|told| told["job_id"] == id && told["room_id"] == CHANNEL), "{told:?}");
    for ((file, told), swapped) in files(&told).iter().zip([false, false, true]) {
        assert!(file.starts_with(place.file("recordings").canonicalize().expect("a folder").join("Record")), "{file:?}");
        judge(file, told, swapped);
    }
    until("nothing is kept twice", || !work.exists()).await;
}
