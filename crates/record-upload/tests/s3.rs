//! Recordings into a bucket of a real server of S3's protocol (tests/mixing/run.sh brings one), through a wire tap that counts what is sent and
//! cuts connections; and into nothing at all.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bucket::{Bucket, Key, Kind, Settings};
use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use record::Store;
use record_upload::{Standing, Uploader};
use rusty_s3::S3Action as _;
use tokio::sync::watch;

const SOON: Duration = Duration::from_secs(120);
/// What has this many bytes goes in three parts.
const LARGE: usize = (20 << 20) + 12_345;

#[expect(clippy::disallowed_methods, reason = "this is the shell: the server compares what it signs with its own clock")]
fn clock() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}

/// What is on the way to the server: how often each part came by, and whether it is cut at the next.
#[derive(Default)]
struct Seen {
    /// By object and part; 0 is a file in one piece.
    sent: Mutex<BTreeMap<(String, u32), u32>>,
    others: Mutex<Vec<String>>,
    /// The next part breaks off in its middle.
    cut: AtomicBool,
}

impl Seen {
    fn parts(&self, object: &str) -> BTreeMap<u32, u32> {
        let sent = self.sent.lock().unwrap();
        sent.iter().filter(|((name, _), _)| name.ends_with(object)).map(|((_, part), count)| (*part, *count)).collect()
    }
}

/// Stands before the server; its address, and what it sees.
fn tap(server: &str) -> (String, Arc<Seen>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = server.trim_start_matches("http://").to_owned();
    let seen = Arc::new(Seen::default());
    let all = Arc::clone(&seen);
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let (server, seen) = (server.clone(), Arc::clone(&all));
            std::thread::spawn(move || pass(client, &server, &seen));
        }
    });
    (address, seen)
}

/// Hands one request on, and its answer back.
fn pass(mut client: TcpStream, server: &str, seen: &Seen) -> Option<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|some| some == b"\r\n\r\n") {
            break at + 4;
        }
        let mut some = [0; 16 * 1024];
        let count = client.read(&mut some).ok().filter(|count| *count > 0)?;
        bytes.extend_from_slice(&some[..count]);
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let length = length.unwrap_or(0);
    let mut words = head.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let part = query.split('&').find_map(|pair| pair.strip_prefix("partNumber=")?.parse::<u32>().ok());
    let mut on = TcpStream::connect(server).ok()?;
    let mut left = length - (bytes.len() - end);
    let cut = method == "PUT" && length > 1 << 20 && seen.cut.swap(false, Ordering::SeqCst);
    if cut {
        // Half of it is read, and nobody answers.
        let mut some = vec![0; left / 2];
        let _ = client.read_exact(&mut some);
        return None;
    }
    on.write_all(&bytes).ok()?;
    let mut some = vec![0; 64 * 1024];
    while left > 0 {
        let count = client.read(&mut some).ok().filter(|count| *count > 0)?;
        on.write_all(&some[..count]).ok()?;
        left -= count;
    }
    let mut answer = Vec::new();
    let _ = on.set_read_timeout(Some(Duration::from_secs(60)));
    answer_of(&mut on, &method, &mut answer)?;
    if method == "PUT" {
        *seen.sent.lock().unwrap().entry((path.to_owned(), part.unwrap_or(0))).or_default() += 1;
    } else {
        seen.others.lock().unwrap().push(format!("{method} {path}"));
    }
    client.write_all(&answer).ok()
}

/// An answer, to its end: that to a HEAD says a length and has no body.
fn answer_of(on: &mut TcpStream, method: &str, answer: &mut Vec<u8>) -> Option<()> {
    let mut some = [0; 16 * 1024];
    loop {
        if let Some(at) = answer.windows(4).position(|some| some == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&answer[..at]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok()).unwrap_or(0);
            if method == "HEAD" || answer.len() >= at + 4 + length {
                return Some(());
            }
        }
        let count = on.read(&mut some).ok().filter(|count| *count > 0)?;
        answer.extend_from_slice(&some[..count]);
    }
}

fn server() -> (String, String, Key) {
    let [endpoint, name, id, secret] =
        ["ENDPOINT", "BUCKET", "KEY_ID", "KEY"].map(|name| std::env::var(format!("ARTC_S3_{name}")).expect("it is set"));
    (endpoint, name, Key { id, secret })
}

fn settings(endpoint: &str, name: &str, most_bits_s: Option<u64>) -> Settings {
    Settings {
        endpoint: Some(endpoint.into()),
        name: name.into(),
        region: "us-east-1".into(),
        virtual_hosted: false,
        ca_file: None,
        most_bits_s,
    }
}

/// A recording that has ended, of seeded bytes; what it is called, and its bytes.
fn recording(folder: &Path, minute: u32, bytes: usize) -> (String, Vec<u8>) {
    let id = format!("20261122T08{minute:02}00.000Z-motion");
    let mut content = vec![0; bytes];
    StdRng::seed_from_u64(u64::from(minute)).fill_bytes(&mut content);
    std::fs::write(folder.join(format!("{id}-5000ms.mp4")), &content).unwrap();
    (id, content)
}

fn uploader(folder: &Path, settings: &Settings, prefix: &str) -> Uploader {
    let bucket = Bucket::new(settings, server().2, clock).unwrap();
    Uploader::new(Store::new(folder.to_owned()), bucket, prefix.into(), 1)
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Uploads until `done` says so of how it stands.
fn upload_until(folder: &Path, settings: &Settings, prefix: &str, done: impl Fn(&Standing) -> bool) -> Standing {
    runtime().block_on(async {
        let uploader = uploader(folder, settings, prefix);
        let mut standing = uploader.standing();
        let (_told, ended) = watch::channel(0);
        let running = tokio::spawn(uploader.run(ended));
        let reached = tokio::time::timeout(SOON, standing.wait_for(|standing| done(standing))).await;
        let reached = reached.expect("in time").expect("it runs").clone();
        running.abort();
        let _ = running.await;
        reached
    })
}

/// What the bucket has under a name; nothing where it has nothing.
fn stored(object: &str) -> Option<Vec<u8>> {
    let (endpoint, name, key) = server();
    let bucket = rusty_s3::Bucket::new(endpoint.parse().unwrap(), rusty_s3::UrlStyle::Path, name, "us-east-1").unwrap();
    let key = rusty_s3::Credentials::new(key.id, key.secret);
    let url = bucket.get_object(Some(&key), object).sign(SOON);
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("http://")).unwrap();
    let target = format!("{}?{}", url.path(), url.query().unwrap());
    write!(stream, "GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    answer_of(&mut stream, "GET", &mut answer)?;
    let at = answer.windows(4).position(|some| some == b"\r\n\r\n")? + 4;
    answer.starts_with(b"HTTP/1.1 200").then(|| answer.split_off(at))
}

fn uploaded(folder: &Path) -> Vec<String> {
    let all = Store::new(folder.to_owned()).list().unwrap();
    all.iter().filter(|entry| entry.uploaded).map(|entry| entry.id.to_string()).collect()
}

const WHY: &str =
    "needs a server: ARTC_S3_ENDPOINT, ARTC_S3_BUCKET, ARTC_S3_KEY_ID and ARTC_S3_KEY; tests/mixing/run.sh starts one";

#[test]
#[ignore = "needs a server; tests/mixing/run.sh starts one"]
fn recordings_and_pictures_come_whole_the_newest_first_and_once() {
    let (endpoint, name, _) = server();
    let (tapped, seen) = tap(&endpoint);
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<_> =
        [1000, LARGE, 0, 8 << 20].iter().zip(1..).map(|(bytes, minute)| recording(folder.path(), minute, *bytes)).collect();
    std::fs::write(folder.path().join(format!("{}.jpeg", all[1].0)), b"a picture").unwrap();
    // What is written at this moment is not sent.
    std::fs::write(folder.path().join("20261122T090000.000Z-always.recording.mp4"), b"half").unwrap();
    let settings = settings(&tapped, &name, None);
    let order = Mutex::new(Vec::new());
    let standing = upload_until(folder.path(), &settings, "whole/", |standing| {
        let mut order = order.lock().unwrap();
        let sending = standing.sending.map(|id| id.to_string());
        if sending.is_some() && order.last() != Some(&sending) {
            order.push(sending);
        }
        standing.stored == 4
    });
    assert_eq!((standing.refused, standing.fault), (0, None));
    let newest_first: Vec<_> = all.iter().rev().map(|(id, _)| Some(id.clone())).collect();
    assert_eq!(*order.lock().unwrap(), newest_first);
    for (id, content) in &all {
        assert!(stored(&format!("whole/{id}-5000ms.mp4")).as_ref() == Some(content), "{id}: {WHY}");
    }
    assert_eq!(stored(&format!("whole/{}.jpeg", all[1].0)).as_deref(), Some(&b"a picture"[..]));
    assert_eq!(uploaded(folder.path()).len(), 4);
    assert!(!folder.path().join(format!("{}.uploading", all[1].0)).exists());
    // Whoever starts again finds nothing to do; what comes then is all that is sent.
    let before = seen.sent.lock().unwrap().values().sum::<u32>();
    recording(folder.path(), 30, 10);
    upload_until(folder.path(), &settings, "whole/", |standing| standing.stored == 1 && standing.waiting <= 1);
    assert_eq!(seen.sent.lock().unwrap().values().sum::<u32>(), before + 1);
}

#[test]
#[ignore = "needs a server; tests/mixing/run.sh starts one"]
fn what_breaks_off_goes_on_where_it_was_and_no_part_is_sent_twice() {
    let (endpoint, name, _) = server();
    let (tapped, seen) = tap(&endpoint);
    let folder = tempfile::tempdir().unwrap();
    let (id, content) = recording(folder.path(), 1, LARGE);
    let settings = settings(&tapped, &name, None);
    seen.cut.store(true, Ordering::SeqCst);
    let standing = upload_until(folder.path(), &settings, "broken/", |standing| standing.stored == 1);
    assert_eq!(standing.refused, 1, "the connection was cut once");
    assert!(stored(&format!("broken/{id}-5000ms.mp4")) == Some(content));
    assert_eq!(seen.parts(&format!("{id}-5000ms.mp4")), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
}

/// The uploader as a process of its own, which this file's test kills: see below.
#[test]
#[ignore = "a process that another test kills"]
fn upload_until_killed() {
    let Ok(folder) = std::env::var("ARTC_UPLOAD_FOLDER") else { return };
    let endpoint = std::env::var("ARTC_UPLOAD_ENDPOINT").unwrap();
    let settings = settings(&endpoint, &server().1, Some(64_000_000));
    upload_until(Path::new(&folder), &settings, "killed/", |_| false);
}

#[test]
#[ignore = "needs a server; tests/mixing/run.sh starts one"]
fn killed_while_it_uploads_it_goes_on_and_no_part_is_sent_twice() {
    let (endpoint, name, _) = server();
    let (tapped, seen) = tap(&endpoint);
    let folder = tempfile::tempdir().unwrap();
    let mut rng = StdRng::seed_from_u64(7);
    for round in 0..3 {
        let (id, content) = recording(folder.path(), round, LARGE + round as usize);
        let file = format!("{id}-5000ms.mp4");
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "upload_until_killed", "--ignored", "--nocapture"])
            .env("ARTC_UPLOAD_FOLDER", folder.path())
            .env("ARTC_UPLOAD_ENDPOINT", &tapped)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // After one part or two, somewhere in the next.
        let after = rng.random_range(1..3);
        wait_for("a part", || seen.parts(&file).len() >= after);
        let pause = Duration::from_millis(rng.random_range(0..400));
        runtime().block_on(async { tokio::time::sleep(pause).await });
        child.kill().unwrap();
        child.wait().unwrap();
        let before = seen.parts(&file);
        if uploaded(folder.path()).contains(&id) {
            // The machine was faster than the kill; there is nothing to go on with.
            continue;
        }
        let settings = settings(&tapped, &name, None);
        upload_until(folder.path(), &settings, "killed/", |standing| standing.stored == 1);
        assert!(stored(&format!("killed/{file}")) == Some(content));
        let after = seen.parts(&file);
        assert_eq!(after.len(), 3);
        for (part, count) in before {
            assert_eq!((count, after[&part]), (1, 1), "part {part} in round {round}");
        }
    }
    assert_eq!(uploaded(folder.path()).len(), 3);
}

fn wait_for(what: &str, done: impl Fn() -> bool) {
    runtime().block_on(async {
        let done = async {
            while !done() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, done).await.unwrap_or_else(|_| panic!("no {what} in time"));
    });
}

#[test]
#[ignore = "needs a server; tests/mixing/run.sh starts one"]
fn what_the_server_has_forgotten_is_begun_anew_and_what_it_made_whole_is_not() {
    let (endpoint, name, _) = server();
    let (tapped, seen) = tap(&endpoint);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path().to_owned());
    let (id, content) = recording(folder.path(), 1, LARGE);
    let (file, known) = (format!("{id}-5000ms.mp4"), store.list().unwrap()[0].id);
    let note = format!("s3://{name}/gone/{file}\nnobody-knows-this\n");
    store.note_upload(known, &note).unwrap();
    let settings = settings(&tapped, &name, None);
    upload_until(folder.path(), &settings, "gone/", |standing| standing.stored == 1);
    assert!(stored(&format!("gone/{file}")) == Some(content));
    assert_eq!(seen.parts(&file).len(), 3);
    // It was made whole there, and the answer was lost with the power.
    std::fs::remove_file(folder.path().join(format!("{id}.uploaded"))).unwrap();
    store.note_upload(known, &note).unwrap();
    upload_until(folder.path(), &settings, "gone/", |standing| standing.stored == 1);
    assert_eq!(seen.parts(&file), BTreeMap::from([(1, 1), (2, 1), (3, 1)]));
    // A note that is none begins anew.
    std::fs::remove_file(folder.path().join(format!("{id}.uploaded"))).unwrap();
    store.note_upload(known, "\0").unwrap();
    upload_until(folder.path(), &settings, "gone/", |standing| standing.stored == 1);
    assert_eq!(seen.parts(&file), BTreeMap::from([(1, 2), (2, 2), (3, 2)]));
}

#[test]
#[ignore = "needs a server; tests/mixing/run.sh starts one"]
fn a_bucket_that_is_not_there_is_told_by_name_and_keeps_nothing_from_the_device() {
    let (endpoint, _, _) = server();
    let folder = tempfile::tempdir().unwrap();
    let (id, _) = recording(folder.path(), 1, 1000);
    let nowhere = settings(&endpoint, "no-such-bucket", None);
    let standing = upload_until(folder.path(), &nowhere, "", |standing| standing.refused >= 2);
    assert_eq!(standing.fault.map(|why| why.kind), Some(Kind::Gone));
    assert_eq!(uploaded(folder.path()), [""; 0]);
    assert!(folder.path().join(format!("{id}-5000ms.mp4")).exists());
}

#[test]
#[ignore = "needs a server; tests/mixing/run.sh starts one"]
fn one_that_cannot_be_read_lets_the_others_pass() {
    let (endpoint, name, _) = server();
    let folder = tempfile::tempdir().unwrap();
    let (first, _) = recording(folder.path(), 1, 1000);
    let (torn, _) = recording(folder.path(), 2, 1000);
    // A note that is a link is not followed, and not overlooked.
    std::os::unix::fs::symlink("/etc/hostname", folder.path().join(format!("{torn}.uploading"))).unwrap();
    let settings = settings(&endpoint, &name, None);
    upload_until(folder.path(), &settings, "torn/", |standing| standing.stored >= 1 && standing.refused >= 1);
    assert_eq!(uploaded(folder.path()), [first]);
}
