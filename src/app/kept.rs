//! What commands rely on after a restart: which keys were replaced and revoked, and where the audit's chain ended.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::hmac;

use crate::config::state_directory;
use crate::control::{KeyChanges, audit};
use crate::storage::{SystemDisk, discard, replace};

/// Where it is kept: `$STATE_DIRECTORY` under systemd, else `$XDG_STATE_HOME/artc-edge`, else `/var/lib/artc-edge`.
#[derive(Clone, Debug)]
pub struct Kept {
    folder: PathBuf,
    /// How many changes the file holds: they only become more, so an older state never takes a newer one's place.
    written: Arc<Mutex<usize>>,
}

/// That place in this process' environment.
pub fn folder() -> PathBuf {
    state_directory(|name| std::env::var(name).ok())
}

impl Kept {
    /// The place that the environment names; `variable` reads it.
    pub fn find(variable: impl Fn(&str) -> Option<String>) -> Self {
        Self::at(state_directory(variable))
    }

    fn at(folder: PathBuf) -> Self {
        Self { folder, written: Arc::default() }
    }

    fn keys(&self) -> PathBuf {
        self.folder.join("keys.json")
    }

    fn audit(&self) -> PathBuf {
        self.folder.join("audit")
    }

    /// What was changed about keys.
    ///
    /// # Errors
    /// A text that names the file: without it a revoked key would be as good as new.
    pub fn key_changes(&self) -> Result<KeyChanges, String> {
        let wrong = |why: &dyn std::fmt::Display| {
            format!("{}: {why}; no signed command is taken until it can be read, or is removed", self.keys().display())
        };
        match fs::read(self.keys()) {
            Ok(text) => serde_json::from_slice(&text).map_err(|why| wrong(&why)),
            Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(KeyChanges::default()),
            Err(why) => Err(wrong(&why)),
        }
    }

    /// Keeps what was changed about keys; returns when it survives a power cut.
    ///
    /// # Errors
    /// A text that names the file.
    pub fn keep_keys(&self, changes: &KeyChanges) -> Result<(), String> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let size = changes.replaced.len() + changes.revoked.len();
        if size < *written {
            return Ok(());
        }
        let text = serde_json::to_vec(changes).unwrap_or_default();
        let wrong = |why| format!("{}: {why}; it holds until the next restart only", self.keys().display());
        replace(&mut SystemDisk, &self.keys(), &text).map_err(wrong)?;
        *written = size;
        Ok(())
    }

    /// Where the audit's chain ended, and forgets it, over a power cut as well: a run that does not end in order leaves none.
    pub fn take_audit(&self) -> Option<audit::Hash> {
        let found = fs::read(self.audit()).ok()?.try_into().ok();
        // For good: after a power cut it would be the end of a chain that has gone on since.
        discard(&mut SystemDisk, &self.audit()).ok()?;
        found
    }

    /// Keeps where the audit's chain ended.
    pub fn keep_audit(&self, hash: audit::Hash) {
        if let Err(why) = replace(&mut SystemDisk, &self.audit(), &hash) {
            tracing::debug!("{}: {why}; the audit's chain begins anew at the next start", self.audit().display());
        }
    }
}

/// The id of this machine for signed commands: made from systemd's, which is not told to anybody. Nothing where there is none.
pub fn device_id() -> Option<String> {
    let machine = fs::read_to_string("/etc/machine-id").ok()?;
    let machine = machine.trim();
    if machine.len() != 32 {
        return None;
    }
    let key = hmac::Key::new(hmac::HMAC_SHA256, machine.as_bytes());
    Some(hmac::sign(&key, b"artc-edge").as_ref()[..16].iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_revoked_stays_so_and_a_file_that_cannot_be_read_is_not_taken_for_none() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::at(folder.path().join("state"));
        assert_eq!(kept.key_changes(), Ok(KeyChanges::default()));
        let mut changes = KeyChanges::default();
        changes.revoked.insert("a".into());
        kept.keep_keys(&changes).unwrap();
        let older = KeyChanges::default();
        kept.keep_keys(&older).unwrap();
        assert_eq!(Kept::at(folder.path().join("state")).key_changes(), Ok(changes), "an older state takes no newer one's place");
        fs::write(kept.keys(), "{").unwrap();
        let why = kept.key_changes().unwrap_err();
        assert!(why.contains("keys.json: EOF") && why.contains("no signed command is taken"), "{why}");
        fs::write(folder.path().join("file"), "").unwrap();
        let nowhere = Kept::at(folder.path().join("file"));
        assert!(nowhere.keep_keys(&KeyChanges::default()).unwrap_err().contains("until the next restart only"));
    }

    #[test]
    fn the_end_of_the_chain_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Kept::at(folder.path().to_owned());
        assert_eq!(kept.take_audit(), None);
        kept.keep_audit([7; 32]);
        assert_eq!((kept.take_audit(), kept.take_audit()), (Some([7; 32]), None));
    }
}
