//! What it takes until a key that was set by command is in force, and which keys no command sets.

use serde::{Deserialize, Serialize};

/// What it takes until a new value is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// Nothing: it is in force at once, and nobody notices.
    Live,
    /// The parts of the daemon are stopped in order and started again, within the same process: the picture stops for a second or two.
    Restart,
    /// The process has to be started anew.
    NextStart,
    /// Not by command at all: it names a program, a file or a socket of the device, and whoever may set that owns the device.
    OnDevice,
}

/// All keys that are not [`Applies::Restart`].
const TABLE: [(&str, Applies); 36] = [
    ("board.profile", Applies::OnDevice),
    ("calls.ca_file", Applies::OnDevice),
    ("calls.secret_file", Applies::OnDevice),
    ("control.allow", Applies::Live),
    ("control.broker_role", Applies::Live),
    ("control.keys", Applies::Live),
    ("control.require_signature", Applies::Live),
    ("control.roles", Applies::Live),
    ("control.socket", Applies::OnDevice),
    ("control.socket_group", Applies::OnDevice),
    ("control.token_role", Applies::Live),
    ("engine.open.ca_file", Applies::OnDevice),
    ("engine.open.token_file", Applies::OnDevice),
    ("engine.sdk.extra", Applies::OnDevice),
    ("engine.sdk.path", Applies::OnDevice),
    ("engine.sdk.python", Applies::OnDevice),
    ("engine.sdk.token_file", Applies::OnDevice),
    ("record.folder", Applies::OnDevice),
    ("record.http", Applies::OnDevice),
    ("record.upload.ca_file", Applies::OnDevice),
    ("record.upload.key_file", Applies::OnDevice),
    ("record.upload.key_id_file", Applies::OnDevice),
    ("room.api_secret_file", Applies::OnDevice),
    ("room.apps", Applies::OnDevice),
    ("room.tls_cert", Applies::OnDevice),
    ("room.tls_key", Applies::OnDevice),
    // ALSA has names that write files and start programs.
    ("speaker.device", Applies::OnDevice),
    ("stream.bitrate_kbps", Applies::Live),
    ("telemetry.listen", Applies::OnDevice),
    ("telemetry.log", Applies::Live),
    ("telemetry.log_to", Applies::NextStart),
    ("telemetry.socket", Applies::OnDevice),
    ("voice.duplex", Applies::Live),
    ("voice.echo", Applies::Live),
    ("voice.gain", Applies::Live),
    ("voice.noise", Applies::Live),
];

/// What it takes until a new value of `key` is in force.
pub fn applies(key: &str) -> Applies {
    let known = |name: &str| name == key || key.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    TABLE.iter().find(|(name, _)| known(name)).map_or(Applies::Restart, |(_, applies)| *applies)
}

/// Whether a wrong value of `key` may keep out whoever set it, so that it is always on trial first.
pub fn may_cut_off(key: &str) -> bool {
    ["calls.", "control.", "engine.", "room."].iter().any(|section| key.starts_with(section))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::{Config, schema};
    use super::*;

    #[test]
    fn every_key_of_the_table_is_a_key_of_the_manual() {
        let known: BTreeSet<String> = schema::leaves(&Config::default()).into_iter().map(|(key, _)| key).collect();
        for (key, _) in TABLE {
            assert!(known.contains(key), "{key}");
        }
    }

    #[test]
    fn no_command_names_a_program_a_file_or_a_socket() {
        for (key, _) in schema::leaves(&Config::default()) {
            let names_one = ["_file", ".path", ".python", ".socket", "tls_cert", "tls_key"].iter().any(|end| key.ends_with(end));
            assert!(!names_one || applies(&key) == Applies::OnDevice, "{key}");
        }
        assert_eq!(applies("room.apps.door"), Applies::OnDevice);
        assert_eq!((applies("control.allow.alice"), applies("camera.source")), (Applies::Live, Applies::Restart));
    }
}
