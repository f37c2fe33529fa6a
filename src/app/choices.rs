//! What commands have chosen about camera and microphone, kept over a restart: whether they are closed for privacy, and which camera is in
//! use. In a file of the state directory, beside the layer of the configuration; no key of it, because it is nobody's to configure.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::storage::{self, Disk};

/// Name of the file, in the state directory.
const FILE: &str = "choices.json";

/// The choices and their file.
pub struct Choices {
    kept: Mutex<Kept>,
}

struct Kept {
    disk: Box<dyn Disk>,
    path: Option<PathBuf>,
    chosen: Chosen,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Chosen {
    privacy: bool,
    camera: Option<Selected>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Selected {
    /// What is used, in the words of `camera.source`.
    source: String,
    /// What the configuration said then: another word of it ends the choice.
    instead_of: String,
}

impl Choices {
    /// Reads what was chosen. A file that is there and cannot be read is taken for privacy: it may have said so.
    pub fn open(disk: Box<dyn Disk>, folder: Option<PathBuf>) -> Self {
        let path = folder.map(|folder| folder.join(FILE));
        let read = path.as_ref().map_or(Ok(None), |path| disk.read(path));
        let chosen = match read.map(|bytes| bytes.map(|bytes| serde_json::from_slice(&bytes))) {
            Ok(None) => Chosen::default(),
            Ok(Some(Ok(chosen))) => chosen,
            // Who may not read there has written nothing there either.
            Err(why) if why.kind() == io::ErrorKind::PermissionDenied => Chosen::default(),
            unread => {
                let why = match unread {
                    Ok(Some(Err(why))) => why.to_string(),
                    Err(why) => why.to_string(),
                    Ok(_) => String::new(),
                };
                let path = path.as_deref().unwrap_or(FILE.as_ref()).display();
                tracing::error!("{path}: {why}; camera and microphone stay closed for privacy until `camera.privacy` opens them");
                Chosen { privacy: true, camera: None }
            }
        };
        Self { kept: Mutex::new(Kept { disk, path, chosen }) }
    }

    /// Whether camera and microphone are to be closed.
    pub fn privacy(&self) -> bool {
        self.lock().chosen.privacy
    }

    /// The camera to use, where the configuration says `configured`.
    pub fn camera(&self, configured: &str) -> String {
        let kept = self.lock();
        let chosen = kept.chosen.camera.as_ref().filter(|selected| selected.instead_of == configured);
        chosen.map_or(configured, |selected| &selected.source).to_owned()
    }

    /// Keeps whether camera and microphone are closed; returns when that survives a power cut.
    ///
    /// # Errors
    /// A text that names the file.
    pub fn keep_privacy(&self, privacy: bool) -> Result<(), String> {
        self.keep(|chosen| chosen.privacy = privacy)
    }

    /// Keeps the camera in use, where the configuration says `configured`; returns when that survives a power cut.
    ///
    /// # Errors
    /// A text that names the file.
    pub fn keep_camera(&self, source: &str, configured: &str) -> Result<(), String> {
        let selected = Selected { source: source.into(), instead_of: configured.into() };
        self.keep(|chosen| chosen.camera = (source != configured).then_some(selected))
    }

    fn keep(&self, choose: impl FnOnce(&mut Chosen)) -> Result<(), String> {
        let mut kept = self.lock();
        let mut chosen = kept.chosen.clone();
        choose(&mut chosen);
        // A daemon without a place for its state has none that it could be reminded of.
        let Some(path) = kept.path.clone().filter(|_| chosen != kept.chosen) else { return Ok(()) };
        let bytes = serde_json::to_vec(&chosen).unwrap_or_default();
        storage::settle(&mut *kept.disk, &path, &bytes)
            .map_err(|why| format!("{}: {why}; it is so until the next restart only", path.display()))?;
        kept.chosen = chosen;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // What is chosen changes in one assignment, after the disk has it.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::storage::fake::FakeDisk;

    fn open(disk: FakeDisk) -> Choices {
        Choices::open(Box::new(disk), Some("/state".into()))
    }

    #[test]
    fn what_was_chosen_outlasts_the_daemon_and_another_configuration_ends_the_choice_of_a_camera() {
        let folder = tempfile::tempdir().unwrap();
        let again = || Choices::open(Box::new(storage::SystemDisk), Some(folder.path().join("state")));
        assert_eq!((again().privacy(), again().camera("auto")), (false, "auto".to_owned()));
        again().keep_privacy(true).unwrap();
        again().keep_camera("usb:1:2:3", "auto").unwrap();
        assert_eq!((again().privacy(), again().camera("auto")), (true, "usb:1:2:3".to_owned()));
        assert_eq!(again().camera("pattern"), "pattern");
        again().keep_camera("auto", "auto").unwrap();
        again().keep_privacy(false).unwrap();
        assert_eq!((again().privacy(), again().camera("auto")), (false, "auto".to_owned()));
    }

    #[test]
    fn what_cannot_be_read_may_have_said_privacy() {
        for broken in [&b"{"[..], b"", b"\0\0\0", br#"{"privacy":"on"}"#] {
            let choices = open(FakeDisk::holding(Path::new("/state/choices.json"), broken));
            assert!(choices.privacy());
            choices.keep_privacy(false).unwrap();
            assert!(!choices.privacy());
        }
    }

    #[test]
    fn a_step_that_fails_is_told_and_leaves_what_the_next_start_has() {
        let before = br#"{"privacy":false,"camera":null}"#;
        let disk = || FakeDisk::holding(Path::new("/state/choices.json"), before);
        for step in 0..6 {
            let choices = open(disk().failing_at(step));
            assert_eq!(choices.keep_privacy(true).is_ok(), choices.privacy(), "step {step}");
        }
        let choices = open(disk());
        choices.keep_privacy(true).unwrap();
        assert!(choices.privacy());
    }
}
