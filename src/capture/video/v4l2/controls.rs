//! A camera's controls and the events that tell of their changes.

use std::io;

use v4l2_node::{raw, text};

use super::Device;
use crate::capture::video::control::{Control, ControlError, ControlKind, MenuEntry, command_name};

/// Controls that are read at most; broken drivers name them for ever.
const MOST: usize = 256;
/// Entries of a menu that are read at most.
const MENU: i64 = 256;

/// What a camera told of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::capture::video) enum Change {
    /// The control with this number has another value, range or flag.
    Control(u32),
    /// The source at its input is another one: size and rate may be, too.
    Source,
}

impl Device {
    /// The controls with their present values. Those that hold texts or arrays are left out.
    pub(in crate::capture::video) fn controls(&self) -> Vec<Control> {
        let mut controls: Vec<Control> = Vec::new();
        let mut id = 0;
        // A driver that fails in the middle of its list has controls up to there.
        while let Ok(Some(query)) = self.node.query_control(id | raw::V4L2_CTRL_FLAG_NEXT_CTRL) {
            if query.id <= id || controls.len() >= MOST {
                break;
            }
            id = query.id;
            if let Some(mut control) = self.describe(&query) {
                let same = controls.iter().filter(|other| other.label == control.label).count();
                if same > 0 {
                    control.name = format!("{}_{}", control.name, same + 1);
                }
                controls.push(control);
            }
        }
        controls
    }

    /// Reads control `id` again, keeping its name.
    pub(in crate::capture::video) fn refresh(&self, control: &Control) -> Option<Control> {
        let query = self.node.query_control(control.id).ok()??;
        Some(Control { name: control.name.clone(), ..self.describe(&query)? })
    }

    /// Sets `control`, and returns it as it is then.
    pub(in crate::capture::video) fn set(&self, control: &Control, value: i64) -> Result<Control, ControlError> {
        control.check(value)?;
        let name = || control.name.clone();
        let refused = |e: io::Error| match e.raw_os_error() {
            Some(libc::ENODEV) => ControlError::NoCamera { why: "it was unplugged".into() },
            Some(libc::EACCES | libc::EBUSY) if control.inactive => ControlError::Inactive { name: name() },
            _ => ControlError::Driver { name: name(), value, why: e.to_string() },
        };
        let wide = self.node.query_control(control.id).map_err(refused)?.is_some_and(|query| query.type_ == WIDE);
        self.node.set_control(control.id, value, wide).map_err(refused)?;
        Ok(self.refresh(control).unwrap_or_else(|| Control { value, ..control.clone() }))
    }

    /// Sets the control with number `id` if the device has it.
    pub(in crate::capture::video) fn set_by_id(&self, id: u32, value: i64) -> bool {
        self.node.set_control(id, value, false).is_ok()
    }

    /// Asks to be told when the source changes. Drivers that do not tell refuse, which costs nothing.
    pub(in crate::capture::video) fn subscribe_source(&self) {
        let _ = self.node.subscribe(raw::V4L2_EVENT_SOURCE_CHANGE, 0);
    }

    /// Asks to be told of changes of `controls`, but for those that only show something: some change with every frame.
    pub(in crate::capture::video) fn subscribe(&self, controls: &[Control]) {
        for control in controls.iter().filter(|control| !control.read_only) {
            let _ = self.node.subscribe(raw::V4L2_EVENT_CTRL, control.id);
        }
    }

    /// The next change; `None` when there is none, or an event that means nothing to us was taken: ask again while the
    /// descriptor polls exceptional.
    pub(in crate::capture::video) fn next_change(&self) -> io::Result<Option<Change>> {
        Ok(self.node.next_event()?.and_then(|(kind, id)| match kind {
            raw::V4L2_EVENT_CTRL => Some(Change::Control(id)),
            raw::V4L2_EVENT_SOURCE_CHANGE => Some(Change::Source),
            _ => None,
        }))
    }

    fn describe(&self, query: &raw::v4l2_query_ext_ctrl) -> Option<Control> {
        let has = |flag| query.flags & flag != 0;
        if has(raw::V4L2_CTRL_FLAG_DISABLED) || query.nr_of_dims > 0 {
            return None;
        }
        let menu = |numbers| {
            let entry = |index: i64| {
                let label = self.node.menu_entry(query.id, u32::try_from(index).ok()?, numbers).ok()??;
                Some(MenuEntry { index, label })
            };
            let last = query.maximum.min(query.minimum.saturating_add(MENU));
            ControlKind::Menu { entries: (query.minimum..=last).filter_map(entry).collect() }
        };
        let kind = match query.type_ {
            raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER | raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER64 => {
                let step = i64::try_from(query.step).unwrap_or(1).max(1);
                ControlKind::Integer { min: query.minimum, max: query.maximum, step }
            }
            raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_BOOLEAN => ControlKind::Switch,
            raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_MENU => menu(false),
            raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER_MENU => menu(true),
            raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_BUTTON => ControlKind::Button,
            raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_BITMASK => ControlKind::Bitmask { mask: query.maximum & 0xffff_ffff },
            _ => return None,
        };
        let unreadable = kind == ControlKind::Button || has(raw::V4L2_CTRL_FLAG_WRITE_ONLY);
        let value = if unreadable { Ok(0) } else { self.node.control(query.id, query.type_ == WIDE) };
        // The kernel has the topmost of 32 bits as a sign.
        let bits = |value: i64| if matches!(kind, ControlKind::Bitmask { .. }) { value & 0xffff_ffff } else { value };
        let (value, default) = (bits(value.unwrap_or(query.default_value)), bits(query.default_value));
        let label = text(&query.name.map(|letter| letter.to_ne_bytes()[0]));
        Some(Control {
            id: query.id,
            name: command_name(&label),
            label,
            kind,
            value,
            default,
            read_only: has(raw::V4L2_CTRL_FLAG_READ_ONLY),
            inactive: has(raw::V4L2_CTRL_FLAG_INACTIVE | raw::V4L2_CTRL_FLAG_GRABBED),
            volatile: has(raw::V4L2_CTRL_FLAG_VOLATILE),
        })
    }
}

/// The type of controls whose values the kernel reads and writes as 64 bits.
const WIDE: u32 = raw::v4l2_ctrl_type_V4L2_CTRL_TYPE_INTEGER64;
