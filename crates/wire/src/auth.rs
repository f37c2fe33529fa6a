//! Family `auth`: who may say what, and how a command is signed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Role;

/// What a signed command must name, as it is at this moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Session {
    /// This device: `aud` of a signed command.
    pub device: String,
    /// This join: `sid` of a signed command. A new one at each join.
    pub session: String,
    /// `nonce` of a signed command, needed while the clock is not trusted; good for at least 30 s.
    pub nonce: String,
    /// Whether the device trusts its clock; while it does not, `iat` and `exp` are not looked at and `nonce` is needed.
    pub clock_trusted: bool,
    /// Milliseconds since 1970, as far as the device knows it.
    pub time_ms: u64,
    /// Whether the device takes only signed commands from the channel.
    pub signature_required: bool,
    /// The role of whoever asks, without a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// A key for signed commands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Key {
    /// Its name: `kid` of a signed command.
    pub name: String,
    /// The public key: 32 bytes in base64url without padding.
    pub key: String,
    /// What it gives.
    pub role: Role,
    /// Whether it gives nothing any more.
    pub revoked: bool,
}

/// All keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Keys {
    /// In the order of their names.
    pub keys: Vec<Key>,
}

/// Parameters of `auth.rotate_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// The key's name.
    pub name: String,
    /// The public key that takes its place: 32 bytes in base64url without padding.
    pub key: String,
}

/// Parameters of `auth.revoke_key`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeKey {
    /// The key's name.
    pub name: String,
}
