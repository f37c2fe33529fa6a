//! The built-in pattern's modes and controls, so that what commands a camera can be tried without one. Not for drawing it:
//! see [`media::pattern`].

use std::time::Duration;

use media::Size;
use media::pattern::Look;

use super::control::{Control, ControlError, ControlKind, MenuEntry};
use super::mode::{FourCc, Mode, Rate};

/// First number of the pattern's own controls: V4L2's picture class, where vivid has its own ones too.
const FIRST_ID: u32 = 0x0098_f900;
/// Speeds of the block: label, and seconds there and back.
const SPEEDS: [(&str, u64); 3] = [("Slow", 8), ("Normal", 4), ("Fast", 2)];
/// Sizes that are offered; any other one can be asked for.
const SIZES: [(u32, u32); 7] = [(1920, 1080), (1280, 720), (960, 540), (640, 480), (640, 360), (320, 240), (320, 180)];
/// Frame rates that are offered.
const RATES: [u32; 7] = [60, 50, 30, 25, 15, 10, 5];

/// The pattern's controls with their values.
#[derive(Debug)]
pub(super) struct Knobs(Vec<Control>);

impl Default for Knobs {
    fn default() -> Self {
        let number = ControlKind::Integer { min: 16, max: 235, step: 1 };
        let entries = SPEEDS.iter().zip(0..).map(|((label, _), index)| MenuEntry { index, label: (*label).into() }).collect();
        let kinds = [
            ("block_brightness", "Block Brightness", number, i64::from(Look::default().block)),
            ("block_speed", "Block Speed", ControlKind::Menu { entries }, 1),
            ("show_clock", "Show Clock", ControlKind::Switch, 1),
        ];
        let control = |((name, label, kind, default), id): ((&str, &str, _, _), u32)| Control {
            id,
            name: name.into(),
            label: label.into(),
            kind,
            value: default,
            default,
            read_only: false,
            inactive: false,
            volatile: false,
        };
        Self(kinds.into_iter().zip(FIRST_ID..).map(control).collect())
    }
}

impl Knobs {
    /// All of them.
    pub(super) fn controls(&self) -> &[Control] {
        &self.0
    }

    /// Sets the one called `which`, or of that number, and returns it.
    pub(super) fn set(&mut self, which: &str, value: i64) -> Result<Control, ControlError> {
        let meant = |control: &&mut Control| control.name == which || which.parse() == Ok(control.id);
        let control = self.0.iter_mut().find(meant).ok_or_else(|| ControlError::Unknown { name: which.into() })?;
        control.check(value)?;
        control.value = value;
        Ok(control.clone())
    }

    /// What the values mean.
    pub(super) fn look(&self) -> Look {
        let value = |name: &str| self.0.iter().find(|control| control.name == name).map(|control| control.value);
        let speed = value("block_speed").and_then(|index| usize::try_from(index).ok()).and_then(|index| SPEEDS.get(index));
        let normal = Look::default();
        Look {
            block: value("block_brightness").and_then(|luma| u8::try_from(luma).ok()).unwrap_or(normal.block),
            sweep: speed.map_or(normal.sweep, |(_, seconds)| Duration::from_secs(*seconds)),
            clock: value("show_clock") != Some(0),
        }
    }
}

/// What the pattern offers.
pub(super) fn modes() -> Vec<Mode> {
    let rates = |(width, height)| {
        RATES.map(|rate| Mode { fourcc: FourCc(*b"YU12"), size: Size::new(width, height), fps: Rate::new(rate, 1) })
    };
    SIZES.into_iter().flat_map(rates).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_control_changes_the_look_and_refuses_what_it_cannot_be() {
        let mut knobs = Knobs::default();
        assert_eq!(knobs.look(), Look::default());
        assert_eq!(knobs.set("block_brightness", 235).map(|control| control.value), Ok(235));
        assert_eq!(knobs.set(&(FIRST_ID + 1).to_string(), 2).map(|control| control.name), Ok("block_speed".into()));
        assert!(knobs.set("show_clock", 0).is_ok());
        assert_eq!(knobs.look(), Look { block: 235, sweep: Duration::from_secs(2), clock: false });
        for (name, value) in [("block_brightness", 236), ("block_speed", 3), ("show_clock", 2), ("gain", 1)] {
            assert!(knobs.set(name, value).is_err(), "{name} = {value}");
        }
        assert_eq!(knobs.look(), Look { block: 235, sweep: Duration::from_secs(2), clock: false });
    }
}
