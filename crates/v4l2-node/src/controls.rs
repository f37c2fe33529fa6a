//! Controls of a node and events that tell of their changes.

use std::io;

use v4l::v4l_sys as raw;
use v4l::v4l2::vidioc as code;

use crate::timed::{Event, VIDIOC_DQEVENT};
use crate::{Code, Node, VIDIOC_SUBSCRIBE_EVENT, end_of_list, text, zeroed};

impl Node {
    /// Asks to be told of changes: of control `id` for V4L2_EVENT_CTRL, else of the device. Our own changes are told too.
    pub fn subscribe(&self, event: u32, id: u32) -> io::Result<()> {
        let mut subscription: raw::v4l2_event_subscription = zeroed();
        (subscription.type_, subscription.id, subscription.flags) = (event, id, raw::V4L2_EVENT_SUB_FL_ALLOW_FEEDBACK);
        self.call(VIDIOC_SUBSCRIBE_EVENT, &mut subscription)
    }

    /// Type and control number of the next event; `None` when there is none.
    pub fn next_event(&self) -> io::Result<Option<(u32, u32)>> {
        let mut event: Event = zeroed();
        match self.call(VIDIOC_DQEVENT, &mut event) {
            Ok(()) => Ok(Some((event.kind, event.id))),
            Err(e) if e.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The control with number `id`, or with V4L2_CTRL_FLAG_NEXT_CTRL the one after it.
    pub fn query_control(&self, id: u32) -> io::Result<Option<raw::v4l2_query_ext_ctrl>> {
        let mut query: raw::v4l2_query_ext_ctrl = zeroed();
        query.id = id;
        end_of_list(self.call(code::VIDIOC_QUERY_EXT_CTRL, &mut query)).map(|more| more.then_some(query))
    }

    /// The menu entry `index` of control `id`: its text, or its number where the menu is one of numbers.
    pub fn menu_entry(&self, id: u32, index: u32, numbers: bool) -> io::Result<Option<String>> {
        let mut menu: raw::v4l2_querymenu = zeroed();
        (menu.id, menu.index) = (id, index);
        if !end_of_list(self.call(code::VIDIOC_QUERYMENU, &mut menu))? {
            return Ok(None);
        }
        // SAFETY: the control's type says which member the kernel has filled. The structure is packed, so both are copied.
        Ok(Some(unsafe {
            if numbers {
                let value = menu.__bindgen_anon_1.value;
                value.to_string()
            } else {
                let name = menu.__bindgen_anon_1.name;
                text(&name)
            }
        }))
    }

    /// The value of control `id`; `wide` for those of 64 bits.
    pub fn control(&self, id: u32, wide: bool) -> io::Result<i64> {
        self.control_call(code::VIDIOC_G_EXT_CTRLS, id, 0, wide)
    }

    /// Sets control `id`; what the driver made of it is returned.
    pub fn set_control(&self, id: u32, value: i64, wide: bool) -> io::Result<i64> {
        self.control_call(code::VIDIOC_S_EXT_CTRLS, id, value, wide)
    }

    fn control_call(&self, request: Code, id: u32, value: i64, wide: bool) -> io::Result<i64> {
        let mut control: raw::v4l2_ext_control = zeroed();
        control.id = id;
        if wide {
            control.__bindgen_anon_1.value64 = value;
        } else {
            control.__bindgen_anon_1.value = value as i32;
        }
        let mut controls: raw::v4l2_ext_controls = zeroed();
        (controls.count, controls.controls) = (1, &raw mut control);
        // `control` is the one control that the kernel is told of, and lives longer than the call.
        self.call(request, &mut controls)?;
        let value = control.__bindgen_anon_1;
        // SAFETY: both members are integers, and the control's type says which one counts.
        Ok(unsafe { if wide { value.value64 } else { i64::from(value.value) } })
    }
}
