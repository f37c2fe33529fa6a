//! The documented REST of recordings over HTTP, with recorders that do as the test says, and a real web server that is called back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use artc_room::{Config, Server};
use mixing::{
    Event, Events, FileBegan, FileFinished, Format, Job, JobSpec, Recorders, Scene, StartError, State, StopReason, UpdateError,
};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};
use serde_json::{Value, json};

use crate::program::{ADMIN, OPERATOR, Place, Reply, WATCHER, ask, until};
use crate::receiver::{AUTH_KEY, Receiver};

/// Recorders that note what they are asked for; the test tells what becomes of it.
#[derive(Default)]
struct Script {
    started: Mutex<Vec<JobSpec>>,
    told: Mutex<BTreeMap<String, tokio::sync::mpsc::WeakSender<Event>>>,
    seen: Arc<Mutex<Vec<String>>>,
}

struct Scripted {
    custom: bool,
    seen: Arc<Mutex<Vec<String>>>,
    told: tokio::sync::mpsc::Sender<Event>,
}

impl Job for Scripted {
    fn update(&self, scene: Scene) -> Result<(), UpdateError> {
        self.seen.lock().unwrap().push("update".into());
        let custom = matches!(scene.layout, mixing::Layout::Custom(_));
        if self.custom && custom { Ok(()) } else { Err(UpdateError::NotCustom) }
    }

    fn stop(&self) {
        self.seen.lock().unwrap().push("stop".into());
        // Nobody listens any more where it has ended before.
        let _ = self.told.try_send(Event::Ended { reason: StopReason::Stopped, detail: String::new() });
    }

    fn state(&self) -> State {
        State::Running
    }
}

impl Recorders for Script {
    fn start(&self, spec: JobSpec) -> Result<(Box<dyn Job>, Events), StartError> {
        spec.check()?;
        let (sender, events) = tokio::sync::mpsc::channel(16);
        self.told.lock().unwrap().insert(spec.id.clone(), sender.downgrade());
        let custom = matches!(spec.scene.layout, mixing::Layout::Custom(_));
        self.started.lock().unwrap().push(spec);
        Ok((Box::new(Scripted { custom, seen: Arc::clone(&self.seen), told: sender }), events))
    }

    fn left(&self) -> Vec<String> {
        Vec::new()
    }

    fn recover(&self, id: &str) -> Result<Events, StartError> {
        Err(StartError::Running(id.to_owned()))
    }
}

impl Script {
    async fn tell(&self, id: &str, event: Event) {
        let sender = self.told.lock().unwrap().get(id).and_then(|sender| sender.upgrade()).expect("a job that has not ended");
        sender.send(event).await.expect("somebody listens");
    }
}

struct Rest {
    server: Server,
    script: Arc<Script>,
}

impl Rest {
    fn start(place: &Place) -> Self {
        let config = Config::read(&place.config()).expect("a configuration");
        let script = Arc::new(Script::default());
        let server = Server::start_with(&config, Some(Arc::clone(&script) as Arc<dyn Recorders>)).expect("it starts");
        Self { server, script }
    }

    #[track_caller]
    fn ask(&self, method: &str, path: &str, key: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let to = self.server.http().expect("it listens");
        ask(to, method, path, &[("X-Auth-Token", key), ("Content-Type", "application/json")], body.as_bytes())
    }

    #[track_caller]
    fn code(&self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let reply = self.ask(method, path, ADMIN, body);
        (reply.status, reply.json()["error_code"].as_str().unwrap_or_default().to_owned())
    }

    #[track_caller]
    fn made(&self, path: &str, body: &Value, key: &str) -> String {
        let reply = self.ask("POST", path, ADMIN, body);
        assert_eq!(reply.status, 201, "{path}: {reply:?}");
        assert!(reply.head.contains("x-request-id: "), "{}", reply.head);
        reply.json()[key].as_str().expect("an id").to_owned()
    }

    fn app_and_rule(&self) -> (String, String) {
        let app = self.made("/v2/apps", &json!({ "app_name": "rtctest" }), "app_id");
        let rule = self.made(&format!("/v2/apps/{app}/record-rules"), &rule(), "rule_id");
        (app, rule)
    }
}

fn place() -> Place {
    let mut place = Place::new();
    place.sections = "[record]\nmost_jobs = 2\ncallbacks_may_reach = [\"127.0.0.1/32\"]\n".into();
    place
}

fn rule() -> Value {
    json!({ "obs_addr": { "bucket": "obsName", "location": "cn-north-4", "object": "Record/" }, "record_formats": ["MP4"],
        "mp4_config": {} })
}

fn job(rule: &str, room: &str) -> Value {
    json!({ "mix_param": { "room_id": room, "encode_template": "1280*720_30_1710", "layout_template": "nine_grids_view" },
        "record_param": { "record_rule_id": rule } })
}

fn finished(object: &str) -> Event {
    Event::FileFinished(FileFinished {
        format: Format::Mp4,
        object: object.into(),
        url: format!("s3://obsName/{object}"),
        began: SystemTime::UNIX_EPOCH + Duration::from_secs(1_619_005_652),
        duration: Duration::from_secs(60),
        bytes: 12_345,
        width: 1280,
        height: 720,
        mended: false,
    })
}

fn began() -> Event {
    let began = SystemTime::UNIX_EPOCH + Duration::from_secs(1_619_005_652);
    Event::FileBegan(FileBegan { format: Format::Mp4, object: "x.mp4".into(), began })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_from_its_start_to_the_callbacks_and_over_a_restart() {
    let place = place();
    let rest = Rest::start(&place);
    let (app, rule_id) = rest.app_and_rule();
    let again = rest.ask("POST", &format!("/v2/apps/{app}/record-rules"), ADMIN, &rule());
    assert_eq!((again.status, &again.json()["rule_id"]), (200, &json!(rule_id)), "the same place: the same rule, changed");
    let receiver = Receiver::start();
    let callback = format!("/v2/apps/{app}/record-callback");
    let set = rest.ask("PUT", &callback, ADMIN, &json!({ "url": receiver.url, "auth_key": AUTH_KEY }));
    assert_eq!(set.status, 200, "{set:?}");
    assert_eq!(rest.ask("GET", &callback, ADMIN, &Value::Null).json(), set.json());

    let jobs = format!("/v2/apps/{app}/mix-stream-jobs");
    let id = rest.made(&jobs, &job(&rule_id, "room001"), "job_id");
    let path = format!("{jobs}/{id}");
    let shown = rest.ask("GET", &path, WATCHER, &Value::Null).json();
    assert_eq!((&shown["state"], &shown["stop_time"]), (&json!("INIT"), &json!("0001-01-01T00:00:00Z")));
    assert_eq!((&shown["stream_name"], &shown["app_id"]), (&json!(format!("m_{id}_room001")), &json!(app)));
    assert_eq!(shown["mix_param"]["encode_template"], "1280x720_30_1710", "both spellings are read, one is written");
    assert_eq!((shown["job_id"].as_str().map(str::len), shown["job_unique_id"].as_str().map(str::len)), (Some(32), Some(16)));
    let spec = rest.script.started.lock().unwrap()[0].clone();
    assert_eq!((spec.id.as_str(), spec.channel.as_str(), spec.idle), (id.as_str(), "room001", Duration::from_secs(30)));
    assert!(spec.files.mp4.expect("MP4").prefix.contains(&format!("/m_{id}_room001_")));

    rest.script.tell(&id, Event::Joined).await;
    let state = |rest: &Rest, path: &str| rest.ask("GET", path, WATCHER, &Value::Null).json()["state"].clone();
    until("the job runs", || state(&rest, &path) == "RUNNING").await;
    rest.script.tell(&id, began()).await;
    let (head, told) = receiver.next();
    assert!(head.starts_with("post /callback?of=tests http/1.1") && head.contains("content-type: application/json"), "{head}");
    assert_eq!((&told["event_type"], &told["job_id"]), (&json!("RECORD_NEW_FILE_START"), &json!(id)));

    // Nobody takes it, and then the process ends: the next one goes on with both.
    *receiver.answers.lock().unwrap() = 503;
    rest.script.tell(&id, finished("Record/x.mp4")).await;
    receiver.next();
    *receiver.answers.lock().unwrap() = 302;
    receiver.next();
    rest.server.stop().await;
    *receiver.answers.lock().unwrap() = 200;
    let rest = Rest::start(&place);
    until("the job goes on", || rest.script.started.lock().unwrap().iter().any(|spec| spec.id == id)).await;
    let (_, told) = receiver.next();
    let expected = json!({
        "event_type": "RECORD_FILE_COMPLETE", "job_id": id, "app_id": app, "room_id": "room001", "record_format": "MP4",
        "stream_name": format!("m_{id}_room001"), "download_url": "s3://obsName/Record/x.mp4", "file_size": 12_345,
        "record_duration": 60, "width": 1280, "height": 720, "start_time": "2021-04-21T11:47:32Z",
        "end_time": "2021-04-21T11:48:32Z", "obs_location": "cn-north-4", "obs_bucket": "obsName", "obs_object": "Record/x.mp4"
    });
    assert_eq!(told, expected);

    assert_eq!(rest.ask("DELETE", &path, OPERATOR, &Value::Null).status, 204);
    assert_eq!(*rest.script.seen.lock().unwrap(), ["stop"]);
    // What was taken when the first process ended may have come twice.
    let told = std::iter::repeat_with(|| receiver.next().1).find(|told| told["event_type"] != "RECORD_FILE_COMPLETE");
    assert_eq!(told.expect("for ever")["event_type"], "CLOUD_RECORD_OVER");
    let over = rest.ask("GET", &path, WATCHER, &Value::Null).json();
    assert_eq!((&over["state"], &over["stop_reason"]), (&json!("STOPPED"), &json!("TENANT_STOP")));
    assert_eq!(rest.code("DELETE", &path, &Value::Null), (400, "RTC.00001009".into()));
    rest.server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_refused_with_its_documented_code() {
    let place = place();
    let rest = Rest::start(&place);
    let (app, rule_id) = rest.app_and_rule();
    let (jobs, callback) = (format!("/v2/apps/{app}/mix-stream-jobs"), format!("/v2/apps/{app}/record-callback"));
    for (key, role) in [("", 401), ("no such key of ours", 401), (WATCHER, 403), (OPERATOR, 403)] {
        let reply = rest.ask("POST", "/v2/apps", key, &json!({ "app_name": "other" }));
        assert_eq!((reply.status, &reply.json()["error_code"]), (role, &json!("RTC.00001001")));
    }
    assert_eq!(rest.ask("POST", &jobs, WATCHER, &job(&rule_id, "r")).status, 403);

    let first = rest.made(&jobs, &job(&rule_id, "room1"), "job_id");
    let mut custom = job(&rule_id, "room2");
    custom["mix_param"]["layout_template"] = json!("custom");
    let panes = json!([{ "id": 1, "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0 }]);
    custom["mix_param"]["layout_panes"] = panes.clone();
    let second = rest.made(&jobs, &custom, "job_id");
    let layout = |template: &str| json!({ "mix_param": { "layout_template": template, "layout_panes": panes } });
    let update = rest.ask("PUT", &format!("{jobs}/{second}"), OPERATOR, &layout("custom"));
    assert_eq!((update.status, &update.json()["mix_param"]["layout_panes"][0]["id"]), (200, &json!(1)));

    let other = rest.made("/v2/apps", &json!({ "app_name": "other" }), "app_id");
    for (method, path, body, status, code) in [
        ("POST", "/v2/apps".to_owned(), json!({ "app_name": "rtctest" }), 400, "RTC.00001020"),
        ("POST", "/v2/apps".to_owned(), json!({ "app_name": "../x" }), 400, "RTC.00001003"),
        ("POST", "/v2/apps".to_owned(), json!([]), 400, "RTC.00001002"),
        ("POST", "/v2/apps".to_owned(), json!({}), 400, "RTC.00001005"),
        ("POST", "/v2/apps/nobody/record-rules".to_owned(), rule(), 404, "RTC.00001003"),
        ("POST", "/v2/apps/..%2F..%2Fetc/record-rules".to_owned(), rule(), 404, "RTC.00001003"),
        ("GET", callback.clone(), Value::Null, 404, "RTC.00001003"),
        ("PUT", callback.clone(), json!({ "url": "http://10.0.0.1/" }), 400, "RTC.00001018"),
        ("PUT", callback.clone(), json!({ "url": "http://169.254.169.254/latest" }), 400, "RTC.00001018"),
        ("PUT", callback.clone(), json!({ "url": "http://[::1]/" }), 400, "RTC.00001018"),
        ("PUT", callback.clone(), json!({ "url": "http://name.invalid/" }), 400, "RTC.00001018"),
        ("PUT", callback.clone(), json!({ "url": "gopher://127.0.0.1/" }), 400, "RTC.00001003"),
        ("POST", jobs.clone(), job("no-such-rule", "room3"), 404, "RTC.00001003"),
        ("POST", format!("/v2/apps/{other}/mix-stream-jobs"), job(&rule_id, "room3"), 404, "RTC.00001003"),
        ("POST", jobs.clone(), job(&rule_id, "room1"), 400, "RTC.00001006"),
        ("POST", jobs.clone(), job(&rule_id, "room3"), 400, "RTC.00001007"),
        ("PUT", format!("{jobs}/{second}"), layout("nine_grids_view"), 400, "RTC.00001004"),
        ("PUT", format!("{jobs}/{second}"), layout("ten_grids_view"), 400, "RTC.00001010"),
        ("PUT", format!("{jobs}/{first}"), layout("custom"), 400, "RTC.00001004"),
        ("PUT", format!("{jobs}/nothing"), layout("custom"), 404, "RTC.00001003"),
        ("GET", format!("/v2/apps/{other}/mix-stream-jobs/{first}"), Value::Null, 404, "RTC.00001003"),
        ("DELETE", format!("{jobs}/nothing"), Value::Null, 404, "RTC.00001003"),
    ] {
        assert_eq!(rest.code(method, &path, &body), (status, code.to_owned()), "{method} {path} {body}");
    }
    // An idle end is told as such, and makes room for another.
    rest.script.tell(&first, Event::Ended { reason: StopReason::Idle, detail: String::new() }).await;
    let state = || rest.ask("GET", &format!("{jobs}/{first}"), WATCHER, &Value::Null).json()["stop_reason"].clone();
    until("it ended", || state() == "EXCEED_MAX_IDLE_TIME").await;
    let next = rest.made(&jobs, &job(&rule_id, "room1"), "job_id");
    assert_ne!(next, first, "a later start makes a new job");
    rest.server.stop().await;
}

/// JSON of any shape.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,80}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        let list = proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
        let map = proptest::collection::btree_map("[a-z_]{1,12}", inner, 0..4);
        prop_oneof![list, map.prop_map(|map| Value::Object(map.into_iter().collect()))]
    })
}

/// Puts `value` in the place of the `nth` value of `body`, or beside it.
fn disturb(body: &mut Value, nth: &mut usize, value: &Value) {
    if *nth == 0 {
        *nth = usize::MAX;
        *body = value.clone();
        return;
    }
    *nth = nth.saturating_sub(1);
    match body {
        Value::Object(map) => map.values_mut().for_each(|inner| disturb(inner, nth, value)),
        Value::Array(list) => list.iter_mut().for_each(|inner| disturb(inner, nth, value)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_sent_the_answer_is_one_of_the_document() {
    let place = place();
    let rest = Rest::start(&place);
    let (app, rule_id) = rest.app_and_rule();
    let document = rest.ask("GET", "/v2/openapi.json", "", &Value::Null).json();
    let panes =
        json!([{ "id": 1, "user_id": "u", "x": 0.0, "y": 0.0, "width": 1.0, "height": 1.0, "crop_mode": "KEEP_RATIO_CROP" }]);
    let mut whole = job(&rule_id, "room");
    whole["mix_param"]["layout_panes"] = panes.clone();
    let good = BTreeMap::from([
        ("createApp", json!({ "app_name": "name" })),
        ("putRecordRule", rule()),
        ("putRecordCallback", json!({ "url": "http://127.0.0.1:9/", "auth_key": AUTH_KEY, "notify_event_subscription": [] })),
        ("startMixJob", whole),
        ("updateMixJob", json!({ "mix_param": { "layout_template": "custom", "layout_panes": panes } })),
    ]);
    let paths = document["paths"].as_object().expect("paths");
    let operations: Vec<(String, String, Value)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let path = path.replace("{app_id}", &app).replace("{job_id}", "0123456789abcdef0123456789abcdef");
            let methods = methods.as_object().expect("methods").clone();
            methods.into_iter().map(move |(method, operation)| (path.clone(), method.to_ascii_uppercase(), operation))
        })
        .collect();
    assert_eq!(operations.len(), 8);
    let runs = Runs { cases: 400, failure_persistence: None, ..Runs::default() };
    let mut runner = TestRunner::new_with_rng(runs, proptest::test_runner::TestRng::deterministic_rng(Default::default()));
    let case = (0..operations.len(), any::<bool>(), 0..24_usize, anything());
    let run = runner.run(&case, |(which, disturbed, nth, value)| {
        let (path, method, operation) = &operations[which];
        let mut body = value.clone();
        if let Some(good) = good.get(operation["operationId"].as_str().expect("an id")).filter(|_| disturbed) {
            body = good.clone();
            let mut place = nth;
            disturb(&mut body, &mut place, &value);
        }
        let reply = rest.ask(method, path, ADMIN, &body);
        let documented = &operation["responses"][reply.status.to_string()];
        prop_assert!(documented.is_object() && reply.status != 500, "{} {}: {:?} to {}", method, path, reply, body);
        if reply.status >= 400 {
            let code = reply.json()["error_code"].as_str().unwrap_or_default().to_owned();
            prop_assert!(code.len() == 12 && code.starts_with("RTC.0000"), "{}: {}", code, body);
            prop_assert!(reply.json()["error_msg"].as_str().is_some_and(|text| !text.is_empty()));
        }
        Ok(())
    });
    run.expect("as documented");
    rest.server.stop().await;
}
