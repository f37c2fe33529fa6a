//! `artc-edge config`: what is in force, and why.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ConfigArgs;
use crate::exit::Exit;

/// Show the configuration in force.
#[derive(Debug, Args)]
pub struct Config {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print every key with its value, as TOML that loads again; secrets are left out
    Show(Show),
}

#[derive(Debug, Args)]
struct Show {
    /// Say where each value comes from: layer, file and line
    #[arg(long)]
    origin: bool,
    /// As JSON, with origins
    #[arg(long)]
    json: bool,
}

impl Config {
    pub(super) fn go(self, config: Option<PathBuf>) -> Exit {
        let Command::Show(show) = self.command;
        let loaded = match (ConfigArgs { config }).load() {
            Ok(loaded) => loaded,
            Err(exit) => return exit,
        };
        if show.json { super::print_json(&loaded.settings()) } else { super::print(&loaded.show(show.origin)) }
    }
}
