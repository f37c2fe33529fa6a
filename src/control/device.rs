//! Family `device`: answered from the facts alone.

use wire::Reply;

use super::{Decision, View};

pub(super) fn info(view: &View) -> Decision {
    Reply::DeviceInfo(view.info.clone()).into()
}

pub(super) fn status(view: &View) -> Decision {
    Reply::DeviceStatus(view.status.clone()).into()
}
