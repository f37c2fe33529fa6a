//! Who did what: one line a command, each chained to the one before, so that a missing or changed line shows.
//!
//! A line is a JSON object ([`wire::audit::Line`]). Its last member is SHA-256 over the hash of the line before and all of the line that
//! stands before that member. Line 0 of a run goes on from the last hash of the run before, where that ended in order. Whoever can write
//! the whole journal can also make a new chain: against him helps a hash that was read elsewhere, with `audit.tail`.

use std::collections::VecDeque;
use std::time::Duration;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use wire::audit::{Line, Lines, Tail};
use wire::method::Kind;
use wire::{Code, Method, Refusal};

use super::Sender;
use super::authority::Standing;

/// Lines in memory.
const REMEMBERED: usize = 512;
/// Longest reason in a line, in characters.
const LONGEST_WHY: usize = 160;
/// What stands before the hash in a line.
const BEFORE_HASH: &str = ",\"hash\":\"";

/// The end of a chain.
pub type Hash = [u8; 32];

/// How a command ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum End<'a> {
    /// It was carried out, or answered.
    Done,
    /// It was not taken on.
    Refused(&'a Refusal),
    /// It was taken on and went wrong.
    Failed(&'a Refusal),
    /// It was carried out, and its sender had left before.
    Unheard,
}

impl End<'_> {
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused(why) | Self::Failed(why) => why.code.name(),
            Self::Unheard => "unheard",
        }
    }
}

/// A command that has ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub who: &'a Sender,
    pub standing: &'a Standing,
    pub method: Option<Method>,
    pub end: End<'a>,
    /// When it came.
    pub since: Duration,
}

/// The chain, and its newest lines.
#[derive(Debug, Default)]
pub(super) struct Trail {
    next: u64,
    hash: Hash,
    newest: VecDeque<String>,
    /// What the daemon's clock shows less than the time of day, in milliseconds.
    day: Option<u64>,
}

impl Trail {
    /// Goes on from the end of the run before; to be called before the first line.
    pub fn go_on(&mut self, hash: Hash) {
        self.hash = hash;
    }

    /// The end of the chain.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// What the time of day is at `now`.
    pub fn time(&mut self, time_ms: u64, now: Duration) {
        self.day = time_ms.checked_sub(millis(now)).or(self.day);
    }

    /// Leaves the line of a command, unless `repeats` says that it goes without.
    pub fn leave(&mut self, entry: &Entry<'_>, repeats: &mut Repeats, now: Duration) {
        let Some(unsaid) = repeats.unsaid(entry, now) else { return };
        let why = match entry.end {
            End::Refused(why) | End::Failed(why) => Some(why.message.chars().take(LONGEST_WHY).collect()),
            End::Done | End::Unheard => None,
        };
        let line = Line {
            n: self.next,
            t: self.day.map_or(0, |day| day.saturating_add(millis(now))),
            who: format!("{:?}", entry.who),
            key: entry.standing.key.clone(),
            role: entry.standing.role,
            method: entry.method.map(|method| method.name().to_owned()),
            outcome: entry.end.name().to_owned(),
            why,
            ms: millis(now.saturating_sub(entry.since)),
            unsaid,
            hash: String::new(),
        };
        let text = self.chain(&line);
        match entry.end {
            End::Done => tracing::info!(name: "audit", target: "artc_edge::audit", "{text}"),
            _ => tracing::warn!(name: "audit", target: "artc_edge::audit", "{text}"),
        }
        if self.newest.len() == REMEMBERED {
            self.newest.pop_front();
        }
        self.newest.push_back(text);
    }

    fn chain(&mut self, line: &Line) -> String {
        // Writing plain values into memory cannot fail.
        let mut text = serde_json::to_string(line).unwrap_or_default();
        text.truncate(text.rfind(BEFORE_HASH).unwrap_or(text.len()));
        self.hash = link(&self.hash, &text);
        self.next += 1;
        text.push_str(BEFORE_HASH);
        URL_SAFE_NO_PAD.encode_string(self.hash, &mut text);
        text.push_str("\"}");
        text
    }

    /// The newest lines, or those before one.
    ///
    /// # Errors
    /// [`Code::OutOfRange`] for a number of lines that is not answered.
    pub fn tail(&self, params: &Tail) -> Result<Lines, Refusal> {
        if !(1..=wire::audit::MOST_LINES).contains(&params.lines) {
            let why = format!("`lines` of {} is not between 1 and {}", params.lines, wire::audit::MOST_LINES);
            return Err(Refusal::new(Code::OutOfRange, why));
        }
        let first = self.next - self.newest.len() as u64;
        let end = params.before.unwrap_or(self.next).clamp(first, self.next) - first;
        let begin = end.saturating_sub(u64::from(params.lines));
        let lines = self.newest.iter().skip(begin as usize).take((end - begin) as usize).cloned().collect();
        Ok(Lines { lines, next: self.next })
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn link(before: &Hash, text: &str) -> Hash {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(before);
    context.update(text.as_bytes());
    let mut hash = Hash::default();
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Keeps the journal readable under a flood. What changes something has a line each time. The same question, or the same error, of
/// the same sender has one in ten seconds, and the next says how many had none.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    said: Vec<((Option<Method>, &'static str), Duration)>,
    unsaid: u64,
}

impl Repeats {
    const SILENCE: Duration = Duration::from_secs(10);
    /// Kinds of lines in that time; whoever has more of them is a flood, too.
    const KINDS: usize = 32;

    /// How many had no line before this one; nothing where this one has none either.
    fn unsaid(&mut self, entry: &Entry<'_>, now: Duration) -> Option<u64> {
        let always = match entry.end {
            End::Refused(_) => false,
            End::Done => entry.method.is_some_and(|method| method.kind() == Kind::Change),
            End::Failed(_) | End::Unheard => true,
        };
        if !always {
            // One error is one kind, whichever methods it is tried with.
            let kind = (entry.method.filter(|_| matches!(entry.end, End::Done)), entry.end.name());
            self.said.retain(|(_, at)| now.saturating_sub(*at) < Self::SILENCE);
            if self.said.len() >= Self::KINDS || self.said.iter().any(|(said, _)| *said == kind) {
                self.unsaid += 1;
                return None;
            }
            self.said.push((kind, now));
        }
        Some(std::mem::take(&mut self.unsaid))
    }
}

/// What is wrong with a chain at one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// The line of the text, from 1.
    pub at: usize,
    /// What is wrong, in words.
    pub why: String,
}

/// What came of looking through the lines of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Lines of the audit that were found.
    pub lines: u64,
    /// Lines at which the daemon began anew without the end of the run before: it was killed, or lines are missing.
    pub anew: Vec<usize>,
    /// Where the chain does not hold.
    pub breaks: Vec<Break>,
}

/// Looks through the lines of a journal; what is no line of the audit is passed over. The first line has none before it, and is believed.
pub fn verify<'a>(journal: impl Iterator<Item = &'a str>) -> Verdict {
    let mut verdict = Verdict::default();
    let mut before: Option<(u64, Hash)> = None;
    for (number, text) in journal.enumerate() {
        let Some((body, claimed)) = split(text) else { continue };
        let at = number + 1;
        verdict.lines += 1;
        let mut wrong = |why: String| verdict.breaks.push(Break { at, why });
        let n = match serde_json::from_str::<Line>(&format!("{body}{BEFORE_HASH}\"}}")) {
            Ok(line) => line.n,
            Err(why) => {
                wrong(format!("is no line of the audit: {why}"));
                continue;
            }
        };
        let anew = n == 0 && link(&Hash::default(), body) == claimed;
        match before {
            None => {}
            Some(_) if anew => verdict.anew.push(at),
            // A run that goes on from the one before, or the next line of the same run.
            Some((last, hash)) if (n == 0 || n == last + 1) && link(&hash, body) == claimed => {}
            Some((last, _)) if n != 0 && n != last + 1 => {
                wrong(format!("line {n} follows line {last}: what is between them is missing"))
            }
            Some(_) => wrong(format!("line {n} or the one before it was changed, or lines between them are missing")),
        }
        before = Some((n, claimed));
    }
    verdict
}

/// The part of a line that its hash is about, and the hash.
fn split(text: &str) -> Option<(&str, Hash)> {
    let body = &text[text.find("{\"n\":")?..];
    let (body, end) = body.rsplit_once(BEFORE_HASH)?;
    let hash = URL_SAFE_NO_PAD.decode(end.split('"').next()?).ok()?;
    Some((body, hash.try_into().ok()?))
}
