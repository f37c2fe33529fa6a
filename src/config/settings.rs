//! Values set by command: tried out, kept or rolled back. Sans-IO but for the [`Disk`], and the time is an argument.
//!
//! Two files in the state directory. `remote.toml` is the layer as it was last confirmed; `remote.trial.toml` is what is being tried
//! out. A start reads the first alone and removes the second: so whatever ends the process while a change is on trial, the next start
//! has the old one. Confirming is one renaming of a file that is safe already: so after a power cut it is the old one or the new one,
//! and never neither.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{
    Applies, ConfigError, Edit, Loaded, Problem, Remote, Sources, applies, load, load_as_run, may_cut_off,
    remote::{EditError, edited},
    schema,
};
use crate::storage::{self, Disk};

/// How long a change that may cut off who made it is on trial, when that was not said.
pub const TRIAL: Duration = Duration::from_secs(60);

/// What was set by command, and what is in force.
pub struct Settings {
    disk: Box<dyn Disk>,
    sources: Sources,
    files: Option<Files>,
    /// The layer as it was last confirmed.
    kept: Layer,
    trial: Option<Running>,
    rolled_back: Option<String>,
    set_aside: Option<ConfigError>,
}

#[derive(Clone)]
struct Files {
    kept: PathBuf,
    trial: PathBuf,
}

#[derive(Clone)]
struct Layer {
    text: String,
    loaded: Arc<Loaded>,
}

struct Running {
    layer: Layer,
    until: Duration,
    keys: Vec<String>,
}

/// What an edit did.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The keys whose value in force is another one now, in the order of the manual.
    pub keys: Vec<String>,
    /// Keys that were set to something that a higher layer overrules, and what that is.
    pub overruled: Vec<(String, String)>,
    /// What it takes until all of it is in force; `Live` where nothing changed.
    pub applies: Applies,
}

/// A change that is not confirmed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The keys that it changed.
    pub keys: Vec<String>,
    /// How long it can still be confirmed.
    pub left: Duration,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SetError {
    /// The edit itself makes no sense.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The whole would break the rules of the configuration.
    #[error("{}", lines(.0))]
    Invalid(ConfigError),
    /// Another change waits to be confirmed.
    #[error("a change of {keys} is on trial for another {} s; confirm it or roll it back first", left.as_secs())]
    OnTrial {
        /// What it changes.
        keys: String,
        /// How long still.
        left: Duration,
    },
    /// There is no change on trial.
    #[error("no change is on trial{}", .0.as_ref().map(|why| format!("; {why}")).unwrap_or_default())]
    NoTrial(Option<String>),
    /// This configuration has no layer for commands.
    #[error("this daemon keeps nothing that is set by command: its configuration did not come from a file")]
    NoLayer,
    /// It could not be kept.
    #[error("{}: not kept: {source}; make it writable for the daemon's user (under systemd with StateDirectory=), or make room", path.display())]
    Disk {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

fn lines(why: &ConfigError) -> String {
    why.problems.iter().map(|problem| problem.text.as_str()).collect::<Vec<_>>().join("; ")
}

impl SetError {
    /// The name that was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::Edit(why) => why.suggestion.as_deref(),
            Self::Invalid(why) => why.problems.iter().find_map(|problem| problem.suggestion.as_deref()),
            _ => None,
        }
    }
}

impl Settings {
    /// Reads the layers. A change that was still on trial when the process ended is rolled back. A layer of commands that breaks the
    /// rules, as after a change of version, is set aside rather than keeping the device dark: see [`set_aside`](Self::set_aside).
    ///
    /// # Errors
    /// What is wrong in the other layers.
    pub fn open(mut disk: Box<dyn Disk>, sources: Sources) -> Result<Self, ConfigError> {
        let files = match &sources.remote {
            Remote::None => None,
            Remote::File(path) | Remote::Text { path, .. } => {
                Some(Files { kept: path.clone(), trial: path.with_extension("trial.toml") })
            }
        };
        let mut rolled_back = None;
        let mut text = String::new();
        let mut unreadable = None;
        if let Some(files) = &files {
            if matches!(disk.read(&files.trial), Ok(Some(_))) {
                rolled_back = Some("the last change was rolled back: the daemon ended before it was confirmed".to_owned());
                // One that cannot be removed is never read either, and overwritten by the next.
                let _ = storage::discard(&mut *disk, &files.trial);
            }
            match disk.read(&files.kept).map(|bytes| bytes.map(String::from_utf8)) {
                Ok(None) => {}
                Ok(Some(Ok(read))) => text = read,
                Ok(Some(Err(_))) => unreadable = Some("not UTF-8 text".to_owned()),
                Err(why) => unreadable = Some(why.to_string()),
            }
        }
        let (loaded, set_aside) = match unreadable {
            None => load_as_run(&with(&sources, files.as_ref(), &text))?,
            Some(why) => {
                let path = files.as_ref().map(|files| files.kept.display().to_string()).unwrap_or_default();
                let problem = Problem::plain(None, format!("{path}: {why}"));
                (load(&Sources { remote: Remote::None, ..sources.clone() })?, Some(ConfigError { problems: vec![problem] }))
            }
        };
        let kept = Layer { text, loaded: Arc::new(loaded) };
        Ok(Self { disk, sources, files, kept, trial: None, rolled_back, set_aside })
    }

    /// The configuration in force: what is on trial, else what was kept.
    pub fn in_force(&self) -> &Arc<Loaded> {
        &self.trial.as_ref().map_or(&self.kept, |trial| &trial.layer).loaded
    }

    /// The folder in which what the daemon must remember is kept.
    pub fn folder(&self) -> Option<PathBuf> {
        self.files.as_ref().and_then(|files| files.kept.parent()).map(Path::to_path_buf)
    }

    /// Why what was set by command is not in force, when it broke the rules at the start.
    pub fn set_aside(&self) -> Option<&ConfigError> {
        self.set_aside.as_ref()
    }

    /// Why the last change did not stay, if it did not.
    pub fn rolled_back(&self) -> Option<&str> {
        self.rolled_back.as_deref()
    }

    /// The change that waits to be confirmed.
    pub fn trial(&self, now: Duration) -> Option<Trial> {
        self.trial.as_ref().map(|trial| Trial { keys: trial.keys.clone(), left: trial.until.saturating_sub(now) })
    }

    /// When [`expire`](Self::expire) has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.trial.as_ref().map(|trial| trial.until)
    }

    /// Makes an edit: tried out for `trial`, when that is given or the change may cut off who makes it ([`TRIAL`]), else kept at once.
    ///
    /// # Errors
    /// [`SetError`]; nothing has changed then.
    pub fn edit(&mut self, edit: &Edit, trial: Option<Duration>, now: Duration) -> Result<Changed, SetError> {
        let files = self.files.clone().ok_or(SetError::NoLayer)?;
        if let Some(Trial { keys, left }) = self.trial(now) {
            return Err(SetError::OnTrial { keys: keys.join(", "), left });
        }
        let text = edited(&self.kept.text, edit)?;
        let remote = Remote::Text { path: files.kept.clone(), text: text.clone() };
        let loaded = load(&Sources { remote, ..self.sources.clone() }).map_err(SetError::Invalid)?;
        let changed = changed(&self.kept.loaded, &loaded, edit);
        let layer = Layer { text, loaded: Arc::new(loaded) };
        let needed = changed.keys.iter().any(|key| may_cut_off(key)).then_some(TRIAL);
        match trial.or(needed) {
            Some(length) => {
                self.replace(&files.trial, &layer.text)?;
                self.trial = Some(Running { layer, until: now + length, keys: changed.keys.clone() });
            }
            None => {
                self.replace(&files.kept, &layer.text)?;
                self.kept = layer;
                self.set_aside = None;
            }
        }
        self.rolled_back = None;
        Ok(changed)
    }

    /// Reads files, fragments and credentials again, under what was set by command; gives the keys that have other values now. What is on
    /// trial stays so, unless it breaks the rules with the new files: then it is rolled back.
    ///
    /// # Errors
    /// What is wrong; nothing has changed then.
    pub fn read_again(&mut self) -> Result<Vec<String>, ConfigError> {
        let before = Arc::clone(self.in_force());
        let (kept, set_aside) = load_as_run(&with(&self.sources, self.files.as_ref(), &self.kept.text))?;
        self.kept.loaded = Arc::new(kept);
        self.set_aside = set_aside;
        if let Some(text) = self.trial.as_ref().map(|trial| trial.layer.text.clone()) {
            match load(&with(&self.sources, self.files.as_ref(), &text)) {
                Ok(loaded) => self.trial.iter_mut().for_each(|trial| trial.layer.loaded = Arc::new(loaded.clone())),
                Err(_) => _ = self.roll_back("it breaks the rules with the files as they are now"),
            }
        }
        Ok(differences(&before, self.in_force()))
    }

    /// Keeps what is on trial.
    ///
    /// # Errors
    /// [`SetError::NoTrial`], and [`SetError::Disk`]; in the second case it is still on trial.
    pub fn confirm(&mut self) -> Result<(), SetError> {
        let files = self.files.clone().ok_or(SetError::NoLayer)?;
        let Some(trial) = &self.trial else { return Err(SetError::NoTrial(self.rolled_back.clone())) };
        let promoted = storage::promote(&mut *self.disk, &files.trial, &files.kept);
        if let Err(source) = promoted
            && !self.holds(&files.kept, &trial.layer.text)
        {
            return Err(SetError::Disk { path: files.kept, source });
        }
        if let Some(trial) = self.trial.take() {
            self.kept = trial.layer;
        }
        self.set_aside = None;
        Ok(())
    }

    /// Goes back to what was kept. Gives the keys that are as before again; `why` is told to who asks later.
    pub fn roll_back(&mut self, why: &str) -> Option<Vec<String>> {
        let trial = self.trial.take()?;
        if let Some(files) = &self.files {
            // One that cannot be removed is never read either: a start does not look into it.
            let _ = storage::discard(&mut *self.disk, &files.trial);
        }
        self.rolled_back = Some(format!("the last change, of {}, was rolled back: {why}", trial.keys.join(", ")));
        Some(trial.keys)
    }

    /// Rolls back what was not confirmed in time. Gives the keys that are as before again.
    pub fn expire(&mut self, now: Duration) -> Option<Vec<String>> {
        self.deadline().filter(|until| *until <= now)?;
        self.roll_back("it was not confirmed in time")
    }

    fn replace(&mut self, path: &Path, text: &str) -> Result<(), SetError> {
        match storage::replace(&mut *self.disk, path, text.as_bytes()) {
            Err(source) if !self.holds(path, text) => Err(SetError::Disk { path: path.to_path_buf(), source }),
            // In place, though nobody says whether it would survive a power cut: what the next start reads is what is in force.
            _ => Ok(()),
        }
    }

    fn holds(&self, path: &Path, text: &str) -> bool {
        matches!(self.disk.read(path), Ok(Some(bytes)) if bytes == text.as_bytes())
    }
}

/// The layers, with this text as what was set by command.
fn with(sources: &Sources, files: Option<&Files>, text: &str) -> Sources {
    match files {
        Some(files) => Sources { remote: Remote::Text { path: files.kept.clone(), text: text.to_owned() }, ..sources.clone() },
        None => sources.clone(),
    }
}

/// Keys whose values differ.
pub fn differences(before: &Loaded, after: &Loaded) -> Vec<String> {
    let (before, after) = (schema::leaves(&before.config), schema::leaves(&after.config));
    let differs = after.into_iter().zip(before).filter(|((_, after), (_, before))| after != before);
    differs.map(|((key, _), _)| key).collect()
}

/// What it takes until all of `keys` are in force.
pub fn slowest<'a>(keys: impl IntoIterator<Item = &'a String>) -> Applies {
    keys.into_iter().map(|key| applies(key)).max().unwrap_or(Applies::Live)
}

fn changed(before: &Loaded, after: &Loaded, edit: &Edit) -> Changed {
    let keys = differences(before, after);
    let overruled = match edit {
        Edit::Reset(_) | Edit::ResetAllBut(_) => Vec::new(),
        Edit::Set(values) => values
            .keys()
            .filter_map(|key| {
                let origin = after.origin(key)?;
                (origin.source.layer > super::Layer::Remote).then(|| (key.clone(), origin.to_string()))
            })
            .collect(),
    };
    Changed { applies: slowest(&keys), keys, overruled }
}

#[cfg(test)]
mod tests;
