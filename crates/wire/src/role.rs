//! What somebody may do: four steps, each with all below it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far somebody is trusted. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks: asks how things are, takes still pictures.
    Observe,
    /// Works with the device: picture, sound, the board's lines. Nothing of it outlasts a restart.
    Operate,
    /// Keeps the device going: restarts, updates, changes what is stored.
    Maintain,
    /// Says who may do what: keys, and who is let in.
    Own,
}

impl Role {
    /// All, the least first.
    pub const ALL: [Self; 4] = [Self::Observe, Self::Operate, Self::Maintain, Self::Own];

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }

    /// Its name, in configuration, tokens and replies.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Operate => "operate",
            Self::Maintain => "maintain",
            Self::Own => "own",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
