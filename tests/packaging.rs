//! What is shipped around the program: the service's sandbox, and the names that its files share.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Exposure times ten that the unit may have, by `systemd-analyze security`.
const EXPOSURE: &str = "13";

fn path(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(name).display().to_string()
}

fn unit() -> String {
    fs::read_to_string(path("systemd/artc-edge.service")).expect("the unit")
}

/// The values of a key of the unit, in order.
fn values(unit: &str, key: &str) -> Vec<String> {
    unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(str::to_owned)).collect()
}

#[test]
fn the_sandbox_is_as_tight_as_promised() {
    let judged = |file: &str| {
        Command::new("systemd-analyze")
            .args(["security", "--offline=true", "--no-pager", "--threshold", EXPOSURE, file])
            .output()
            .expect("systemd-analyze runs; setup/packages.sh test installs it")
    };
    for shipped in ["systemd/artc-edge.service", "artc-room/artc-room.service"] {
        let said = judged(&path(shipped));
        assert!(said.status.success(), "{shipped}: {}", String::from_utf8_lossy(&said.stdout));
    }
    // The scale weighs: the same unit without its walls is over the mark.
    let directory = tempfile::tempdir().expect("a directory");
    let open = directory.path().join("open.service");
    let walls = ["Protect", "Private", "Restrict", "SystemCall", "NoNew", "Capability", "DevicePolicy", "DeviceAllow"];
    let text: String =
        unit().lines().filter(|line| !walls.iter().any(|wall| line.starts_with(wall))).map(|line| format!("{line}\n")).collect();
    fs::write(&open, text).expect("written");
    let said = judged(open.to_str().expect("UTF-8"));
    assert!(!said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
}

#[test]
fn the_unit_knows_the_program() {
    let unit = unit();
    assert_eq!(values(&unit, "ExecStart"), ["/usr/bin/artc-edge run"]);
    // The exit codes after which trying again does not help.
    assert_eq!(values(&unit, "RestartPreventExitStatus"), ["64 78"]);
    // The older type first: systemd before 253 passes over one that it does not know.
    assert_eq!(values(&unit, "Type"), ["notify", "notify-reload"]);
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml")).expect("the manual");
    let credentials = values(&unit, "LoadCredentialEncrypted");
    assert!(credentials.len() >= 3, "{credentials:?}");
    for name in credentials {
        assert!(manual.contains(&format!("LoadCredential={name}:")), "{name} is no credential of config.toml");
    }
    let user = values(&unit, "User");
    let users = fs::read_to_string(path("systemd/sysusers.conf")).expect("the users");
    assert!(users.lines().any(|line| line.starts_with(&format!("u {} ", user[0]))), "{user:?}: {users}");
}

#[test]
fn the_rule_of_polkit_is_about_the_services_user() {
    let rule = fs::read_to_string(path("polkit.rules")).expect("the rule");
    let user = values(&unit(), "User");
    assert!(rule.contains(&format!("subject.user !== \"{}\"", user[0])), "{user:?}: {rule}");
}
