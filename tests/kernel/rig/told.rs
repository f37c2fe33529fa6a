//! What the daemon tells on its local socket to who asked for it there.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serde_json::{Value, json};

/// How long news are waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection on which news come.
pub struct Told(Lines<BufReader<UnixStream>>);

impl Told {
    /// Sends a command to the daemon of the name `daemon`: the connection, and the result.
    pub fn by(daemon: &str, method: &str, params: &Value) -> (Self, Value) {
        let mut socket = UnixStream::connect(format!("/run/{daemon}/control.sock")).expect("it listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("set");
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        socket.write_all(format!("{request}\n").as_bytes()).expect("sent");
        let mut told = Self(BufReader::new(socket).lines());
        let answer = told.message();
        (told, answer["result"].clone())
    }

    /// Subscribes to one topic.
    pub fn of(daemon: &str, topic: &str) -> Self {
        let (told, result) = Self::by(daemon, "event.subscribe", &json!({ "topics": [topic] }));
        assert_eq!(result, json!({ "topics": [topic] }));
        told
    }

    /// The next news: method and parameters.
    pub fn next(&mut self) -> (String, Value) {
        let mut message = self.message();
        (message["method"].as_str().expect("a notification").to_owned(), message["params"].take())
    }

    fn message(&mut self) -> Value {
        serde_json::from_str(&self.0.next().expect("a line").expect("read")).expect("JSON")
    }
}
