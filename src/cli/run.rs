//! `artc-edge run`: the daemon itself.

use clap::Args;

use super::{ConfigArgs, Exit};
use crate::{app, config, telemetry};

/// Run the daemon: camera and microphone into the room, until Ctrl-C or SIGTERM.
#[derive(Debug, Args)]
pub struct Run {
    #[command(flatten)]
    config: ConfigArgs,
}

impl Run {
    /// Loads the configuration, starts logging, and hands over to the app.
    pub fn go(self) -> Exit {
        let loaded = match config::load(&self.config.sources()) {
            Ok(loaded) => loaded,
            Err(why) => {
                eprintln!("{why}");
                return Exit::Configuration;
            }
        };
        let telemetry = match telemetry::init(&loaded.config.telemetry) {
            Ok(telemetry) => telemetry,
            Err(why) => {
                eprintln!("artc-edge: {why}");
                return Exit::Configuration;
            }
        };
        app::run(loaded, telemetry)
    }
}
