//! The documented error codes, and which of them a body deserves.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A documented code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No token, or one that does not allow it.
    OperationUnauthorized,
    /// No JSON object.
    MalformedRequestBody,
    /// A value of a wrong type or out of range; with status 404: there is no such thing.
    InvalidParameterValue,
    /// Values that do not go together.
    InvalidParameterCombination,
    /// A value that must be there.
    MissingParameter,
    /// The same is running.
    JobRunning,
    /// So many run as may.
    JobExceed,
    /// It is over.
    JobDone,
    /// No such layout.
    LayoutTemplateNotExist,
    /// So many apps are there as may be.
    AppsExceed,
    /// The callback's address cannot be used.
    CallbackUrlUnavailable,
    /// An app has that name.
    AppExist,
    /// Ours.
    InternalError,
}

impl Code {
    /// As it is written.
    pub fn text(self) -> &'static str {
        match self {
            Self::OperationUnauthorized => "RTC.00001001",
            Self::MalformedRequestBody => "RTC.00001002",
            Self::InvalidParameterValue => "RTC.00001003",
            Self::InvalidParameterCombination => "RTC.00001004",
            Self::MissingParameter => "RTC.00001005",
            Self::JobRunning => "RTC.00001006",
            Self::JobExceed => "RTC.00001007",
            Self::JobDone => "RTC.00001009",
            Self::LayoutTemplateNotExist => "RTC.00001010",
            Self::AppsExceed => "RTC.00001017",
            Self::CallbackUrlUnavailable => "RTC.00001018",
            Self::AppExist => "RTC.00001020",
            Self::InternalError => "RTC.00002000",
        }
    }
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// Status of HTTP.
    pub status: u16,
    /// Documented code.
    pub code: Code,
    /// In words.
    pub message: String,
}

/// A refusal as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorBody {
    /// `RTC.` and eight digits.
    #[schemars(regex(pattern = r"^RTC\.[0-9]{8}$"))]
    pub error_code: String,
    /// In words.
    pub error_msg: String,
}

impl ApiError {
    /// With status 400, which most have.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let status = if code == Code::InternalError { 500 } else { 400 };
        Self { status, code, message: message.into() }
    }

    /// `what` is not what it may be.
    pub fn invalid(what: &str, may_be: &str) -> Self {
        Self::new(Code::InvalidParameterValue, format!("{what}: {may_be}"))
    }

    /// There is no such thing.
    pub fn not_found(what: &str) -> Self {
        Self { status: 404, ..Self::new(Code::InvalidParameterValue, format!("there is no such {what}")) }
    }

    /// As it is written.
    pub fn body(&self) -> ErrorBody {
        ErrorBody { error_code: self.code.text().to_owned(), error_msg: self.message.clone() }
    }
}

/// Reads a body. Keys that nobody knows are passed over, as the documents' own services do.
///
/// # Errors
/// [`Code::MalformedRequestBody`] for what is no JSON object, [`Code::MissingParameter`], [`Code::InvalidParameterValue`].
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    let malformed = |why: String| ApiError::new(Code::MalformedRequestBody, why);
    let value: Value = serde_json::from_slice(body).map_err(|why| malformed(why.to_string()))?;
    if !value.is_object() {
        return Err(malformed("the body is no object of JSON".into()));
    }
    serde_json::from_value(value).map_err(|why| {
        let text: String = why.to_string().chars().take(300).collect();
        let missing = text.starts_with("missing field");
        ApiError::new(if missing { Code::MissingParameter } else { Code::InvalidParameterValue }, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::NewApp;

    #[test]
    fn what_is_wrong_with_a_body_has_its_documented_code() {
        let code = |body: &str| read::<NewApp>(body.as_bytes()).map_err(|why| (why.status, why.code.text()));
        for body in ["", "{", "[]", "7", "null", "\"x\"", "{\"app_name\":\"a\"} x"] {
            assert_eq!(code(body), Err((400, "RTC.00001002")), "{body}");
        }
        assert_eq!(code("{}"), Err((400, "RTC.00001005")));
        for body in ["{\"app_name\":7}", "{\"app_name\":null}", "{\"app_name\":[\"a\"]}"] {
            assert_eq!(code(body), Err((400, "RTC.00001003")), "{body}");
        }
        assert_eq!(code("{\"app_name\":\"rtctest\",\"more\":1}"), Ok(NewApp { app_name: "rtctest".into() }));
        assert_eq!((ApiError::not_found("job").status, ApiError::new(Code::InternalError, "").status), (404, 500));
    }
}
