//! Family `log`: the last log lines, and how much is logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many lines `log.tail` answers at most.
pub const TAIL_LINES: std::ops::RangeInclusive<u32> = 1..=500;
/// For how many seconds `log.set_level` may hold.
pub const LEVEL_SECONDS: std::ops::RangeInclusive<u32> = 1..=86_400;
/// For how many it holds when nothing else is said.
pub const LEVEL_SECONDS_DEFAULT: u32 = 600;

/// The parts of the daemon whose level can be set, as their lines name them. Libraries are not among them: what those log in detail
/// may hold what nobody is to read.
pub const PARTS: [&str; 7] = ["artc_edge", "artc_open", "artc_bindings", "board", "media", "room", "rtc"];

/// How much a line matters, the weightiest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LogLevel")]
pub enum Level {
    /// Something does not work.
    Error,
    /// Something is not as it should be.
    Warn,
    /// Something worth knowing.
    Info,
    /// For finding faults.
    Debug,
    /// For finding faults, step by step.
    Trace,
}

impl Level {
    /// As configurations spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// What `log.tail` takes; what is left out filters nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tail {
    /// The newest so many lines, 100 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 500))]
    pub lines: Option<u32>,
    /// Only lines of this level and weightier ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Only lines of this part of the daemon and the parts of it, such as `room` or `artc_edge::capture`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// Only lines after the one of this number: `last` of the reply before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
}

/// The last log lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogLines")]
pub struct Lines {
    /// The newest ones that were asked for and fit into a reply, oldest first.
    pub lines: Vec<Line>,
    /// Number of the newest line of all; 0 before the first.
    pub last: u64,
    /// What is logged, as `[telemetry] log` spells it.
    pub levels: String,
}

/// One log line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogLine")]
pub struct Line {
    /// Lines are numbered from 1 since the daemon started; where numbers are missing, the filter or time took them.
    pub number: u64,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
    /// How much it matters.
    pub level: Level,
    /// The part of the daemon that said it.
    pub part: String,
    /// What it said, with its values; cut off at 512 bytes, and without tokens.
    pub text: String,
}

/// What `log.set_level` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLevel {
    /// The level from now on; left out, it goes back at once to what the configuration says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// For this part of the daemon, such as `room` or `artc_edge::capture`; left out, for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// After so many seconds it goes back by itself; 600 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 86400))]
    pub for_s: Option<u32>,
}

/// What is logged now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LogLevels")]
pub struct Levels {
    /// As `[telemetry] log` spells it.
    pub levels: String,
    /// In how many seconds it goes back to what the configuration says; left out when that is in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_in_s: Option<u32>,
}
