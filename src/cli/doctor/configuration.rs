//! The configuration's files and secrets.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use super::{Exit, Finding};
use crate::config::{Config, DEFAULT_FILE, Loaded};

pub(super) fn files(loaded: &Loaded) -> Finding {
    let read: Vec<_> = loaded.files.iter().map(|path| path.display().to_string()).collect();
    let text = if read.is_empty() { format!("built-in values; there is no {DEFAULT_FILE}") } else { read.join(", ") };
    Finding::ok("configuration", text)
}

pub(super) fn secrets(config: &Config) -> Vec<Finding> {
    let open = &config.engine.open;
    let files = [
        ("calls.ca_file", &config.calls.ca_file),
        ("calls.secret_file", &config.calls.secret_file),
        ("engine.open.ca_file", &open.ca_file),
        ("engine.open.token_file", &open.token_file),
        ("engine.sdk.token_file", &config.engine.sdk.token_file),
        ("record.upload.ca_file", &config.record.upload.ca_file),
        ("record.upload.key_file", &config.record.upload.key_file),
        ("record.upload.key_id_file", &config.record.upload.key_id_file),
        ("room.api_secret_file", &config.room.api_secret_file),
        ("room.tls_cert", &config.room.tls_cert),
        ("room.tls_key", &config.room.tls_key),
    ];
    let apps = config.room.apps.iter().map(|(id, app)| file(&format!("room.apps.{id}.key_file"), &app.key_file));
    files.into_iter().filter_map(|(key, path)| Some(file(key, path.as_ref()?))).chain(apps).collect()
}

fn file(key: &str, path: &Path) -> Finding {
    let about = "secrets";
    let shown = path.display();
    match fs::read_to_string(path) {
        Err(why) => {
            let way_out = match why.kind() {
                std::io::ErrorKind::PermissionDenied => "let the daemon's user read it, or hand it over with LoadCredential=",
                _ => "create it, or take the key out",
            };
            let exit = if Exit::of_io(&why) == Exit::Permission { Exit::Permission } else { Exit::Configuration };
            Finding::failure(about, exit, format!("{key} = {shown}: {why}"), way_out)
        }
        Ok(text) if text.trim().is_empty() => Finding::failure(
            about,
            Exit::Configuration,
            format!("{key} = {shown}: the file is empty"),
            "put the secret on its first line",
        ),
        Ok(_) => {
            let open = fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o004 != 0);
            if open && !["room.tls_cert", "engine.open.ca_file"].contains(&key) {
                let way_out = format!("chmod o-rwx {shown}");
                return Finding::warning(about, format!("{key} = {shown}: every user of this machine can read it"), way_out);
            }
            Finding::ok(about, format!("{key} = {shown}"))
        }
    }
}
