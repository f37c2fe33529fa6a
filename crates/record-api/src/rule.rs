//! Recording rules: where files go, in which formats, and how they are cut.

use std::time::Duration;

use mixing::{Files, Format, Hls, Mp4};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ApiError, Code, utc};

/// How files are called where nobody says.
const PREFIX: &str =
    "Record/{publish_domain}/{app}/{record_type}/{record_format}/{stream}_{file_start_time}/{stream}_{file_start_time}";
/// Variables of a prefix.
const VARIABLES: [&str; 7] = ["publish_domain", "app", "app_id", "record_type", "record_format", "stream", "file_start_time"];

/// Where files go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObsAddr {
    /// The bucket.
    #[schemars(length(min = 1, max = 63))]
    pub bucket: String,
    /// Its region, such as `cn-north-4`.
    pub location: String,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub project_id: String,
    /// What comes before the names of all files; empty: nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 200))]
    pub object: String,
}

/// A format of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordFormat {
    /// A playlist and its segments.
    Hls,
    /// One file.
    Mp4,
}

/// How HLS is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HlsConfig {
    /// Seconds, 60 to 43200; 0: one playlist.
    #[serde(default)]
    #[schemars(range(min = 0, max = 43_200))]
    pub record_cycle: u32,
    /// How files are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_prefix: Option<String>,
    /// Seconds, -1 to 300.
    #[serde(default)]
    #[schemars(range(min = -1, max = 300))]
    pub record_max_duration_to_merge_file: i32,
    /// Seconds, 2 to 60; 10 where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 60))]
    pub record_slice_duration: Option<u32>,
}

/// How MP4 is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mp4Config {
    /// Seconds, 60 to 10800; 7200 where nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 60, max = 10_800))]
    pub record_cycle: Option<u32>,
    /// How files are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_prefix: Option<String>,
    /// Seconds, 0 to 300.
    #[serde(default)]
    #[schemars(range(min = 0, max = 300))]
    pub record_max_duration_to_merge_file: i32,
}

/// `POST /v2/apps/{app_id}/record-rules`: a new rule, or another in the place of that for the same bucket and object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NewRule {
    /// Where files go.
    pub obs_addr: ObsAddr,
    /// In which formats.
    #[schemars(length(min = 1, max = 2))]
    pub record_formats: Vec<RecordFormat>,
    /// Needed for HLS.
    #[serde(default)]
    pub hls_config: Option<HlsConfig>,
    /// Needed for MP4.
    #[serde(default)]
    pub mp4_config: Option<Mp4Config>,
}

/// A rule as it is shown and kept. A format that is not chosen has zeros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Whose it is.
    pub app_id: String,
    /// 32 hexadecimal digits.
    pub rule_id: String,
    /// When it was made.
    pub create_time: String,
    /// When it was last changed.
    pub update_time: String,
    /// Where files go.
    pub obs_addr: ObsAddr,
    /// In which formats.
    pub record_formats: Vec<RecordFormat>,
    /// How HLS is cut.
    pub hls_config: HlsConfig,
    /// How MP4 is cut.
    pub mp4_config: ShownMp4,
}

/// [`Mp4Config`] with what nobody said filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ShownMp4 {
    /// Seconds.
    pub record_cycle: u32,
    /// How files are called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_prefix: Option<String>,
    /// Seconds.
    pub record_max_duration_to_merge_file: i32,
}

/// Which rule of which app, made and changed when, in seconds since 1970.
#[derive(Clone, Copy, Debug)]
pub struct Of<'a> {
    /// Whose.
    pub app_id: &'a str,
    /// Which.
    pub rule_id: &'a str,
    /// Made when.
    pub made: i64,
    /// Changed when.
    pub updated: i64,
}

fn ranged(what: &str, value: i64, from: i64, to: i64) -> Result<(), ApiError> {
    if (from..=to).contains(&value) { Ok(()) } else { Err(ApiError::invalid(what, &format!("{from} to {to}"))) }
}

impl ObsAddr {
    fn check(&self) -> Result<(), ApiError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        let named = |text: &str, most: usize| text.len() <= most && text.bytes().all(plain) && !text.contains("..");
        if self.bucket.is_empty() || !named(&self.bucket, 63) || self.bucket.starts_with('.') {
            return Err(ApiError::invalid("obs_addr.bucket", "1 to 63 letters, digits, '-', '.' and '_'"));
        }
        if !named(&self.location, 64) || !named(&self.project_id, 64) {
            return Err(ApiError::invalid(
                "obs_addr.location, obs_addr.project_id",
                "at most 64 letters, digits, '-', '.' and '_'",
            ));
        }
        // A part of a path and nothing else, which may end with its slash.
        let object = self.object.strip_suffix('/').unwrap_or(&self.object);
        if self.object.len() > 200 || !(self.object.is_empty() || is_path(object)) {
            let may_be = "at most 200 bytes, parts divided by single slashes, none of them . or ..";
            return Err(ApiError::invalid("obs_addr.object", may_be));
        }
        Ok(())
    }
}

fn is_path(text: &str) -> bool {
    let odd = |letter: char| letter.is_control() || letter == '\\';
    !text.contains(odd) && text.split('/').all(|part| !part.is_empty() && part != "." && part != "..")
}

/// A prefix that gives objects' names and nothing else: its variables are known, and it leads nowhere.
fn check_prefix(prefix: &str) -> Result<(), ApiError> {
    let wrong = || {
        let may_be = format!("at most 500 bytes of a path, with variables out of {}", VARIABLES.join(", "));
        ApiError::invalid("record_prefix", &may_be)
    };
    let mut rest = prefix;
    while let Some((before, from)) = rest.split_once('{') {
        let (variable, after) = from.split_once('}').ok_or_else(wrong)?;
        if before.contains('}') || !VARIABLES.contains(&variable) {
            return Err(wrong());
        }
        rest = after;
    }
    if rest.contains('}') || prefix.len() > 500 || !is_path(prefix) { Err(wrong()) } else { Ok(()) }
}

impl NewRule {
    /// The rule, if there can be such a one.
    ///
    /// # Errors
    /// A value out of range, or a format without its configuration.
    pub fn check(self, of: Of<'_>) -> Result<Rule, ApiError> {
        self.obs_addr.check()?;
        let chosen = |format| self.record_formats.contains(&format);
        let twice = self.record_formats.len() == 2 && self.record_formats[0] == self.record_formats[1];
        if self.record_formats.is_empty() || self.record_formats.len() > 2 || twice {
            return Err(ApiError::invalid("record_formats", "HLS, MP4 or both, each once"));
        }
        let missing = |what: &str| ApiError::new(Code::InvalidParameterCombination, format!("{what} is needed for this format"));
        let mut hls_config = HlsConfig::default();
        if chosen(RecordFormat::Hls) {
            let hls = self.hls_config.ok_or_else(|| missing("hls_config"))?;
            if hls.record_cycle != 0 {
                ranged("hls_config.record_cycle", hls.record_cycle.into(), 60, 43_200)?;
            }
            let merge = hls.record_max_duration_to_merge_file;
            ranged("hls_config.record_max_duration_to_merge_file", merge.into(), -1, 300)?;
            let slice = hls.record_slice_duration.unwrap_or(10);
            ranged("hls_config.record_slice_duration", slice.into(), 2, 60)?;
            let prefix = hls.record_prefix.unwrap_or_else(|| PREFIX.to_owned());
            check_prefix(&prefix)?;
            hls_config = HlsConfig {
                record_cycle: hls.record_cycle,
                record_prefix: Some(prefix),
                record_max_duration_to_merge_file: merge,
                record_slice_duration: Some(slice),
            };
        }
        let mut mp4_config = ShownMp4::default();
        if chosen(RecordFormat::Mp4) {
            let mp4 = self.mp4_config.ok_or_else(|| missing("mp4_config"))?;
            let record_cycle = mp4.record_cycle.unwrap_or(7200);
            ranged("mp4_config.record_cycle", record_cycle.into(), 60, 10_800)?;
            let merge = mp4.record_max_duration_to_merge_file;
            ranged("mp4_config.record_max_duration_to_merge_file", merge.into(), 0, 300)?;
            let prefix = mp4.record_prefix.unwrap_or_else(|| PREFIX.to_owned());
            check_prefix(&prefix)?;
            mp4_config = ShownMp4 { record_cycle, record_prefix: Some(prefix), record_max_duration_to_merge_file: merge };
        }
        Ok(Rule {
            app_id: of.app_id.to_owned(),
            rule_id: of.rule_id.to_owned(),
            create_time: utc(of.made),
            update_time: utc(of.updated),
            obs_addr: self.obs_addr,
            record_formats: self.record_formats,
            hls_config,
            mp4_config,
        })
    }
}

impl Rule {
    /// What the recorder writes of `stream`, with every variable filled in but time and format, which it fills in itself.
    pub fn files(&self, stream: &str) -> Files {
        let object = match self.obs_addr.object.as_str() {
            "" => String::new(),
            object if object.ends_with('/') => object.to_owned(),
            object => format!("{object}/"),
        };
        let filled = |prefix: &Option<String>| {
            let prefix = prefix.as_deref().unwrap_or(PREFIX);
            let domain = format!("{}.SparkRTC.myhuaweicloud.com", self.app_id);
            let values = [
                ("{publish_domain}", domain.as_str()),
                ("{app}", "live"),
                ("{app_id}", &self.app_id),
                ("{record_type}", "continuous_record"),
                ("{stream}", stream),
            ];
            values.iter().fold(format!("{object}{prefix}"), |text, (name, value)| text.replace(name, value))
        };
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let chosen = |format| self.record_formats.contains(&format);
        Files {
            mp4: chosen(RecordFormat::Mp4)
                .then(|| Mp4 { prefix: filled(&self.mp4_config.record_prefix), cycle: seconds(self.mp4_config.record_cycle) }),
            hls: chosen(RecordFormat::Hls).then(|| Hls {
                prefix: filled(&self.hls_config.record_prefix),
                cycle: seconds(self.hls_config.record_cycle),
                slice: seconds(self.hls_config.record_slice_duration.unwrap_or(10)),
            }),
        }
    }
}

impl From<Format> for RecordFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Hls => Self::Hls,
            Format::Mp4 => Self::Mp4,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OF: Of<'_> = Of { app_id: "5ff9701f2346968bb306cb43", rule_id: "r", made: 1_619_000_973, updated: 1_619_000_973 };

    fn rule(body: &Value) -> Result<Rule, ApiError> {
        crate::read::<NewRule>(body.to_string().as_bytes())?.check(OF)
    }

    fn sample() -> Value {
        let addr = json!({ "bucket": "obsName", "location": "cn-north-4", "object": "Record/",
            "project_id": "01234567890123456789012345678901" });
        json!({ "obs_addr": addr, "record_formats": ["MP4"], "mp4_config": {} })
    }

    #[test]
    fn the_documents_sample_is_answered_as_there() {
        let answered = serde_json::to_value(rule(&sample()).unwrap()).unwrap();
        assert_eq!(answered["create_time"], "2021-04-21T10:29:33Z");
        assert_eq!(answered["hls_config"], json!({ "record_cycle": 0, "record_max_duration_to_merge_file": 0 }));
        assert_eq!(
            (&answered["mp4_config"]["record_cycle"], &answered["mp4_config"]["record_prefix"]),
            (&json!(7200), &json!(PREFIX))
        );
        assert_eq!(answered["obs_addr"], sample()["obs_addr"]);
    }

    #[test]
    fn files_are_called_as_the_callbacks_of_the_documents_show() {
        let files = rule(&sample()).unwrap().files("m_607f_room001");
        let mp4 = files.mp4.clone().expect("MP4");
        assert_eq!(
            mp4.prefix,
            "Record/Record/5ff9701f2346968bb306cb43.SparkRTC.myhuaweicloud.com/live/continuous_record/{record_format}/\
             m_607f_room001_{file_start_time}/m_607f_room001_{file_start_time}"
        );
        assert_eq!((mp4.cycle, files.hls.is_none(), files.check()), (Duration::from_secs(7200), true, Ok(())));
    }

    #[test]
    fn what_there_cannot_be_has_its_code() {
        let changed = |pointer: &str, key: &str, value: Value| {
            let mut body = sample();
            body.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object").insert(key.into(), value);
            rule(&body).map_err(|why| why.code.text())
        };
        for (pointer, key, value, code) in [
            ("", "record_formats", json!([]), "RTC.00001003"),
            ("", "record_formats", json!(["MP4", "MP4"]), "RTC.00001003"),
            ("", "record_formats", json!(["mp4"]), "RTC.00001003"),
            ("", "record_formats", json!(["HLS"]), "RTC.00001004"),
            ("", "mp4_config", json!(null), "RTC.00001004"),
            ("", "mp4_config", json!(7), "RTC.00001003"),
            ("", "obs_addr", json!({}), "RTC.00001005"),
            ("/mp4_config", "record_cycle", json!(59), "RTC.00001003"),
            ("/mp4_config", "record_cycle", json!(10_801), "RTC.00001003"),
            ("/mp4_config", "record_cycle", json!(-1), "RTC.00001003"),
            ("/mp4_config", "record_cycle", json!(1e300), "RTC.00001003"),
            ("/mp4_config", "record_max_duration_to_merge_file", json!(-1), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("../{stream}"), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("/etc/{stream}"), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("a/{password}"), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("a/{stream"), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("a}"), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("a\\b"), "RTC.00001003"),
            ("/mp4_config", "record_prefix", json!("a\u{0}b"), "RTC.00001003"),
            ("/obs_addr", "object", json!("a/../../b/"), "RTC.00001003"),
            ("/obs_addr", "object", json!("/"), "RTC.00001003"),
            ("/obs_addr", "object", json!("a//"), "RTC.00001003"),
            ("/obs_addr", "object", json!("a".repeat(201)), "RTC.00001003"),
            ("/obs_addr", "bucket", json!(""), "RTC.00001003"),
            ("/obs_addr", "bucket", json!("../x"), "RTC.00001003"),
            ("/obs_addr", "location", json!("a b"), "RTC.00001003"),
        ] {
            assert_eq!(changed(pointer, key, value.clone()), Err(code), "{pointer}/{key} = {value}");
        }
        let hls = json!({ "record_cycle": 0, "record_slice_duration": 2, "record_max_duration_to_merge_file": -1 });
        let mut both = sample();
        (both["record_formats"], both["hls_config"]) = (json!(["HLS", "MP4"]), hls);
        assert_eq!(rule(&both).unwrap().files("s").check(), Ok(()));
    }
}
