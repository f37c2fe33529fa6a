//! The system's update: RAUC's service on the system bus, by `busctl`.
//!
//! systemd's own D-Bus client is on every device that has RAUC's service. So this program need not carry a D-Bus library for five calls
//! in the life of an image.
//!
//! RAUC has no call that ends an installation. What ends one is the end of its service, which systemd is asked for; the slot was marked bad
//! before anything was written to it, so nothing boots from what is half there.

use std::process::{Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use wire::update::{Checked, Marked, Progress, Slot};

use super::work::Worker;
use crate::control::effect::UpdateAct;
use crate::control::jobs::{self, Ended, Why};
use crate::control::{Failure, Outcome, job_result};

const SERVICE: &str = "de.pengutronix.rauc";
const INTERFACE: &str = "de.pengutronix.rauc.Installer";
const SYSTEMD: &str = "org.freedesktop.systemd1";
const SYSTEMD_PATH: &str = "/org/freedesktop/systemd1";
const SYSTEMD_MANAGER: &str = "org.freedesktop.systemd1.Manager";
const NO_BUSCTL: &str = "busctl cannot be run";
/// Below what a caller waits for. RAUC answers at once, but for a bundle whose head has to be fetched.
const TIMEOUT: &str = "--timeout=8";

/// How often RAUC is asked how far it is.
const ASKED_EVERY: Duration = Duration::from_millis(500);
/// So many answers in a row may fail, for each of which a busy bus is waited.
const UNANSWERED: usize = 3;

/// Does what is asked for; waits for RAUC.
pub fn carry_out(act: &UpdateAct) -> Outcome {
    let done = match act {
        UpdateAct::Check(bundle) => check(bundle).map(|checked| Outcome::UpdateChecked(Box::new(checked))),
        UpdateAct::Progress => progress().map(|progress| Outcome::UpdateProgress(Box::new(progress))),
        UpdateAct::Confirm => mark("good", "booted").map(Outcome::UpdateMarked),
        UpdateAct::RollBack => mark("active", "other").map(Outcome::UpdateMarked),
    };
    done.unwrap_or_else(Outcome::Failed)
}

fn check(bundle: &str) -> Result<Checked, Failure> {
    let (compatible, version, description) = match run(&method_call("InspectBundle", &["sa{sv}", bundle, "0"])) {
        Ok([told]) => {
            let update = &told["data"][0]["update"]["data"];
            let text = |name: &str| text(&update[name]["data"]);
            (text("compatible"), text("version"), text("description"))
        }
        // RAUC before 1.9, as in Debian 12, tells less.
        Err(why) if why.contains("No such method") => {
            let told = call("Info", &["s", bundle])?;
            (text(&told["data"][0]), text(&told["data"][1]), String::new())
        }
        Err(why) => return Err(refused(&why)),
    };
    let [of_device] = properties(["Compatible"])?;
    Ok(Checked { fits: compatible == text(&of_device["data"]), compatible, version, description })
}

/// Installs a bundle, and says what came of it.
pub fn install(bundle: &str, worker: &Worker) -> Ended {
    let ended = follow(bundle, worker);
    match &ended {
        Ended::Done(_) => {
            tracing::info!(name: "update_installed", "an update is installed; the next start of the machine is its")
        }
        Ended::Failed(why) => tracing::warn!(name: "update_failed", ?why, "an update was not installed"),
        _ => {}
    }
    ended
}

/// Has RAUC install a bundle, and follows it until it has ended, or ends it. When the daemon ends, RAUC goes on.
fn follow(bundle: &str, worker: &Worker) -> Ended {
    // Answers nothing, and goes on by itself.
    let begun = busctl(&["call", "--", SERVICE, "/", INTERFACE, "InstallBundle", "sa{sv}", bundle, "0"]);
    if let Err(why) = begun.map(|[]: [Value; 0]| ()) {
        return Ended::Failed(why);
    }
    worker.begun();
    let (mut unanswered, mut stop, mut unstopped) = (0, None, None);
    loop {
        match properties(STANDING).map(Standing::of) {
            Ok(told) if told.installing => {
                unanswered = 0;
                worker.progress(told.share(unstopped.as_deref()));
            }
            Ok(told) if !told.last_error.is_empty() => {
                return Ended::Failed(Failure::Device(format!("RAUC: {}", told.last_error)));
            }
            // One that has started anew knows of nothing.
            Ok(told) if told.percent == 100 => return progress().map_or_else(Ended::Failed, |told| Ended::Done(result(told))),
            Ok(_) | Err(Failure::NotAvailable(_)) if stop.is_some() => return Ended::Stopped,
            Ok(_) | Err(Failure::NotAvailable(_)) => {
                return Ended::Failed(Failure::Device("RAUC ended before the installation did".into()));
            }
            Err(why) if unanswered == UNANSWERED => return Ended::Failed(why),
            Err(_) => unanswered += 1,
        }
        let before = stop;
        stop = worker.stop().asked_within(before, ASKED_EVERY);
        match (before, stop) {
            (_, Some(Why::Ending)) => return Ended::Stopped,
            (None, Some(Why::Unwanted)) => unstopped = end_service().err(),
            _ => {}
        }
    }
}

fn result(told: Progress) -> Value {
    job_result(&Outcome::UpdateProgress(Box::new(told)))
}

/// Has systemd end RAUC's service.
///
/// # Errors
/// Why it does not.
fn end_service() -> Result<(), String> {
    let [_job] = run(&["call", "--", SYSTEMD, SYSTEMD_PATH, SYSTEMD_MANAGER, "StopUnit", "ss", "rauc.service", "replace"])
        .map_err(|why| format!("systemd does not end RAUC, so it goes on: {}", last_words(&why)))?;
    Ok(())
}

/// How RAUC stands, as its properties say.
struct Standing {
    installing: bool,
    percent: i32,
    step: String,
    last_error: String,
}

/// What [`Standing`] is made of.
const STANDING: [&str; 3] = ["Operation", "Progress", "LastError"];

impl Standing {
    fn of([operation, progress, last_error]: [Value; 3]) -> Self {
        Self {
            installing: operation["data"] == "installing",
            percent: progress["data"][0].as_i64().and_then(|percent| i32::try_from(percent).ok()).unwrap_or_default(),
            step: text(&progress["data"][1]),
            last_error: text(&last_error["data"]),
        }
    }

    /// The same for who follows the job.
    fn share(self, unstopped: Option<&str>) -> jobs::Progress {
        let step = unstopped.map_or(self.step.clone(), |why| format!("{}; {why}", self.step));
        jobs::Progress { percent: u8::try_from(self.percent).ok(), step }
    }
}

fn progress() -> Result<Progress, Failure> {
    let [operation, progress, last_error, compatible, booted] =
        properties([STANDING[0], STANDING[1], STANDING[2], "Compatible", "BootSlot"])?;
    let Standing { installing, percent, step, last_error } = Standing::of([operation, progress, last_error]);
    let slots = match call("GetSlotStatus", &[]) {
        // RAUC looks at its slots or installs into one.
        Err(Failure::Device(why)) if why.contains("already processing") => Value::Null,
        told => told?,
    };
    // Systems without a boot loader that RAUC knows have slots and no primary one.
    let primary = call("GetPrimary", &[]).map(|told| text(&told["data"][0])).unwrap_or_default();
    let slots = slots["data"][0].as_array().into_iter().flatten();
    Ok(Progress {
        installing,
        percent,
        step,
        last_error,
        compatible: text(&compatible["data"]),
        booted: text(&booted["data"]),
        primary,
        slots: slots.map(slot).collect(),
    })
}

fn slot(told: &Value) -> Slot {
    let known = |name: &str| told[1][name]["data"].as_str().map(str::to_owned);
    Slot {
        name: text(&told[0]),
        state: known("state").unwrap_or_default(),
        boot: known("boot-status"),
        version: known("bundle.version"),
    }
}

/// Has RAUC mark a slot: `good`, `bad` or `active`; `booted` or `other`.
///
/// # Errors
/// What RAUC said, or that there is none.
pub fn mark(state: &str, slot: &str) -> Result<Marked, Failure> {
    let told = call("Mark", &["ss", state, slot])?;
    Ok(Marked { slot: text(&told["data"][0]), message: text(&told["data"][1]) })
}

/// What a slot holds, as far as RAUC knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Name of the slot.
    pub slot: String,
    /// When it was installed there, in RAUC's words; nothing for what the factory put there.
    pub at: String,
}

/// The slot that runs, and what there is besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// What runs.
    pub installed: Installed,
    /// The boot loader would take another one.
    pub other_is_good: bool,
}

/// Which slot runs.
///
/// # Errors
/// What RAUC said, or that there is none.
pub fn running() -> Result<Running, Failure> {
    let told = call("GetSlotStatus", &[])?;
    let mut running = Running::default();
    for told in told["data"][0].as_array().into_iter().flatten() {
        let known = |name: &str| text(&told[1][name]["data"]);
        if known("state") == "booted" {
            running.installed = Installed { slot: text(&told[0]), at: known("installed.timestamp") };
        } else {
            running.other_is_good |= known("boot-status") == "good";
        }
    }
    Ok(running)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Calls a method of RAUC's: its arguments with their types before them. Gives `{"type", "data": [result, ...]}`.
fn call(method: &str, arguments: &[&str]) -> Result<Value, Failure> {
    let [told] = busctl(&method_call(method, arguments))?;
    Ok(told)
}

fn method_call<'a>(method: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    ["call", "--", SERVICE, "/", INTERFACE, method].iter().chain(arguments).copied().collect()
}

/// Properties of RAUC's, each as `{"type", "data"}`.
fn properties<const N: usize>(names: [&str; N]) -> Result<[Value; N], Failure> {
    let all: Vec<&str> = ["get-property", "--", SERVICE, "/", INTERFACE].iter().chain(&names).copied().collect();
    busctl(&all)
}

fn busctl<const N: usize>(arguments: &[&str]) -> Result<[Value; N], Failure> {
    run(arguments).map_err(|why| refused(&why))
}

/// Runs `busctl`; each line that it answers is a value. Without them, what it said of why.
fn run<const N: usize>(arguments: &[&str]) -> Result<[Value; N], String> {
    let ran = Command::new("busctl")
        .args(["--system", "--json=short", TIMEOUT])
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|why| format!("{NO_BUSCTL}: {why}"))?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned());
    }
    let lines = String::from_utf8_lossy(&ran.stdout);
    let told: Result<Vec<Value>, _> = lines.lines().map(serde_json::from_str).collect();
    let told = told.ok().and_then(|told| <[Value; N]>::try_from(told).ok());
    told.ok_or_else(|| "busctl answered something else than was asked for".into())
}

/// Why RAUC did not do it, or that there is none.
fn refused(said: &str) -> Failure {
    let why = last_words(said);
    let absent =
        ["was not provided by any .service files", "Failed to connect to bus", "Could not activate remote peer", NO_BUSCTL];
    match absent.iter().any(|sign| said.contains(sign)) {
        true => Failure::NotAvailable(format!("this device is not updated by RAUC: {why}")),
        false => Failure::Device(format!("RAUC: {why}")),
    }
}

/// The reason, without the words before it that are always the same.
fn last_words(said: &str) -> &str {
    let why = said.trim().rsplit('\n').next().unwrap_or_default();
    if why.starts_with(NO_BUSCTL) {
        return why;
    }
    why.strip_prefix("Call failed: ").or_else(|| why.split_once(": ").map(|(_, rest)| rest)).unwrap_or(why)
}
