//! The system's update: RAUC's service on the system bus, by `busctl`.
//!
//! systemd's own D-Bus client is on every device that has RAUC's service. So this program need not carry a D-Bus library for five calls
//! in the life of an image.

use std::process::{Command, Stdio};

use serde_json::Value;
use wire::update::{Checked, Marked, Progress, Slot};

use crate::control::effect::UpdateAct;
use crate::control::{Failure, Outcome};

const SERVICE: &str = "de.pengutronix.rauc";
const INTERFACE: &str = "de.pengutronix.rauc.Installer";
/// Below what a caller waits for. RAUC answers at once, but for a bundle whose head has to be fetched.
const TIMEOUT: &str = "--timeout=8";

/// Does what is asked for; waits for RAUC.
pub fn carry_out(act: &UpdateAct) -> Outcome {
    let done = match act {
        UpdateAct::Check(bundle) => check(bundle).map(|checked| Outcome::UpdateChecked(Box::new(checked))),
        UpdateAct::Install(bundle) => install(bundle).map(|()| Outcome::Done),
        UpdateAct::Progress => progress().map(|progress| Outcome::UpdateProgress(Box::new(progress))),
        UpdateAct::Confirm => mark("good", "booted"),
        UpdateAct::RollBack => mark("active", "other"),
    };
    done.unwrap_or_else(Outcome::Failed)
}

fn check(bundle: &str) -> Result<Checked, Failure> {
    let told = call("InspectBundle", &["sa{sv}", bundle, "0"])?;
    let update = &told["data"][0]["update"]["data"];
    let text = |name: &str| text(&update[name]["data"]);
    let [compatible] = properties(["Compatible"])?;
    let of_bundle = text("compatible");
    Ok(Checked {
        fits: of_bundle == self::text(&compatible["data"]),
        compatible: of_bundle,
        version: text("version"),
        description: text("description"),
    })
}

fn install(bundle: &str) -> Result<(), Failure> {
    // Answers nothing, and goes on by itself.
    let [] = busctl(&["call", "--", SERVICE, "/", INTERFACE, "InstallBundle", "sa{sv}", bundle, "0"])?;
    Ok(())
}

fn progress() -> Result<Progress, Failure> {
    let [operation, progress, last_error, compatible, booted] =
        properties(["Operation", "Progress", "LastError", "Compatible", "BootSlot"])?;
    let slots = call("GetSlotStatus", &[])?;
    // Systems without a boot loader that RAUC knows have slots and no primary one.
    let primary = call("GetPrimary", &[]).map(|told| text(&told["data"][0])).unwrap_or_default();
    let slots = slots["data"][0].as_array().into_iter().flatten();
    Ok(Progress {
        installing: operation["data"] == "installing",
        percent: progress["data"][0].as_i64().and_then(|percent| i32::try_from(percent).ok()).unwrap_or_default(),
        step: text(&progress["data"][1]),
        last_error: text(&last_error["data"]),
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

fn mark(state: &str, slot: &str) -> Result<Outcome, Failure> {
    let told = call("Mark", &["ss", state, slot])?;
    Ok(Outcome::UpdateMarked(Marked { slot: text(&told["data"][0]), message: text(&told["data"][1]) }))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Calls a method of RAUC's: its arguments with their types before them. Gives `{"type", "data": [result, ...]}`.
fn call(method: &str, arguments: &[&str]) -> Result<Value, Failure> {
    let all: Vec<&str> = ["call", "--", SERVICE, "/", INTERFACE, method].iter().chain(arguments).copied().collect();
    let [told] = busctl(&all)?;
    Ok(told)
}

/// Properties of RAUC's, each as `{"type", "data"}`.
fn properties<const N: usize>(names: [&str; N]) -> Result<[Value; N], Failure> {
    let all: Vec<&str> = ["get-property", "--", SERVICE, "/", INTERFACE].iter().chain(&names).copied().collect();
    busctl(&all)
}

fn busctl<const N: usize>(arguments: &[&str]) -> Result<[Value; N], Failure> {
    let ran = Command::new("busctl")
        .args(["--system", "--json=short", TIMEOUT])
        .args(arguments)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .output()
        .map_err(|why| Failure::NotAvailable(format!("this device is not updated by RAUC: busctl: {why}")))?;
    if !ran.status.success() {
        return Err(refused(&String::from_utf8_lossy(&ran.stderr)));
    }
    let lines = String::from_utf8_lossy(&ran.stdout);
    let told: Result<Vec<Value>, _> = lines.lines().map(serde_json::from_str).collect();
    let told = told.ok().and_then(|told| <[Value; N]>::try_from(told).ok());
    told.ok_or_else(|| Failure::Device("busctl answered something else than was asked for".into()))
}

/// Why RAUC did not do it, or that there is none.
fn refused(stderr: &str) -> Failure {
    let why = stderr.trim().rsplit('\n').next().unwrap_or_default();
    let why = why.strip_prefix("Call failed: ").or_else(|| why.split_once(": ").map(|(_, rest)| rest)).unwrap_or(why);
    let absent = ["was not provided by any .service files", "Failed to connect to bus", "Could not activate remote peer"];
    match absent.iter().any(|sign| stderr.contains(sign)) {
        true => Failure::NotAvailable(format!("this device is not updated by RAUC: {why}")),
        false => Failure::Device(format!("RAUC: {why}")),
    }
}
