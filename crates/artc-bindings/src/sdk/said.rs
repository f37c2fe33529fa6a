//! What the child says on standard error: into our log, without secrets, and not too much of it. The last lines are kept for the
//! report of its death.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// Lines kept.
const KEPT: usize = 4;
/// Bytes of a line that are read as one.
const LONGEST: u64 = 1000;
/// A run of a secret's letters is taken for a part of it from so many on.
const TELLING: usize = 12;

/// What was said lately, and what may not be repeated.
#[derive(Debug, Default)]
pub(super) struct Said {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    lines: VecDeque<String>,
    secret: String,
}

impl Said {
    /// This may not be repeated from now on, nor a part of it.
    pub fn keep_secret(&self, secret: &str) {
        secret.clone_into(&mut self.lock().secret);
    }

    /// The text without what may not be repeated.
    pub fn clean(&self, text: &str) -> String {
        without(&self.lock().secret, text)
    }

    /// The last lines, and forgets them.
    pub fn last(&self) -> String {
        Vec::from(std::mem::take(&mut self.lock().lines)).join(" | ")
    }

    /// Reads until the child and all that it started have closed their end.
    pub fn listen(self: &Arc<Self>, from: impl Read) {
        let mut from = BufReader::new(from);
        loop {
            let mut line = Vec::new();
            match (&mut from).take(LONGEST).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = self.clean(String::from_utf8_lossy(&line).trim_end());
            if text.is_empty() {
                continue;
            }
            tracing::debug!(target: "artc_bindings::sdk::said", "{text}");
            let lines = &mut self.lock().lines;
            if lines.len() == KEPT {
                lines.pop_front();
            }
            lines.push_back(text);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `text` with every run of letters that is a part of `secret`, or has it in it, replaced.
fn without(secret: &str, text: &str) -> String {
    if secret.is_empty() {
        return text.to_owned();
    }
    let text = text.replace(secret, "[secret]");
    let of_a_token = |letter: char| letter.is_ascii_alphanumeric() || "+/=_-.".contains(letter);
    let mut clean = String::with_capacity(text.len());
    let mut rest = &*text;
    while !rest.is_empty() {
        let run = rest.find(|letter| !of_a_token(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(run);
        let part = word.len() >= TELLING
            && (0..=word.len() - TELLING).any(|at| secret.contains(word.get(at..at + TELLING).unwrap_or("\n")));
        clean.push_str(if part { "[secret]" } else { word });
        let other = after.find(of_a_token).unwrap_or(after.len());
        clean.push_str(&after[..other]);
        rest = &after[other..];
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_in_no_line_whole_or_in_parts() {
        let said = Arc::new(Said::default());
        said.keep_secret("eyJhcHBpZCI6ImFwcCJ9.signature-of-it");
        let from = "joining with eyJhcHBpZCI6ImFwcCJ9.signature-of-it now\n'eyJhcHBpZCI6ImFw...' is refused\nall else stays\n";
        said.listen(from.as_bytes());
        let last = said.last();
        assert_eq!(last, "joining with [secret] now | '[secret]' is refused | all else stays");
        assert!(said.last().is_empty());
    }

    #[test]
    fn of_much_talk_the_last_lines_stay() {
        let said = Arc::new(Said::default());
        let endless = "x".repeat(5000) + "\n" + &(0..100).map(|n| format!("line {n}\n")).collect::<String>();
        said.listen(endless.as_bytes());
        assert_eq!(said.last(), "line 96 | line 97 | line 98 | line 99");
    }
}
