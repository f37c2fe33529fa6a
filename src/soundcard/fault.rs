//! Why a sound device cannot be used, in the words of ALSA's numbers.

use serde::Serialize;

use super::card::{Identity, Way, node};

/// Why a microphone or a speaker cannot be used now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Loss {
    /// There is none of that name.
    Missing,
    /// It was there and was taken away.
    Unplugged,
    /// Another program uses it.
    Busy,
    /// We may not open it.
    NoPermission,
    /// It does not do the rate and the channels that were asked for.
    NoFormat,
    /// It is there, but its samples stand still.
    Stalled,
    /// The driver failed.
    Failed,
}

/// Why a device cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub struct OpenError {
    /// The kind of reason.
    pub loss: Loss,
    name: String,
    why: String,
}

impl OpenError {
    /// The card of this name is not there.
    pub fn missing(name: &str) -> Self {
        Self { loss: Loss::Missing, name: name.to_owned(), why: "there is no such sound device".to_owned() }
    }

    /// Nothing in ALSA can be called so.
    pub fn no_name(name: &str) -> Self {
        let why = "no ALSA device has such a name".to_owned();
        Self { loss: Loss::Missing, name: name.escape_debug().to_string(), why }
    }

    /// The device does not do what was asked for.
    pub fn no_format(name: &str, why: String) -> Self {
        Self { loss: Loss::NoFormat, name: name.to_owned(), why }
    }

    /// What ALSA answered when the device `name` was to be opened.
    pub fn of(name: &str, error: alsa::Error) -> Self {
        let loss = match error.errno().abs() {
            libc::ENOENT | libc::ENODEV | libc::ENXIO => Loss::Missing,
            libc::EBUSY | libc::EAGAIN => Loss::Busy,
            libc::EACCES | libc::EPERM => Loss::NoPermission,
            _ => Loss::Failed,
        };
        let why = match loss {
            Loss::Missing => "there is no such sound device".to_owned(),
            Loss::Busy => "another program uses it".to_owned(),
            Loss::NoPermission => "permission denied; the user must be in the group of /dev/snd, mostly `audio`".to_owned(),
            _ => error.to_string(),
        };
        Self { loss, name: name.to_owned(), why }
    }

    /// ALSA reports a card whose nodes we may not open as no card at all; the node of `device` tells.
    pub fn explained(self, device: &Identity, way: Way) -> Self {
        use rustix::fs::{Access, access};
        let node = node(device, way);
        let forbidden = access(&node, Access::READ_OK | Access::WRITE_OK) == Err(rustix::io::Errno::ACCESS);
        if forbidden && matches!(self.loss, Loss::Missing | Loss::NoPermission) {
            let why = format!("may not open {}; the user must be in the group of that node, mostly `audio`", node.display());
            return Self { loss: Loss::NoPermission, why, ..self };
        }
        self
    }
}

/// Why reading or writing stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// We were too slow: the driver's buffer ran over, or ran dry.
    #[error("overrun or underrun")]
    Xrun,
    /// The machine slept.
    #[error("suspended")]
    Suspended,
    /// The device is gone.
    #[error("gone")]
    Gone,
    /// Something else.
    #[error("{0}")]
    Failed(String),
}

impl Fault {
    /// What ALSA's answer means.
    pub fn of(error: alsa::Error) -> Self {
        match error.errno().abs() {
            libc::EPIPE => Self::Xrun,
            libc::ESTRPIPE => Self::Suspended,
            libc::ENODEV | libc::EBADFD | libc::ENXIO => Self::Gone,
            _ => Self::Failed(error.to_string()),
        }
    }
}
