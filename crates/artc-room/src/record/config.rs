//! `[record]`: what is recorded goes into a folder or a bucket. Nothing is recorded until one of the two is named.

use std::path::PathBuf;

use artc_bindings::Secret;
use mixing::{Bucket, Place};
use serde::{Deserialize, Serialize};

use super::egress::Net;
use crate::config::{read_secret, state_folder};

/// Where the keys of a bucket are, where no files hold them: as all tools of S3 have it.
const KEY_ID: &str = "AWS_ACCESS_KEY_ID";
/// See [`KEY_ID`].
const KEY: &str = "AWS_SECRET_ACCESS_KEY";
/// The folder in the service manager's state directory where files wait.
const WORK: &str = "recording";

/// `[record]`: recordings that are asked for over HTTP.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where finished files go: this folder ...
    pub folder: Option<PathBuf>,
    /// ... or this bucket.
    pub bucket: Option<String>,
    /// Address of the bucket's service; unset: Amazon's own.
    pub endpoint: Option<String>,
    /// Region of the bucket.
    pub region: String,
    /// Whether the bucket is a part of the host's name instead of the path.
    pub virtual_hosted: bool,
    /// Files that hold the bucket's access key id and its secret on their first lines. Unset: the environment.
    pub key_id_file: Option<PathBuf>,
    /// See `key_id_file`.
    pub key_file: Option<PathBuf>,
    /// Where files are written, and wait until they are where they belong. Unset: in the service manager's state directory.
    pub work: Option<PathBuf>,
    /// Certificates (PEM) that are trusted besides the system's when a room elsewhere is joined.
    pub ca_file: Option<PathBuf>,
    /// Jobs at once.
    pub most_jobs: u32,
    /// Networks of ours that callbacks may go to: single addresses, or `ADDRESS/BITS`. Everything outward they may.
    pub callbacks_may_reach: Vec<Net>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            folder: None,
            bucket: None,
            endpoint: None,
            region: "us-east-1".into(),
            virtual_hosted: false,
            key_id_file: None,
            key_file: None,
            work: None,
            ca_file: None,
            most_jobs: 4,
            callbacks_may_reach: Vec::new(),
        }
    }
}

impl Config {
    /// Whether anything is recorded at all.
    pub fn enabled(&self) -> bool {
        self.folder.is_some() || self.bucket.is_some()
    }

    /// What is wrong, as (key below `[record]`, why).
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if !(1..=1000).contains(&self.most_jobs) {
            found.push(("most_jobs", "is out of range, 1 to 1000".into()));
        }
        if self.folder.is_some() && self.bucket.is_some() {
            found.push(("bucket", "is set beside `folder`; recordings go to one of them".into()));
        }
        if self.bucket.as_ref().is_some_and(|name| !is_bucket(name)) {
            found.push(("bucket", "is no bucket: 1 to 63 letters, digits, '-', '.' and '_'".into()));
        }
        let service = |text: &String| text.starts_with("https://") || text.starts_with("http://");
        if self.endpoint.as_ref().is_some_and(|text| !service(text)) {
            found.push(("endpoint", "is no https://HOST[:PORT]".into()));
        }
        if self.key_id_file.is_some() != self.key_file.is_some() {
            found.push(("key_file", "goes with `key_id_file`: both, or neither".into()));
        }
        if self.enabled() && self.work().is_none() {
            found.push(("work", "is not set: name a folder where files are written".into()));
        }
        found
    }

    /// Where files are written.
    pub(crate) fn work(&self) -> Option<PathBuf> {
        self.work.clone().or_else(|| state_folder().map(|folder| folder.join(WORK)))
    }

    /// Where finished files go; none: nothing is recorded.
    ///
    /// # Errors
    /// In words: the bucket's keys are not where they are looked for.
    pub(crate) fn place(&self) -> Result<Option<Place>, String> {
        if let Some(folder) = &self.folder {
            return Ok(Some(Place::Folder(folder.clone())));
        }
        let Some(name) = self.bucket.clone() else { return Ok(None) };
        let secret = |key, file: &Option<PathBuf>, variable| match file {
            Some(file) => read_secret(key, file),
            None => std::env::var(variable)
                .ok()
                .filter(|value| !value.is_empty())
                .ok_or_else(|| format!("`{key}` is not set, and neither is the environment variable {variable}")),
        };
        Ok(Some(Place::Bucket(Bucket {
            endpoint: self.endpoint.clone(),
            name,
            region: self.region.clone(),
            key_id: secret("record.key_id_file", &self.key_id_file, KEY_ID)?,
            key: Secret::new(secret("record.key_file", &self.key_file, KEY)?),
            virtual_hosted: self.virtual_hosted,
        })))
    }
}

fn is_bucket(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    (1..=63).contains(&name.len()) && name.bytes().all(plain) && !name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_with_its_key() {
        let wrong = Config {
            folder: Some("/x".into()),
            bucket: Some("../x".into()),
            endpoint: Some("s3.example.com".into()),
            key_file: Some("/x".into()),
            most_jobs: 0,
            ..Config::default()
        };
        let keys: Vec<_> = wrong.problems().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["most_jobs", "bucket", "bucket", "endpoint", "key_file", "work"]);
        assert_eq!(Config::default().problems(), []);
        assert!(!Config::default().enabled() && Config::default().place().is_ok_and(|place| place.is_none()));
    }

    #[test]
    fn the_keys_of_a_bucket_come_from_their_files_and_are_in_no_message() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Some(path)
        };
        let (key_id_file, key_file) = (file("id", "id-of-it\n"), file("key", "a-secret-key\n"));
        let config = Config { bucket: Some("rec".into()), key_id_file, key_file, ..Config::default() };
        let Ok(Some(Place::Bucket(bucket))) = config.place() else { panic!("a bucket") };
        assert_eq!((bucket.key_id.as_str(), bucket.key.expose()), ("id-of-it", "a-secret-key"));
        assert!(!format!("{bucket:?}").contains("a-secret-key"));
        let empty = Config { key_file: file("empty", "\n"), ..config };
        assert!(empty.place().is_err_and(|why| why.starts_with("`record.key_file`") && why.contains("empty")));
    }
}
