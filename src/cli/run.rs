//! `artc-edge run`: the daemon itself.

use clap::Args;

use super::ConfigArgs;
use crate::exit::Exit;
use crate::{app, config::Settings, storage::SystemDisk, telemetry};

/// Run the daemon: camera and microphone into the room, until Ctrl-C or SIGTERM.
///
/// Prints one line each for board, camera, microphone, room and viewer. Without a camera or a microphone it says so and sends the
/// built-in pattern and tone. Ctrl-C or SIGTERM ends it in order; SIGHUP has the configuration read again, except under a terminal.
#[derive(Debug, Args)]
pub struct Run {}

impl Run {
    /// Loads the configuration, starts logging, and hands over to the app.
    pub(super) fn go(self, config: ConfigArgs, early: app::Early) -> Exit {
        let settings = match Settings::open(Box::new(SystemDisk), config.sources()) {
            Ok(settings) => settings,
            Err(why) => return super::wrong_configuration(&why),
        };
        match telemetry::init(&settings.in_force().config.telemetry) {
            Ok(telemetry) => app::run(settings, telemetry, early),
            Err(why) => {
                eprintln!("artc-edge: {why}");
                Exit::Configuration
            }
        }
    }
}
