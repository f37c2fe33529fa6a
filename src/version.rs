//! Which build this is.

use std::time::Duration;

use serde::Serialize;

/// The build, for `version --json`, metrics and `device.info`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// Always `artc-edge`.
    pub name: &'static str,
    /// Semantic version.
    pub version: &'static str,
    /// Commit it was built from, where the builder said so (`ARTC_EDGE_COMMIT` at build time).
    pub commit: Option<&'static str>,
    /// Machine and system it was built for, such as `aarch64-linux-gnu`.
    pub target: &'static str,
    /// Engines that `engine.kind` may name.
    pub engines: &'static [&'static str],
    /// Encoders that `stream.encoder` may name.
    pub encoders: &'static [&'static str],
    /// Under which licence.
    pub license: &'static str,
    /// Where the licences of all parts are written.
    pub notices: &'static str,
}

/// This build.
pub const VERSION: Version = Version {
    name: env!("CARGO_PKG_NAME"),
    version: env!("CARGO_PKG_VERSION"),
    commit: option_env!("ARTC_EDGE_COMMIT"),
    target: TARGET,
    engines: &["open", "fake"],
    encoders: &["openh264", "v4l2"],
    license: env!("CARGO_PKG_LICENSE"),
    notices: "/usr/share/doc/artc-edge/copyright",
};

const TARGET: &str = match (cfg!(target_arch = "x86_64"), cfg!(target_arch = "aarch64"), cfg!(target_arch = "arm")) {
    (true, ..) => "x86_64-linux-gnu",
    (_, true, _) => "aarch64-linux-gnu",
    (.., true) => "arm-linux-gnueabihf",
    _ => "linux",
};

/// No build of this program is older than 2025-01-01: a clock that shows an earlier time, since 1970, was never set.
pub const OLDEST_CLOCK: Duration = Duration::from_secs(1_735_689_600);
