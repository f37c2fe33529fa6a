//! Log lines for whoever asks, and levels that go back by themselves.

use std::time::Duration;

use wire::log::{Level, Levels, Line, Lines};

use crate::control::{LevelChange, LogAct, Outcome, TailWish};
use crate::telemetry::{Logged, Telemetry};

/// Bytes of lines in one reply: well below what a reply may have.
const REPLY: usize = 48 * 1024;

/// The log as commands meet it.
pub struct Logs {
    telemetry: Telemetry,
    /// What goes back, and when.
    changed: Option<Changed>,
}

struct Changed {
    /// What was logged before the first change.
    before: String,
    until: Duration,
}

impl Logs {
    /// Of this process.
    pub fn new(telemetry: Telemetry) -> Self {
        Self { telemetry, changed: None }
    }

    /// The configuration has other levels: from now on, or when the change of a command goes back.
    pub fn configure(&mut self, levels: &str) {
        if let Some(changed) = &mut self.changed {
            levels.clone_into(&mut changed.before);
        } else if let Err(why) = self.telemetry.levels().set(levels) {
            tracing::warn!("`telemetry.log`: {why}");
        }
    }

    /// Does what a command asks for.
    pub fn act(&mut self, act: LogAct, now: Duration) -> Outcome {
        match act {
            LogAct::Tail(wish) => Outcome::LogLines(self.tail(&wish)),
            LogAct::SetLevel(change) => {
                self.set(&change, now);
                Outcome::LogLevels(self.levels(now))
            }
            LogAct::ResetLevel => {
                self.reset();
                Outcome::LogLevels(self.levels(now))
            }
        }
    }

    fn tail(&self, wish: &TailWish) -> Lines {
        let of_part = |target: &str| {
            wish.part
                .as_deref()
                .is_none_or(|part| target.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::")))
        };
        let wanted = |line: &Logged| {
            line.number > wish.after && wish.level.is_none_or(|level| level_of(line) <= level) && of_part(line.target)
        };
        let tail = self.telemetry.tail();
        let last = tail.last();
        let newest = tail.newest(wish.lines as usize, wanted).into_iter().map(|line| Line {
            number: line.number,
            time_ms: line.time_ms,
            level: level_of(&line),
            part: line.target.into(),
            text: line.text.to_string(),
        });
        let mut left = REPLY;
        let fits = |line: &Line| {
            let taken = serde_json::to_string(line).map_or(usize::MAX, |text| text.len() + 1);
            left = left.saturating_sub(taken);
            left > 0
        };
        let mut lines: Vec<Line> = newest.take_while(fits).collect();
        lines.reverse();
        Lines { lines, last, levels: self.telemetry.levels().get() }
    }

    fn set(&mut self, change: &LevelChange, now: Duration) {
        let levels = self.telemetry.levels();
        let until = now + Duration::from_secs(change.seconds.into());
        let before = self.changed.take().map_or_else(|| levels.get(), |changed| changed.before);
        let level = change.level.name();
        let parts = match &change.part {
            Some(part) => format!("{part}={level}"),
            None => wire::log::PARTS.map(|part| format!("{part}={level}")).join(","),
        };
        // On top of what is logged, so that several parts can be changed one after the other.
        match levels.set(&format!("{},{parts}", levels.get())) {
            Ok(()) => tracing::info!("logging {parts} for {} s", change.seconds),
            Err(why) => tracing::error!("levels not changed: {why}"),
        }
        self.changed = Some(Changed { before, until });
    }

    fn reset(&mut self) {
        if let Some(Changed { before, .. }) = self.changed.take() {
            match self.telemetry.levels().set(&before) {
                Ok(()) => tracing::info!("logging {before} again"),
                Err(why) => tracing::error!("levels not set back: {why}"),
            }
        }
    }

    fn levels(&self, now: Duration) -> Levels {
        let back_in_s = self.changed.as_ref().map(|changed| changed.until.saturating_sub(now).as_secs_f64().ceil() as u32);
        Levels { levels: self.telemetry.levels().get(), back_in_s }
    }

    /// When [`Logs::wake`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.changed.as_ref().map(|changed| changed.until)
    }

    /// Sets the levels back when it is time.
    pub fn wake(&mut self, now: Duration) {
        if self.deadline().is_some_and(|until| until <= now) {
            self.reset();
        }
    }
}

fn level_of(line: &Logged) -> Level {
    match line.level {
        tracing::Level::ERROR => Level::Error,
        tracing::Level::WARN => Level::Warn,
        tracing::Level::INFO => Level::Info,
        tracing::Level::DEBUG => Level::Debug,
        tracing::Level::TRACE => Level::Trace,
    }
}
