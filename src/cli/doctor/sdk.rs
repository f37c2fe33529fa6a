//! The vendor's SDK, where it is the engine: whether its modules are there, are what the documents say, and can be loaded.

use artc_bindings::CreateError;
use artc_bindings::sdk::{Options, SdkEngine};

use super::{Exit, Finding};
use crate::config::{Config, EngineKind};

pub(super) fn loads(config: &Config) -> Option<Finding> {
    let about = "sdk";
    if config.engine.kind != EngineKind::Sdk {
        return None;
    }
    let found = Options::of(&config.engine.sdk).and_then(|options| SdkEngine::look(&options));
    Some(match found {
        Ok(found) => Finding::ok(about, found.join("; ")),
        Err(why @ CreateError::Environment { .. }) => {
            let way_out = "install Python 3.7 or later, or name it in `engine.sdk.python`";
            Finding::failure(about, Exit::Unavailable, why.to_string(), way_out)
        }
        Err(why) => {
            let way_out = "unpack the vendor's SDK for this machine, and name its folder in `engine.sdk.path`";
            Finding::failure(about, Exit::Configuration, why.to_string(), way_out)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::Level;
    use super::*;

    #[test]
    fn a_folder_without_an_sdk_is_a_matter_of_the_configuration() {
        let mut config = Config::default();
        assert!(loads(&config).is_none(), "the open engine needs none");
        config.engine.kind = EngineKind::Sdk;
        let folder = tempfile::tempdir().expect("a folder");
        config.engine.sdk.path = Some(folder.path().to_owned());
        let found = loads(&config).expect("looked at");
        assert_eq!((found.level, found.exit), (Level::Failure, Exit::Configuration));
        assert!(found.text.contains("module AliRTCEngine: missing"), "{}", found.text);
    }
}
