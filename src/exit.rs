//! Exit codes, as sysexits.h has them.

use std::{io, process::ExitCode};

/// How the process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// As asked.
    Ok = 0,
    /// The arguments were wrong.
    Usage = 64,
    /// What was read is not as it must be.
    Data = 65,
    /// A device, or the daemon, is not there.
    Unavailable = 69,
    /// A mistake of ours.
    Bug = 70,
    /// It may work later: a port is taken, a server away.
    TryAgain = 75,
    /// Not allowed.
    Permission = 77,
    /// The configuration is wrong; trying again will not help.
    Configuration = 78,
}

impl Exit {
    /// The one for a failure of the system.
    pub fn of_io(why: &io::Error) -> Self {
        match why.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Self::Unavailable,
            _ => Self::TryAgain,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
