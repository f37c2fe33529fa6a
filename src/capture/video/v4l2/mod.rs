//! Cameras of the kernel: opening, asking what they can, streaming by mapped buffers, controls, events.
//!
//! Nothing here waits or retries: the capture thread does. What a descriptor has to say comes by [`Device::next`] and
//! [`Device::next_change`] once it polls readable or exceptional.

mod controls;
mod device;
mod stream;

pub(super) use controls::Change;
pub(super) use device::{Device, Offers, Signal};
pub(super) use stream::{Buffer, Stream};

use std::io;
use std::path::{Path, PathBuf};

use super::state::Loss;

/// Why a camera cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The node is not there, or its device is gone.
    #[error("camera {}: not there", path.display())]
    NotFound {
        /// The node, or what was looked for.
        path: PathBuf,
    },
    /// We may not open it.
    #[error("camera {}: permission denied; the user must be in the node's group, mostly \"video\"", path.display())]
    NoPermission {
        /// The node.
        path: PathBuf,
    },
    /// Another program streams from it.
    #[error("camera {}: busy; another program is using it", path.display())]
    Busy {
        /// The node.
        path: PathBuf,
    },
    /// The node is there, but pictures cannot be captured from it.
    #[error("camera {}: not a camera: {why}", path.display())]
    NotACamera {
        /// The node.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// None of its modes can be used.
    #[error("camera {}: {why}", path.display())]
    NoMode {
        /// The node.
        path: PathBuf,
        /// What it offers, and the way out.
        why: String,
    },
    /// The driver failed.
    #[error("camera {}: {step}: {source}", path.display())]
    Failed {
        /// The node.
        path: PathBuf,
        /// What was being done.
        step: &'static str,
        /// The driver's error.
        source: io::Error,
    },
}

impl OpenError {
    /// The error of `step` on `path`.
    pub(super) fn new(path: &Path, step: &'static str, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.raw_os_error() {
            Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => Self::NotFound { path },
            Some(libc::EACCES | libc::EPERM) => Self::NoPermission { path },
            Some(libc::EBUSY) => Self::Busy { path },
            _ => Self::Failed { path, step, source },
        }
    }

    /// The same as a state of the camera.
    pub fn loss(&self) -> Loss {
        match self {
            Self::NotFound { .. } => Loss::Unplugged,
            Self::NoPermission { .. } => Loss::NoPermission,
            Self::Busy { .. } => Loss::Busy,
            Self::NotACamera { .. } => Loss::NotACamera,
            Self::NoMode { .. } => Loss::NoMode,
            Self::Failed { .. } => Loss::Failed,
        }
    }
}
