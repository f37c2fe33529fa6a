//! Family `camera`: which cameras there are and which is in use, what that one can do, its controls, where it looks, a still picture,
//! privacy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The cameras of this device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CameraList")]
pub struct List {
    /// All that were found, in the order in which "auto" would try them.
    pub cameras: Vec<Camera>,
}

/// One camera.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Camera {
    /// The name that stays the same when the camera is plugged in again: what `[camera] source` takes.
    pub id: String,
    /// What the camera calls itself.
    pub name: String,
    /// Its node at this moment, such as `/dev/video0`.
    pub node: String,
    /// The daemon uses this one.
    pub selected: bool,
    /// Why it cannot be used, when it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What the camera in use can deliver.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CameraModes")]
pub struct Modes {
    /// Every combination that the camera announces.
    pub modes: Vec<Mode>,
    /// The one in use; none while there is no camera.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<Mode>,
}

/// One mode of a camera.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Mode {
    /// Pixel format as a four-character code, such as `YUYV` or `MJPG`.
    pub format: String,
    /// Pixels a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Frames a second that it offers in this format and size, highest first.
    pub fps: Vec<f32>,
}

/// The controls of the camera in use.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CameraControls")]
pub struct Controls {
    /// All of them, in the driver's order.
    pub controls: Vec<Control>,
}

/// One control of the camera, as the driver describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// V4L2's number for it.
    pub id: u32,
    /// The name that `camera.set_control` takes: the label in lower case with underscores.
    pub name: String,
    /// The driver's own name, for people.
    pub label: String,
    /// How it is set.
    pub kind: ControlKind,
    /// Its value at this moment; none for buttons and for what cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ControlValue>,
    /// The driver's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<ControlValue>,
    /// Lowest value.
    pub min: i64,
    /// Highest value; for a bitmask, all bits that may be set.
    pub max: i64,
    /// Distance between values, counted from `min`.
    pub step: u64,
    /// The choices of a menu.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub menu: Vec<MenuItem>,
    /// It can be read only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub read_only: bool,
    /// It has no effect at this moment because another control overrules it; setting it is refused.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inactive: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if gives a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// How a control is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    /// A whole number between `min` and `max`.
    Integer,
    /// On or off.
    Boolean,
    /// One of the menu's values.
    Menu,
    /// A set of bits of `max`.
    Bitmask,
    /// Pressed, without a value.
    Button,
}

/// One choice of a menu control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MenuItem {
    /// The value to set.
    pub value: i64,
    /// What it means.
    pub label: String,
}

/// The value of a control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ControlValue {
    /// Of a boolean control.
    Flag(bool),
    /// Of a number, menu or bitmask.
    Number(i64),
    /// The label of a menu's choice, in place of its number.
    Label(String),
}

/// What `camera.set_control` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetControl {
    /// Name of the control, as `camera.controls` tells it.
    pub name: String,
    /// Its new value; left out for buttons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<ControlValue>,
}

/// What `camera.snapshot` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeSnapshot {
    /// No side is longer than so many pixels, 64 to 1920; left out, the picture has its own size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<u16>,
}

/// A still picture. In a channel the bytes follow as a byte stream of this name on topic `artc.snapshot`; on the unix socket and over a
/// broker they are in the reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// File name.
    pub name: String,
    /// Type of the bytes: `image/jpeg`.
    pub mime: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The picture in base64; only on the unix socket and over a broker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// What `camera.select` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// The `id` of a camera, as `camera.list` tells it; `auto` for the first that is found, `pattern` for the test picture.
    pub camera: String,
}

/// The camera in use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CameraSelected")]
pub struct Selected {
    /// Its `id`, or `pattern`.
    pub camera: String,
    /// What it calls itself.
    pub name: String,
}

/// Where the camera in use looks. An axis that it does not have is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ptz {
    /// Left and right; UVC cameras count in seconds of arc, to the right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pan: Option<Axis>,
    /// Up and down; UVC cameras count in seconds of arc, upwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tilt: Option<Axis>,
    /// The focal length, in units of the driver.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoom: Option<Axis>,
}

/// One axis of a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PtzAxis")]
pub struct Axis {
    /// Where it stands, in units of the driver; left out where the camera only moves it by steps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// Lowest value, or longest step backwards.
    pub min: i64,
    /// Highest value, or longest step forwards.
    pub max: i64,
    /// Distance between values, counted from `min`.
    pub step: u64,
    /// It does not move at this moment because another control overrules it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub inactive: bool,
}

/// What `camera.set_ptz` takes: what is left out stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPtz {
    /// To this pan, or so much further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pan: Option<i64>,
    /// To this tilt, or so much further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tilt: Option<i64>,
    /// To this zoom, or so much further.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zoom: Option<i64>,
    /// The values are added to where the camera stands, up to the end of its way.
    #[serde(default, skip_serializing_if = "is_false")]
    pub relative: bool,
}

/// What `camera.privacy` takes, and answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "CameraPrivacy")]
pub struct Privacy {
    /// Camera and microphone are closed; a card and silence go out on the same tracks.
    pub on: bool,
}
