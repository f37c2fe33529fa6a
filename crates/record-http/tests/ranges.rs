//! Recordings as a program on the same machine fetches them, over a socket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use record::Store;

const ID: &str = "20261121T190143.123Z-command";

/// A server of a folder with a recording of 200,000 bytes and a picture of 5.
struct Server {
    folder: tempfile::TempDir,
    address: SocketAddr,
    film: Vec<u8>,
    _stop: tokio::sync::watch::Sender<bool>,
    _runtime: tokio::runtime::Runtime,
}

/// Status, head and body.
struct Answer(u16, String, Vec<u8>);

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.to_ascii_lowercase().starts_with(&format!("{name}:"));
        self.1.lines().find(|text| line(text)).map(|text| text[name.len() + 1..].trim())
    }
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let film: Vec<u8> = (0..200_000_u32).map(|n| (n.wrapping_mul(n) >> 7) as u8).collect();
        std::fs::write(folder.path().join(format!("{ID}-61480ms.mp4")), &film).unwrap();
        std::fs::write(folder.path().join(format!("{ID}.jpeg")), "small").unwrap();
        std::fs::write(folder.path().join("secret.mp4"), "not a recording").unwrap();
        let listener = web_listener::bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let router = record_http::router(Store::new(folder.path().to_owned()));
        let (stop, stopping) = tokio::sync::watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.spawn(web_listener::serve(web_listener::Site { listener, tls: None, router, connections: 4 }, stopping, |_| ()));
        Self { folder, address, film, _stop: stop, _runtime: runtime }
    }

    fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\n{host}{headers}Connection: close\r\n\r\n").unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).unwrap();
        let at = all.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let head = String::from_utf8(all[..at].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer(status, head, all[at + 4..].to_vec())
    }

    fn film(&self, headers: &str) -> Answer {
        self.ask("GET", &format!("/recordings/{ID}.mp4"), headers)
    }
}

#[test]
fn a_recording_comes_whole_and_by_ranges_of_bytes() {
    let server = Server::start();
    let whole = server.film("");
    assert_eq!((whole.0, whole.header("content-type"), whole.header("accept-ranges")), (200, Some("video/mp4"), Some("bytes")));
    assert!(whole.2 == server.film);
    for (range, from, until) in [
        ("0-0", 0, 1),
        ("0-99", 0, 100),
        ("70000-199999", 70_000, 200_000),
        ("199999-", 199_999, 200_000),
        ("150000-", 150_000, 200_000),
        // More than there is: what there is.
        ("199990-900000", 199_990, 200_000),
        ("-10", 199_990, 200_000),
        ("-900000", 0, 200_000),
        ("150000-99999999999999999999999", 150_000, 200_000),
    ] {
        let part = server.film(&format!("Range: bytes={range}\r\n"));
        assert_eq!(part.0, 206, "{range}: {}", part.1);
        assert_eq!(part.header("content-range"), Some(&*format!("bytes {from}-{}/200000", until - 1)), "{range}");
        assert_eq!(part.header("content-length"), Some(&*(until - from).to_string()), "{range}");
        assert!(part.2 == server.film[from..until], "{range}");
    }
    for range in ["200000-", "200000-200001", "99999999999999999999-", "-0"] {
        let refused = server.film(&format!("Range: bytes={range}\r\n"));
        assert_eq!((refused.0, refused.header("content-range")), (416, Some("bytes */200000")), "{range}");
    }
    // What is no range, is of no kind that is known, or is more than one means all of it.
    for range in ["bytes", "bytes=", "bytes=a-b", "bytes=5-1", "bytes=-", "bytes=+1-2", "pictures=0-1", "bytes=0-1,3-4"] {
        let whole = server.film(&format!("Range: {range}\r\n"));
        assert!(whole.0 == 200 && whole.2 == server.film, "{range}: {}", whole.1);
    }
    let head = server.ask("HEAD", &format!("/recordings/{ID}.mp4"), "");
    assert_eq!((head.0, head.header("content-length"), head.2.len()), (200, Some("200000"), 0));
    let small = server.ask("GET", &format!("/recordings/{ID}.jpeg"), "Range: bytes=1-2\r\n");
    assert_eq!((small.0, small.header("content-type"), &small.2[..]), (206, Some("image/jpeg"), &b"ma"[..]));
}

#[test]
fn a_download_goes_on_only_with_the_same_bytes() {
    let server = Server::start();
    let tag = server.film("").header("etag").expect("it has ended").to_owned();
    let on = server.film(&format!("Range: bytes=100000-\r\nIf-Range: {tag}\r\n"));
    assert!(on.0 == 206 && on.2 == server.film[100_000..]);
    for other in ["\"another\"", "Sat, 21 Nov 2026 19:01:43 GMT"] {
        assert_eq!(server.film(&format!("Range: bytes=100000-\r\nIf-Range: {other}\r\n")).0, 200, "{other}");
    }
    // Deleted while it comes: who has begun gets it to its end.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET /recordings/{ID}.mp4 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut begun = [0; 1];
    stream.read_exact(&mut begun).unwrap();
    Store::new(server.folder.path().to_owned()).remove(ID.parse().unwrap()).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(&server.film));
    let gone = server.film("");
    assert_eq!((gone.0, String::from_utf8(gone.2).unwrap()), (404, format!("there is no recording {ID}\n")));
}

#[test]
fn paths_and_names_of_elsewhere_lead_nowhere() {
    let server = Server::start();
    std::os::unix::fs::symlink("/etc/passwd", server.folder.path().join("20200101T000000.000Z-command-1000ms.mp4")).unwrap();
    for trick in [
        "/recordings/secret.mp4",
        "/recordings/../secret.mp4",
        "/recordings/..%2fsecret.mp4",
        "/recordings/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/recordings/20200101T000000.000Z-command.mp4",
        "/recordings/20261121T190143.123Z-command-61480ms.mp4",
        "/recordings/20261121T190143.123Z-command",
        "/recordings/20261121T190143.123Z-command.mp4/",
        "/recordings/20261121T190143.123Z-command.mp4%00",
        "/recordings/%ff.mp4",
        "/recordings/",
        "/recordings",
        "/",
    ] {
        let refused = server.ask("GET", trick, "");
        assert!((400..500).contains(&refused.0), "{trick}: {}", refused.1);
        assert!(!refused.2.starts_with(b"root:") && !refused.2.starts_with(b"not a"), "{trick}");
    }
    assert_eq!(server.ask("DELETE", &format!("/recordings/{ID}.mp4"), "").0, 405);
    // A page whose name was made to point here.
    for host in ["evil.example", "evil.example:80", "localhost.evil.example", "", "192.0.2.1"] {
        assert_eq!(server.film(&format!("Host: {host}\r\n")).0, 421, "{host}");
    }
    for host in ["localhost", "localhost:9465", "127.0.0.1", "[::1]:9465"] {
        assert_eq!(server.film(&format!("Host: {host}\r\n")).0, 200, "{host}");
    }
}

#[test]
fn what_is_being_written_is_told_as_far_as_it_is_whole_and_has_no_tag() {
    let server = Server::start();
    let id = "20261122T190143.123Z-always";
    // Not a fragment yet.
    std::fs::write(server.folder.path().join(format!("{id}.recording.mp4")), b"\0\0\0\x20ftyp").unwrap();
    let answer = server.ask("GET", &format!("/recordings/{id}.mp4"), "");
    assert_eq!((answer.0, answer.header("etag")), (200, None));
    assert!(answer.2.is_empty(), "{:?}", answer.2);
    assert_eq!(server.ask("GET", &format!("/recordings/{id}.jpeg"), "").0, 404);
}
