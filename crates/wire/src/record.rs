//! Family `record`: recordings on the device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Recordings that `record.list` tells at most.
pub const MOST_LISTED: u32 = 200;
/// Bytes that one `record.fetch` brings at most.
pub const MOST_FETCHED: u64 = 4 * 1024 * 1024;

/// Why something is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RecordReason")]
pub enum Reason {
    /// The device records all the time.
    Always,
    /// `record.start` was called.
    Command,
    /// Something moved in the picture.
    Motion,
    /// It was loud.
    Sound,
    /// A line of the board.
    Line,
}

/// How the recorder stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecordStatus")]
pub struct Status {
    /// It is to record.
    pub recording: bool,
    /// Why; only while it is to record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The recording that is being written; none before the first picture, and while the medium refuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writing: Option<String>,
    /// Why nothing is written although it should be. It is tried again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
    /// The same in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// How uploading stands; absent where `[record.upload]` names no bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
}

/// Why recording stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "RecordCause")]
pub enum Cause {
    /// What may be written in a day is written (`record.most_mib_a_day`).
    Budget,
    /// The medium refuses: it is full, read-only, gone or failing.
    Medium,
    /// The medium does not answer: a write hangs in it.
    Hangs,
}

/// How uploading recordings stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecordUpload")]
pub struct Upload {
    /// Recordings that have ended and that the bucket has not.
    pub waiting: u64,
    /// The recording that is being sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sending: Option<String>,
    /// Why the bucket did not take what was sent last. It is tried again by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// Parameters of the notification `record.changed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecordChangedEvent")]
pub struct Changed {
    /// It is to record.
    pub recording: bool,
    /// Why; only while it is to record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Why nothing is written although it should be; absent when it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
}

/// What `record.list` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordWhich")]
pub struct Which {
    /// Only recordings older than this one, for the next page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// How many at most, 1 to 200; 50 where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Recording {
    /// When it began, by the device's clock in UTC, and why: `20261121T190143.123Z-command`. Each is called differently.
    pub id: String,
    /// When it began, in milliseconds since 1970.
    pub began_ms: u64,
    /// Why it was made.
    pub reason: Reason,
    /// Size in bytes.
    pub bytes: u64,
    /// How long it is, in milliseconds; left out while it is being written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Bytes of its picture, a small JPEG of what set it off; left out where it has none. `record.fetch` with `thumbnail` brings it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_bytes: Option<u64>,
    /// The bucket of `[record.upload]` has it, with its picture.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub uploaded: bool,
}

/// The recordings on the device, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecordList")]
pub struct List {
    /// The recordings.
    pub recordings: Vec<Recording>,
    /// There are older ones.
    pub more: bool,
    /// Bytes of all recordings on the device, with their pictures.
    pub bytes: u64,
    /// Bytes that they may have; then the oldest go.
    pub most_bytes: u64,
    /// How the recorder stands.
    pub status: Status,
}

/// What `record.fetch` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordFetch")]
pub struct Fetch {
    /// Which recording. Of one that is being written comes what is whole by now; asked for again, more.
    pub id: String,
    /// From which byte on.
    #[serde(default)]
    pub offset: u64,
    /// How many bytes at most, 1 to 4194304, which is also what is meant where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
    /// Its picture instead: offset and length are then the picture's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub thumbnail: bool,
}

/// A part of a recording. In a channel the bytes follow as a byte stream of this name on topic `artc.record`; on the unix socket they
/// are in the reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RecordPart")]
pub struct Part {
    /// File name: the recording's, with the first byte of the part.
    pub name: String,
    /// Type of the whole: `video/mp4`, or `image/jpeg` of its picture.
    pub mime: String,
    /// From which byte on.
    pub offset: u64,
    /// How many bytes come.
    pub bytes: u64,
    /// How many the recording, or its picture, has; after the last of them nothing comes, unless it is still being written.
    pub total: u64,
    /// The bytes in base64; only on the unix socket and over a broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// What `record.delete` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RecordDelete")]
pub struct Delete {
    /// Which recording; one that has ended.
    pub id: String,
}
