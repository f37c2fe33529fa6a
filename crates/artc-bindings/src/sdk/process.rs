//! The child process: Python with our program in it. Started with an environment of four variables, in a process group of its own,
//! which ends as a whole: the SDK starts programs too.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;

use super::link::{Link, MAX_PACKET, gone, packet};
use super::look::Found;
use super::memory::{MOST_PICTURES, Memory};
use super::options::Options;

/// Takes the program from the socket, so that it is in no file and not in the list of processes.
const LOADER: &str = "\
import json, os, socket, sys, types
for name, text in json.loads(socket.socket(fileno=os.dup(0)).recv(1 << 18)):
    sys.modules[name] = module = types.ModuleType(name)
    exec(compile(text, name + '.py', 'exec'), module.__dict__)
";

/// The program, in the order in which its modules need each other.
const PROGRAM: [(&str, &str); 4] = [
    ("artc_link", include_str!("host/artc_link.py")),
    ("artc_api", include_str!("host/artc_api.py")),
    ("artc_callbacks", include_str!("host/artc_callbacks.py")),
    ("artc_host", include_str!("host/artc_host.py")),
];

/// From here on a packet is long: the kernel takes none that is longer than what it lets wait.
const LONG: usize = MAX_PACKET / 2;

/// What is taken over from our own environment: where programs are, whose home it is, where temporary files go.
const KEPT: [&str; 3] = ["PATH", "HOME", "TMPDIR"];

/// The ways to a child. They may be used by any thread, also when it is dead: then nothing comes of it.
#[derive(Debug)]
pub(super) struct Ways {
    pub link: Link,
    pub memory: Memory,
}

impl Ways {
    /// Sends a packet as [`Link::send`] does; one that is too long for the socket goes through a slot for pictures.
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() <= LONG {
            return self.link.send(bytes);
        }
        let pictures = &self.memory.pictures;
        let slot = self.memory.fill(pictures, bytes, MOST_PICTURES)?.ok_or(io::ErrorKind::WouldBlock)?;
        self.link.send(&packet("!long", &json!([slot, bytes.len()]), &[])).or_else(|why| {
            self.memory.free(pictures, slot)?;
            Err(why)
        })
    }
}

/// A started child. It ends with this.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    pub ways: Arc<Ways>,
}

impl Process {
    /// Starts Python. With `look` it only loads the SDK and says what it found.
    pub fn start(options: &Options, found: &Found, look: bool) -> io::Result<(Self, Option<ChildStderr>)> {
        let (link, theirs) = Link::pair()?;
        let memory = Memory::new()?;
        let mut command = Command::new(&options.python);
        // Isolated: neither variables nor the user's own folder change what is loaded. Nothing is written next to the SDK.
        command.args(["-I", "-B", "-c", LOADER]).env_clear().env("LANG", "C.UTF-8").process_group(0);
        command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        command.stdin(Stdio::from(theirs)).stdout(Stdio::from(memory.share()?)).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        drop(command);
        let stderr = child.stderr.take();
        let (size, regions) = memory.layout();
        let process = Self { child, ways: Arc::new(Ways { link, memory }) };
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let settings = json!({
            "folders": found.folders.iter().map(|folder| text(folder)).collect::<Vec<_>>(),
            "service": text(&found.service),
            "ports": [options.low_port, options.high_port],
            "log": text(&options.log_path),
            "h5mode": options.h5mode,
            "extra": options.extra,
            "size": size,
            "memory": regions,
            "look": look,
        });
        let link = &process.ways.link;
        match link.send(json!(PROGRAM).to_string().as_bytes()).and_then(|()| link.send(&packet("!settings", &settings, &[]))) {
            // It has ended already: whoever listens learns how.
            Err(why) if !gone(&why) => Err(why),
            _ => Ok((process, stderr)),
        }
    }

    /// Ends it and everything that it has started.
    pub fn end(&mut self) -> io::Result<ExitStatus> {
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            // Nothing is left of it, or only what has ended and waits to be looked at.
            let _ = kill_process_group(group, Signal::KILL);
        }
        self.child.wait()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.end();
    }
}
