//! The sdk engine: the contract suite on it, what it does when its child dies, and what it says of an SDK that is none.
//!
//! Its SDK is our own wheel, unpacked in the folder that `ARTC_SDK` names, against a room of this process; and the vendor's, where
//! `ARTC_VENDOR_SDK` names its folder. Run by `tests/python/run.sh`, since a plain `cargo test` has no wheel.

mod child;
mod contract;
#[path = "../contract/server.rs"]
#[allow(dead_code, reason = "the open engine's contract needs more of it")]
mod server;
mod wrong;

use std::path::PathBuf;
use std::sync::Arc;

use artc_bindings::Engine;
use artc_bindings::sdk::{Options, SdkEngine};

/// The folder of our modules.
fn modules() -> PathBuf {
    let path =
        std::env::var_os("ARTC_SDK").expect("ARTC_SDK names the folder of the unpacked wheel; tests/python/run.sh does it");
    PathBuf::from(path)
}

/// Our modules on this room server.
fn options(url: &str) -> Options {
    Options { extra: format!(r#"{{"artc_open_url":"{url}"}}"#), ..Options::new(modules()) }
}

fn engine(url: &str) -> Arc<dyn Engine> {
    SdkEngine::create(options(url)).unwrap_or_else(|why| panic!("{why}"))
}
