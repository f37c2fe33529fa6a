//! Boots the kernel and runs the calling test inside it. Not for what is found there: see [`crate::rig`].
//!
//! A test calls [`in_guest`] with its body. On the machine this boots a guest, which runs the same executable with that one test
//! selected; there, the body runs. The guest's files are the machine's own, so nothing has to be built or copied for it.

use std::any::type_name;
use std::fs::{self, File};
use std::io::{self, PipeReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What a scenario needs of its machine.
pub struct Guest {
    /// Time limit in seconds, boot included; then the plug is pulled and the test fails.
    pub seconds: u64,
    /// Memory; only what is touched is taken.
    pub memory: &'static str,
    /// More kernel arguments.
    pub arguments: &'static str,
}

impl Default for Guest {
    fn default() -> Self {
        Self { seconds: 60, memory: "1G", arguments: "" }
    }
}

/// Lines of the guest's console that a failing test shows.
const LINES_SHOWN: usize = 80;

/// Runs `body` in a guest of its own, and fails when it fails, or is not done in time.
pub fn in_guest<F: FnOnce()>(guest: &Guest, body: F) {
    if std::env::var_os("IN_BENCH").is_some() {
        show_what_hangs();
        return body();
    }
    // "kernel::unplug::twenty_times::{{closure}}" is the body of the test "unplug::twenty_times".
    let path = type_name::<F>();
    let name =
        path.split_once("::").and_then(|(_, rest)| rest.strip_suffix("::{{closure}}")).expect("called with a closure by a test");
    if let Err(reason) = boot(guest, name) {
        panic!("{reason}");
    }
}

/// A test that fails leaves in the kernel's log (`dmesg` beside its console) where every task stood that was stuck in a driver.
fn show_what_hangs() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Without it the log says less; the test fails all the same.
        let _ = fs::write("/proc/sysrq-trigger", "w");
        usual(info);
    }));
}

fn boot(guest: &Guest, name: &str) -> Result<(), String> {
    let folder = results().join(name.replace("::", "-"));
    let console = folder.join("console.log");
    let failed = |what: &str, error: io::Error| format!("{what}: {error}");
    fs::remove_dir_all(&folder)
        .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
        .and_then(|()| fs::create_dir_all(&folder))
        .map_err(|error| failed(&folder.display().to_string(), error))?;
    let executable = std::env::current_exe().map_err(|error| failed("this test's own file", error))?;
    let log = File::create(&console).map_err(|error| failed("console.log", error))?;
    let (output, input) = io::pipe().map_err(|error| failed("pipe", error))?;
    let second = input.try_clone().map_err(|error| failed("pipe", error))?;

    let mut command = Command::new(here().join("boot.sh"));
    command.args(["-m", guest.memory, "-a", guest.arguments, "-o"]).arg(&folder);
    command.arg(executable).args(["--exact", name, "--nocapture", "--test-threads=1"]);
    command.stdin(Stdio::null()).stdout(input).stderr(second);
    let machine = Machine(command.spawn().map_err(|error| failed("boot.sh", error))?);
    drop(command); // the guest holds the only other end of its console now
    let ended = machine.run(output, log, Duration::from_secs(guest.seconds));

    let exit = fs::read_to_string(folder.join("exit")).ok().and_then(|text| text.trim().parse::<i32>().ok());
    let reason = match (ended, exit) {
        (true, Some(0)) if ran_one(&console) => return Ok(()),
        (true, Some(0)) => format!("{name} did not run in the guest"),
        (true, Some(code)) => format!("{name} failed in the guest (exit code {code})"),
        (true, None) => format!("{name}: the guest ended before the test did"),
        (false, _) => format!("{name} was not done after {} s; the plug was pulled", guest.seconds),
    };
    Err(format!("{reason}; its console ({}) ends:\n{}", console.display(), tail(&console)))
}

/// A guest that runs; dropping it pulls the plug.
struct Machine(Child);

impl Machine {
    /// Copies its console to `log` until it closes, with the machine's end; `false` when that takes longer than `limit`.
    fn run(self, mut console: PipeReader, mut log: File, limit: Duration) -> bool {
        let (done, ended) = mpsc::channel();
        let copier = std::thread::spawn(move || {
            let copied = io::copy(&mut console, &mut log);
            // Nobody listens any more when the limit came first.
            let _ = done.send(copied);
        });
        let in_time = ended.recv_timeout(limit).is_ok();
        drop(self);
        let _ = copier.join();
        in_time
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only when it has ended, which is what they are for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the console says that exactly one test ran, and well: a name that matches nothing also ends with code 0.
fn ran_one(console: &Path) -> bool {
    fs::read(console).is_ok_and(|log| String::from_utf8_lossy(&log).contains("test result: ok. 1 passed; 0 failed"))
}

fn tail(console: &Path) -> String {
    let log = fs::read(console).unwrap_or_default();
    let text = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}

/// This folder, tests/kernel.
pub fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernel")
}

/// Where consoles and results stay: target/kernel-bench.
fn results() -> PathBuf {
    let release = built("");
    release.parent().expect("target/release is in target").join("kernel-bench")
}

/// A file that cargo built, relative to target/release.
pub fn built(path: &str) -> PathBuf {
    let daemon = Path::new(env!("CARGO_BIN_EXE_artc-edge"));
    daemon.parent().expect("a built file is in a folder").join(path)
}
