//! Recordings going to a bucket by themselves. The bucket is a service in this process: what a real one says is `record-upload`'s own test.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::daemon::Daemon;
use crate::picture::bytes;

const SECRET: &str = "a-secret-access-key";

/// A bucket that takes files in one piece, or refuses the key.
#[derive(Default)]
struct Bucket {
    /// Bytes of each object, and how often it came.
    objects: Mutex<BTreeMap<String, (Vec<u8>, u32)>>,
    refuses: AtomicBool,
}

impl Bucket {
    fn open() -> (String, Arc<Self>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let bucket = Arc::new(Self::default());
        let own = Arc::clone(&bucket);
        std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(|stream| _ = own.serve(stream)));
        (address, bucket)
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let mut head = Vec::new();
        let mut one = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut one).ok()?;
            head.push(one[0]);
        }
        let head = String::from_utf8(head).ok()?;
        assert!(!head.contains(SECRET), "the key itself is sent");
        let length =
            head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).ok()?;
        let (method, path) =
            head.split_once(' ').map(|(method, rest)| (method, rest.split(['?', ' ']).next().unwrap_or_default()))?;
        assert_eq!(method, "PUT");
        if self.refuses.load(Ordering::SeqCst) {
            let text = "<Error><Code>InvalidAccessKeyId</Code></Error>";
            return write!(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: {}\r\n\r\n{text}", text.len()).ok();
        }
        let mut objects = self.objects.lock().expect("whole");
        let times = objects.get(path).map_or(0, |(_, times)| *times) + 1;
        objects.insert(path.to_owned(), (body, times));
        drop(objects);
        write!(stream, "HTTP/1.1 200 OK\r\nETag: \"tag\"\r\nContent-Length: 0\r\n\r\n").ok()
    }

    fn names(&self) -> Vec<String> {
        self.objects.lock().expect("whole").keys().cloned().collect()
    }
}

fn record(daemon: &Daemon) -> String {
    daemon.call("record.start", json!({}));
    daemon.written(20_000);
    daemon.call("record.stop", json!({}));
    daemon.call("record.list", json!({}))["recordings"][0]["id"].as_str().expect("an id").to_owned()
}

fn is_uploaded(daemon: &Daemon, id: &str) {
    daemon.wait_for("the upload", || {
        let list = daemon.call("record.list", json!({}));
        let all = list["recordings"].as_array()?;
        (all.iter().find(|one| one["id"] == id)?["uploaded"] == true).then_some(())
    });
}

#[test]
fn what_was_recorded_is_in_the_bucket_once_with_its_picture_and_over_a_cut() {
    let (endpoint, bucket) = Bucket::open();
    bucket.refuses.store(true, Ordering::SeqCst);
    let files = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| {
        std::fs::write(files.path().join(name), text).expect("written");
        files.path().join(name).display().to_string()
    };
    let (id, key) = (file("id", "AKIA-ID\n"), file("key", &format!("{SECRET}\n")));
    let daemon = Daemon::start(&format!(
        "[device]\nid = \"door-1\"\n[record]\nwhen = [\"command\"]\n[record.upload]\nbucket = \"recordings\"\nendpoint = \"{endpoint}\"\n\
         key_id_file = \"{id}\"\nkey_file = \"{key}\"\n"
    ));
    let first = record(&daemon);
    // Refused, it says so by its name and without the key, and everything stays.
    let fault = daemon.wait_for("the refusal", || {
        let status = daemon.call("device.status", json!({}));
        assert_eq!(status["recorder"]["fault"], json!(null), "recording goes on");
        status["recorder"]["upload"]["fault"].as_str().map(str::to_owned)
    });
    assert!(fault.contains("s3://recordings") && fault.contains("access key") && !fault.contains(SECRET), "{fault}");
    assert_eq!(daemon.call("device.status", json!({}))["recorder"]["upload"]["waiting"], json!(1));
    assert_eq!(bucket.names(), [""; 0]);
    // The key is right after all.
    bucket.refuses.store(false, Ordering::SeqCst);
    is_uploaded(&daemon, &first);
    let whole = bytes(&daemon.call("record.fetch", json!({ "id": first })));
    let small = bytes(&daemon.call("record.fetch", json!({ "id": first, "thumbnail": true })));
    let names = bucket.names();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.starts_with(&format!("/recordings/door-1/{first}"))), "{names:?}");
    let stored: Vec<_> = bucket.objects.lock().expect("whole").values().map(|(bytes, _)| bytes.clone()).collect();
    assert!(stored.contains(&whole) && stored.contains(&small));
    daemon.wait_for("the count", || (daemon.metric("artc_upload_recordings_total") == 1.0).then_some(()));

    let daemon = daemon.killed();
    let second = record(&daemon);
    is_uploaded(&daemon, &second);
    assert_eq!(bucket.names().len(), 4);
    let times: Vec<_> = bucket
        .objects
        .lock()
        .expect("whole")
        .iter()
        .filter(|(name, _)| name.contains(&first))
        .map(|(_, (_, times))| *times)
        .collect();
    assert_eq!(times, [1, 1], "nothing of the first one is sent again");
    daemon.wait_for("that nothing waits", || {
        (daemon.call("device.status", json!({}))["recorder"]["upload"] == json!({ "waiting": 0 })).then_some(())
    });
    daemon.call("record.delete", json!({ "id": first }));
    let left: Vec<_> = std::fs::read_dir(daemon.folder()).expect("a folder").map(|one| one.expect("one").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().contains(&first)), "{left:?}");
    assert_eq!(bucket.names().len(), 4, "what is in the bucket is the bucket's");
}

#[test]
fn a_key_that_cannot_be_read_keeps_nothing_else_from_working() {
    let (endpoint, bucket) = Bucket::open();
    let daemon = Daemon::start(&format!(
        "[record]\nwhen = [\"command\"]\n[record.upload]\nbucket = \"recordings\"\nendpoint = \"{endpoint}\"\nkey_id_file = \"/nowhere/id\"\n\
         key_file = \"/nowhere/key\"\n"
    ));
    record(&daemon);
    let status = daemon.call("device.status", json!({}));
    assert_eq!(status["recorder"], json!({ "recording": false }));
    assert_eq!(bucket.names(), [""; 0]);
}

#[test]
fn recording_that_begins_ends_and_stands_still_for_the_day_is_told() {
    let folder = tempfile::tempdir().expect("a directory");
    // What was written an hour ago is more than may be written in a day.
    let began_ms = now_ms() - 3_600_000;
    let before = record::Id { began_ms, reason: record::Reason::Command };
    std::fs::write(folder.path().join(format!("{before}-1000ms.mp4")), vec![0; 17 << 20]).expect("written");
    let daemon = Daemon::start(&format!(
        "[record]\nwhen = [\"command\"]\nmost_mib_a_day = 16\nfolder = \"{}\"\n",
        folder.path().display()
    ));
    let mut told = daemon.subscribe(&["record.changed"]);
    daemon.call("record.start", json!({}));
    let event = told.until("record.changed", |params| params["recording"] == true && params["cause"] == "budget");
    assert_eq!(event["reason"], json!("command"));
    assert!(event["time_ms"].as_u64().is_some_and(|time| time > began_ms));
    let status = daemon.call("device.status", json!({}));
    assert_eq!(status["recorder"]["cause"], json!("budget"));
    assert!(status["recorder"]["fault"].as_str().is_some_and(|fault| fault.contains("most_mib_a_day")));
    daemon.wait_for("the metric", || (daemon.metric("artc_record_stands_still{cause=\"budget\"}") == 1.0).then_some(()));
    daemon.call("record.stop", json!({}));
    told.until("record.changed", |params| params["recording"] == false && params["cause"].is_null());
}

#[expect(clippy::disallowed_methods, reason = "the recording of an hour ago is one by the machine's clock")]
fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.expect("after 1970").as_millis() as u64
}
