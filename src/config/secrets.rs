//! Values that no one may see: which they are, how they come in by file, how they are left out of what is shown.

use std::{fs, io, path::PathBuf};

use board::nearest;

/// A value that is secret, and the key that names a file holding it.
pub(super) struct Secret {
    /// Its name: that of the service manager's credential, and where the secret may also be written inline, of the key.
    pub key: &'static str,
    pub file_key: &'static str,
}

/// All of them. The secrets of room, calls and uploads are taken by file alone.
pub(super) const SECRETS: [Secret; 6] = [
    Secret { key: "calls.secret", file_key: "calls.secret_file" },
    Secret { key: "engine.open.token", file_key: "engine.open.token_file" },
    Secret { key: "engine.sdk.token", file_key: "engine.sdk.token_file" },
    Secret { key: "record.upload.key", file_key: "record.upload.key_file" },
    Secret { key: "record.upload.key_id", file_key: "record.upload.key_id_file" },
    Secret { key: "room.api_secret", file_key: "room.api_secret_file" },
];

/// Whether the value at this key must not be shown.
pub(super) fn is_secret(key: &str) -> bool {
    SECRETS.iter().any(|secret| secret.key == key)
}

/// A credential `room.apps.ID.key` is the key of an app: the key of the configuration that names its file.
pub(super) fn app_of_credential(name: &str) -> Option<String> {
    let id = name.strip_prefix("room.apps.")?.strip_suffix(".key")?;
    (!id.is_empty() && !id.contains('.')).then(|| format!("room.apps.{id}.key_file"))
}

/// Whether a line of a file might hold a secret, going by its words: a key of a secret, also misspelt, or the look of a token.
pub(super) fn may_hold_secret(line: &str) -> bool {
    let leaf = |key: &'static str| key.rsplit('.').next().unwrap_or(key);
    let line = line.to_ascii_lowercase();
    line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').any(|word| {
        if SECRETS.iter().any(|secret| word == leaf(secret.file_key)) {
            return false;
        }
        word.starts_with("eyj")
            || ["key", "app_key", "appkey"].contains(&word)
            || ["secret", "token", "passw"].iter().any(|part| word.contains(part))
            || SECRETS.iter().any(|secret| nearest(word, [leaf(secret.key)]).is_some())
    })
}

/// A file of a secret that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("{key} {}: {}; {}", path.display(), plain(source), way_out(source))]
    Read {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It holds nothing.
    #[error("{key} {}: the file is empty; put the secret on its first line", path.display())]
    Empty {
        /// The key that names it.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
}

impl SecretError {
    /// Whether it is a matter of permissions.
    pub fn is_permission(&self) -> bool {
        matches!(self, Self::Read { source, .. } if source.kind() == io::ErrorKind::PermissionDenied)
    }
}

fn plain(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::NotFound => "no such file",
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::IsADirectory => "a directory, not a file",
        io::ErrorKind::InvalidData => "not UTF-8 text",
        _ => "cannot be read",
    }
}

fn way_out(why: &io::Error) -> &'static str {
    match why.kind() {
        io::ErrorKind::PermissionDenied => "let the daemon's user read it, or hand it over with LoadCredential=",
        _ => "create it with the secret on its first line",
    }
}

/// The first line of a file that holds a secret.
pub fn read_secret(key: &'static str, path: PathBuf) -> Result<String, SecretError> {
    match fs::read_to_string(&path) {
        Err(source) => Err(SecretError::Read { key, path, source }),
        Ok(text) => match text.lines().next().map(str::trim) {
            Some(line) if !line.is_empty() => Ok(line.to_owned()),
            _ => Err(SecretError::Empty { key, path }),
        },
    }
}
