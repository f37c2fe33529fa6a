//! The section `[record.upload]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[record.upload]`: the bucket that recordings go to when they have ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Upload {
    /// Its name; unset: nothing is uploaded.
    pub bucket: Option<String>,
    /// `https://HOST[:PORT]` of its service; unset: Amazon's own.
    pub endpoint: Option<String>,
    /// Its region, which only Amazon looks at.
    pub region: String,
    /// Whether the bucket is a part of the host's name instead of the path.
    pub virtual_hosted: bool,
    /// What stands before the names of files there; unset: the device's id and a slash.
    pub prefix: Option<String>,
    /// File with the access key id.
    pub key_id_file: Option<PathBuf>,
    /// File with the secret access key.
    pub key_file: Option<PathBuf>,
    /// Certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// kbit/s that uploading takes at most, 64 to 10000000; 0: as many as it gets.
    pub most_kbit_s: u64,
}

impl Default for Upload {
    fn default() -> Self {
        Self {
            bucket: None,
            endpoint: None,
            region: "us-east-1".into(),
            virtual_hosted: false,
            prefix: None,
            key_id_file: None,
            key_file: None,
            ca_file: None,
            most_kbit_s: 4000,
        }
    }
}

impl Upload {
    /// The bucket in its own words; none where nothing is uploaded.
    pub fn settings(&self) -> Option<bucket::Settings> {
        Some(bucket::Settings {
            endpoint: self.endpoint.clone(),
            name: self.bucket.clone()?,
            region: self.region.clone(),
            virtual_hosted: self.virtual_hosted,
            ca_file: self.ca_file.clone(),
            most_bits_s: (self.most_kbit_s > 0).then_some(self.most_kbit_s * 1000),
        })
    }

    /// What is out of range, as (key below `[record.upload]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.most_kbit_s != 0 && !(64..=10_000_000).contains(&self.most_kbit_s) {
            found.push(("most_kbit_s", format!("{} is out of range, 64 to 10000000 kbit/s, or 0", self.most_kbit_s)));
        }
        let odd = |prefix: &str| {
            prefix.len() > 512
                || prefix.starts_with('/')
                || prefix.chars().any(char::is_control)
                || prefix.split('/').any(|part| matches!(part, "." | ".."))
        };
        if self.prefix.as_deref().is_some_and(odd) {
            found.push(("prefix", "begins with a slash, has a part that is . or .., or is longer than 512 bytes".into()));
        }
        if let Some(settings) = self.settings() {
            if let Err(why) = settings.check() {
                found.push(("bucket", why.to_string()));
            }
            for (key, file) in [("key_id_file", &self.key_id_file), ("key_file", &self.key_file)] {
                if file.is_none() {
                    let credential = key.trim_end_matches("_file");
                    let why = format!(
                        "is not set, and a bucket wants it; or hand one over as the credential `record.upload.{credential}`"
                    );
                    found.push((key, why));
                }
            }
        }
        found
    }
}
