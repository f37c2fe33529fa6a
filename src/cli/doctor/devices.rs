//! Cameras and microphones: whether they are there, may be opened, and are free.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{Access, access},
    io::Errno,
    process::getuid,
};

use super::{Exit, Finding, holders::holders};
use crate::config::Config;

/// Our own name, as the kernel shows it: a device that the daemon has is where it belongs.
const OURS: &str = "artc-edge (process ";

pub(super) fn cameras(config: &Config) -> Vec<Finding> {
    let source = config.camera.source.as_str();
    if source == "pattern" {
        return vec![Finding::ok("camera", "the built-in pattern, as configured")];
    }
    let nodes = nodes(Path::new("/dev"), |name| number_after(name, "video"));
    let mut findings = usable("camera", &nodes);
    if nodes.is_empty() {
        let way_out = "plug one in, or load its driver: `dmesg` tells what the kernel thinks of it";
        findings.push(match source {
            "auto" => Finding::warning("camera", "none; the built-in pattern will be sent", way_out),
            _ => Finding::failure("camera", Exit::Unavailable, format!("none, but `camera.source` is \"{source}\""), way_out),
        });
    }
    findings
}

pub(super) fn microphones(config: &Config) -> Vec<Finding> {
    let source = config.microphone.source.as_str();
    if ["tone", "none"].contains(&source) {
        return vec![Finding::ok("microphone", format!("\"{source}\", as configured"))];
    }
    let nodes = nodes(Path::new("/dev/snd"), |name| name.starts_with("pcmC") && name.ends_with('c'));
    let mut findings = usable("microphone", &nodes);
    if nodes.is_empty() {
        let way_out = "plug one in, or load its driver; /proc/asound/cards lists the cards that the kernel knows";
        findings.push(match source {
            "auto" => Finding::warning("microphone", "none; the built-in tone will be sent", way_out),
            _ => Finding::failure(
                "microphone",
                Exit::Unavailable,
                format!("none, but `microphone.source` is \"{source}\""),
                way_out,
            ),
        });
    }
    findings
}

/// Nodes of a directory by their names.
fn nodes(directory: &Path, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    let mut nodes: Vec<PathBuf> =
        entries.flatten().filter(|entry| entry.file_name().to_str().is_some_and(&wanted)).map(|entry| entry.path()).collect();
    nodes.sort();
    nodes
}

fn number_after(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix).is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether this user may open the nodes, and who else has them.
fn usable(about: &'static str, nodes: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for node in nodes {
        let shown = node.display();
        match access(node, Access::READ_OK | Access::WRITE_OK) {
            Ok(()) => {}
            Err(Errno::ACCESS | Errno::PERM) => {
                let (text, way_out) = group(node);
                findings.push(Finding::failure(about, Exit::Permission, format!("{shown}: permission denied; {text}"), way_out));
                continue;
            }
            // It was pulled between the look and the try.
            Err(_) => continue,
        }
        let others: Vec<String> = holders(|target| target == node).into_iter().filter(|name| !name.starts_with(OURS)).collect();
        if others.is_empty() {
            findings.push(Finding::ok(about, format!("{shown}: may be opened")));
        } else {
            let way_out = "stop that, or choose another device: only one program can have it";
            findings.push(Finding::warning(about, format!("{shown}: in use by {}", others.join(", ")), way_out));
        }
    }
    findings
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
    fn only_camera_nodes_are_cameras() {
        let directory = tempfile::tempdir().expect("a directory");
        for name in ["video0", "video12", "video", "videox", "v4l-subdev0", "media0"] {
            fs::write(directory.path().join(name), "").expect("written");
        }
        let found = nodes(directory.path(), |name| number_after(name, "video"));
        let names: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
        assert_eq!(names, ["video0", "video12"]);
    }

    #[test]
    fn users_and_groups_have_names() {
        assert_eq!(name_in("/etc/passwd", 0).as_deref(), Some("root"));
        assert_eq!(name_in("/etc/group", 4_000_000_000), None);
    }
}
