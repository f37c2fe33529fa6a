//! The command line: one file a subcommand.
//!
//! Parsing, and saying what came out, is all that happens here; what a subcommand does is done by the part that it is about.

mod exit;
mod run;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub use exit::Exit;

use crate::config::{File, Sources};

/// Turns a Linux box with a camera and a microphone into a participant of a real-time room.
#[derive(Debug, Parser)]
#[command(name = "artc-edge", version, disable_help_subcommand = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
}

/// Which configuration to use.
#[derive(Clone, Debug, Default, Args)]
pub struct ConfigArgs {
    /// Configuration file; `conf.d/*.toml` next to it is read as well [default: /etc/artc-edge/config.toml, if it is there]
    #[arg(long, short, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl ConfigArgs {
    /// The layers of this process.
    pub fn sources(&self) -> Sources {
        Sources::of_process(self.config.clone().map_or(File::Default, File::Named))
    }
}

/// Reads the arguments of the process and does what they say.
pub fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(why) => {
            let exit = if why.use_stderr() { Exit::Usage } else { Exit::Ok };
            // Nobody reads: nothing to be done about it.
            let _ = why.print();
            return exit.into();
        }
    };
    match cli.command {
        Command::Run(run) => run.go(),
    }
    .into()
}
