//! What a profile file may declare: the types, read strictly. What contradicts itself is found in [`check`], where that stands in the
//! file in [`place`].

mod check;
mod place;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use place::{ProfileError, nearest};

use crate::{Machine, Patterns};

/// The LED that shows how the daemon is.
pub const STATUS: &str = "status";
/// The LED that is lit while the camera is open.
pub const PRIVACY: &str = "privacy";

/// A board, as its file declares it.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Who it is.
    pub badge: Badge,
    /// Which machines it is for.
    pub matches: Match,
    /// Lines by the names that commands use.
    pub lines: BTreeMap<String, Line>,
    /// LEDs; `status` and `privacy` are the daemon's own.
    pub leds: BTreeMap<String, Led>,
    /// Buttons.
    pub buttons: BTreeMap<String, Button>,
    /// Relays.
    pub relays: BTreeMap<String, Relay>,
    /// The filter that keeps infrared light out by day.
    pub ir_cut: Option<IrCut>,
    /// The fan.
    pub fan: Option<Fan>,
    /// Cameras by their roles.
    pub cameras: BTreeMap<String, Role>,
    /// Microphones and speakers by their roles.
    pub sounds: BTreeMap<String, Role>,
    /// The watchdog.
    pub watchdog: Option<Watchdog>,
    /// What it boots from and writes to.
    pub storage: Option<Storage>,
    /// How its software is replaced.
    pub update: Update,
    /// Which H.264 encoder `[config.stream] encoder` prefers: `auto` where it says nothing.
    pub encoder: String,
    /// Where the text came from: the path, or for one in the program `built-in ID.toml`.
    pub origin: String,
    /// The text as read. Its `[config]` table is a layer of the daemon's configuration, which this crate does not know.
    pub text: String,
}

/// `[board]`: who it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Badge {
    /// Short id, as used in `board.profile`: lower case letters, digits, dashes.
    pub id: String,
    /// Name for people.
    pub name: String,
    /// How far it can be relied on.
    #[serde(default)]
    pub support: Support,
    /// Who looks after it.
    pub maintainer: Option<String>,
    /// Version and date of the last test on the board itself.
    pub tested: Option<String>,
}

/// How far a profile can be relied on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// Tested on the board before each release.
    Tested,
    /// Its users keep it working.
    Community,
    /// Written from documents.
    #[default]
    Untested,
}

/// `[match]`: which machines it is for; any one of these is enough, and the most particular profile wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Match {
    /// Entries of the device tree's `compatible`.
    pub compatible: Vec<String>,
    /// Names in DMI.
    pub dmi: Vec<Dmi>,
    /// Processor architectures, for profiles that know no more: `x86_64`, `aarch64`, `arm`.
    pub architecture: Vec<String>,
}

/// A machine's name in DMI.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dmi {
    /// `/sys/class/dmi/id/sys_vendor`.
    pub vendor: String,
    /// `/sys/class/dmi/id/product_name`; left out, any of that vendor.
    pub product: Option<String>,
}

/// `[lines.NAME]`: a line of the GPIO character device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The kernel's name of it, as `gpioinfo` prints it.
    pub line: String,
    /// Label of the chip, where several have a line of this name.
    pub chip: Option<String>,
    /// Which way it goes.
    pub direction: Direction,
    /// Which level means on.
    #[serde(default)]
    pub active: Active,
    /// Its resistor.
    #[serde(default)]
    pub pull: Pull,
    /// For outputs, and required there: whether it is on when nobody is in charge.
    pub safe: Option<bool>,
    /// For inputs: whether it is told when it moves.
    #[serde(default)]
    pub watch: bool,
}

/// Which way a line goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// We read it.
    Input,
    /// We drive it.
    Output,
}

/// Which level means on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Active {
    /// The high one.
    #[default]
    High,
    /// The low one.
    Low,
}

/// The resistor of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pull {
    /// As the kernel has it.
    #[default]
    AsIs,
    /// To the high level.
    Up,
    /// To the low level.
    Down,
    /// None.
    None,
}

/// `[leds.NAME]`: an LED of the kernel's LED class, or on an output line.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Led {
    /// Its name in `/sys/class/leds`; patterns then go on when the daemon does not.
    pub class: Option<String>,
    /// A line of `[lines]`.
    pub line: Option<String>,
    /// `[leds.status.patterns]`: what it shows when; only the daemon's own LED has them.
    pub patterns: Option<Patterns>,
}

/// `[buttons.NAME]`: a button on an input line, or a key of an input device.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// A line of `[lines]`.
    pub line: Option<String>,
    /// The kernel's number of the key, as in its input-event-codes.h: 116 is KEY_POWER, 256 BTN_0.
    pub key: Option<u16>,
    /// Name of the input device, as in /proc/bus/input/devices; left out, every one that has the key.
    pub device: Option<String>,
}

/// `[relays.NAME]`: a relay on an output line. Commands may call it by its own name or the line's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// A line of `[lines]`.
    pub line: String,
}

/// `[ir_cut]`: the filter before the sensor, on one output line that holds it, or on two whose pulses throw it over.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IrCut {
    /// An output line that is on by day.
    pub line: Option<String>,
    /// An output line whose pulse moves the filter in.
    pub day: Option<String>,
    /// An output line whose pulse moves it out.
    pub night: Option<String>,
    /// How long a pulse is, in milliseconds.
    #[serde(default = "pulse_ms")]
    pub pulse_ms: u32,
    /// An output line that is on by night: the infrared lamp.
    pub lamp: Option<String>,
    /// Name of a light sensor of the kernel's IIO, which is then asked instead of the picture.
    pub sensor: Option<String>,
    /// It is night below this: the picture's mean brightness, 0 to 255, or lux of the sensor.
    #[serde(default = "night_below")]
    pub night_below: f32,
    /// It is day above this.
    #[serde(default = "day_above")]
    pub day_above: f32,
    /// How long it must have been so, in seconds.
    #[serde(default = "hold_s")]
    pub hold_s: u32,
}

fn pulse_ms() -> u32 {
    100
}
fn night_below() -> f32 {
    40.0
}
fn day_above() -> f32 {
    90.0
}
fn hold_s() -> u32 {
    10
}

/// `[fan]`: one that the kernel runs, to be told of, or one on a line, which the daemon runs by the temperature.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fan {
    /// The kernel's name of it in hwmon, such as `pwmfan`.
    pub hwmon: Option<String>,
    /// An output line.
    pub line: Option<String>,
    /// It runs from this many degrees Celsius on.
    #[serde(default = "fan_on")]
    pub on_above_c: f32,
    /// It runs down to this many.
    #[serde(default = "fan_off")]
    pub off_below_c: f32,
}

fn fan_on() -> f32 {
    70.0
}
fn fan_off() -> f32 {
    60.0
}

/// `[cameras.ROLE]` and `[sounds.ROLE]`: which device has this role on this board.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// What `camera.source` or `microphone.source` would say for it: a stable id as `artc-edge devices` prints it.
    pub source: String,
}

/// `[watchdog]`: what resets the board when its software hangs. The service manager feeds it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watchdog {
    /// Its node.
    pub device: String,
    /// The longest time between two feedings that it takes, in seconds.
    pub max_s: Option<u32>,
}

/// `[storage]`: what it boots from and writes to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// What it is.
    pub kind: StorageKind,
    /// Its node.
    pub device: Option<String>,
}

/// What a board boots from and writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StorageKind {
    /// An SD card: cheap, slow, and worn out by writing.
    Sd,
    /// Flash memory on the board.
    Emmc,
    /// A solid-state disk.
    Nvme,
    /// Any other disk.
    Disk,
}

/// `[update]`: how its software is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Update {
    /// The method.
    pub method: Method,
}

/// How a board's software is replaced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By the distribution's packages.
    #[default]
    Packages,
    /// Whole images into two slots, by RAUC.
    Rauc,
    /// Not at all.
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    board: Badge,
    #[serde(default, rename = "match")]
    matches: Match,
    #[serde(default)]
    lines: BTreeMap<String, Line>,
    #[serde(default)]
    leds: BTreeMap<String, Led>,
    #[serde(default)]
    buttons: BTreeMap<String, Button>,
    #[serde(default)]
    relays: BTreeMap<String, Relay>,
    ir_cut: Option<IrCut>,
    fan: Option<Fan>,
    #[serde(default)]
    cameras: BTreeMap<String, Role>,
    #[serde(default)]
    sounds: BTreeMap<String, Role>,
    watchdog: Option<Watchdog>,
    storage: Option<Storage>,
    #[serde(default)]
    update: Update,
    /// Read by the daemon's configuration, not here.
    #[serde(default)]
    config: toml::Table,
}

impl Profile {
    /// Reads a profile and checks that it makes sense.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ProfileError> {
        let wrong = |start: usize, why: String| ProfileError::at(origin, text, start, why);
        let file: File = toml::from_str(text)
            .map_err(|why| wrong(why.span().map_or(0, |span| span.start), place::explained(why.message())))?;
        let encoder = file.config.get("stream").and_then(|stream| stream.get("encoder")).and_then(toml::Value::as_str);
        let profile = Self {
            encoder: encoder.unwrap_or("auto").into(),
            badge: file.board,
            matches: file.matches,
            lines: file.lines,
            leds: file.leds,
            buttons: file.buttons,
            relays: file.relays,
            ir_cut: file.ir_cut,
            fan: file.fan,
            cameras: file.cameras,
            sounds: file.sounds,
            watchdog: file.watchdog,
            storage: file.storage,
            update: file.update,
            origin: origin.into(),
            text: text.into(),
        };
        match check::contradiction(&profile) {
            Some((path, why)) => Err(wrong(place::of(&path, text), why)),
            None => Ok(profile),
        }
    }

    /// A profile that declares nothing, for going on after another was refused.
    pub fn bare() -> Self {
        let badge = Badge {
            id: "generic".into(),
            name: "generic machine".into(),
            support: Support::Untested,
            maintainer: None,
            tested: None,
        };
        Self {
            badge,
            matches: Match::default(),
            lines: BTreeMap::new(),
            leds: BTreeMap::new(),
            buttons: BTreeMap::new(),
            relays: BTreeMap::new(),
            ir_cut: None,
            fan: None,
            cameras: BTreeMap::new(),
            sounds: BTreeMap::new(),
            watchdog: None,
            storage: None,
            update: Update::default(),
            encoder: "auto".into(),
            origin: "built-in".into(),
            text: String::new(),
        }
    }

    /// One line for people: what it is, and by which profile.
    pub fn title(&self, machine: &Machine) -> String {
        let Badge { id, name, .. } = &self.badge;
        match machine.name() {
            Some(model) if !model.starts_with(name.as_str()) => format!("{name}, {model} (profile {id})"),
            Some(model) => format!("{model} (profile {id})"),
            None => format!("{name} (profile {id})"),
        }
    }

    /// Whether the daemon itself drives this line, so that commands must not: what it is for.
    pub fn owner(&self, line: &str) -> Option<&'static str> {
        let is = |other: &Option<String>| other.as_deref() == Some(line);
        if self.ir_cut.as_ref().is_some_and(|ir| is(&ir.line) || is(&ir.day) || is(&ir.night) || is(&ir.lamp)) {
            return Some("the IR-cut filter");
        }
        if self.fan.as_ref().is_some_and(|fan| is(&fan.line)) {
            return Some("the fan");
        }
        let led = |name: &str| self.leds.get(name).is_some_and(|led| is(&led.line));
        match () {
            () if led(STATUS) => Some("the status LED"),
            () if led(PRIVACY) => Some("the privacy LED"),
            () => None,
        }
    }
}
