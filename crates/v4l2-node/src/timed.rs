//! The structures that carry a time, as the kernel itself has them: with 64 bits for it on every architecture.
//!
//! The kernel's header takes them from the C library's `time_t`, which on 32-bit ARM is 32 bits wide or 64, as whoever compiles has it; the
//! number of an ioctl has the size of its structure in it, so the two are different ioctls. Those of 32 bits a kernel may leave out
//! (CONFIG_COMPAT_32BIT_TIME); the others are there since Linux 5.6. On 64-bit machines there is one kind. `layout.rs` holds this.

use std::mem::size_of;

use v4l::v4l_sys as raw;

use crate::{Code, ioctl_code};

/// Time of a buffer: `struct __kernel_v4l2_timeval`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Timeval {
    pub(crate) seconds: i64,
    pub(crate) micros: i64,
}

/// Time of an event: `struct __kernel_timespec`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Timespec {
    pub(crate) seconds: i64,
    pub(crate) nanos: i64,
}

/// `struct v4l2_buffer`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) index: u32,
    pub(crate) kind: u32,
    pub(crate) bytesused: u32,
    pub(crate) flags: u32,
    pub(crate) field: u32,
    pub(crate) timestamp: Timeval,
    pub(crate) timecode: raw::v4l2_timecode,
    pub(crate) sequence: u32,
    pub(crate) memory: u32,
    pub(crate) m: raw::v4l2_buffer__bindgen_ty_1,
    pub(crate) length: u32,
    pub(crate) reserved2: u32,
    pub(crate) request_fd: i32,
}

/// `struct v4l2_event`.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Event {
    pub(crate) kind: u32,
    pub(crate) u: raw::v4l2_event__bindgen_ty_1,
    pub(crate) pending: u32,
    pub(crate) sequence: u32,
    pub(crate) timestamp: Timespec,
    pub(crate) id: u32,
    pub(crate) reserved: [u32; 8],
}

pub(crate) const VIDIOC_QUERYBUF: Code = ioctl_code(3, 9, size_of::<Buffer>());
pub(crate) const VIDIOC_QBUF: Code = ioctl_code(3, 15, size_of::<Buffer>());
pub(crate) const VIDIOC_DQBUF: Code = ioctl_code(3, 17, size_of::<Buffer>());
pub(crate) const VIDIOC_DQEVENT: Code = ioctl_code(2, 89, size_of::<Event>());
