//! `artc-edge run`: the daemon itself.

use clap::Args;

use super::ConfigArgs;
use crate::exit::Exit;
use crate::{app, telemetry};

/// Run the daemon: camera and microphone into the room, until Ctrl-C or SIGTERM.
///
/// Prints one line each for board, camera, microphone, room and viewer. Without a camera or a microphone it says so and sends the
/// built-in pattern and tone. Ctrl-C or SIGTERM ends it in order.
#[derive(Debug, Args)]
pub struct Run {}

impl Run {
    /// Loads the configuration, starts logging, and hands over to the app.
    pub(super) fn go(self, config: ConfigArgs, early: app::Early) -> Exit {
        let loaded = match config.load() {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        match telemetry::init(&loaded.config.telemetry) {
            Ok(telemetry) => app::run(loaded, telemetry, early),
            Err(why) => {
                eprintln!("artc-edge: {why}");
                Exit::Configuration
            }
        }
    }
}
