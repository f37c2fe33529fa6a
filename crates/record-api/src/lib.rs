//! The REST of mixed recordings as SparkRTC documents it (seed 002): what may be asked for, what is answered, what a callback tells and how it
//! is signed. Pure: no socket, no clock, no list of jobs.
//!
//! - [`ApiError`]: the documented error codes, and [`read`], which finds the one for a body;
//! - [`rule`]: where recordings go and how they are cut;
//! - [`job`]: what is recorded, and how a job stands;
//! - [`callback`]: who is told, what, and the signature;
//! - [`openapi`]: the document of all of it, made of these types.
//!
//! Where the documents contradict themselves, both spellings are taken and one is written: `1280*720_...` is read and `1280x720_...`
//! written; the end event is read under both of its names.
#![forbid(unsafe_code)]

pub mod callback;
mod clock;
mod error;
pub mod job;
pub mod openapi;
pub mod rule;

pub use clock::{NEVER, utc, utc_ms};
pub use error::{ApiError, Code, ErrorBody, read};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Apps at most, by the documents.
pub const MAX_APPS: u32 = 20;
/// Longest name of an app.
const MAX_APP_NAME: usize = 64;

/// `POST /v2/apps`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewApp {
    /// 1 to 64 letters, digits, `_` and `-`; no other app has it.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^[A-Za-z0-9_-]+$"))]
    pub app_name: String,
}

impl NewApp {
    /// Whether there can be such an app.
    ///
    /// # Errors
    /// [`Code::InvalidParameterValue`].
    pub fn check(&self) -> Result<(), ApiError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if (1..=MAX_APP_NAME).contains(&self.app_name.len()) && self.app_name.bytes().all(plain) {
            Ok(())
        } else {
            Err(ApiError::invalid("app_name", "1 to 64 of A-Z, a-z, 0-9, '_' and '-'"))
        }
    }
}

/// Its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AppMade {
    /// 24 hexadecimal digits.
    pub app_id: String,
}
