//! What the device notices by itself: in topics that can be subscribed to, and in `device.status`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is noticed at the moment, of what `[detect]` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Detection {
    /// Something moves in the picture.
    pub motion: bool,
    /// It is louder than usual.
    pub sound: bool,
    /// What has been done to the camera; absent while nothing has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tampering: Option<Tampering>,
}

/// What has been done to a camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tampering {
    /// It sends the same picture all the time.
    Frozen,
    /// It sees nothing but darkness, as it does at night where there is no light.
    Black,
    /// It sees nothing though there is light: something is before it, or it is out of focus.
    Covered,
    /// It sees another scene than before. Told for ten seconds.
    Moved,
}

/// Parameters of the notification `motion.changed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "MotionChangedEvent")]
pub struct MotionChanged {
    /// Something moves now; otherwise nothing has for as long as `[detect] quiet_s` says.
    pub motion: bool,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Parameters of the notification `sound.changed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "SoundChangedEvent")]
pub struct SoundChanged {
    /// It is loud now; otherwise it has not been for as long as `[detect] quiet_s` says.
    pub sound: bool,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Parameters of the notification `tamper.changed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "TamperChangedEvent")]
pub struct TamperChanged {
    /// What has been done; absent when all is well again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tampering: Option<Tampering>,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
}
