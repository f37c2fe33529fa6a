//! The controls of a camera in use, and what it can be asked where it encodes by itself.

use super::super::Shared;
use super::super::control::{Control, ControlError};
use super::super::state::CameraEvent;
use super::Live;

/// V4L2_CID_MPEG_VIDEO_BITRATE, in bits a second.
const CID_BITRATE: u32 = v4l2_node::raw::V4L2_CID_MPEG_VIDEO_BITRATE;
/// V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, a button.
pub(super) const CID_FORCE_KEY_FRAME: u32 = v4l2_node::raw::V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME;

impl Live {
    /// The controls with their present values, those that change by themselves read anew.
    pub(in super::super) fn read_controls(&mut self) -> &[Control] {
        for control in self.controls.iter_mut().filter(|control| control.volatile || control.read_only) {
            if let Some(now) = self.device.refresh(control) {
                *control = now;
            }
        }
        &self.controls
    }

    /// Sets the control called `which`.
    pub(in super::super) fn set_control(&mut self, which: &str, value: i64, shared: &Shared) -> Result<Control, ControlError> {
        let meant = |control: &&mut Control| control.name == which || which.parse() == Ok(control.id);
        let unknown = || ControlError::Unknown { name: which.into() };
        let control = self.controls.iter_mut().find(meant).ok_or_else(unknown)?;
        let now = self.device.set(control, value)?;
        let id = control.id;
        self.refresh_control(id, shared);
        Ok(now)
    }

    pub(super) fn refresh_control(&mut self, id: u32, shared: &Shared) {
        let Some(control) = self.controls.iter_mut().find(|control| control.id == id) else { return };
        if let Some(now) = self.device.refresh(control).filter(|now| now != control) {
            *control = now.clone();
            shared.facts().controls.clone_from(&self.controls);
            // Nobody listening is no fault.
            let _ = shared.events.send(CameraEvent::Control(now));
        }
    }

    /// Asks a camera that encodes by itself for a key frame.
    pub(in super::super) fn request_key_frame(&self) -> bool {
        self.is_encoder() && self.device.set_by_id(CID_FORCE_KEY_FRAME, 1)
    }

    /// Asks a camera that encodes by itself for a bitrate.
    pub(in super::super) fn set_bitrate(&self, kbps: u32) -> bool {
        self.is_encoder() && self.device.set_by_id(CID_BITRATE, i64::from(kbps) * 1000)
    }

    fn is_encoder(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.output.is_units())
    }
}
