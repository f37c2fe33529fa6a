//! The last log lines, kept in memory for whoever asks from afar: as many as stand in the journal or on stderr, by the same levels,
//! without what looks like a token. Bounded; the oldest line makes room for the newest.

use std::collections::VecDeque;
use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::time::{ClockId, clock_gettime};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// Lines that are kept.
const LINES: usize = 500;
/// Bytes of one that are kept.
const LINE: usize = 512;

/// A line that was logged.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Counted from 1 since logging began.
    pub number: u64,
    /// Milliseconds since 1970 on the device's clock.
    pub time_ms: u64,
    /// How much it matters.
    pub level: Level,
    /// Who said it: the path of a module.
    pub target: &'static str,
    /// The message and its fields.
    pub text: Arc<str>,
}

/// The last lines. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Tail(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    lines: VecDeque<Logged>,
    last: u64,
}

impl Tail {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest `most` lines that `wanted` takes, newest first.
    pub fn newest(&self, most: usize, wanted: impl Fn(&Logged) -> bool) -> Vec<Logged> {
        self.kept().lines.iter().rev().filter(|line| wanted(line)).take(most).cloned().collect()
    }

    /// Number of the newest line; 0 before the first.
    pub fn last(&self) -> u64 {
        self.kept().last
    }

    fn push(&self, level: Level, target: &'static str, text: &str) {
        let now = clock_gettime(ClockId::Realtime);
        let time_ms = now.tv_sec.unsigned_abs() * 1000 + now.tv_nsec.unsigned_abs() / 1_000_000;
        let mut kept = self.kept();
        kept.last += 1;
        let number = kept.last;
        if kept.lines.len() >= LINES {
            kept.lines.pop_front();
        }
        kept.lines.push_back(Logged { number, time_ms, level, target, text: text.into() });
    }
}

impl<S: Subscriber> Layer<S> for Tail {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let text = without_tokens(&(said.message + &said.fields));
        let end = (0..=LINE.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        self.push(*event.metadata().level(), event.metadata().target(), &text[..end]);
    }
}

#[derive(Default)]
struct Said {
    message: String,
    fields: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing into a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// The text with everything taken out that looks like a join token or names itself one. Nothing of ours logs tokens; this is for
/// addresses and errors that come from elsewhere.
fn without_tokens(text: &str) -> String {
    let of_token = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '+' | '/' | '=' | '%' | '~');
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        // Base64 of `{"` is how every JSON token begins; a parameter of an address says what it is.
        let starts = ["eyJ", "token=", "secret=", "password="];
        let found = starts.iter().filter_map(|start| rest.find(start).map(|at| (at, *start))).min();
        let Some((at, start)) = found else { break };
        let name = if start == "eyJ" { 0 } else { start.len() };
        let value = &rest[at + name..];
        let end = value.find(|c| !of_token(c)).unwrap_or(value.len());
        clean.push_str(&rest[..at + name]);
        // Shorter than any token: a word that happens to begin so.
        clean.push_str(if start == "eyJ" && end < 20 { &value[..end] } else { "[hidden]" });
        rest = &value[end..];
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn lines_are_kept_with_their_values_and_the_oldest_goes_first() {
        let tail = Tail::default();
        let logging = tracing_subscriber::registry().with(tail.clone());
        tracing::subscriber::with_default(logging, || {
            tracing::warn!(target: "room::media", port = 7882, "no {}", "packets");
            for number in 0..LINES {
                tracing::info!(number, text = "é".repeat(LINE));
            }
        });
        assert_eq!(tail.last(), LINES as u64 + 1);
        let all = tail.newest(usize::MAX, |_| true);
        assert_eq!((all.len(), all[0].number, all[LINES - 1].number), (LINES, LINES as u64 + 1, 2), "the warning has made room");
        assert!(all.iter().all(|line| line.text.len() <= LINE && line.time_ms > 0));
        assert!(tail.newest(usize::MAX, |line| line.level == Level::WARN).is_empty());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(tail.clone()), || {
            tracing::warn!(target: "room::media", port = 7882, "no {}", "packets");
        });
        let newest = &tail.newest(1, |line| line.target.starts_with("room"))[0];
        assert_eq!((newest.level, &*newest.text), (Level::WARN, "no packets port=7882"));
    }

    #[test]
    fn tokens_are_not_kept_whatever_says_them() {
        let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW1lcmEifQ.c2lnbmF0dXJl-_x";
        for (said, kept) in [
            (format!("connect to wss://a/rtc?access_token={token}&x=1"), "connect to wss://a/rtc?access_token=[hidden]&x=1"),
            (format!("\"{token}\" and {token}, twice"), "\"[hidden]\" and [hidden], twice"),
            ("eyJub25jZSI6IkFLLTEyMzQifQ==".to_owned(), "[hidden]"),
            ("password=hunter2 user=me".to_owned(), "password=[hidden] user=me"),
            ("heyJude is a song".to_owned(), "heyJude is a song"),
            ("token=".to_owned(), "token=[hidden]"),
        ] {
            let tail = Tail::default();
            tracing::subscriber::with_default(tracing_subscriber::registry().with(tail.clone()), || tracing::info!("{said}"));
            assert_eq!(&*tail.newest(1, |_| true)[0].text, kept);
        }
    }
}
