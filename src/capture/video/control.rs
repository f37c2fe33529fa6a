//! A camera's controls (brightness, exposure, focus, ...) as values. Not for asking a driver: see [`super::v4l2`].

use serde::Serialize;

/// A control and its present value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Control {
    /// The driver's number, `V4L2_CID_...`.
    pub id: u32,
    /// Name for commands: lower case, words joined by `_`, as v4l2-ctl spells it (`white_balance_automatic`).
    pub name: String,
    /// Name for people, as the driver gives it.
    pub label: String,
    /// What it is, with its range.
    pub kind: ControlKind,
    /// Present value; the index of the entry for menus, 0 or 1 for switches, 0 for buttons.
    pub value: i64,
    /// Value after power-on.
    pub default: i64,
    /// It cannot be set, ever.
    pub read_only: bool,
    /// It cannot be set now because another control has the say (focus while autofocus is on).
    pub inactive: bool,
    /// The device changes it by itself.
    pub volatile: bool,
}

/// What a control is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum ControlKind {
    /// A number.
    Integer {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
        /// Distance of allowed values, counted from `min`; at least 1.
        step: i64,
    },
    /// On or off.
    Switch,
    /// One of a few; indices may have gaps.
    Menu {
        /// What can be chosen.
        entries: Vec<MenuEntry>,
    },
    /// An action; setting it to anything does it.
    Button,
    /// A set of bits.
    Bitmask {
        /// The bits that may be set.
        mask: i64,
    },
}

/// One choice of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MenuEntry {
    /// Value that chooses it.
    pub index: i64,
    /// The driver's text; for menus of numbers, the number.
    pub label: String,
}

impl Control {
    /// Whether `value` may be set, and why not.
    pub fn check(&self, value: i64) -> Result<(), ControlError> {
        let refuse = |allowed: String| Err(ControlError::OutOfRange { name: self.name.clone(), value, allowed });
        if self.read_only {
            return Err(ControlError::ReadOnly { name: self.name.clone() });
        }
        match &self.kind {
            ControlKind::Integer { min, max, step } => {
                let off_step = || (i128::from(value) - i128::from(*min)) % i128::from((*step).max(1)) != 0;
                if !(*min..=*max).contains(&value) || off_step() {
                    let steps = if *step > 1 { format!(" in steps of {step}") } else { String::new() };
                    return refuse(format!("{min} to {max}{steps}"));
                }
            }
            ControlKind::Switch if !(0..=1).contains(&value) => return refuse("0 or 1".into()),
            ControlKind::Menu { entries } if entries.iter().all(|e| e.index != value) => {
                let indices: Vec<_> = entries.iter().map(|e| e.index.to_string()).collect();
                return refuse(format!("one of {}", indices.join(", ")));
            }
            ControlKind::Bitmask { mask } if value & !mask != 0 => return refuse(format!("bits of {mask:#x}")),
            ControlKind::Switch | ControlKind::Menu { .. } | ControlKind::Button | ControlKind::Bitmask { .. } => {}
        }
        Ok(())
    }
}

/// The name for commands of a control that the driver calls `label`: as v4l2-ctl spells it.
pub fn command_name(label: &str) -> String {
    let mut name = String::with_capacity(label.len());
    for letter in label.chars() {
        match letter {
            letter if letter.is_ascii_alphanumeric() => name.push(letter.to_ascii_lowercase()),
            _ if name.is_empty() || name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    name
}

/// Why a control was not set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The camera has no such control.
    #[error("camera has no control {name:?}")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The value is not one of those allowed.
    #[error("control {name}: {value} is not {allowed}")]
    OutOfRange {
        /// Name of the control.
        name: String,
        /// What was asked for.
        value: i64,
        /// What may be asked for.
        allowed: String,
    },
    /// It shows something and takes nothing.
    #[error("control {name} is read-only")]
    ReadOnly {
        /// Name of the control.
        name: String,
    },
    /// Another control has the say now.
    #[error("control {name} is inactive while another control sets it automatically")]
    Inactive {
        /// Name of the control.
        name: String,
    },
    /// No device is open, so nothing has controls.
    #[error("no camera is open: {why}")]
    NoCamera {
        /// What the camera's state says.
        why: String,
    },
    /// The driver refused.
    #[error("control {name}: the driver refused {value}: {why}")]
    Driver {
        /// Name of the control.
        name: String,
        /// What was asked for.
        value: i64,
        /// The driver's error.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(kind: ControlKind) -> Control {
        Control {
            id: 1,
            name: "gain".into(),
            label: "Gain".into(),
            kind,
            value: 0,
            default: 0,
            read_only: false,
            inactive: false,
            volatile: false,
        }
    }

    #[test]
    fn names_are_those_of_v4l2_ctl() {
        for (label, name) in [
            ("Brightness", "brightness"),
            ("White Balance, Automatic", "white_balance_automatic"),
            ("Exposure Time, Absolute", "exposure_time_absolute"),
            ("Integer 32 Bits", "integer_32_bits"),
            (" (odd) ", "odd"),
        ] {
            assert_eq!(command_name(label), name);
        }
    }

    #[test]
    fn values_are_checked_with_a_reason() {
        let said = |kind, value| control(kind).check(value).map_err(|e| e.to_string());
        let integer = || ControlKind::Integer { min: -10, max: 10, step: 5 };
        assert_eq!(said(integer(), -5), Ok(()));
        assert_eq!(said(integer(), 4), Err("control gain: 4 is not -10 to 10 in steps of 5".into()));
        assert_eq!(said(integer(), i64::MIN), Err(format!("control gain: {} is not -10 to 10 in steps of 5", i64::MIN)));
        let wide = ControlKind::Integer { min: i64::MIN, max: i64::MAX, step: 1 };
        assert_eq!(said(wide, i64::MAX), Ok(()));
        let menu = |index| MenuEntry { index, label: String::new() };
        assert_eq!(
            said(ControlKind::Menu { entries: vec![menu(1), menu(3)] }, 2),
            Err("control gain: 2 is not one of 1, 3".into())
        );
        assert_eq!(said(ControlKind::Switch, 2), Err("control gain: 2 is not 0 or 1".into()));
        assert_eq!(said(ControlKind::Bitmask { mask: 0b101 }, 0b10), Err("control gain: 2 is not bits of 0x5".into()));
        assert_eq!(
            Control { read_only: true, ..control(ControlKind::Button) }.check(1).unwrap_err().to_string(),
            "control gain is read-only"
        );
    }
}
