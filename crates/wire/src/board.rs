//! Family `board`: lines, LEDs, buttons, IR-cut filter, fan and heat of the board, by the names of its profile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What this board has, and how it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BoardInfo")]
pub struct Info {
    /// Id of the profile in force.
    pub profile: String,
    /// Name of the board.
    pub name: String,
    /// How far the profile can be relied on: `tested`, `community` or `untested`.
    pub support: String,
    /// Lines that are read or driven.
    pub lines: Vec<Line>,
    /// LEDs.
    pub leds: Vec<Led>,
    /// Buttons.
    pub buttons: Vec<Button>,
    /// The IR-cut filter, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ir_cut: Option<IrCut>,
    /// The fan, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fan: Option<Fan>,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Line {
    /// Its name, which `board.set_line` takes.
    pub name: String,
    /// Name of the relay on it, which means the line as well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relay: Option<String>,
    /// It is driven; otherwise it is read.
    pub output: bool,
    /// It is on; left out where that cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<bool>,
    /// For outputs: whether it is on when nobody is in charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<bool>,
    /// What the device itself drives it for; commands do not move it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it cannot be used, when it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// An LED.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Led {
    /// Its name, which `board.set_led` takes.
    pub name: String,
    /// What it was told to show.
    pub shows: Pattern,
    /// What the device itself shows with it; commands do not move it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Why it cannot be used, when it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// What an LED shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "LedPattern")]
pub enum Pattern {
    /// Steady light, or none.
    Steady(Steady),
    /// Milliseconds of light and dark in turns: 2, 4, 6 or 8 numbers, each 20 to 60000.
    Blinking(Vec<u16>),
}

/// Steady light, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "LedSteady")]
pub enum Steady {
    /// Light.
    On,
    /// None.
    Off,
}

/// A button.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Button {
    /// Its name.
    pub name: String,
    /// It is down; left out where that is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressed: Option<bool>,
    /// Why it cannot be used, when it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<String>,
}

/// The IR-cut filter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct IrCut {
    /// Who decides.
    pub mode: IrCutMode,
    /// It is night: the filter is out and the lamp lit.
    pub night: bool,
    /// How light it was at last: the picture's mean brightness, 0 to 255, or lux where the board has a sensor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub light: Option<f32>,
}

/// Who decides about the IR-cut filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum IrCutMode {
    /// The light.
    #[default]
    Auto,
    /// It is day, whatever the light.
    Day,
    /// It is night, whatever the light.
    Night,
}

/// The fan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Fan {
    /// It was told to run; left out where the kernel decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<bool>,
    /// Turns a minute, where they are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u32>,
}

/// What `board.get_line` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetLine {
    /// The line, or the relay on it.
    pub line: String,
}

/// What `board.set_line` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLine {
    /// The line, or the relay on it.
    pub line: String,
    /// Whether it shall be on.
    pub on: bool,
}

/// What `board.pulse_line` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PulseLine {
    /// The line, or the relay on it.
    pub line: String,
    /// For how long, in milliseconds.
    #[schemars(range(min = 10, max = 60000))]
    pub ms: u32,
    /// What it is for that long; the other way afterwards.
    #[serde(default = "on", skip_serializing_if = "is_on")]
    pub on: bool,
}

fn on() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if gives a reference")]
fn is_on(flag: &bool) -> bool {
    *flag
}

/// How long a pulse may be, in milliseconds.
pub const PULSE_MS: std::ops::RangeInclusive<u32> = 10..=60_000;

/// What `board.set_led` takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLed {
    /// The LED.
    pub led: String,
    /// What it shall show.
    pub pattern: Pattern,
}

/// What `board.set_ir_cut` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetIrCut {
    /// Who shall decide.
    pub mode: IrCutMode,
}

/// What the machine's sensors say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Temperatures {
    /// Each sensor; the first is the processor's on nearly every board.
    pub sensors: Vec<Temperature>,
}

/// What a sensor says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Temperature {
    /// The kernel's name of it.
    pub name: String,
    /// Degrees Celsius.
    pub celsius: f32,
}

/// Whether the machine is slowed down, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Throttling {
    /// It is slowed down against heat, or its supply is too weak.
    pub throttled: bool,
    /// Each thing that is slowed down, in the kernel's words.
    pub slowed: Vec<String>,
    /// The supply is too weak; left out where the board cannot tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undervoltage: Option<bool>,
}

/// What `board.watch` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// Whether the caller wants to be told.
    pub on: bool,
}

/// Parameters of the notification `board.button`, which goes to whoever subscribed to `board.press`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ButtonPress")]
pub struct Press {
    /// The button.
    pub button: String,
    /// It went down; otherwise it went up.
    pub pressed: bool,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
}

/// Parameters of the notification `line.changed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LineChangedEvent")]
pub struct LineChanged {
    /// The line.
    pub line: String,
    /// It is on now.
    pub on: bool,
    /// The device's clock then, in milliseconds since 1970.
    pub time_ms: u64,
}
