//! The single-parameter join token of the vendor's rule: making, reading and verifying it.
//!
//! The engine API makes such tokens for tests, the room lets in who brings one: both name this crate, and neither the other.
//! Not for LiveKit's access tokens: the room has those. Secrets never show in `Debug` or in errors.
#![forbid(unsafe_code)]

use std::fmt;
use std::time::Duration;

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// How far ahead an expiry may be when a token is made: 24 hours, by the vendor's documents.
pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);
/// Longest token that is looked at, in bytes; a real one has about 300.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// A text that must not be seen: an app key or a token. `Debug` hides it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself; for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "Secret(empty)" } else { "Secret(..)" })
    }
}

/// What a token is made from. `Debug` shows neither token nor nonce.
///
/// Source: seeds 000 and 001 (`AuthInfo`).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AuthInfo {
    /// Channel to join.
    pub channel: String,
    /// User who joins; unique in the channel.
    #[doc(alias = "userid")]
    pub user_id: String,
    /// Display name; no part of the token.
    #[doc(alias = "username")]
    pub user_name: String,
    /// The app.
    #[doc(alias = "appid")]
    pub app_id: String,
    /// The token, once made.
    pub token: Secret,
    /// When the token ends, in seconds since 1970.
    pub timestamp: i64,
    /// May be empty, and better is.
    pub nonce: String,
    /// Reserved; no part of the token.
    pub role: String,
}

impl fmt::Debug for AuthInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthInfo")
            .field("app_id", &self.app_id)
            .field("channel", &self.channel)
            .field("user_id", &self.user_id)
            .field("timestamp", &self.timestamp)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Why a token cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A field that must not be empty is.
    #[error("token: {field} is empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// Channel and user have 1 to 64 of `A-Z a-z 0-9 _ -`.
    #[error("token: {field} may have 1 to 64 of A-Z, a-z, 0-9, '_' and '-', not {value:?}")]
    Name {
        /// The field.
        field: &'static str,
        /// What it was.
        value: String,
    },
    /// The expiry is not after 1970.
    #[error("token: timestamp is {0}; it is the expiry in seconds since 1970")]
    Timestamp(i64),
}

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Not Base64 of a JSON object with the five fields.
    #[error("join token is malformed: {0}")]
    Malformed(&'static str),
    /// The app is not the one whose key we have.
    #[error("join token is for app {found:?}, not {expected:?}")]
    App {
        /// In the token.
        found: String,
        /// Ours.
        expected: String,
    },
    /// The signature does not fit.
    #[error("join token's signature is wrong")]
    Signature,
    /// Too late.
    #[error("join token expired {ago:?} ago")]
    Expired {
        /// How long ago.
        ago: Duration,
    },
    /// Made for another channel.
    #[error("join token is for channel {found:?}, not {expected:?}")]
    Channel {
        /// In the token.
        found: String,
        /// Asked for.
        expected: String,
    },
    /// Made for another user.
    #[error("join token is for user {found:?}, not {expected:?}")]
    User {
        /// In the token.
        found: String,
        /// Asked for.
        expected: String,
    },
}

/// The content of a token, signature included. `Debug` shows neither signature nor nonce.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinToken {
    /// The app.
    #[serde(rename = "appid")]
    pub app_id: String,
    /// The channel.
    #[serde(rename = "channelid")]
    pub channel: String,
    /// The user.
    #[serde(rename = "userid")]
    pub user_id: String,
    /// May be empty.
    #[serde(default)]
    pub nonce: String,
    /// When the token ends, in seconds since 1970.
    pub timestamp: i64,
    /// Lower-case hexadecimal signature.
    #[serde(rename = "token")]
    signature: String,
}

impl fmt::Debug for JoinToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinToken")
            .field("app_id", &self.app_id)
            .field("channel", &self.channel)
            .field("user_id", &self.user_id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// Signature of the current rule: SHA-256 over app id, app key, channel, user, nonce and timestamp, without separators.
pub fn signature(app_id: &str, app_key: &str, channel: &str, user_id: &str, nonce: &str, timestamp: i64) -> String {
    digest_of([app_id, app_key, channel, user_id, nonce], timestamp)
}

/// Signature of the rule of 2018 and 2019: another order, with the channel's own key, which the vendor's `CreateChannel` gives, and a
/// session. `info` says the rest; its token is not looked at. Source: seed 004.
pub fn channel_key_signature(info: &AuthInfo, channel_key: &str, session: &str) -> String {
    digest_of([&info.channel, channel_key, &info.app_id, &info.user_id, session, &info.nonce], info.timestamp)
}

fn digest_of<const N: usize>(parts: [&str; N], timestamp: i64) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part.as_bytes());
    }
    context.update(timestamp.to_string().as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in context.finish().as_ref() {
        hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
        hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
    }
    hex
}

/// Makes the token of `info` and returns it; `info.token` gets it too. For tests and tools: in production the app server
/// makes tokens, so that the app key never leaves it.
pub fn generate(info: &mut AuthInfo, app_key: &str) -> Result<Secret, GenerateError> {
    for (field, value) in [("app_id", &*info.app_id), ("app_key", app_key)] {
        if value.is_empty() {
            return Err(GenerateError::Empty { field });
        }
    }
    for (field, value) in [("channel", &info.channel), ("user_id", &info.user_id)] {
        if !is_name(value) {
            return Err(GenerateError::Name { field, value: value.clone() });
        }
    }
    if info.timestamp <= 0 {
        return Err(GenerateError::Timestamp(info.timestamp));
    }
    let content = JoinToken {
        app_id: info.app_id.clone(),
        channel: info.channel.clone(),
        user_id: info.user_id.clone(),
        nonce: info.nonce.clone(),
        timestamp: info.timestamp,
        signature: signature(&info.app_id, app_key, &info.channel, &info.user_id, &info.nonce, info.timestamp),
    };
    // A struct of strings and a number always serialises.
    let json = serde_json::to_vec(&content).unwrap_or_default();
    info.token = Secret(STANDARD.encode(json));
    Ok(info.token.clone())
}

/// Whether `name` may be a channel or a user: 1 to 64 of `A-Z a-z 0-9 _ -`.
pub fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

impl JoinToken {
    /// Reads a token without trusting it. White space, key order and unknown keys do not matter.
    pub fn read(token: &str) -> Result<Self, VerifyError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(VerifyError::Malformed("too long"));
        }
        let json = STANDARD.decode(token.trim()).map_err(|_| VerifyError::Malformed("not Base64"))?;
        serde_json::from_slice(&json)
            .map_err(|_| VerifyError::Malformed("not a JSON object with appid, channelid, userid, nonce, timestamp and token"))
    }

    /// Reads a token and trusts it if the signature fits the app's key and it has not ended at `now` (since 1970).
    pub fn verify(token: &str, app_id: &str, app_key: &Secret, now: Duration) -> Result<Self, VerifyError> {
        let content = Self::read(token)?;
        if content.app_id != app_id {
            return Err(VerifyError::App { found: content.app_id, expected: app_id.to_owned() });
        }
        let expected =
            signature(&content.app_id, app_key.expose(), &content.channel, &content.user_id, &content.nonce, content.timestamp);
        constant_time::verify_slices_are_equal(expected.as_bytes(), content.signature.as_bytes())
            .map_err(|_| VerifyError::Signature)?;
        let end = Duration::from_secs(u64::try_from(content.timestamp).unwrap_or(0));
        if now >= end {
            return Err(VerifyError::Expired { ago: now - end });
        }
        Ok(content)
    }

    /// Whether the token is for this channel and this user, as `join_channel` asks.
    pub fn check_for(&self, channel: &str, user_id: &str) -> Result<(), VerifyError> {
        if self.channel != channel {
            return Err(VerifyError::Channel { found: self.channel.clone(), expected: channel.to_owned() });
        }
        if self.user_id != user_id {
            return Err(VerifyError::User { found: self.user_id.clone(), expected: user_id.to_owned() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_signatures_are_those_of_the_documents() {
        assert_eq!(
            signature("abc", "abckey", "abcChannel", "abcUser", "", 1_699_423_634),
            "3c9ee8d9f8734f0b7560ed8022a0590659113955819724fc9345ab8eedf84f31"
        );
        let info = AuthInfo {
            channel: "123456".into(),
            app_id: "g10dhbxp".into(),
            user_id: "user-1".into(),
            nonce: "nonce-1".into(),
            timestamp: 1_560_588_594,
            ..AuthInfo::default()
        };
        let signed = channel_key_signature(&info, "chankey", "sess-1");
        assert_eq!(signed, "6e8b5668126549d53e49e615242ff078305d5f1710b42ae2eb3a6a7355ea8133");
    }
}
