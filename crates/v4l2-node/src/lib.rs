//! The ioctls of V4L2 as safe functions on an open node, for whoever speaks to such devices: cameras in the daemon, encoders in the open
//! engine. The only place with `unsafe` for them.
//!
//! Structures and numbers are those of the kernel's header, by the crate `v4l`, but for those that carry a time (`timed.rs`); its streams and handles are not used (they
//! know neither events nor multi-planar buffers, and panic when a device is gone). Nothing here waits, decides or remembers: what a
//! camera or an encoder is, is for others to say.
#![expect(unsafe_code, reason = "ioctl and mmap take raw pointers")]

mod buffers;
mod controls;
mod formats;
#[cfg(test)]
mod layout;
mod timed;

use std::fs::{File, OpenOptions};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The kernel's structures and numbers.
pub use v4l::v4l_sys as raw;
use v4l::v4l2::vidioc as code;

pub use buffers::{Access, Filled, Mapping};
pub use formats::{PlaneFormats, Sizes};

/// Planes of a buffer at most, as the kernel has it.
pub const MAX_PLANES: usize = raw::VIDEO_MAX_PLANES as usize;

/// Structures that the kernel fills and that are valid with any bytes.
///
/// # Safety
/// All-zero bytes, and any others that the kernel writes, must be a value of the type.
pub(crate) unsafe trait Plain: Sized {}
macro_rules! plain {
    ($($name:ident)*) => {$(
        // SAFETY: C structures of integers, arrays, unions of these and pointers that we set ourselves.
        unsafe impl Plain for raw::$name {}
    )*};
}
// SAFETY: as above; `timed.rs` writes them down as the kernel has them.
unsafe impl Plain for timed::Buffer {}
// SAFETY: as above.
unsafe impl Plain for timed::Event {}
plain! {
    v4l2_capability v4l2_fmtdesc v4l2_format v4l2_frmsizeenum v4l2_frmivalenum v4l2_streamparm v4l2_input v4l2_dv_timings
    v4l2_requestbuffers v4l2_plane v4l2_event_subscription v4l2_query_ext_ctrl v4l2_querymenu
    v4l2_ext_controls v4l2_ext_control v4l2_selection v4l2_encoder_cmd
}

fn zeroed<T: Plain>() -> T {
    // SAFETY: `Plain` promises that zeros are a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// An open node.
#[derive(Debug)]
pub struct Node {
    file: File,
}

impl AsFd for Node {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Number of an ioctl.
type Code = std::os::raw::c_ulong;

/// Number of an ioctl that the crate `v4l` does not have: direction (1 write, 2 read), number and size of its argument.
const fn ioctl_code(direction: Code, number: Code, size: usize) -> Code {
    direction << 30 | (size as Code) << 16 | (b'V' as Code) << 8 | number
}

const VIDIOC_SUBSCRIBE_EVENT: Code = ioctl_code(1, 90, size_of::<raw::v4l2_event_subscription>());
const VIDIOC_S_DV_TIMINGS: Code = ioctl_code(3, 87, size_of::<raw::v4l2_dv_timings>());
const VIDIOC_QUERY_DV_TIMINGS: Code = ioctl_code(2, 99, size_of::<raw::v4l2_dv_timings>());
const VIDIOC_ENCODER_CMD: Code = ioctl_code(3, 77, size_of::<raw::v4l2_encoder_cmd>());
const VIDIOC_S_SELECTION: Code = ioctl_code(3, 95, size_of::<raw::v4l2_selection>());

impl Node {
    /// Opens `path` for reading and writing, not waiting for frames.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path)?;
        Ok(Self { file })
    }

    /// Calls ioctl `request` with `argument`, again when a signal came in between.
    fn call<T: Plain>(&self, request: Code, argument: &mut T) -> io::Result<()> {
        loop {
            // SAFETY: every caller in this crate pairs `request` with the structure that the kernel defines for it, so the
            // kernel reads and writes within `argument`; pointers inside it were set by the callers to memory that lives
            // as long as the call.
            let done = unsafe { libc::ioctl(self.file.as_raw_fd(), request as _, std::ptr::from_mut(argument)) };
            if done >= 0 {
                return Ok(());
            }
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
    }

    /// What the device says of itself.
    pub fn capability(&self) -> io::Result<raw::v4l2_capability> {
        let mut capability = zeroed();
        self.call(code::VIDIOC_QUERYCAP, &mut capability)?;
        Ok(capability)
    }
}

/// The abilities of this node, not those of the whole device, by [`Node::capability`].
pub fn abilities(capability: &raw::v4l2_capability) -> u32 {
    match capability.capabilities & raw::V4L2_CAP_DEVICE_CAPS {
        0 => capability.capabilities,
        _ => capability.device_caps,
    }
}

/// Whether buffers of `kind` have a buffer a plane.
pub const fn multi_planar(kind: u32) -> bool {
    kind == raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE || kind == raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
}

/// Whether buffers of `kind` go to the device.
const fn to_device(kind: u32) -> bool {
    kind == raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT || kind == raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE
}

/// Enumerations end with EINVAL; what a driver does not have at all is an empty list.
fn end_of_list(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(e) if matches!(e.raw_os_error(), Some(libc::EINVAL | libc::ENOTTY | libc::ENODATA)) => Ok(false),
        Err(e) => Err(e),
    }
}

/// A C string in a fixed array.
pub fn text(bytes: &[u8]) -> String {
    let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..len]).trim().to_owned()
}
