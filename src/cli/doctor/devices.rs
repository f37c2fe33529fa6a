//! Cameras, microphones and speakers: whether they are there, may be opened, and are free.

use std::{fs, os::unix::fs::MetadataExt, path::Path};

use rustix::{
    fs::{Access, access},
    io::Errno,
    process::getuid,
};

use super::{Exit, Finding, holders::holders};
use crate::{
    capture::{
        audio,
        video::{self, Loss},
    },
    config::Config,
    playout,
    soundcard::{self, Identity, Way},
};

/// Our own name, as the kernel shows it: a device that the daemon has is where it belongs.
const OURS: &str = "artc-edge (process ";

pub(super) fn cameras(config: &Config) -> Vec<Finding> {
    let about = "camera";
    let wanted = &config.camera;
    if wanted.source == "pattern" {
        return vec![Finding::ok(about, "the built-in pattern, as configured")];
    }
    match video::file(wanted) {
        Some(Ok(what)) => return vec![Finding::ok(about, what)],
        Some(Err(why)) => {
            return vec![Finding::failure(
                about,
                Exit::Unavailable,
                why,
                "`camera.source` in config.toml says what can be played",
            )];
        }
        None => {}
    }
    let nodes = video::devices();
    let mut findings = Vec::new();
    let mut meant = 0;
    for device in nodes.iter().filter(|device| device.loss != Some(Loss::NotACamera)) {
        let name = device.node.display();
        let who = device.camera.as_ref().map(|camera| format!("{name} ({})", camera.card)).unwrap_or(name.to_string());
        let is_meant = device.is_meant_by(&wanted.source);
        meant += usize::from(is_meant);
        findings.push(match &device.problem {
            Some(_) if device.loss == Some(Loss::NoPermission) => denied(about, &device.node),
            Some(why) if is_meant => {
                Finding::failure(about, Exit::Unavailable, why, "unplug it and plug it in again; `dmesg` tells more")
            }
            Some(why) => Finding::warning(about, why, "unplug it and plug it in again; `dmesg` tells more"),
            None => match (busy(about, &device.node, &who), device.mode_for(wanted)) {
                (Some(finding), _) => finding,
                (None, Ok((mode, size))) if mode.size == size => Finding::ok(about, format!("{who}: {mode}")),
                (None, Ok((mode, size))) => Finding::ok(about, format!("{who}: {mode}, sent as {size}")),
                (None, Err(why)) if is_meant => {
                    Finding::failure(about, Exit::Unavailable, format!("{who}: {why}"), "`artc-edge devices` lists its modes")
                }
                (None, Err(why)) => Finding::warning(about, format!("{who}: {why}"), "`artc-edge devices` lists its modes"),
            },
        });
    }
    let denied = findings.iter().any(|finding| finding.exit == Exit::Permission);
    if meant == 0 && !denied {
        let there = if findings.is_empty() { "no camera is there" } else { "that camera is not there" };
        findings.push(match wanted.source.as_str() {
            "auto" => Finding::warning(
                about,
                "none; the built-in pattern will be sent",
                "plug one in, or load its driver: `dmesg` tells what the kernel thinks of it",
            ),
            source => Finding::failure(
                about,
                Exit::Unavailable,
                format!("`camera.source` is \"{source}\", and {there}"),
                "`artc-edge devices` lists those that are",
            ),
        });
    }
    findings
}

pub(super) fn microphones(config: &Config) -> Vec<Finding> {
    let about = "microphone";
    let source = config.microphone.source.as_str();
    if ["tone", "none"].contains(&source) {
        return vec![Finding::ok(about, format!("\"{source}\", as configured"))];
    }
    let cards = audio::devices();
    let mut findings = Vec::new();
    findings.extend(cards.iter().map(|card| card_is_free(about, card, Way::In)));
    let way_out = "plug one in, or load its driver; `artc-edge devices` lists those that are there";
    if source == "auto" && cards.is_empty() {
        findings.push(Finding::warning(about, "none; the built-in tone will be sent", way_out));
    }
    // Other names may be ALSA's own, which only ALSA can judge.
    if source != "auto" && !source.contains(':') && !cards.iter().any(|card| card.is_meant_by(source)) {
        let text = format!("`microphone.source` is \"{source}\", and that is not there");
        findings.push(Finding::failure(about, Exit::Unavailable, text, way_out));
    }
    findings
}

pub(super) fn speakers(config: &Config) -> Vec<Finding> {
    let about = "speaker";
    let device = config.speaker.device.as_str();
    if device == "none" {
        return vec![Finding::ok(about, "\"none\", as configured: nobody in the channel is listened to")];
    }
    let cards = playout::devices();
    let mut findings: Vec<Finding> = cards.iter().map(|card| card_is_free(about, card, Way::Out)).collect();
    let way_out = "plug one in, or load its driver; `artc-edge devices` lists those that are there";
    if device == "auto" && cards.is_empty() {
        findings.push(Finding::warning(about, "none; nobody in the channel will be heard", way_out));
    }
    // Other names may be ALSA's own, which only ALSA can judge.
    if device != "auto" && !device.contains(':') && !cards.iter().any(|card| card.is_meant_by(device)) {
        let text = format!("`speaker.device` is \"{device}\", and that is not there");
        findings.push(Finding::failure(about, Exit::Unavailable, text, way_out));
    }
    findings
}

fn card_is_free(about: &'static str, card: &Identity, way: Way) -> Finding {
    let node = soundcard::node(card, way);
    let who = format!("{} ({})", card.id, card.name);
    match access(&node, Access::READ_OK | Access::WRITE_OK) {
        Err(Errno::ACCESS | Errno::PERM) => denied(about, &node),
        _ => busy(about, &node, &who).unwrap_or_else(|| Finding::ok(about, who)),
    }
}

/// Who else has a device, when somebody has.
fn busy(about: &'static str, node: &Path, who: &str) -> Option<Finding> {
    let others: Vec<String> = holders(|target| target == node).into_iter().filter(|name| !name.starts_with(OURS)).collect();
    let way_out = "stop that, or choose another device: only one program can have it";
    (!others.is_empty()).then(|| Finding::warning(about, format!("{who}: in use by {}", others.join(", ")), way_out))
}

fn denied(about: &'static str, node: &Path) -> Finding {
    let (text, way_out) = group(node);
    Finding::failure(about, Exit::Permission, format!("{}: permission denied; {text}", node.display()), way_out)
}

/// Whom a node belongs to, and how to become one of them.
fn group(node: &Path) -> (String, String) {
    let uid = getuid();
    let user = name_in("/etc/passwd", uid.as_raw()).unwrap_or_else(|| uid.as_raw().to_string());
    let group = fs::metadata(node).ok().map(|metadata| metadata.gid());
    match group.and_then(|gid| name_in("/etc/group", gid).filter(|_| gid != 0)) {
        Some(group) => (
            format!("it belongs to the group {group}, and the user {user} does not"),
            format!("sudo usermod -aG {group} {user}, and log in again"),
        ),
        None => (format!("the user {user} may not open it"), "run as root, or give it a group by a udev rule".into()),
    }
}

/// The name of a number in `/etc/passwd` or `/etc/group`.
fn name_in(file: &str, number: u32) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        (fields.get(2)?.parse::<u32>().ok()? == number).then(|| fields[0].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_and_groups_have_names() {
        assert_eq!(name_in("/etc/passwd", 0).as_deref(), Some("root"));
        assert_eq!(name_in("/etc/group", 4_000_000_000), None);
    }
}
