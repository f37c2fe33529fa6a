//! The command line: one file a subcommand.
//!
//! Parsing, and saying what came out, is all that happens here; what a subcommand does is done by the part that it is about.
//! Answers go to standard output, complaints to standard error, and the exit code says how it ended ([`Exit`]).

mod audit;
mod call;
mod check;
mod completions;
mod config;
mod confirm;
mod devices;
mod doctor;
mod provision;
mod run;
mod token;
mod version;

use std::{
    io::{self, Write},
    panic,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand};
use serde::Serialize;

use crate::app::Early;
use crate::config::{ConfigError, File, Loaded, Sources, load_as_run};
use crate::exit::Exit;

const ABOUT: &str = "Turns a Linux box with a camera and a microphone into a participant of a real-time room";

const MORE: &str = "\
Files:
  /etc/artc-edge/config.toml    configuration; the shipped one explains every key
  /etc/artc-edge/conf.d/*.toml  read after it, in the order of their names
  /var/lib/artc-edge/remote.toml  what was set by command (config.set)

Environment:
  ARTC__SECTION__KEY            any key, above all files: ARTC__CAMERA__WIDTH=640;
                                lists by commas, an empty value unsets
  ARTC_LOG                      what is logged: debug, or a list: info,room=debug
  ARTC_TOKEN                    token of `call --room`, kept out of the arguments
  STATE_DIRECTORY               where remote.toml is instead (systemd
                                StateDirectory=); else $XDG_STATE_HOME/artc-edge
  NO_COLOR                      no colours on a terminal
  CREDENTIALS_DIRECTORY         secrets by file (systemd LoadCredential=) called
                                engine.open.token, room.api_secret,
                                room.apps.ID.key

Exit codes:
   0  as asked
  64  wrong arguments
  65  what was read is not as it must be
  69  a device, or the daemon, is not there
  70  a mistake of the program
  75  it may work later: a port is taken, a server is away
  77  permission denied
  78  the configuration is wrong";

#[derive(Debug, Parser)]
#[command(name = "artc-edge", version, about = ABOUT, after_long_help = MORE, max_term_width = 100)]
#[command(disable_help_subcommand = true, arg_required_else_help = true, propagate_version = false)]
struct Cli {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Run),
    Check(check::Check),
    Config(config::Config),
    Devices(devices::Devices),
    Call(call::Call),
    Audit(audit::Audit),
    Provision(provision::Provision),
    Confirm(confirm::Confirm),
    Token(token::Token),
    Doctor(doctor::Doctor),
    Version(version::Version),
    Completions(completions::Completions),
}

/// The whole command line, for what is made of it: the manual page.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
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
    fn sources(&self) -> Sources {
        Sources::of_process(self.config.clone().map_or(File::Default, File::Named))
    }

    /// Loads the configuration of this process, or says what is wrong with it.
    fn load(&self) -> Result<Loaded, Exit> {
        let (loaded, left_out) = load_as_run(&self.sources()).map_err(|why| wrong_configuration(&why))?;
        if let Some(why) = left_out {
            eprintln!("artc-edge: what was set by command is left out, as the daemon does: {why}");
        }
        Ok(loaded)
    }
}

/// Reads the arguments of the process and does what they say.
pub fn main() -> ExitCode {
    let early = Early::catch();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(why) => {
            let exit = if why.use_stderr() { Exit::Usage } else { Exit::Ok };
            // Nobody reads: nothing to be done about it.
            let _ = why.print();
            return exit.into();
        }
    };
    panic::catch_unwind(|| go(cli, early)).unwrap_or(Exit::Bug).into()
}

fn go(cli: Cli, early: Early) -> Exit {
    if !matches!(cli.command, Command::Run(_)) {
        early.let_go();
    }
    match cli.command {
        Command::Run(run) => run.go(cli.config, early),
        Command::Check(check) => check.go(cli.config.config),
        Command::Config(config) => config.go(cli.config.config),
        Command::Devices(devices) => devices.go(cli.config),
        Command::Call(call) => call.go(cli.config),
        Command::Audit(audit) => audit.go(),
        Command::Provision(provision) => provision.go(cli.config),
        Command::Confirm(confirm) => confirm.go(cli.config),
        Command::Token(token) => token.go(cli.config),
        Command::Doctor(doctor) => doctor.go(cli.config),
        Command::Version(version) => version.go(),
        Command::Completions(completions) => completions.go(),
    }
}

/// Says what is wrong with the configuration.
fn wrong_configuration(why: &ConfigError) -> Exit {
    eprintln!("{why}");
    let count = why.problems.len();
    eprintln!("artc-edge: {count} {} in the configuration", if count == 1 { "mistake" } else { "mistakes" });
    Exit::Configuration
}

/// Says why it did not work, with the causes behind it.
fn complain(exit: Exit, why: impl std::fmt::Display) -> Exit {
    eprintln!("artc-edge: {why}");
    exit
}

/// Prints an answer. A reader that has gone away (`| head`) is no mistake.
fn print(text: &str) -> Exit {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Exit::Ok,
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(why) => {
            eprintln!("artc-edge: standard output: {why}");
            Exit::TryAgain
        }
    }
}

fn print_json(answer: &impl Serialize) -> Exit {
    match serde_json::to_string_pretty(answer) {
        Ok(text) => print(&(text + "\n")),
        Err(why) => {
            eprintln!("artc-edge: the answer cannot be written as JSON: {why}");
            Exit::Bug
        }
    }
}
