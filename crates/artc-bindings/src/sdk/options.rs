//! What an engine of the SDK is made with.

use std::path::PathBuf;

use super::config::Config;
use crate::error::CreateError;
use crate::extra::{ADVISED_HIGH_PORT, ADVISED_LOW_PORT};

/// What the SDK is made with.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the SDK.
    pub path: PathBuf,
    /// The Python that runs it.
    pub python: PathBuf,
    /// The text `extra` of the factory.
    pub extra: String,
    /// Range from which the vendor's service takes its local port, inclusive.
    pub low_port: u16,
    /// Its high end.
    pub high_port: u16,
    /// Where the vendor's service writes its logs.
    pub log_path: PathBuf,
    /// Whether Web clients take part.
    pub h5mode: bool,
}

impl Options {
    /// The SDK in this folder, with the documents' values and the system's Python.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            python: "python3".into(),
            extra: "{}".into(),
            low_port: ADVISED_LOW_PORT,
            high_port: ADVISED_HIGH_PORT,
            log_path: std::env::temp_dir(),
            h5mode: true,
        }
    }

    /// As configured.
    ///
    /// # Errors
    /// [`CreateError::Setting`] when no folder is named.
    pub fn of(config: &Config) -> Result<Self, CreateError> {
        let Some(path) = &config.path else {
            let why = "is not set; name the folder of the unpacked SDK".to_owned();
            return Err(CreateError::Setting { what: "[engine.sdk] path".to_owned(), why });
        };
        Ok(Self { python: config.python.clone(), extra: config.extra.clone(), ..Self::new(path) })
    }
}
