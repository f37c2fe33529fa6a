//! Programs that a scenario runs: to their end, or beside it.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::{now, wait_for};

/// Runs a program to its end and returns what it said; fails when it fails.
pub fn run<S: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = S>) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} ended with {}: {said}{complained}", output.status);
    said
}

/// A program that runs beside the scenario; it is killed when dropped. Its lines, of both outputs, are kept and go to the console.
pub struct Process {
    name: String,
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Process {
    /// Starts `command`; `name` marks its lines on the console.
    pub fn start(name: &str, mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let (to, lines) = channel();
        let input = child.stdin.take().expect("piped");
        let streams: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("piped")), Box::new(child.stderr.take().expect("piped"))];
        for stream in streams {
            let (to, name) = (to.clone(), name.to_owned());
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    println!("{name}: {line}");
                    // Nobody listens any more when the scenario is done.
                    let _ = to.send(line);
                }
            });
        }
        Self { name: name.to_owned(), child, input, lines }
    }

    /// Gives it a line on its standard input.
    pub fn tell(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap_or_else(|error| panic!("{}: {error}", self.name));
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap_or_else(|error| panic!("{}: {signal:?}: {error}", self.name));
    }

    /// Waits for its end; fails after `limit`.
    pub fn wait(&mut self, limit: Duration) -> ExitStatus {
        let name = format!("the end of {}", self.name);
        wait_for(&name, limit, || self.child.try_wait().unwrap_or_else(|error| panic!("{}: {error}", self.name)))
    }

    /// Waits until each of `parts` was in a line, in whatever order they come.
    pub fn wait_for_lines(&mut self, parts: &[&str], limit: Duration) {
        let (start, mut missing) = (now(), parts.to_vec());
        while !missing.is_empty() {
            match self.lines.recv_timeout(limit.saturating_sub(start.elapsed())) {
                Ok(line) => missing.retain(|part| !line.contains(part)),
                Err(_) => panic!("{}: waited {limit:?} in vain for lines with {missing:?}", self.name),
            }
        }
    }

    /// Waits for a line that contains `part`, among those not waited for yet, and returns it.
    pub fn wait_for_line(&mut self, part: &str, limit: Duration) -> String {
        let start = now();
        loop {
            let left = limit.saturating_sub(start.elapsed());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("{}: waited {limit:?} in vain for a line with {part:?}", self.name),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only when it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
