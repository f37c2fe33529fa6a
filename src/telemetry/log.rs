//! Log lines: to the journal with fields, or to stderr for people.

use std::io::IsTerminal;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use tracing_subscriber::{Layer, Registry, filter::Targets, layer::SubscriberExt, reload, util::SubscriberInitExt};

use super::catalogue::Journal;
use super::{Config, LogTo, Tail};

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The journal was asked for and is not there.
    #[error("`telemetry.log_to` = \"journal\": no journal at /run/systemd/journal/socket ({0}); use \"auto\" or \"stderr\"")]
    Journal(std::io::Error),
    /// `ARTC_LOG` is wrong.
    #[error("environment variable ARTC_LOG: {0}")]
    Variable(String),
    /// `telemetry.log` is wrong.
    #[error("`telemetry.log`: {0}")]
    Level(String),
    /// Somebody logs already.
    #[error("logging was started twice")]
    Twice,
}

/// Changes what is logged while running.
#[derive(Clone)]
pub struct Levels {
    handle: reload::Handle<Targets, Registry>,
}

impl Levels {
    /// Logs from now on what `text` says, such as `debug` or `info,room=debug`.
    pub fn set(&self, text: &str) -> Result<(), String> {
        let targets = parse_levels(text)?;
        self.handle.reload(targets).map_err(|why| why.to_string())
    }

    /// What is logged now.
    pub fn get(&self) -> String {
        self.handle.with_current(Targets::to_string).unwrap_or_default()
    }
}

/// Logs as `config` says, and into `tail` by the same levels.
pub(super) fn init(config: &Config, tail: Tail) -> Result<Levels, InitError> {
    let targets = match std::env::var("ARTC_LOG") {
        Ok(text) if !text.is_empty() => parse_levels(&text).map_err(InitError::Variable)?,
        _ => parse_levels(&config.log).map_err(InitError::Level)?,
    };
    let (filter, handle) = reload::Layer::new(targets);
    let journal = match config.log_to {
        LogTo::Stderr => None,
        LogTo::Journal => Some(Journal::new().map_err(InitError::Journal)?),
        LogTo::Auto if goes_to_journal(std::io::stderr()) => Journal::new().ok(),
        LogTo::Auto => None,
    };
    let sink: Box<dyn Layer<Registry> + Send + Sync> = match journal {
        Some(layer) => Box::new(layer),
        None => {
            let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|text| text.is_empty());
            Box::new(tracing_subscriber::fmt::layer().compact().with_ansi(colours).with_writer(std::io::stderr))
        }
    };
    tracing_subscriber::registry().with(sink.and_then(tail).with_filter(filter)).try_init().map_err(|_| InitError::Twice)?;
    Ok(Levels { handle })
}

/// Whether this output goes to the journal: systemd says device and inode of the socket it made.
pub fn goes_to_journal(output: impl AsRawFd) -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    let file = std::fs::metadata(format!("/proc/self/fd/{}", output.as_raw_fd()));
    file.is_ok_and(|file| is_stream(&stream, file.dev(), file.ino()))
}

/// Whether `DEVICE:INODE` names this file. The variable is inherited by processes whose stderr goes elsewhere.
fn is_stream(stream: &str, device: u64, inode: u64) -> bool {
    stream.split_once(':').is_some_and(|(left, right)| left.parse() == Ok(device) && right.parse() == Ok(inode))
}

/// Parses a level (`info`) or a list (`info,room=debug`).
pub fn parse_levels(text: &str) -> Result<Targets, String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    for part in text.split(',') {
        let (target, level) = match part.split_once('=') {
            Some((target, level)) => (Some(target.trim()), level.trim()),
            None => (None, part.trim()),
        };
        if target == Some("") {
            return Err(format!("`{part}` names no part before `=`; write `room=debug`"));
        }
        if !LEVELS.contains(&level.to_ascii_lowercase().as_str()) {
            return Err(format!("\"{level}\" is no level; use error, warn, info, debug, trace or off"));
        }
    }
    text.replace(' ', "").parse().map_err(|why| format!("\"{text}\" is no list of levels: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stderr_is_the_journal_only_when_systemd_says_so_of_this_very_file() {
        assert!(is_stream("9:12345", 9, 12_345));
        for other in ["9:12346", "8:12345", "12345", "", ":", "9:", "x:y", "9:12345:1"] {
            assert!(!is_stream(other, 9, 12_345), "{other}");
        }
    }

    #[test]
    fn levels_are_read_or_refused_with_a_reason() {
        for good in ["info", "INFO", "off", "info,room=debug", "warn, room = trace", "artc_open::session=debug"] {
            assert!(parse_levels(good).is_ok(), "{good}");
        }
        for bad in ["", "loud", "info,", "room=", "=debug", "room=loud", "info,room=debug=trace"] {
            let why = parse_levels(bad).expect_err(bad);
            assert!(!why.is_empty());
        }
    }
}
