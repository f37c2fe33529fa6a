//! Family `audit`: who did what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most lines of one answer.
pub const MOST_LINES: u32 = 100;

/// Parameters of `audit.tail`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tail {
    /// How many lines at most, 1 to 100.
    #[schemars(range(min = 1, max = 100))]
    pub lines: u32,
    /// Only lines before this number; unset: the newest.
    pub before: Option<u64>,
}

impl Default for Tail {
    fn default() -> Self {
        Self { lines: 20, before: None }
    }
}

/// What `audit.tail` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Lines {
    /// The lines as they are in the journal, oldest first: each a JSON object, to be checked letter by letter.
    pub lines: Vec<String>,
    /// How many lines this run of the daemon has left so far: the number that the next one gets.
    pub next: u64,
}

/// One line: one command, or several alike of one sender.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Its number in this run of the daemon, from 0.
    pub n: u64,
    /// Milliseconds since 1970 as the device knew it; 0 before the first command.
    pub t: u64,
    /// Who.
    pub who: String,
    /// The key that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// In which role; none has nobody who may call nothing by his role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<crate::Role>,
    /// The method, where it could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// `done`, or the name of the error; `unheard` where it was done and its sender had left.
    pub outcome: String,
    /// What is wrong, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Milliseconds from the message to its end.
    pub ms: u64,
    /// How many alike of the same sender before it left no line, so that a flood does not fill the journal.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unsaid: u64,
    /// SHA-256 over the hash of the line before (of line 0: what the daemon kept from its run before) and this line up to here,
    /// in base64url.
    pub hash: String,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}
