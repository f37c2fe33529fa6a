//! What the kernel measures: temperatures (thermal zones, hwmon), throttling, fans (hwmon), light (IIO). Read when asked, from sysfs.

use std::fs;
use std::path::{Path, PathBuf};

/// Sensors that are told of at most.
const MOST: usize = 32;

/// What a sensor says.
#[derive(Clone, Debug, PartialEq)]
pub struct Temperature {
    /// The kernel's name of it.
    pub name: String,
    /// Degrees Celsius.
    pub celsius: f32,
}

/// Whether the machine is slowed down, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Throttling {
    /// Each thing that is slowed down against heat, such as `cpufreq-cpu0 at step 2 of 5`.
    pub slowed: Vec<String>,
    /// Whether the supply is too weak; `None` where the board cannot tell.
    pub undervoltage: Option<bool>,
}

fn text(path: PathBuf) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

fn number(path: PathBuf) -> Option<f32> {
    text(path)?.parse().ok().filter(|number: &f32| number.is_finite())
}

/// The directories of a class whose names begin so, in the order of their numbers.
fn members(root: &Path, class: &str, prefix: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(class)).into_iter().flatten().flatten();
    let numbered = entries.filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        Some((name.strip_prefix(prefix)?.parse::<u32>().ok()?, entry.path()))
    });
    let mut found: Vec<_> = numbered.collect();
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

/// Thermal zones first, of which the first is the processor's on nearly every board; then what hwmon has besides.
pub(super) fn temperatures(root: &Path) -> Vec<Temperature> {
    let mut found = Vec::new();
    let mut zones = Vec::new();
    for zone in members(root, "sys/class/thermal", "thermal_zone") {
        let Some(name) = text(zone.join("type")) else { continue };
        // hwmon tells of it once more, under this name.
        zones.push(name.replace('-', "_"));
        if let Some(milli) = number(zone.join("temp")) {
            found.push(Temperature { name, celsius: milli / 1000.0 });
        }
    }
    for chip in members(root, "sys/class/hwmon", "hwmon") {
        let Some(name) = text(chip.join("name")).filter(|name| !zones.contains(name)) else { continue };
        for input in 1..=16 {
            let Some(milli) = number(chip.join(format!("temp{input}_input"))) else { continue };
            let label = text(chip.join(format!("temp{input}_label"))).unwrap_or_else(|| format!("temp{input}"));
            found.push(Temperature { name: format!("{name} {label}"), celsius: milli / 1000.0 });
        }
    }
    found.truncate(MOST);
    found
}

/// Cooling devices that slow something down, and the Raspberry Pi's alarm for its supply (the kernel's raspberrypi-hwmon).
pub(super) fn throttling(root: &Path) -> Throttling {
    let slows = ["cpufreq-", "thermal-cpufreq", "cpuidle-", "thermal-idle", "devfreq-", "thermal-devfreq", "Processor"];
    let slowed = members(root, "sys/class/thermal", "cooling_device").into_iter().filter_map(|device| {
        let kind = text(device.join("type")).filter(|kind| slows.iter().any(|prefix| kind.starts_with(prefix)))?;
        let step = number(device.join("cur_state")).filter(|step| *step > 0.0)?;
        let steps = number(device.join("max_state")).unwrap_or(step);
        Some(format!("{kind} at step {step} of {steps}"))
    });
    let alarm = hwmon(root, "rpi_volt").and_then(|chip| number(chip.join("in0_lcrit_alarm")));
    Throttling { slowed: slowed.take(MOST).collect(), undervoltage: alarm.map(|alarm| alarm > 0.0) }
}

/// The directory of the hwmon chip of this name.
pub(super) fn hwmon(root: &Path, name: &str) -> Option<PathBuf> {
    members(root, "sys/class/hwmon", "hwmon").into_iter().find(|chip| text(chip.join("name")).as_deref() == Some(name))
}

/// Turns a minute of a fan in hwmon.
pub(super) fn fan_rpm(root: &Path, name: &str) -> Option<u32> {
    Some(number(hwmon(root, name)?.join("fan1_input"))? as u32)
}

/// The directory of the IIO device of this name.
pub(super) fn iio(root: &Path, name: &str) -> Option<PathBuf> {
    members(root, "sys/bus/iio/devices", "iio:device")
        .into_iter()
        .find(|device| text(device.join("name")).as_deref() == Some(name))
}

/// Lux of a light sensor in IIO.
pub(super) fn lux(root: &Path, name: &str) -> Option<f32> {
    let device = iio(root, name)?;
    number(device.join("in_illuminance_input")).or_else(|| {
        let scale = number(device.join("in_illuminance_scale")).unwrap_or(1.0);
        Some(number(device.join("in_illuminance_raw"))? * scale)
    })
}
