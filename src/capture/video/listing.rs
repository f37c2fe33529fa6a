//! What this machine has, for listings and advice. Not for using any of it: see [`super::Camera`].

use std::path::PathBuf;

use media::Size;
use serde::Serialize;

use super::config::Config;
use super::control::Control;
use super::file::look;
use super::identity::{Candidate, Target, is_meant, scan};
use super::mode::{FourCc, Mode, Rate};
use super::policy;
use super::state::{Identity, Loss};
use super::v4l2::OpenError;

/// A video node of this machine, for listings and advice.
#[derive(Debug, Serialize)]
pub struct DeviceInfo {
    /// The node.
    pub node: PathBuf,
    /// The camera; `None` when the node is none or cannot be opened.
    pub camera: Option<Identity>,
    /// What it can deliver.
    pub modes: Vec<Mode>,
    /// Its controls.
    pub controls: Vec<Control>,
    /// Why it cannot be used.
    pub problem: Option<String>,
    /// The same in one word.
    pub loss: Option<Loss>,
}

impl DeviceInfo {
    /// Whether `source` of the configuration means this device; `auto` means every camera, the first of them is taken.
    pub fn is_meant_by(&self, source: &str) -> bool {
        match Target::parse(source) {
            Target::Pattern | Target::File(_) => false,
            Target::First => self.camera.is_some(),
            Target::Node(path) => self.node == std::fs::canonicalize(&path).unwrap_or(path),
            Target::Id(id) => self.camera.as_ref().is_some_and(|camera| is_meant(&id, camera)),
        }
    }

    /// The mode that it would be asked for, and the size that would go out.
    ///
    /// # Errors
    /// Why none of its modes will do, and what would.
    pub fn mode_for(&self, config: &Config) -> Result<(Mode, Size), String> {
        let formats: Vec<FourCc> = self.modes.iter().map(|mode| mode.fourcc).collect();
        policy::choose(&self.modes, &formats, config).map(|choice| (choice.mode, choice.size))
    }
}

/// Every video node of this machine. Opens each for a moment, which disturbs nobody who streams from it.
pub fn devices() -> Vec<DeviceInfo> {
    let wanted = Config::default();
    let describe = |candidate: Candidate| match candidate.opened {
        Ok(found) => {
            let offers = found.device.offers(wanted.size(), Rate::from_fps(wanted.fps));
            let problem = offers.as_ref().err().map(ToString::to_string);
            let loss = offers.as_ref().err().map(OpenError::loss);
            let (modes, controls) = (offers.unwrap_or_default().modes, found.device.controls());
            DeviceInfo { node: candidate.node, camera: Some(found.identity), modes, controls, problem, loss }
        }
        Err(error) => {
            let (problem, loss) = (Some(error.to_string()), Some(error.loss()));
            DeviceInfo { node: candidate.node, camera: None, modes: Vec::new(), controls: Vec::new(), problem, loss }
        }
    };
    scan().into_iter().map(describe).collect()
}

/// What `config` plays from a file, in one line, or why it cannot; `None` where its source is none. Reads the file.
pub fn file(config: &Config) -> Option<Result<String, String>> {
    match Target::parse(&config.source) {
        Target::File(path) => Some(look(&path, config)),
        _ => None,
    }
}
