//! `artc-edge audit`: whether the journal still holds every line that the daemon left of its commands.

use std::io::Read;

use clap::{Args, Subcommand};

use crate::control::audit::verify;
use crate::exit::Exit;

/// Look at the record of commands.
#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check the chain of the lines on standard input; missing or changed lines are named, and the exit code is 65
    ///
    /// Each line of a command carries a hash over itself and the line before. For the whole journal:
    /// journalctl -u artc-edge -o cat | artc-edge audit verify
    Verify,
}

impl Audit {
    pub(super) fn go(self) -> Exit {
        let What::Verify = self.what;
        let mut journal = Vec::new();
        if let Err(why) = std::io::stdin().lock().read_to_end(&mut journal) {
            return super::complain(Exit::of_io(&why), format!("standard input: {why}"));
        }
        let journal = String::from_utf8_lossy(&journal);
        let verdict = verify(journal.lines());
        let mut said = format!("lines of the audit: {}, breaks: {}\n", verdict.lines, verdict.breaks.len());
        for at in &verdict.anew {
            said += &format!("line {at} of the input: the daemon began anew, without the end of the run before it\n");
        }
        for one in &verdict.breaks {
            said += &format!("line {} of the input: {}\n", one.at, one.why);
        }
        let printed = super::print(&said);
        if verdict.breaks.is_empty() { printed } else { Exit::Data }
    }
}
