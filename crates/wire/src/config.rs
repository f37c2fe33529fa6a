//! Family `config`: values that are set by command, tried out, kept or rolled back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::fields::each_key_once;

/// For how many seconds a change may be on trial.
pub const TRIAL_S: std::ops::RangeInclusive<u32> = 5..=3600;

/// Most keys that one command sets.
pub const MOST_KEYS: usize = 64;

/// What `config.get` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// Keys such as `camera.width`, and sections such as `camera`; left out, everything is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
}

/// What `config.set` takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// Keys, such as `camera.width`, with their values, as in the configuration file. All of them are set, or none.
    #[serde(deserialize_with = "each_key_once")]
    pub values: BTreeMap<String, Value>,
    /// The change is rolled back unless `config.confirm` comes within so many seconds, 5 to 3600, or when the daemon ends before.
    /// Left out, only what may cut off its caller (`control`, `engine`, `room`) is on trial, for 60 s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_within_s: Option<u32>,
}

/// What `config.reset` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Keys and sections that were set by command and are to be forgotten; left out, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<Vec<String>>,
    /// As in `config.set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_within_s: Option<u32>,
}

/// What it takes until a new value is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ConfigApplies")]
pub enum Applies {
    /// Nothing: it is in force at once.
    Live,
    /// The parts of the daemon are stopped in order and started again: the picture stops for a second or two.
    Restart,
    /// The process has to be started anew.
    NextStart,
    /// No command sets it: it names a file, a program or a socket of the device.
    OnDevice,
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConfigSetting")]
pub struct Setting {
    /// The key, such as `camera.width`.
    pub key: String,
    /// Its value; null when unset, `(secret)` for what nobody may see.
    pub value: Value,
    /// The layer that it comes from: `built-in`, `board`, `file`, `conf.d`, `credential`, `remote` (set by command), `environment`.
    pub layer: String,
    /// File, variable or profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Line in it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What it takes until another value is in force.
    pub applies: Applies,
}

/// A change that waits for `config.confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConfigTrial")]
pub struct Trial {
    /// The keys that it changed.
    pub keys: Vec<String>,
    /// How long it can still be confirmed, in seconds.
    pub left_s: u32,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConfigSettings")]
pub struct Settings {
    /// The keys that were asked for, in the order of the manual.
    pub settings: Vec<Setting>,
    /// The change that waits to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
    /// Why the last change did not stay, if it did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rolled_back: Option<String>,
    /// Why what was set by command is not in force, when it broke the rules at the start; `config.reset` begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
}

/// A key that was set to something that a higher layer overrules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConfigOverruled")]
pub struct Overruled {
    /// The key.
    pub key: String,
    /// What overrules it.
    pub by: String,
}

/// What a change did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ConfigChanged")]
pub struct Changed {
    /// The keys whose value in force is another one now.
    pub keys: Vec<String>,
    /// What was set and is not in force, because a higher layer says otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overruled: Vec<Overruled>,
    /// What it takes until all of it is in force; a restart follows this reply.
    pub applies: Applies,
    /// The change is on trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<Trial>,
}
