//! The daemon as a device that is called: a process of its own, with pattern and tone.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use call_control::ClientId;

use crate::broker::{self, Broker};

pub struct Device {
    child: Child,
    telemetry: String,
    folder: tempfile::TempDir,
}

impl Device {
    pub fn start(broker: &Broker, room: &str) -> Self {
        Self::start_with(broker, room, &broker::device(), &[])
    }

    /// Another one than the usual, or configured otherwise: by variables.
    pub fn start_with(broker: &Broker, room: &str, client: &ClientId, more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let telemetry = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").to_string();
        let file = |name: &str| broker.file(name).display().to_string();
        let variables = [
            ("CAMERA__SOURCE", "pattern".into()),
            ("MICROPHONE__SOURCE", "tone".into()),
            ("ENGINE__OPEN__URL", room.to_owned()),
            ("ROOM__ENABLED", "false".into()),
            ("CALLS__ENABLED", "true".into()),
            ("CALLS__BROKER", broker.url()),
            ("CALLS__CA_FILE", file("ca.pem")),
            ("CALLS__DEVICE", client.device().into()),
            ("CALLS__ACCESS_KEY", broker::KEY.into()),
            ("CALLS__SECRET_FILE", file("secret")),
            ("CALLS__INSTANCE", broker::instance(client).into()),
            ("CONTROL__SOCKET", folder.path().join("control.sock").display().to_string()),
            ("TELEMETRY__LISTEN", telemetry.clone()),
        ];
        let child = Command::new(env!("CARGO_BIN_EXE_artc-edge"))
            .arg("run")
            .env_clear()
            .env("STATE_DIRECTORY", folder.path())
            .envs(variables.map(|(key, value)| (format!("ARTC__{key}"), value)))
            .envs(more.iter().map(|(key, value)| (format!("ARTC__{key}"), value)))
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("it starts");
        Self { child, telemetry, folder }
    }

    /// A command over its socket.
    pub fn call(&self, method: &str) {
        let socket = self.folder.path().join("control.sock");
        artc_edge::control::client::call(&socket, method, None, std::time::Duration::from_secs(30)).expect(method);
    }

    /// What it answers on its page of health or numbers; empty where it does not.
    pub fn get(&self, path: &str) -> String {
        let mut text = String::new();
        if let Ok(mut stream) = TcpStream::connect(&self.telemetry) {
            let asked = write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let _ = asked.and_then(|()| stream.read_to_string(&mut text));
        }
        text
    }

    /// The sum of the counter `name`, over its labels that hold `label`.
    pub fn count(&self, name: &str, label: &str) -> u64 {
        let text = self.get("/metrics");
        let lines = text.lines().filter(|line| line.starts_with(name) && line.contains(label));
        lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
    }

    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Takes its power away.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
