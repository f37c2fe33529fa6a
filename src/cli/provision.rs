//! `artc-edge provision`: one file from a stick or the boot partition, tried out and kept, or rolled back. What the file says is for
//! [`crate::config::provision`]; trying out is the running daemon's, by the commands that anybody may use.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde::{Deserialize as _, Serialize};
use serde_json::{Value, json};
use wire::Role;

use super::ConfigArgs;
use crate::config::provision::{self, LONGEST, Mistake, NAME, Signature};
use crate::control::client::{CallError, call};
use crate::control::{PublicKey, socket};
use crate::exit::Exit;
use crate::storage::{SystemDisk, replace};
use crate::telemetry::note;

/// What came of it, beside the file.
const RESULT: &str = "artc-edge-result.json";
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// So much longer than the way into the channel the change stays on trial: for the commands around it.
const MARGIN: Duration = Duration::from_secs(60);

/// Take a provisioning file: artc-edge.toml in one of these folders.
///
/// The running daemon tries out what it says; in the channel within the file's `join_within_s` (60 s), it is kept, and the file, with its
/// secrets, removed. Else everything is as it was. artc-edge-result.json beside it says what came of it, mistakes by their lines.
#[derive(Debug, Args)]
pub struct Provision {
    /// Where to look: the mounted boot partition, a stick
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// The daemon's socket [default: as configured]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

/// What came of a file, as it is written beside it.
#[derive(Debug, Serialize)]
struct Report {
    version: u32,
    result: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Mistake>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<Value>,
}

impl Report {
    fn new(result: &'static str) -> Self {
        Self { version: 1, result, keys: Vec::new(), problems: Vec::new(), device: None }
    }

    fn refused(problems: Vec<Mistake>) -> Self {
        Self { problems, ..Self::new("refused") }
    }

    fn write(&self, file: &Path) -> io::Result<()> {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        replace(&mut SystemDisk, &file.with_file_name(RESULT), text.as_bytes())
    }
}

/// Why it was not taken.
enum Failure {
    /// The file is wrong: nothing was tried.
    Refused(Vec<Mistake>),
    /// The daemon did not get into the channel with it, or cannot be asked: everything is as it was.
    Undone(Exit, String),
}

impl From<CallError> for Failure {
    fn from(why: CallError) -> Self {
        match &why {
            CallError::Refused(_) => Self::Refused(vec![Mistake::whole(why.to_string())]),
            _ => Self::Undone(super::call::exit(&why), why.to_string()),
        }
    }
}

impl Provision {
    pub(super) fn go(self, config: ConfigArgs) -> Exit {
        let files: Vec<PathBuf> = self.folders.iter().flat_map(|folder| find(folder)).collect();
        let file = match &files[..] {
            [] => return super::print(&format!("no {NAME} in {}: nothing to do\n", names(&self.folders))),
            [file] => file,
            several => {
                let why = format!("{} files at once, {}: leave one", several.len(), names(several));
                for file in several {
                    // One that cannot be written to is told on standard error, as all are.
                    let _ = Report::refused(vec![Mistake::whole(&*why)]).write(file);
                }
                return super::complain(Exit::Data, why);
            }
        };
        let path = match self.socket {
            Some(path) => path,
            None => match config.load() {
                Ok(loaded) => socket::find(&loaded.config.control, |name| std::env::var(name).ok()),
                Err(exit) => return exit,
            },
        };
        let (report, exit) = match take(file, &path) {
            Ok(keys) => {
                let device = call(&path, "device.info", None, PATIENCE).ok();
                let device = device.map(|info| json!({ "id": info["id"], "name": info["name"], "version": info["version"] }));
                let mut report = Report { keys, device, ..Report::new("taken") };
                if let Err(why) = forget(file) {
                    report
                        .problems
                        .push(Mistake::whole(format!("taken, but the file cannot be removed: {why}; remove it by hand")));
                }
                (report, Exit::Ok)
            }
            Err(Failure::Refused(problems)) => (Report::refused(problems), Exit::Data),
            Err(Failure::Undone(exit, why)) => (Report { problems: vec![Mistake::whole(why)], ..Report::new("undone") }, exit),
        };
        for Mistake { line, text } in &report.problems {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            eprintln!("{}{line}: {text}", file.display());
        }
        if let Err(why) = report.write(file) {
            eprintln!("artc-edge: {}: {why}", file.with_file_name(RESULT).display());
        }
        super::print(&format!("{}: {}\n", file.display(), report.result));
        let file = file.display();
        note(|| match report.result {
            "taken" => tracing::info!(name: "provisioning_taken", %file, "the provisioning file is taken"),
            "undone" => tracing::warn!(name: "provisioning_undone", %file, "the provisioning file was tried out and undone"),
            _ => tracing::warn!(name: "provisioning_refused", %file, "the provisioning file is refused"),
        });
        exit
    }
}

/// Has the running daemon try out what the file says, and keep it. Gives the keys that have other values now.
fn take(file: &Path, socket: &Path) -> Result<Vec<String>, Failure> {
    let bytes = read(file).map_err(|why| Failure::Refused(vec![Mistake::whole(why)]))?;
    let wanted = provision::read(&bytes, Path::new("/")).map_err(Failure::Refused)?;
    // Before anything changes: what cannot be removed afterwards would be taken again at each start.
    Report::new("trying").write(file).map_err(|why| {
        Failure::Refused(vec![Mistake::whole(format!(
            "the folder cannot be written to ({why}), so the file could not be removed"
        ))])
    })?;
    let ask = |method: &str, params: Value| call(socket, method, Some(params), PATIENCE);
    believe(wanted.signature.as_ref(), &ask)?;
    if let Some(meant) = &wanted.device {
        let id = ask("device.info", json!({}))?["id"].as_str().unwrap_or_default().to_owned();
        if *meant != id {
            let why = format!("`provision.device`: it is for the device {meant:?}, and this is {id:?}");
            return Err(Failure::Refused(vec![Mistake::whole(why)]));
        }
    }
    let session = |answer: Value| answer["session"].clone();
    let before = session(ask("auth.session", json!({}))?);
    let trial = (wanted.join_within + MARGIN).as_secs();
    let changed = ask("config.set", json!({ "values": wanted.values, "confirm_within_s": trial }))?;
    let keys = changed["keys"].as_array().into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect();
    // The parts start again: until they have, the daemon is in the channel as before.
    if changed["applies"] == "restart" {
        let there = || {
            let anew = ask("auth.session", json!({})).is_ok_and(|answer| session(answer) != before);
            anew && ask("device.status", json!({})).is_ok_and(|status| status["connection"] == "connected")
        };
        if !holds_within(wanted.join_within, there) {
            let status = ask("device.status", json!({})).ok();
            let why = status.and_then(|status| status["connection_reason"].as_str().map(str::to_owned));
            // One that is gone has rolled back by itself, or does at its next start.
            let _ = ask("config.rollback", json!({}));
            let why = why.map(|why| format!(": {why}")).unwrap_or_default();
            let seconds = wanted.join_within.as_secs();
            return Err(Failure::Undone(
                Exit::TryAgain,
                format!("not in the channel within {seconds} s, everything is as it was{why}"),
            ));
        }
    }
    match ask("config.confirm", json!({})) {
        Ok(_) => Ok(keys),
        Err(why) => Err(Failure::Undone(Exit::TryAgain, format!("it could not be kept: {why}"))),
    }
}

/// Whether whoever made the file may set the device up: a signature must be one of a key that may, and there must be one where commands need
/// one (`[control] require_signature`).
fn believe(signature: Option<&Signature>, ask: &impl Fn(&str, Value) -> Result<Value, CallError>) -> Result<(), Failure> {
    let refused = |why: String| Err(Failure::Refused(vec![Mistake::whole(why)]));
    let Some(signature) = signature else {
        let settings = ask("config.get", json!({ "keys": ["control.require_signature"] }))?;
        let mut settings = settings["settings"].as_array().into_iter().flatten();
        let required = settings.any(|one| one["key"] == "control.require_signature" && one["value"] == true);
        let why = "it is not signed, and this device wants that (`control.require_signature`): see docs/firmware.md";
        return if required { refused(why.into()) } else { Ok(()) };
    };
    let told = ask("auth.keys", json!({}))?;
    let name = signature.key.chars().take(64).collect::<String>();
    let mut keys = told["keys"].as_array().into_iter().flatten();
    let Some(key) = keys.find(|key| key["name"] == *signature.key) else {
        return refused(format!("it is signed with the key {name:?}, which this device does not know (`control.keys`)"));
    };
    if key["revoked"] != false {
        return refused(format!("it is signed with the key {name:?}, which is revoked"));
    }
    if !Role::deserialize(&key["role"]).is_ok_and(|role| role >= Role::Maintain) {
        return refused(format!("it is signed with the key {name:?}, whose role is not `maintain` or `own`"));
    }
    let key = key["key"].as_str().and_then(PublicKey::parse);
    let signed = key.is_some_and(|key| key.has_signed(&signature.message, &signature.bytes));
    if signed { Ok(()) } else { refused(format!("its signature is not one of the key {name:?}, or it was changed afterwards")) }
}

/// Asks again and again until it holds or the time is over.
#[expect(clippy::disallowed_methods, reason = "another process is asked, which says nothing by itself")]
fn holds_within(limit: Duration, holds: impl Fn() -> bool) -> bool {
    let begun = std::time::Instant::now();
    loop {
        if holds() {
            return true;
        }
        if begun.elapsed() >= limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(250));
    }
}

/// The provisioning files in a folder; FAT writes names in whatever case. A folder that is not there has none.
fn find(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let named =
        |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    let mut found: Vec<_> = entries.filter(named).collect();
    found.sort();
    found
}

/// Its bytes, as far as they are read at all.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let regular = fs::metadata(file).map(|facts| facts.is_file());
    let read = match regular {
        Ok(false) => return Err("not a file".into()),
        Ok(true) => fs::File::open(file).and_then(|file| file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)),
        Err(why) => Err(why),
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Err("it vanished while it was read".into()),
        Err(why) => Err(format!("cannot be read: {why}")),
    }
}

/// Writes over the file, which holds secrets, and removes it.
fn forget(file: &Path) -> io::Result<()> {
    let length = fs::metadata(file)?.len();
    let blank = || {
        let mut open = OpenOptions::new().write(true).open(file)?;
        io::copy(&mut io::repeat(b'\n').take(length), &mut open)?;
        open.flush()?;
        open.sync_all()
    };
    // Where it cannot be written over it can perhaps be removed all the same.
    let _: io::Result<()> = blank();
    fs::remove_file(file)?;
    match file.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

fn names(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
