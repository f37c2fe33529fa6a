//! `artc-edge completions`: what a shell needs to complete our arguments.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
use crate::exit::Exit;

/// Print the completions for a shell.
///
/// For bash: artc-edge completions bash > /usr/share/bash-completion/completions/artc-edge
#[derive(Debug, Args)]
pub struct Completions {
    /// Which shell
    shell: Shell,
}

impl Completions {
    pub(super) fn go(self) -> Exit {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "artc-edge", &mut script);
        super::print(&String::from_utf8_lossy(&script))
    }
}
