//! The system's update on a running daemon, by RAUC's interface on a real bus: what is checked, installed, told, confirmed and rolled
//! back, and what is said where there is no RAUC. The service behind it is `tests/rauc/service.py`.

use std::io::{BufRead, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use artc_edge::control::client::{CallError, call};
use serde_json::{Value, json};

/// A process that is killed when the test ends.
struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap_or_else(|why| {
            panic!("{}: {why}; `setup/packages.sh test` installs what tests need", command.get_program().display())
        });
        let lines = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, lines }
    }

    /// The first line that begins so.
    fn line(&mut self, start: &str) -> String {
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("a line") > 0, "it ended before it said `{start}`");
            if line.starts_with(start) {
                return line.trim().to_owned();
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A device whose system bus is a private one.
struct Device {
    directory: tempfile::TempDir,
    daemon: Option<Process>,
    /// In the order in which they end.
    _others: Vec<Process>,
}

impl Device {
    fn start(rauc: bool) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = |name: &str| directory.path().join(name);
        let bus = format!("unix:path={}", path("bus").display());
        let rules = format!(
            "<busconfig><type>system</type><listen>{bus}</listen><auth>EXTERNAL</auth><policy context=\"default\">\
             <allow send_destination=\"*\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/><allow user=\"*\"/></policy></busconfig>"
        );
        std::fs::write(path("bus.conf"), rules).expect("written");
        let rules = format!("--config-file={}", path("bus.conf").display());
        let mut broker = Process::start(Command::new("dbus-daemon").args(["--nofork", "--nopidfile", "--print-address", &rules]));
        broker.line("unix:");
        let mut others = Vec::new();
        if rauc {
            let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rauc/service.py");
            // Debian's own, which has Debian's D-Bus module.
            let mut service = Process::start(Command::new("/usr/bin/python3").arg(program).env("DBUS_SYSTEM_BUS_ADDRESS", &bus));
            service.line("ready");
            others.push(service);
        }
        others.push(broker);
        let mut daemon = Process::start(
            Command::new(env!("CARGO_BIN_EXE_artc-edge"))
                .arg("run")
                .env_clear()
                .env("PATH", std::env::var_os("PATH").unwrap_or_default())
                .env("DBUS_SYSTEM_BUS_ADDRESS", &bus)
                .env("STATE_DIRECTORY", path("state"))
                .envs([("ARTC__CAMERA__SOURCE", "none"), ("ARTC__MICROPHONE__SOURCE", "none")])
                .envs([("ARTC__ENGINE__KIND", "fake"), ("ARTC__TELEMETRY__HTTP", "false")])
                .env("ARTC__CONTROL__SOCKET", path("control.sock"))
                .stderr(Stdio::null()),
        );
        daemon.line("viewer:");
        Self { directory, daemon: Some(daemon), _others: others }
    }

    fn call(&self, method: &str, params: Value) -> Result<Value, CallError> {
        call(&self.directory.path().join("control.sock"), method, Some(params), Duration::from_secs(20))
    }

    /// Name of the code and text of a refusal.
    fn refused(&self, method: &str, params: Value) -> (String, String) {
        match self.call(method, params) {
            Err(CallError::Refused(why)) => (why.data.map(|data| data.name).unwrap_or_default(), why.message),
            other => panic!("{method} gave {other:?}"),
        }
    }

    fn bundle(&self, name: &str, bundle: Value) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::write(&path, bundle.to_string()).expect("written");
        path
    }

    fn progress(&self) -> Value {
        self.call("update.progress", json!({})).expect("told")
    }

    /// Somebody at the socket, who stays.
    fn operator(&self) -> Operator {
        let stream = UnixStream::connect(self.directory.path().join("control.sock")).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("set");
        Operator(BufReader::new(stream))
    }

    /// Installs a bundle until the job ends; gives what was told on the way, and in the end.
    fn installed(&self, bundle: &Path) -> Vec<Value> {
        let mut operator = self.operator();
        let job = operator.starts(bundle);
        operator.follows(&job)
    }
}

/// A connection on which somebody listens.
struct Operator(BufReader<UnixStream>);

impl Operator {
    fn says(&mut self, method: &str, params: Value) {
        let request = json!({ "jsonrpc": "2.0", "id": method, "method": method, "params": params });
        self.0.get_mut().write_all(format!("{request}\n").as_bytes()).expect("sent");
    }

    fn hears(&mut self) -> Value {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line:?}"))
    }

    /// The job that installs this bundle.
    fn starts(&mut self, bundle: &Path) -> String {
        self.says("update.install", json!({ "bundle": bundle }));
        let reply = self.hears();
        reply["result"]["job"].as_str().unwrap_or_else(|| panic!("no job: {reply}")).to_owned()
    }

    /// What is told of this job, up to its end.
    fn follows(&mut self, job: &str) -> Vec<Value> {
        let mut told: Vec<Value> = Vec::new();
        while !told.last().is_some_and(|last| is_end(&last["state"])) {
            let heard = self.hears();
            if heard["method"] == "job.progress" && heard["params"]["job"] == job {
                told.push(heard["params"].clone());
            }
        }
        told
    }
}

fn is_end(state: &Value) -> bool {
    ["done", "failed", "cancelled", "timed_out"].iter().any(|end| state == end)
}

impl Drop for Device {
    fn drop(&mut self) {
        // Before its bus.
        self.daemon = None;
    }
}

#[test]
fn a_bundle_is_checked_installed_confirmed_and_rolled_back() {
    let device = Device::start(true);
    let good = json!({ "signed": true, "compatible": "test-gate", "version": "2.0", "description": "a -- newer one" });
    let good = device.bundle("good.raucb", good);
    let other = device.bundle("-other.raucb", json!({ "signed": true, "compatible": "car", "version": "7", "description": "" }));
    let bad =
        device.bundle("bad.raucb", json!({ "signed": false, "compatible": "test-gate", "version": "3.0", "description": "" }));

    let begun = device.progress();
    assert_eq!((&begun["installing"], &begun["booted"], &begun["primary"]), (&json!(false), &json!("A"), &json!("rootfs.0")));
    let slots = json!([
        { "name": "rootfs.0", "state": "booted", "boot": "good", "version": "1.0" },
        { "name": "rootfs.1", "state": "inactive", "boot": "bad" },
    ]);
    assert_eq!(begun["slots"], slots);

    let checked = device.call("update.check", json!({ "bundle": good })).expect("checked");
    assert_eq!(checked, json!({ "compatible": "test-gate", "fits": true, "version": "2.0", "description": "a -- newer one" }));
    assert_eq!(device.call("update.check", json!({ "bundle": other })).expect("checked")["fits"], false);
    let (name, text) = device.refused("update.check", json!({ "bundle": bad }));
    assert_eq!(name, "device_failed");
    assert!(text.starts_with("RAUC: signature verification failed"), "{text}");
    let (_, text) = device.refused("update.check", json!({ "bundle": "/nowhere.raucb" }));
    assert!(text.contains("No such file"), "{text}");

    let told = device.installed(&good);
    assert!(told.iter().any(|told| told["percent"] == 50 && told["step"] == "Copying image to rootfs.1"), "{told:?}");
    let end = told.last().expect("the end");
    assert_eq!((&end["state"], &end["method"], &end["percent"]), (&json!("done"), &json!("update.install"), &json!(100)));
    assert_eq!((&end["result"]["primary"], &end["result"]["slots"][1]["version"]), (&json!("rootfs.1"), &json!("2.0")), "{end}");
    assert_eq!(device.progress(), end["result"]);
    assert_eq!(device.call("job.list", json!({})).expect("told")["jobs"][0], *end, "also for who asks later");

    let failed = device.installed(&bad);
    let end = failed.last().expect("the end");
    assert_eq!(end["state"], "failed", "{end}");
    assert!(end["error"]["message"].as_str().is_some_and(|why| why.starts_with("RAUC: signature verification failed")), "{end}");
    assert_eq!(device.progress()["slots"][1]["version"], "2.0", "the slot is as it was");

    let marked = device.call("update.confirm", json!({})).expect("marked");
    assert_eq!(marked, json!({ "slot": "rootfs.0", "message": "marked slot rootfs.0 as good" }));
    let marked = device.call("update.rollback", json!({})).expect("marked");
    assert_eq!(marked, json!({ "slot": "rootfs.1", "message": "activated slot rootfs.1" }));
}

#[test]
fn an_installation_is_ended_or_goes_on_where_it_cannot_be_or_ends_by_itself() {
    let device = Device::start(true);
    let bundle = |name: &str, how: &str| {
        let held = json!({ "signed": true, "compatible": "test-gate", "version": "2.0", "description": "", how: true });
        device.bundle(name, held)
    };
    let (stays, guarded, crashes) =
        (bundle("stays.raucb", "stays"), bundle("guarded.raucb", "guarded"), bundle("crashes.raucb", "crashes"));

    let job = device.operator().starts(&stays);
    // Who asked has left; the job goes on, and others are told of it.
    let mut other = device.operator();
    other.says("event.subscribe", json!({ "topics": ["job.progress"] }));
    let (name, text) = device.refused("update.install", json!({ "bundle": stays }));
    assert_eq!((name.as_str(), text.as_str()), ("device_failed", "RAUC: already processing a different method"));
    let all = device.call("job.list", json!({})).expect("told")["jobs"].clone();
    assert_eq!(all.as_array().map(Vec::len), Some(1), "what was refused is no job: {all}");
    assert_eq!(device.progress()["installing"], true);
    assert_eq!(device.call("job.cancel", json!({ "job": job })).expect("asked")["state"], "cancelling");
    let told = other.follows(&job);
    assert_eq!(told.last().map(|end| &end["state"]), Some(&json!("cancelled")), "{told:?}");
    let now = device.progress();
    assert_eq!(
        (&now["installing"], &now["slots"][1]["boot"], &now["primary"]),
        (&json!(false), &json!("bad"), &json!("rootfs.0"))
    );

    let job = other.starts(&guarded);
    other.says("job.cancel", json!({ "job": job }));
    let told = other.follows(&job);
    let why = "systemd does not end RAUC, so it goes on: Access denied";
    let refused = |told: &&Value| told["state"] == "cancelling" && told["step"].as_str().is_some_and(|step| step.ends_with(why));
    assert!(told.iter().any(|told| refused(&told)), "{told:?}");
    assert_eq!(told.last().map(|end| &end["state"]), Some(&json!("done")), "it was done, whoever wanted what: {told:?}");

    let told = device.installed(&crashes);
    let end = told.last().expect("the end");
    assert_eq!(end["state"], "failed", "{end}");
    assert_eq!(end["error"]["message"], "RAUC ended before the installation did");
}

#[test]
fn a_device_without_rauc_says_so() {
    let device = Device::start(false);
    for (method, params) in [
        ("update.progress", json!({})),
        ("update.check", json!({ "bundle": "/data/gate.raucb" })),
        ("update.install", json!({ "bundle": "/data/gate.raucb" })),
        ("update.confirm", json!({})),
        ("update.rollback", json!({})),
    ] {
        let (name, text) = device.refused(method, params);
        assert_eq!(name, "not_available", "{method}: {text}");
        assert!(text.starts_with("this device is not updated by RAUC: "), "{method}: {text}");
    }
}
