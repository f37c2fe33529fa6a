//! A web server that is called back about recordings.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, mpsc};

use serde_json::Value;

use crate::program::PATIENCE;

/// A web server that is called back: what came, and what it answers.
pub struct Receiver {
    pub url: String,
    came: mpsc::Receiver<(String, Vec<u8>)>,
    /// The status that it answers with.
    pub answers: Arc<Mutex<u16>>,
}

impl Receiver {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/callback?of=tests", listener.local_addr().expect("an address"));
        let (sender, came) = mpsc::channel();
        let answers = Arc::new(Mutex::new(200));
        let status = Arc::clone(&answers);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let Some(request) = receive(&stream) else { continue };
                let status = *status.lock().unwrap();
                let place = if status == 302 { "Location: http://127.0.0.1:1/\r\n" } else { "" };
                let text = format!("HTTP/1.1 {status} x\r\n{place}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}");
                let _ = (&stream).write_all(text.as_bytes());
                if sender.send(request).is_err() {
                    return;
                }
            }
        });
        Self { url, came, answers }
    }

    /// The head and the body of what came next, whose signature is right where there is one.
    pub fn next(&self) -> (String, Value) {
        let (head, body) = self.came.recv_timeout(PATIENCE).expect("a callback");
        let signed = |name: &str| head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned));
        if let Some(signature) = signed("x-rtc-signature") {
            let (rand, timestamp) = (signed("x-rtc-rand").expect("a rand"), signed("x-rtc-timestamp").expect("a time"));
            assert_eq!(signature, record_api::callback::signature(AUTH_KEY, &rand, &timestamp, &body));
        }
        (head, serde_json::from_slice(&body).expect("JSON"))
    }
}

fn receive(stream: &TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut reader, mut head) = (BufReader::new(stream), String::new());
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, body))
}

/// What callbacks are signed with.
pub const AUTH_KEY: &str = "8923ab8c2dcef4538923ab8c2dcef453";
