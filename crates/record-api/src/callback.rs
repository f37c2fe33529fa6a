//! Callbacks: who is told what became of a recording, and how that is signed.

use aws_lc_rs::hmac;
use mixing::{FileBegan, FileFinished};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;

use crate::job::Job;
use crate::rule::{RecordFormat, Rule};
use crate::{ApiError, utc, utc_ms};

/// Headers of the signature.
pub const RAND: &str = "X-Rtc-Rand";
/// See [`RAND`].
pub const TIMESTAMP: &str = "X-Rtc-Timestamp";
/// See [`RAND`].
pub const SIGNATURE: &str = "X-Rtc-Signature";
/// Longest address.
const MAX_URL: usize = 1024;

/// What can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RecordEvent {
    /// A file began.
    RecordNewFileStart,
    /// A file is whole and in its place.
    RecordFileComplete,
    /// The recording is over. The documents' other page calls it `CLOUD_RECORD_SERVER_OVER`.
    #[serde(alias = "CLOUD_RECORD_SERVER_OVER")]
    CloudRecordOver,
}

const ALL: [RecordEvent; 3] = [RecordEvent::RecordNewFileStart, RecordEvent::RecordFileComplete, RecordEvent::CloudRecordOver];

/// `PUT /v2/apps/{app_id}/record-callback`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewCallback {
    /// `http://` or `https://`.
    #[schemars(length(max = 1024))]
    pub url: String,
    /// 32 to 64 characters; empty or absent: callbacks are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_key: Option<String>,
    /// What is told; absent or empty: everything.
    #[serde(default)]
    pub notify_event_subscription: Option<Vec<RecordEvent>>,
}

/// A callback as it is shown and kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Callback {
    /// Where it goes.
    pub url: String,
    /// What it is signed with; empty: it is not.
    #[serde(default)]
    pub auth_key: String,
    /// When it was set.
    pub update_time: String,
    /// What is told.
    pub notify_event_subscription: Vec<RecordEvent>,
}

/// The answer to setting or asking for a callback.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CallbackOf {
    /// Whose it is.
    pub app_id: String,
    /// What was set.
    pub record_callback: Callback,
}

impl NewCallback {
    /// The callback, if there can be such a one; `now_ms` in milliseconds since 1970. Whether the address may be asked is the server's
    /// question.
    ///
    /// # Errors
    /// [`Code::InvalidParameterValue`](crate::Code::InvalidParameterValue).
    pub fn check(self, now_ms: i64) -> Result<Callback, ApiError> {
        let known = self.url.starts_with("http://") || self.url.starts_with("https://");
        let plain = self.url.bytes().all(|byte| byte.is_ascii_graphic());
        if !known || !plain || self.url.len() > MAX_URL {
            return Err(ApiError::invalid("url", "http:// or https://, at most 1024 characters, none of them blank"));
        }
        let auth_key = self.auth_key.unwrap_or_default();
        let fits =
            auth_key.is_empty() || (32..=64).contains(&auth_key.len()) && auth_key.bytes().all(|byte| byte.is_ascii_graphic());
        if !fits {
            return Err(ApiError::invalid("auth_key", "32 to 64 characters, or none"));
        }
        let events = self.notify_event_subscription.unwrap_or_default();
        let wanted = ALL.into_iter().filter(|event| events.is_empty() || events.contains(event));
        Ok(Callback { url: self.url, auth_key, update_time: utc_ms(now_ms), notify_event_subscription: wanted.collect() })
    }
}

/// What is posted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Of which job.
    pub job_id: String,
    /// `m_JOB_ROOM`.
    pub stream_name: String,
    /// Whose.
    pub app_id: String,
    /// What is recorded.
    pub room_id: String,
    /// What happened.
    pub event_type: RecordEvent,
    /// Of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_format: Option<RecordFormat>,
    /// Where it is, of a whole file, as all that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download_url: Option<String>,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_size: Option<u64>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_duration: Option<u64>,
    /// Pixels in a row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// The bucket's region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obs_location: Option<String>,
    /// The bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obs_bucket: Option<String>,
    /// The name in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obs_object: Option<String>,
    /// What failed, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail_message: String,
}

fn seconds(at: SystemTime) -> i64 {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl Notice {
    fn new(job: &Job, event_type: RecordEvent) -> Self {
        Self {
            job_id: job.job_id.clone(),
            stream_name: job.stream_name.clone(),
            app_id: job.app_id.clone(),
            room_id: job.room_id.clone(),
            event_type,
            record_format: None,
            download_url: None,
            file_size: None,
            record_duration: None,
            width: None,
            height: None,
            start_time: None,
            end_time: None,
            obs_location: None,
            obs_bucket: None,
            obs_object: None,
            detail_message: String::new(),
        }
    }

    /// A file began.
    pub fn began(job: &Job, file: &FileBegan) -> Self {
        let (record_format, start_time) = (Some(file.format.into()), Some(utc(seconds(file.began))));
        Self { record_format, start_time, ..Self::new(job, RecordEvent::RecordNewFileStart) }
    }

    /// A file is whole.
    pub fn finished(job: &Job, rule: &Rule, file: &FileFinished) -> Self {
        let ended = file.began + file.duration;
        Self {
            record_format: Some(file.format.into()),
            download_url: Some(file.url.clone()),
            file_size: Some(file.bytes),
            // A file of half a second is not of none.
            record_duration: Some(file.duration.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX)),
            width: Some(file.width),
            height: Some(file.height),
            start_time: Some(utc(seconds(file.began))),
            end_time: Some(utc(seconds(ended))),
            obs_location: Some(rule.obs_addr.location.clone()),
            obs_bucket: Some(rule.obs_addr.bucket.clone()),
            obs_object: Some(file.object.clone()),
            ..Self::new(job, RecordEvent::RecordFileComplete)
        }
    }

    /// The recording is over.
    pub fn over(job: &Job, detail: &str) -> Self {
        Self { detail_message: detail.to_owned(), ..Self::new(job, RecordEvent::CloudRecordOver) }
    }
}

/// Lower-case hexadecimal HMAC-SHA256 with `auth_key` over rand, timestamp and the body as it is sent.
pub fn signature(auth_key: &str, rand: &str, timestamp: &str, body: &[u8]) -> String {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, auth_key.as_bytes()));
    for part in [rand.as_bytes(), timestamp.as_bytes(), body] {
        context.update(part);
    }
    context.sign().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_documents() {
        let signed = signature(
            "8923ab8c2dcef4538923ab8c2dcef453",
            "1234567890",
            "1617797118",
            br#"{"event_type":"RECORD_NEW_FILE_START"}"#,
        );
        assert_eq!(signed, "f137a282b53bc85fa8fe4ad61ea4bb2b7203f06d8f56258528bdc67deda6640a");
    }

    #[test]
    fn the_documents_sample_is_answered_as_there() {
        let body = br#"{"url":"http://mydomain.com/callback","auth_key":"8923ab8c2dcef4538923ab8c2dcef453"}"#;
        let callback = crate::read::<NewCallback>(body).unwrap().check(1_617_797_118_071).unwrap();
        let shown = serde_json::to_value(&callback).unwrap();
        assert_eq!(shown["update_time"], "2021-04-07T12:05:18.071Z");
        let events = ["RECORD_NEW_FILE_START", "RECORD_FILE_COMPLETE", "CLOUD_RECORD_OVER"];
        assert_eq!(shown["notify_event_subscription"], serde_json::json!(events));
    }

    #[test]
    fn what_there_cannot_be_is_refused_and_both_names_of_the_end_are_one() {
        let code =
            |body: &str| crate::read::<NewCallback>(body.as_bytes()).and_then(|new| new.check(0)).map_err(|why| why.code.text());
        let key = "k".repeat(65);
        for body in [
            r#"{"url":"ftp://x/"}"#,
            r#"{"url":"file:///etc/passwd"}"#,
            r#"{"url":"http://x/ y"}"#,
            r#"{"url":"http://x/\r\nHost: y"}"#,
            r#"{"url":7}"#,
            r#"{"url":"http://x/","auth_key":"short"}"#,
            r#"{"url":"http://x/","notify_event_subscription":["SOMETHING"]}"#,
            &format!(r#"{{"url":"http://x/","auth_key":"{key}"}}"#),
            &format!(r#"{{"url":"http://{}/"}}"#, "x".repeat(1024)),
        ] {
            assert_eq!(code(body).err(), Some("RTC.00001003"), "{body}");
        }
        assert_eq!(code(r#"{"auth_key":""}"#).err(), Some("RTC.00001005"));
        let one = code(r#"{"url":"http://x/","notify_event_subscription":["CLOUD_RECORD_SERVER_OVER"]}"#).expect("a callback");
        assert_eq!((one.notify_event_subscription, one.auth_key), (vec![RecordEvent::CloudRecordOver], String::new()));
    }
}
