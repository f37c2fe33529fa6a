//! `artc-edge doctor`: what would keep the daemon from its job here, and what to do about it.
//!
//! Looks and tries, and changes nothing. Each file looks at one thing and answers with findings; this one prints them.

mod configuration;
mod devices;
mod encoder;
mod holders;
mod machine;
mod network;
mod sdk;

use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use super::ConfigArgs;
use crate::config::{self, Config, File, Loaded, Remote, Sources};
use crate::exit::Exit;

/// Look for everything that would keep the daemon from its job here, and say what to do about it.
///
/// Checks configuration, secrets, board, permissions, cameras, microphones, speakers, encoders, ports, the room to join, and the clock. A
/// warning is something that the daemon copes with; a failure is not, and sets the exit code.
#[derive(Debug, Args)]
pub struct Doctor {
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Only what is not well
    #[arg(long, short)]
    quiet: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Warning,
    Failure,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    /// What was looked at.
    about: &'static str,
    level: Level,
    /// What was seen.
    text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    way_out: Option<String>,
    #[serde(skip)]
    exit: Exit,
}

impl Finding {
    fn ok(about: &'static str, text: impl Into<String>) -> Self {
        Self { about, level: Level::Ok, text: text.into(), way_out: None, exit: Exit::Ok }
    }

    fn warning(about: &'static str, text: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { about, level: Level::Warning, text: text.into(), way_out: Some(way_out.into()), exit: Exit::Ok }
    }

    fn failure(about: &'static str, exit: Exit, text: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { about, level: Level::Failure, text: text.into(), way_out: Some(way_out.into()), exit }
    }
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    findings: &'a [Finding],
}

impl Doctor {
    pub(super) fn go(self, config: ConfigArgs) -> Exit {
        let findings = look(&config);
        let failed = findings.iter().filter(|finding| finding.level == Level::Failure);
        // The one that is to be put right first decides.
        let first = [Exit::Configuration, Exit::Permission, Exit::Unavailable, Exit::TryAgain, Exit::Bug];
        let exit = failed.map(|finding| finding.exit).min_by_key(|exit| first.iter().position(|one| one == exit));
        let exit = exit.unwrap_or(Exit::Ok);
        let printed = if self.json {
            super::print_json(&Report { ok: exit == Exit::Ok, findings: &findings })
        } else {
            super::print(&text(&findings, self.quiet))
        };
        if printed == Exit::Ok { exit } else { printed }
    }
}

fn look(arguments: &ConfigArgs) -> Vec<Finding> {
    let mut findings = Vec::new();
    let loaded = match config::load(&arguments.sources()) {
        Ok(loaded) => loaded,
        Err(why) => {
            findings.extend(why.problems.iter().map(|problem| {
                Finding::failure(
                    "configuration",
                    Exit::Configuration,
                    problem.headline(),
                    "put it right; `artc-edge check` tells more",
                )
            }));
            // The machine can be looked at all the same.
            match config::load(&Sources {
                file: File::None,
                variables: Vec::new(),
                credentials: None,
                remote: Remote::None,
                ..arguments.sources()
            }) {
                Ok(loaded) => {
                    findings.extend(around(&loaded));
                    return findings;
                }
                Err(_) => return findings,
            }
        }
    };
    findings.push(configuration::files(&loaded));
    findings.extend(configuration::secrets(&loaded.config));
    findings.extend(around(&loaded));
    findings
}

/// Everything that is not the configuration itself.
fn around(loaded: &Loaded) -> Vec<Finding> {
    let config: &Config = &loaded.config;
    let mut findings = vec![machine::clock()];
    findings.extend(machine::memory());
    findings.extend(machine::board(loaded));
    findings.extend(devices::cameras(config));
    findings.extend(devices::microphones(config));
    findings.extend(devices::speakers(config));
    findings.extend(encoder::works(config));
    findings.extend(sdk::loads(config));
    let running = network::daemon(config);
    findings.extend(network::ports(config, running.is_some()));
    findings.extend(running);
    findings.extend(network::room(config));
    findings
}

fn text(findings: &[Finding], quiet: bool) -> String {
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| !quiet || finding.level != Level::Ok) {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Failure => "FAILURE",
        };
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{level:<8} {:<14} {}", finding.about, finding.text);
        if let Some(way_out) = &finding.way_out {
            let _ = writeln!(text, "{:<24}-> {way_out}", "");
        }
    }
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (failures, warnings) = (count(Level::Failure), count(Level::Warning));
    let plural = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let _ = match (failures, warnings) {
        (0, 0) => writeln!(text, "all well"),
        _ => writeln!(text, "{}, {}", plural(failures, "failure"), plural(warnings, "warning")),
    };
    text
}
