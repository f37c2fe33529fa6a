//! `artc-edge confirm`: the system that was just installed is kept once the device streams, and left where it does not.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};

use super::ConfigArgs;
use crate::app::trial::{TrialError, Verdict, judge};
use crate::control::{Failure, socket};
use crate::exit::Exit;
use crate::telemetry::note;

/// Keep the system that runs once the device streams, or leave it for the other one.
///
/// For systems that RAUC updates; artc-edge-confirm.service runs it at each start. With camera and channel there in time, the slot is marked
/// good. Without, one that has never streamed since it was installed is marked bad, and the machine restarts into the other slot.
#[derive(Debug, Args)]
pub struct Confirm {
    /// How many seconds camera and channel may take
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = value_parser!(u64).range(1..=3600))]
    within: u64,
    /// The daemon's socket [default: as configured]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
}

impl Confirm {
    pub(super) fn go(self, config: ConfigArgs) -> Exit {
        // A configuration that is wrong is one more reason to leave the system: the usual place will not answer either.
        let configured = || config.load().map(|loaded| loaded.config.control).unwrap_or_default();
        let socket = self.socket.unwrap_or_else(|| socket::find(&configured(), |name| std::env::var(name).ok()));
        let folder =
            std::env::var_os("STATE_DIRECTORY").map_or_else(|| PathBuf::from("/var/lib/artc-edge-confirm"), PathBuf::from);
        match judge(&socket, &folder, Duration::from_secs(self.within)) {
            Ok(Verdict::Kept(told)) => {
                note(|| tracing::info!(name: "update_kept", "the system that runs is kept: {told}"));
                super::print(&format!("it streams: {told}\n"))
            }
            Ok(Verdict::Left(missing)) => {
                note(|| tracing::error!(name: "update_left", "the system that runs is left for the other one: {missing}"));
                super::complain(Exit::TryAgain, format!("{missing}; back to the other slot"))
            }
            Ok(Verdict::Stays { missing, why }) => {
                super::complain(Exit::TryAgain, format!("{missing}; but the slot stays: {why}"))
            }
            Err(TrialError::Rauc(Failure::NotAvailable(why))) => super::print(&format!("nothing to confirm: {why}\n")),
            Err(why) => super::complain(Exit::TryAgain, why),
        }
    }
}
