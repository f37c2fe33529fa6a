//! LiveKit access tokens: JWT signed with HS256 by an API key's secret, carrying an identity and what it may do.
//! Making and checking them. Not for what a grant means to a request; whoever serves the request asks the grant.

mod grant;
mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use grant::VideoGrant;
pub use key::{Key, Secret};

/// Longest identity, name or room name.
pub const MAX_NAME: usize = 256;
/// Longest metadata, and all attributes together.
pub const MAX_METADATA: usize = 64 * 1024;

/// Everything a token says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Claims {
    /// API key whose secret signed it.
    pub iss: String,
    /// Identity of the participant.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sub: String,
    /// Unix seconds after which it is worthless.
    pub exp: u64,
    /// Unix seconds before which it is worthless yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nbf: Option<u64>,
    /// Name shown to others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Metadata shown to others.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub metadata: String,
    /// Attributes shown to others.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// `standard`, `agent`, `egress`, ...
    #[serde(skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// What it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoGrant>,
    /// Whoever bears it may ask this server for a token with an identity of its own, `SUB-...`, so that one address serves several
    /// viewers. Ours; other LiveKit servers pass over it.
    #[serde(skip_serializing_if = "is_false")]
    pub invitation: bool,
}

/// Why a token is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// None came.
    #[error("access token missing: send it as `Authorization: Bearer ...` or `access_token=`")]
    Missing,
    /// Not a JWT of this kind.
    #[error("access token is not a JWT signed with HS256: {0}")]
    Malformed(String),
    /// Another API key's.
    #[error("access token is of the unknown API key {0:?}")]
    UnknownKey(String),
    /// Made with another secret, or altered.
    #[error("access token is not signed with the secret of API key {0:?}: forged, or the secret changed")]
    Forged(String),
    /// Of an app by the vendor's rule that is none of ours.
    #[error("join token is of the unknown app {0:?}: name it in `[room.apps.ID]`")]
    UnknownApp(String),
    /// Not signed with the key of its app.
    #[error("join token is not signed with the key of its app: forged, or the key changed")]
    ForgedByApp,
    /// Too late.
    #[error("access token expired {0} s ago: ask for a new one")]
    Expired(u64),
    /// Too early.
    #[error("access token is valid only in {0} s: compare the clocks")]
    NotYet(u64),
    /// Without rights.
    #[error("access token has no `video` grant")]
    NoGrant,
    /// For another purpose.
    #[error("access token does not allow to join: `roomJoin` is missing")]
    NoJoin,
    /// For another room.
    #[error("access token is for the room {allowed:?}, not for {asked:?}")]
    OtherRoom {
        /// Room of the token.
        allowed: String,
        /// Room of the request.
        asked: String,
    },
    /// Lacking one right.
    #[error("access token lacks the grant `{0}`")]
    Lacks(&'static str),
    /// Good for its own bearer only.
    #[error("access token is no invitation: join with it as it is")]
    NoInvitation,
    /// Nameless or too long.
    #[error("access token's {0} is empty or longer than {MAX_NAME} bytes")]
    BadName(&'static str),
    /// Too much metadata.
    #[error("access token's metadata and attributes are longer than {MAX_METADATA} bytes")]
    TooMuchMetadata,
}

impl Claims {
    /// The grant to join the room it names.
    pub fn joins(&self) -> Result<&VideoGrant, TokenError> {
        let grant = self.video.as_ref().ok_or(TokenError::NoGrant)?;
        if !grant.room_join {
            return Err(TokenError::NoJoin);
        }
        check_name("identity", &self.sub)?;
        check_name("room", &grant.room)?;
        if self.name.len() > MAX_NAME {
            return Err(TokenError::BadName("name"));
        }
        if described(&self.metadata, &self.attributes) > MAX_METADATA { Err(TokenError::TooMuchMetadata) } else { Ok(grant) }
    }

    /// The grant to join `room` and no other.
    pub fn joins_room(&self, room: &str) -> Result<&VideoGrant, TokenError> {
        let grant = self.joins()?;
        if grant.room == room {
            Ok(grant)
        } else {
            Err(TokenError::OtherRoom { allowed: grant.room.clone(), asked: room.to_owned() })
        }
    }

    /// The right to rule over `room`.
    pub fn administers(&self, room: &str) -> Result<(), TokenError> {
        let grant = self.video.as_ref().ok_or(TokenError::NoGrant)?;
        if !grant.room_admin {
            return Err(TokenError::Lacks("roomAdmin"));
        }
        if grant.room != room {
            return Err(TokenError::OtherRoom { allowed: grant.room.clone(), asked: room.to_owned() });
        }
        Ok(())
    }
}

/// Bytes of metadata and attributes together, which [`MAX_METADATA`] bounds.
pub(crate) fn described<'a>(metadata: &str, attributes: impl IntoIterator<Item = (&'a String, &'a String)>) -> usize {
    metadata.len() + attributes.into_iter().map(|(key, value)| key.len() + value.len()).sum::<usize>()
}

fn check_name(what: &'static str, name: &str) -> Result<(), TokenError> {
    if name.is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
        Err(TokenError::BadName(what))
    } else {
        Ok(())
    }
}

fn is_false(value: &bool) -> bool {
    !value
}
