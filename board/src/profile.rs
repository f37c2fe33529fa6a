//! Profiles: reading them and choosing the one for this machine.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// What a profile file declares.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Who it is.
    pub badge: Badge,
    /// Where the text came from: `board:ID` for an embedded one, else a path.
    pub origin: String,
    /// The text as read. Its `[config]` table belongs to the daemon's configuration.
    pub text: String,
}

/// The `[board]` table: who the board is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Badge {
    /// Short id, as used in `board.profile`.
    pub id: String,
    /// Name for people.
    pub name: String,
}

/// A profile file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("board profile {origin}: {why}")]
pub struct ProfileError {
    /// The file.
    pub origin: String,
    /// What is wrong with it.
    pub why: String,
}

/// No profile could be chosen.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// Nobody knows this id.
    #[error("no board profile is called \"{name}\"; there are {known}, or the path of a profile file")]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// The file cannot be read.
    #[error("board profile {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
}

#[derive(Deserialize)]
struct File {
    board: Badge,
}

const EMBEDDED: [&str; 1] = [include_str!("../profiles/generic.toml")];

/// The profiles in the program.
pub fn embedded() -> Result<Vec<Profile>, ProfileError> {
    EMBEDDED.iter().map(|text| Profile::parse("board", text)).collect()
}

impl Profile {
    /// Reads a profile.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ProfileError> {
        let file: File = toml::from_str(text).map_err(|why| ProfileError { origin: origin.into(), why: why.message().into() })?;
        Ok(Self { badge: file.board, origin: origin.into(), text: text.into() })
    }

    /// The one for boards that nobody described.
    pub fn generic() -> Self {
        let badge = Badge { id: "generic".into(), name: "generic".into() };
        Self { badge, origin: "board:generic".into(), text: EMBEDDED[0].into() }
    }
}

/// The profile called `name`, or for `auto` the one that fits the machine whose `/` is `root`.
pub fn choose(name: &str, _root: &Path) -> Result<Profile, ChooseError> {
    let known = embedded()?;
    if name == "auto" {
        return Ok(Profile::generic());
    }
    let list = known.iter().map(|profile| profile.badge.id.clone()).collect::<Vec<_>>().join(", ");
    known
        .into_iter()
        .find(|profile| profile.badge.id == name)
        .ok_or_else(|| ChooseError::Unknown { name: name.into(), known: list })
}
