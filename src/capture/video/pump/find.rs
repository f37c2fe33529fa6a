//! Finding what was asked for, and starting it. Which camera is which is [`super::super::identity`]'s to say.

use std::path::PathBuf;

use super::super::file::Played;
use super::super::identity::{Candidate, Target, is_meant, is_same, open, scan};
use super::super::live::{Live, Lost};
use super::super::state::Identity;
use super::super::v4l2::OpenError;
use super::{Pump, clock};

/// What was found and started.
#[derive(Debug)]
pub(super) enum Found {
    Camera(Box<Live>),
    File(Box<Played>),
}

impl Pump {
    /// Finds what was asked for and starts it. With `replace`, a camera other than the one known may be taken.
    pub(super) fn connect(&mut self, replace: bool) -> Result<Found, Lost> {
        if let Target::File(path) = &self.target {
            return Played::start(path, &self.config, clock()).map(|played| Found::File(Box::new(played)));
        }
        self.connect_camera(replace).map(Found::Camera)
    }

    /// Finds the camera and starts it.
    fn connect_camera(&mut self, replace: bool) -> Result<Box<Live>, Lost> {
        let known = self.known.clone();
        let same = |identity: &Identity| known.as_ref().is_some_and(|known| is_same(known, identity));
        // Where it was: opening every node of the machine takes many times as long.
        if let Some(known) = &known {
            let mut there = open(known.node.clone());
            if let Some(found) = there.opened.as_mut().ok().filter(|found| same(&found.identity)) {
                // Alone it cannot tell whether another one claims its serial number.
                found.identity.id.clone_from(&known.id);
                if let Some(outcome) = self.start_first(vec![there]) {
                    return outcome;
                }
            }
        }
        let mut candidates = match (&self.target, &known) {
            (Target::Node(node), None) => vec![open(node.clone())],
            _ => scan(),
        };
        let not_there = |path: PathBuf| Lost::from(OpenError::NotFound { path });
        match (&self.target, &known) {
            (Target::Id(id), _) => {
                candidates.retain(|c| c.opened.as_ref().is_ok_and(|found| is_meant(id, &found.identity)));
                return self.start_first(candidates).unwrap_or_else(|| Err(not_there(id.into())));
            }
            (_, Some(known)) => {
                let (wanted, others): (Vec<_>, Vec<_>) =
                    candidates.into_iter().partition(|c| c.opened.as_ref().is_ok_and(|found| same(&found.identity)));
                if let Some(outcome) = self.start_first(wanted) {
                    return outcome;
                }
                if !replace {
                    return Err(not_there(known.id.clone().into()));
                }
                candidates = others;
            }
            _ => {}
        }
        match &self.target {
            Target::Node(node) => {
                let real = std::fs::canonicalize(node).unwrap_or_else(|_| node.clone());
                candidates.retain(|c| c.node == *node || c.node == real);
                self.start_first(candidates).unwrap_or_else(|| Err(not_there(node.clone())))
            }
            _ => {
                // Codecs, outputs and the like are not what "auto" means.
                candidates.retain(|c| !matches!(c.opened, Err(OpenError::NotACamera { .. } | OpenError::NotFound { .. })));
                self.start_first(candidates).unwrap_or_else(|| Err(not_there("auto".into())))
            }
        }
    }

    /// Starts the first of `candidates` that starts; else says why the first one did not. `None` without any.
    fn start_first(&self, candidates: Vec<Candidate>) -> Option<Result<Box<Live>, Lost>> {
        let mut first = None;
        for candidate in candidates {
            let started = candidate.opened.and_then(|found| Live::start(found, &self.config, clock()));
            match started {
                Ok(live) => return Some(Ok(Box::new(live))),
                Err(e) => first = first.or(Some(Err(Lost::from(e)))),
            }
        }
        first
    }
}
