//! What a service may do instead of taking a file, each told by its cause, and never with the key or a signature.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bucket::{Begun, Bucket, Key, Kind, Owner, Refusal, Settings, Source};

const SECRET: &str = "a-secret-access-key";

/// 2026-11-22; which day it is matters to nobody here.
fn clock() -> Duration {
    Duration::from_secs(1_795_305_600)
}

fn settings(endpoint: &str) -> Settings {
    Settings {
        endpoint: Some(endpoint.into()),
        name: "recordings".into(),
        region: "us-east-1".into(),
        virtual_hosted: false,
        ca_file: None,
        most_bits_s: None,
    }
}

fn bucket(endpoint: &str) -> Bucket {
    let key = Key { id: "key-id".into(), secret: SECRET.into() };
    Bucket::new(&settings(endpoint), key, clock).unwrap().with_patience(Duration::from_secs(2))
}

fn file(bytes: usize) -> Source {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![7; bytes]).unwrap();
    Source::new(file, bytes as u64)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(Duration::from_secs(120), future).await.expect("it ends") })
}

/// Keeps what it is given, or says why not; wants the file so often.
struct Keeper {
    kept: Mutex<Vec<Begun>>,
    refuses: Option<&'static str>,
    wants: AtomicUsize,
}

impl Default for Keeper {
    fn default() -> Self {
        Self { kept: Mutex::default(), refuses: None, wants: AtomicUsize::new(usize::MAX) }
    }
}

impl Owner for Keeper {
    async fn keep(&self, begun: Begun) -> Result<(), String> {
        self.kept.lock().unwrap().push(begun);
        self.refuses.map_or(Ok(()), |why| Err(why.into()))
    }

    async fn wants(&self) -> bool {
        self.wants.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
    }
}

fn put(bucket: &Bucket, bytes: usize) -> Result<bool, Refusal> {
    run(bucket.upload(&file(bytes), "door/one.mp4", None, &Keeper::default()))
}

/// A request: its first line, its headers, its body.
struct Asked {
    line: String,
    head: String,
    body: Vec<u8>,
}

fn read(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|some| some == b"\r\n\r\n") {
            break at;
        }
        let mut some = [0; 4096];
        match stream.read(&mut some) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&some[..count]),
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let length = head.to_ascii_lowercase().lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let mut rest = vec![0; length.unwrap_or(0) - body.len()];
    stream.read_exact(&mut rest).ok()?;
    body.extend(rest);
    Some(Asked { line: head.lines().next().unwrap_or_default().into(), head, body })
}

/// A service that answers each request with what `answer` says to its first line; the address, and what was asked.
fn service(answer: impl Fn(&str) -> String + Send + 'static) -> (String, Arc<Mutex<Vec<Asked>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&asked);
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let Some(one) = read(&mut stream) else { continue };
            let text = answer(&one.line);
            all.lock().unwrap().push(one);
            let _ = stream.write_all(text.as_bytes());
        }
    });
    (endpoint, asked)
}

fn says(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn error(status: &str, code: &str) -> String {
    says(status, "", &format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>no</Message></Error>"))
}

#[test]
fn each_refusal_is_told_by_its_cause_and_without_a_secret() {
    let cases: [(&str, &str, Kind); 9] = [
        ("507 Insufficient Storage", "XMinioStorageFull", Kind::Full),
        ("403 Forbidden", "QuotaExceeded", Kind::Full),
        ("403 Forbidden", "InvalidAccessKeyId", Kind::NotAllowed),
        ("403 Forbidden", "SignatureDoesNotMatch", Kind::NotAllowed),
        ("401 Unauthorized", "", Kind::NotAllowed),
        ("403 Forbidden", "RequestTimeTooSkewed", Kind::WrongClock),
        ("404 Not Found", "NoSuchBucket", Kind::Gone),
        ("503 Slow Down", "SlowDown", Kind::Unreachable("it answers 503 SlowDown".into())),
        ("400 Bad Request", "EntityTooLarge", Kind::Unreachable("it answers 400 EntityTooLarge".into())),
    ];
    for (status, code, kind) in cases {
        let (endpoint, asked) = service(move |_| error(status, code));
        for bytes in [1000, 9 << 20] {
            let why = put(&bucket(&endpoint), bytes).unwrap_err();
            assert_eq!((&why.kind, why.place.as_str()), (&kind, "s3://recordings"));
            let told = format!("{why} {why:?}");
            assert!(!told.contains(SECRET) && !told.contains("Signature="), "{told}");
        }
        let asked = asked.lock().unwrap();
        assert!(asked[0].line.starts_with("PUT /recordings/door/one.mp4?"), "{}", asked[0].line);
        assert!(asked.iter().all(|one| !one.head.contains(SECRET)));
        assert_eq!(asked[0].body.len(), 1000);
    }
}

#[test]
fn who_sends_elsewhere_is_not_followed() {
    let (elsewhere, led) = service(|_| says("200 OK", "", ""));
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let location = format!("Location: {elsewhere}/recordings/door/one.mp4\r\n");
        let (endpoint, _) = service(move |_| says(status, &location, ""));
        assert_eq!(put(&bucket(&endpoint), 1000).unwrap_err().kind, Kind::Elsewhere);
    }
    assert_eq!(led.lock().unwrap().len(), 0);
}

#[test]
fn who_is_not_there_says_nothing_or_speaks_something_else_cannot_be_reached() {
    let unreachable = |endpoint: &str| match put(&bucket(endpoint), 1000).unwrap_err().kind {
        Kind::Unreachable(why) => why,
        other => panic!("{other:?}"),
    };
    // Nobody listens.
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(unreachable(&format!("http://{free}")).contains("127.0.0.1"));
    // No HTTP, and no TLS.
    let (endpoint, _) = service(|_| "what?\r\n\r\n".into());
    unreachable(&endpoint);
    assert!(unreachable(&endpoint.replace("http:", "https:")).contains("TLS"));
    // Takes the connection and nothing more.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let why = unreachable(&format!("http://{}", silent.local_addr().unwrap()));
    assert!(why.contains("said nothing for 2 s"), "{why}");
    // Says without end.
    let (endpoint, _) = service(|_| format!("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}", "x".repeat(3 << 20)));
    unreachable(&endpoint);
}

#[test]
fn what_makes_no_sense_is_refused_and_what_was_begun_is_not_forgotten() {
    // Nothing that a beginning is answered with.
    let (endpoint, _) = service(|_| says("200 OK", "", "<html>"));
    assert!(matches!(put(&bucket(&endpoint), 9 << 20).unwrap_err().kind, Kind::Unreachable(_)));
    // It begins to answer well, and ends otherwise: an object is none before it is.
    const BEGUN: &str = "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>recordings</Bucket>\
                         <Key>door/one.mp4</Key><UploadId>up-1</UploadId></InitiateMultipartUploadResult>";
    let (endpoint, asked) = service(|line| match line {
        line if line.contains("uploads") => says("200 OK", "", BEGUN),
        line if line.contains("partNumber") => says("200 OK", "ETag: \"tag\"\r\n", ""),
        _ => error("200 OK", "InternalError"),
    });
    let keeper = Keeper::default();
    let why = run(bucket(&endpoint).upload(&file(9 << 20), "door/one.mp4", None, &keeper)).unwrap_err();
    assert_eq!(why.kind, Kind::Unreachable("it answers 500 InternalError".into()));
    assert_eq!(*keeper.kept.lock().unwrap(), [Begun { url: "s3://recordings/door/one.mp4".into(), upload_id: "up-1".into() }]);
    let lengths: Vec<_> =
        asked.lock().unwrap().iter().filter(|one| one.line.starts_with("PUT")).map(|one| one.body.len()).collect();
    assert_eq!(lengths, [8 << 20, 1 << 20]);
    // What cannot be kept is not begun, and not left there.
    let (endpoint, asked) = service(|_| says("200 OK", "", BEGUN));
    let keeper = Keeper { refuses: Some("no room"), ..Keeper::default() };
    let why = run(bucket(&endpoint).upload(&file(9 << 20), "x", None, &keeper)).unwrap_err();
    assert_eq!(why.kind, Kind::Unreadable("no room".into()));
    let lines: Vec<_> = asked.lock().unwrap().iter().map(|one| one.line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(lines, ["POST", "DELETE"]);
}

#[test]
fn what_nobody_wants_any_more_is_taken_back() {
    let (endpoint, asked) = service(|line| match line {
        line if line.starts_with("POST") => says(
            "200 OK",
            "",
            "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>b</Bucket><Key>k</Key>\
             <UploadId>up-1</UploadId></InitiateMultipartUploadResult>",
        ),
        line if line.starts_with("PUT") => says("200 OK", "ETag: \"tag\"\r\n", ""),
        _ => says("204 No Content", "", ""),
    });
    let once = Keeper { wants: AtomicUsize::new(1), ..Keeper::default() };
    let done = run(bucket(&endpoint).upload(&file(20 << 20), "x", None, &once));
    assert_eq!(done, Ok(false));
    let methods: Vec<_> = asked.lock().unwrap().iter().map(|one| one.line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["POST", "PUT", "DELETE"], "one part of three, and it goes again");
}

#[test]
fn a_file_that_breaks_off_is_told_as_such() {
    let mut short = tempfile::tempfile().unwrap();
    short.write_all(&[7; 100_000]).unwrap();
    let (endpoint, _) = service(|_| says("200 OK", "", ""));
    let short = Source::new(short, 200_000);
    let why = run(bucket(&endpoint).upload(&short, "x", None, &Keeper::default())).unwrap_err();
    assert!(matches!(why.kind, Kind::Unreadable(_)), "{why}");
}

#[test]
fn names_and_places_that_cannot_be_are_told_before_anything_is_sent() {
    let wrong = |change: &dyn Fn(&mut Settings)| {
        let mut settings = settings("https://s3.example.com");
        change(&mut settings);
        settings.check().unwrap_err().to_string()
    };
    for name in ["", "ab", "a/b", "../x", "a b", "recordings?x", ".hidden"] {
        assert!(wrong(&|settings| settings.name = name.into()).contains("3 to 255"), "{name}");
    }
    for endpoint in ["", "s3.example.com", "ftp://s3.example.com", "https://"] {
        wrong(&|settings| settings.endpoint = Some(endpoint.into()));
    }
    let why = wrong(&|settings| settings.endpoint = Some("https://user:word@s3.example.com".into()));
    assert!(why.contains("access key") && !why.contains("word@"), "{why}");
    assert!(Settings { endpoint: None, ..settings("") }.check().is_ok());
}

#[test]
fn no_more_is_sent_in_a_second_than_may_be() {
    let (endpoint, _) = service(|_| says("200 OK", "", ""));
    let slow = Settings { most_bits_s: Some(8 * 100 * 1024), ..settings(&endpoint) };
    let bucket = Bucket::new(&slow, Key { id: "id".into(), secret: SECRET.into() }, clock).unwrap();
    let sent = bucket.sent();
    // Three seconds' worth, of which two thirds must have been waited for.
    let upload = async {
        let began = tokio::time::Instant::now();
        let done = bucket.upload(&file(300 * 1024), "x", None, &Keeper::default()).await;
        (done, began.elapsed())
    };
    let (done, took) = run(upload);
    assert_eq!((done, sent.load(Ordering::Relaxed)), (Ok(true), 300 * 1024));
    assert!(took >= Duration::from_secs(2), "{took:?}: never faster, however slow the machine");
}
