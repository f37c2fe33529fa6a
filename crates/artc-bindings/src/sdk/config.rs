//! `[engine.sdk]`: where the SDK is.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::extra::Extra;

/// Settings of the sdk engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The folder of the unpacked SDK, or the one in it that has the Python modules.
    pub path: Option<PathBuf>,
    /// The Python that runs it: a program's name or path.
    pub python: PathBuf,
    /// The join token. Better in a file.
    pub token: Option<String>,
    /// A file with the join token on its first line, read anew at each join.
    pub token_file: Option<PathBuf>,
    /// Settings of the SDK: the text `extra` of its factory, a JSON object.
    pub extra: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { path: None, python: "python3".into(), token: None, token_file: None, extra: "{}".into() }
    }
}

impl Config {
    /// What is wrong with the values, by key.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.python.as_os_str().is_empty() {
            found.push(("python", "is empty; \"python3\" is the system's".to_owned()));
        }
        if let Err(why) = Extra::parse(&self.extra) {
            found.push(("extra", why.to_string()));
        }
        found
    }
}
