//! The ioctls of V4L2 as safe functions on an open node: the only place of capture with `unsafe`.
//!
//! Structures and numbers are those of the kernel's header, by the crate `v4l`; its streams and handles are not used (they
//! know neither events nor multi-planar buffers, and panic when a device is gone).
#![expect(unsafe_code, reason = "ioctl and mmap take raw pointers")]

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io;
use std::mem::{MaybeUninit, size_of};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::NonNull;

use v4l::v4l_sys as raw;
use v4l::v4l2::vidioc as code;

/// Planes of a buffer at most, as the kernel has it.
pub(super) const MAX_PLANES: usize = raw::VIDEO_MAX_PLANES as usize;

/// Structures that the kernel fills and that are valid with any bytes.
///
/// # Safety
/// All-zero bytes, and any others that the kernel writes, must be a value of the type.
unsafe trait Plain: Sized {}
macro_rules! plain {
    ($($name:ident)*) => {$(
        // SAFETY: C structures of integers, arrays, unions of these and pointers that we set ourselves.
        unsafe impl Plain for raw::$name {}
    )*};
}
plain! {
    v4l2_capability v4l2_fmtdesc v4l2_format v4l2_frmsizeenum v4l2_frmivalenum v4l2_streamparm v4l2_input v4l2_dv_timings
    v4l2_requestbuffers v4l2_buffer v4l2_plane v4l2_event v4l2_event_subscription v4l2_query_ext_ctrl v4l2_querymenu
    v4l2_ext_controls v4l2_ext_control
}

fn zeroed<T: Plain>() -> T {
    // SAFETY: `Plain` promises that zeros are a value.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// An open node.
#[derive(Debug)]
pub(super) struct Node {
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

const VIDIOC_DQEVENT: Code = ioctl_code(2, 89, size_of::<raw::v4l2_event>());
const VIDIOC_SUBSCRIBE_EVENT: Code = ioctl_code(1, 90, size_of::<raw::v4l2_event_subscription>());
const VIDIOC_S_DV_TIMINGS: Code = ioctl_code(3, 87, size_of::<raw::v4l2_dv_timings>());
const VIDIOC_QUERY_DV_TIMINGS: Code = ioctl_code(2, 99, size_of::<raw::v4l2_dv_timings>());

impl Node {
    /// Opens `path` for reading and writing, not waiting for frames.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC).open(path)?;
        Ok(Self { file })
    }

    /// Calls ioctl `request` with `argument`, again when a signal came in between.
    fn call<T: Plain>(&self, request: Code, argument: &mut T) -> io::Result<()> {
        loop {
            // SAFETY: every caller in this file pairs `request` with the structure that the kernel defines for it, so the
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

    pub(super) fn capability(&self) -> io::Result<raw::v4l2_capability> {
        let mut capability = zeroed();
        self.call(code::VIDIOC_QUERYCAP, &mut capability)?;
        Ok(capability)
    }

    /// Code and flags of the format at `index` of those that buffers of `kind` may have; `None` after the last.
    pub(super) fn format_at(&self, kind: u32, index: u32) -> io::Result<Option<raw::v4l2_fmtdesc>> {
        let mut format: raw::v4l2_fmtdesc = zeroed();
        (format.type_, format.index) = (kind, index);
        end_of_list(self.call(code::VIDIOC_ENUM_FMT, &mut format)).map(|more| more.then_some(format))
    }

    /// The size, or range of sizes, at `index` of those that format `fourcc` has.
    pub(super) fn frame_size_at(&self, fourcc: u32, index: u32) -> io::Result<Option<Sizes>> {
        let mut size: raw::v4l2_frmsizeenum = zeroed();
        (size.pixel_format, size.index) = (fourcc, index);
        if !end_of_list(self.call(code::VIDIOC_ENUM_FRAMESIZES, &mut size))? {
            return Ok(None);
        }
        // SAFETY: `type_` says which member the kernel has filled; both are plain integers.
        Ok(Some(unsafe {
            if size.type_ == raw::v4l2_frmsizetypes_V4L2_FRMSIZE_TYPE_DISCRETE {
                let one = size.__bindgen_anon_1.discrete;
                Sizes { min: [one.width, one.height], max: [one.width, one.height], step: [1, 1] }
            } else {
                let range = size.__bindgen_anon_1.stepwise;
                Sizes {
                    min: [range.min_width, range.min_height],
                    max: [range.max_width, range.max_height],
                    step: [range.step_width.max(1), range.step_height.max(1)],
                }
            }
        }))
    }

    /// The time between frames, shortest and longest as (numerator, denominator) seconds, at `index` of those that format
    /// and size have.
    pub(super) fn frame_interval_at(&self, fourcc: u32, size: [u32; 2], index: u32) -> io::Result<Option<[(u32, u32); 2]>> {
        let mut interval: raw::v4l2_frmivalenum = zeroed();
        (interval.pixel_format, interval.index) = (fourcc, index);
        [interval.width, interval.height] = size;
        if !end_of_list(self.call(code::VIDIOC_ENUM_FRAMEINTERVALS, &mut interval))? {
            return Ok(None);
        }
        let pair = |f: raw::v4l2_fract| (f.numerator, f.denominator);
        // SAFETY: as in `frame_size_at`.
        Ok(Some(unsafe {
            if interval.type_ == raw::v4l2_frmivaltypes_V4L2_FRMIVAL_TYPE_DISCRETE {
                let one = pair(interval.__bindgen_anon_1.discrete);
                [one, one]
            } else {
                let range = interval.__bindgen_anon_1.stepwise;
                [pair(range.min), pair(range.max)]
            }
        }))
    }

    pub(super) fn format(&self, kind: u32) -> io::Result<PlaneFormats> {
        let mut format: raw::v4l2_format = zeroed();
        format.type_ = kind;
        self.call(code::VIDIOC_G_FMT, &mut format)?;
        Ok(plane_formats(&format))
    }

    /// Asks for a format; what the driver made of it is returned.
    pub(super) fn set_format(&self, kind: u32, fourcc: u32, size: [u32; 2]) -> io::Result<PlaneFormats> {
        let mut format: raw::v4l2_format = zeroed();
        format.type_ = kind;
        // The driver's own colour space and field order where it knows better: we start from what is set.
        let _ = self.call(code::VIDIOC_G_FMT, &mut format);
        if multi_planar(kind) {
            // SAFETY: the buffer type says that this member counts; it is made of integers.
            let pix = unsafe { &mut format.fmt.pix_mp };
            ([pix.width, pix.height], pix.pixelformat, pix.field) = (size, fourcc, raw::v4l2_field_V4L2_FIELD_NONE);
            pix.plane_fmt.iter_mut().for_each(|plane| (plane.bytesperline, plane.sizeimage) = (0, 0));
        } else {
            // SAFETY: as above.
            let pix = unsafe { &mut format.fmt.pix };
            ([pix.width, pix.height], pix.pixelformat, pix.field) = (size, fourcc, raw::v4l2_field_V4L2_FIELD_NONE);
            (pix.bytesperline, pix.sizeimage) = (0, 0);
        }
        self.call(code::VIDIOC_S_FMT, &mut format)?;
        Ok(plane_formats(&format))
    }

    /// The time between frames as (numerator, denominator) seconds; `None` when the driver has no say in it.
    pub(super) fn interval(&self, kind: u32) -> io::Result<Option<(u32, u32)>> {
        let mut parameters: raw::v4l2_streamparm = zeroed();
        parameters.type_ = kind;
        self.call(code::VIDIOC_G_PARM, &mut parameters)?;
        Ok(time_per_frame(&parameters))
    }

    /// Asks for a time between frames; what the driver made of it is returned.
    pub(super) fn set_interval(&self, kind: u32, (numerator, denominator): (u32, u32)) -> io::Result<Option<(u32, u32)>> {
        let mut parameters: raw::v4l2_streamparm = zeroed();
        parameters.type_ = kind;
        parameters.parm.capture.timeperframe = raw::v4l2_fract { numerator, denominator };
        self.call(code::VIDIOC_S_PARM, &mut parameters)?;
        Ok(time_per_frame(&parameters))
    }

    /// The status bits of the chosen input; `None` for devices without inputs.
    pub(super) fn input_status(&self) -> io::Result<Option<u32>> {
        let mut index: std::os::raw::c_int = 0;
        // SAFETY: VIDIOC_G_INPUT writes one int.
        let done = unsafe { libc::ioctl(self.file.as_raw_fd(), code::VIDIOC_G_INPUT as _, &raw mut index) };
        if done < 0 {
            let error = io::Error::last_os_error();
            return if error.raw_os_error() == Some(libc::ENODEV) { Err(error) } else { Ok(None) };
        }
        let mut input: raw::v4l2_input = zeroed();
        input.index = index.unsigned_abs();
        Ok(end_of_list(self.call(code::VIDIOC_ENUMINPUT, &mut input))?.then_some(input.status))
    }

    /// Takes over the timings that an HDMI or SDI input sees. Does nothing for other inputs.
    pub(super) fn adopt_timings(&self) -> io::Result<()> {
        let mut timings: raw::v4l2_dv_timings = zeroed();
        self.call(VIDIOC_QUERY_DV_TIMINGS, &mut timings)?;
        self.call(VIDIOC_S_DV_TIMINGS, &mut timings)
    }

    pub(super) fn request_buffers(&self, kind: u32, count: u32) -> io::Result<u32> {
        let mut request: raw::v4l2_requestbuffers = zeroed();
        (request.type_, request.memory, request.count) = (kind, raw::v4l2_memory_V4L2_MEMORY_MMAP, count);
        self.call(code::VIDIOC_REQBUFS, &mut request)?;
        Ok(request.count)
    }

    /// Maps the planes of buffer `index`.
    pub(super) fn map_buffer(&self, kind: u32, index: u32) -> io::Result<Vec<Mapping>> {
        let places = self.buffer_call(code::VIDIOC_QUERYBUF, kind, index, |buffer, planes| {
            // SAFETY: for buffers of memory type MMAP the kernel fills the offset.
            unsafe {
                match planes {
                    Some(planes) => planes[..(buffer.length as usize).min(MAX_PLANES)]
                        .iter()
                        .map(|plane| (plane.length as usize, plane.m.mem_offset))
                        .collect(),
                    None => vec![(buffer.length as usize, buffer.m.offset)],
                }
            }
        })?;
        places.into_iter().map(|(length, offset)| Mapping::new(&self.file, length, offset)).collect()
    }

    pub(super) fn queue(&self, kind: u32, index: u32) -> io::Result<()> {
        self.buffer_call(code::VIDIOC_QBUF, kind, index, |_, _| ())
    }

    /// Takes a filled buffer; `None` when none is ready.
    pub(super) fn dequeue(&self, kind: u32) -> io::Result<Option<Filled>> {
        let filled = self.buffer_call(code::VIDIOC_DQBUF, kind, 0, |buffer, planes| {
            let mut filled = Filled {
                index: buffer.index,
                flags: buffer.flags,
                sequence: buffer.sequence,
                seconds: buffer.timestamp.tv_sec,
                micros: buffer.timestamp.tv_usec,
                used: [(0, 0); MAX_PLANES],
            };
            match planes {
                Some(planes) => {
                    for (used, plane) in filled.used.iter_mut().zip(&planes[..(buffer.length as usize).min(MAX_PLANES)]) {
                        *used = (plane.data_offset as usize, plane.bytesused as usize);
                    }
                }
                None => filled.used[0] = (0, buffer.bytesused as usize),
            }
            filled
        });
        match filled {
            Ok(filled) => Ok(Some(filled)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(e) => Err(e),
        }
    }

    fn buffer_call<T>(
        &self,
        request: Code,
        kind: u32,
        index: u32,
        read: impl FnOnce(&raw::v4l2_buffer, Option<&[raw::v4l2_plane; MAX_PLANES]>) -> T,
    ) -> io::Result<T> {
        let mut planes: [raw::v4l2_plane; MAX_PLANES] = std::array::from_fn(|_| zeroed());
        let mut buffer: raw::v4l2_buffer = zeroed();
        (buffer.type_, buffer.memory, buffer.index) = (kind, raw::v4l2_memory_V4L2_MEMORY_MMAP, index);
        if multi_planar(kind) {
            buffer.m.planes = planes.as_mut_ptr();
            buffer.length = MAX_PLANES as u32;
        }
        // The kernel reads and writes at most `length` planes, which live until the end of this function.
        self.call(request, &mut buffer)?;
        Ok(read(&buffer, multi_planar(kind).then_some(&planes)))
    }

    pub(super) fn stream(&self, kind: u32, on: bool) -> io::Result<()> {
        let request = if on { code::VIDIOC_STREAMON } else { code::VIDIOC_STREAMOFF };
        let kind = kind as std::os::raw::c_int;
        // SAFETY: both take a pointer to an int, which they read.
        if unsafe { libc::ioctl(self.file.as_raw_fd(), request as _, &raw const kind) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Asks to be told of changes: of control `id` for V4L2_EVENT_CTRL, else of the device. Our own changes are told too.
    pub(super) fn subscribe(&self, event: u32, id: u32) -> io::Result<()> {
        let mut subscription: raw::v4l2_event_subscription = zeroed();
        (subscription.type_, subscription.id, subscription.flags) = (event, id, raw::V4L2_EVENT_SUB_FL_ALLOW_FEEDBACK);
        self.call(VIDIOC_SUBSCRIBE_EVENT, &mut subscription)
    }

    /// Type and control number of the next event; `None` when there is none.
    pub(super) fn next_event(&self) -> io::Result<Option<(u32, u32)>> {
        let mut event: raw::v4l2_event = zeroed();
        match self.call(VIDIOC_DQEVENT, &mut event) {
            Ok(()) => Ok(Some((event.type_, event.id))),
            Err(e) if e.raw_os_error() == Some(libc::ENOENT) => Ok(None),
            Err(e) => Err(e),
        }
    }

    /// The control with number `id`, or with V4L2_CTRL_FLAG_NEXT_CTRL the one after it.
    pub(super) fn query_control(&self, id: u32) -> io::Result<Option<raw::v4l2_query_ext_ctrl>> {
        let mut query: raw::v4l2_query_ext_ctrl = zeroed();
        query.id = id;
        end_of_list(self.call(code::VIDIOC_QUERY_EXT_CTRL, &mut query)).map(|more| more.then_some(query))
    }

    /// The menu entry `index` of control `id`: its text, or its number where the menu is one of numbers.
    pub(super) fn menu_entry(&self, id: u32, index: u32, numbers: bool) -> io::Result<Option<String>> {
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

    pub(super) fn control(&self, id: u32, wide: bool) -> io::Result<i64> {
        self.control_call(code::VIDIOC_G_EXT_CTRLS, id, 0, wide)
    }

    /// Sets control `id`; what the driver made of it is returned.
    pub(super) fn set_control(&self, id: u32, value: i64, wide: bool) -> io::Result<i64> {
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

/// Whether buffers of `kind` have a buffer a plane.
pub(super) const fn multi_planar(kind: u32) -> bool {
    kind == raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE
}

/// Sizes from `min` to `max` by `step`, width and height.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub min: [u32; 2],
    pub max: [u32; 2],
    pub step: [u32; 2],
}

/// A format as the driver has set it.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaneFormats {
    pub fourcc: u32,
    pub size: [u32; 2],
    /// Bytes a row of each plane's buffer.
    pub strides: [u32; MAX_PLANES],
    /// Buffers a frame.
    pub planes: usize,
}

/// A buffer that the driver has filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Filled {
    pub index: u32,
    pub flags: u32,
    pub sequence: u32,
    pub seconds: i64,
    pub micros: i64,
    /// Offset of the data in each plane, and where it ends.
    pub used: [(usize, usize); MAX_PLANES],
}

/// A plane's memory, mapped for reading.
#[derive(Debug)]
pub(super) struct Mapping {
    start: NonNull<c_void>,
    length: usize,
}

impl Mapping {
    fn new(file: &File, length: usize, offset: u32) -> io::Result<Self> {
        // SAFETY: a new shared mapping of the driver's memory; nothing of ours lies there.
        let start = unsafe {
            libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ, libc::MAP_SHARED, file.as_raw_fd(), offset as libc::off_t)
        };
        match NonNull::new(start).filter(|_| start != libc::MAP_FAILED) {
            Some(start) => Ok(Self { start, length }),
            None => Err(io::Error::last_os_error()),
        }
    }

    /// The memory. The driver writes to it only while the buffer is queued: look at it only while it is not.
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is `length` bytes long and stays until drop. Pages of a device that is gone stay too: the
        // kernel keeps the memory until it is unmapped.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `new` made the mapping, and no slice of it outlives it.
        unsafe { libc::munmap(self.start.as_ptr(), self.length) };
    }
}

fn plane_formats(format: &raw::v4l2_format) -> PlaneFormats {
    let mut strides = [0; MAX_PLANES];
    // SAFETY: the buffer type says which member counts; both are made of integers. Packed members are copied.
    unsafe {
        if multi_planar(format.type_) {
            let pix = format.fmt.pix_mp;
            for (stride, plane) in strides.iter_mut().zip(pix.plane_fmt) {
                *stride = plane.bytesperline;
            }
            let planes = usize::from(pix.num_planes).clamp(1, MAX_PLANES);
            PlaneFormats { fourcc: pix.pixelformat, size: [pix.width, pix.height], strides, planes }
        } else {
            let pix = format.fmt.pix;
            strides[0] = pix.bytesperline;
            PlaneFormats { fourcc: pix.pixelformat, size: [pix.width, pix.height], strides, planes: 1 }
        }
    }
}

fn time_per_frame(parameters: &raw::v4l2_streamparm) -> Option<(u32, u32)> {
    // SAFETY: capture is the member for capture buffers; it is made of integers.
    let capture = unsafe { parameters.parm.capture };
    let raw::v4l2_fract { numerator, denominator } = capture.timeperframe;
    (capture.capability & raw::V4L2_CAP_TIMEPERFRAME != 0 && numerator > 0 && denominator > 0).then_some((numerator, denominator))
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
pub(super) fn text(bytes: &[u8]) -> String {
    let len = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..len]).trim().to_owned()
}
