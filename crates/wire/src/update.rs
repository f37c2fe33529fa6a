//! Family `update`: the system's update by RAUC, into the slot that is not running.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most characters of a bundle's place.
pub const LONGEST_BUNDLE: usize = 1024;

/// What `update.check` and `update.install` take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bundle {
    /// Where the bundle is: a path on the device, or an http(s) address (which RAUC streams, where it was built to).
    pub bundle: String,
}

/// What a bundle holds. Its signature was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UpdateChecked")]
pub struct Checked {
    /// The kind of system that it is for.
    pub compatible: String,
    /// It is for this device.
    pub fits: bool,
    /// Its version, as its maker says.
    pub version: String,
    /// In words, as its maker says.
    pub description: String,
}

/// A part of the storage that holds a system, or a piece of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UpdateSlot")]
pub struct Slot {
    /// Its name, such as `rootfs.0`.
    pub name: String,
    /// `booted`, `active` or `inactive`.
    pub state: String,
    /// `good` or `bad`; left out for slots that are not booted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// Version of the bundle that was last installed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// How the update stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UpdateProgress")]
pub struct Progress {
    /// It is being installed.
    pub installing: bool,
    /// How much of it is done, in percent.
    pub percent: i32,
    /// The step that is being done, in RAUC's words.
    pub step: String,
    /// Why the last installation failed; empty when it did not.
    pub last_error: String,
    /// The kind of system that bundles must be for.
    pub compatible: String,
    /// Name by which the boot loader knows the system that runs.
    pub booted: String,
    /// The slot that the next start boots from.
    pub primary: String,
    /// All slots; none while one is being installed to, when RAUC does not tell.
    pub slots: Vec<Slot>,
}

/// A slot was marked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UpdateMarked")]
pub struct Marked {
    /// The slot.
    pub slot: String,
    /// What was done, in RAUC's words.
    pub message: String,
}
