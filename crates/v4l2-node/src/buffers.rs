//! Buffers of a node: asked for, mapped, handed to and fro, and the streaming of their queue.

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::ptr::NonNull;
use std::time::Duration;

use v4l::v4l_sys as raw;
use v4l::v4l2::vidioc as code;

use crate::timed::{Buffer, Timeval, VIDIOC_DQBUF, VIDIOC_QBUF, VIDIOC_QUERYBUF};
use crate::{Code, MAX_PLANES, Node, VIDIOC_ENCODER_CMD, multi_planar, to_device, zeroed};

/// A buffer that the driver has filled.
#[derive(Clone, Copy, Debug)]
pub struct Filled {
    /// Which one.
    pub index: u32,
    /// V4L2_BUF_FLAG_...
    pub flags: u32,
    /// Number of the frame.
    pub sequence: u32,
    /// The timestamp's whole seconds.
    pub seconds: i64,
    /// And its microseconds.
    pub micros: i64,
    /// Offset of the data in each plane, and where it ends.
    pub used: [(usize, usize); MAX_PLANES],
}

/// What goes to the device with a buffer.
#[derive(Default)]
struct Sent {
    used: [u32; MAX_PLANES],
    stamp: Duration,
}

/// What a plane's memory is mapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For reading what the device wrote.
    Read,
    /// For writing what the device is to read.
    Write,
}

/// A plane's memory, mapped.
#[derive(Debug)]
pub struct Mapping {
    start: NonNull<c_void>,
    length: usize,
    access: Access,
}

// SAFETY: a mapping is memory like any other, it belongs to the process and not to a thread.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(file: &File, length: usize, offset: u32, access: Access) -> io::Result<Self> {
        let protection = match access {
            Access::Read => libc::PROT_READ,
            Access::Write => libc::PROT_READ | libc::PROT_WRITE,
        };
        // SAFETY: a new shared mapping of the driver's memory; nothing of ours lies there. 64 bits: an offset may have its top bit set.
        let start =
            unsafe { libc::mmap64(std::ptr::null_mut(), length, protection, libc::MAP_SHARED, file.as_raw_fd(), offset.into()) };
        match NonNull::new(start).filter(|_| start != libc::MAP_FAILED) {
            Some(start) => Ok(Self { start, length, access }),
            None => Err(io::Error::last_os_error()),
        }
    }

    /// The memory. The driver writes to it only while the buffer is queued: look at it only while it is not.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the mapping is `length` bytes long and stays until drop. Pages of a device that is gone stay too: the
        // kernel keeps the memory until it is unmapped.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr().cast(), self.length) }
    }

    /// The memory, for filling; nothing where it was mapped for reading. Only while the buffer is not queued.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        if self.access == Access::Read {
            return &mut [];
        }
        // SAFETY: as in `bytes`; it was mapped for writing, and `&mut self` keeps other slices of ours away.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().cast(), self.length) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: `new` made the mapping, and no slice of it outlives it.
        unsafe { libc::munmap(self.start.as_ptr(), self.length) };
    }
}

impl Node {
    /// Asks for `count` buffers, 0 to give them back; how many there are is returned.
    pub fn request_buffers(&self, kind: u32, count: u32) -> io::Result<u32> {
        let mut request: raw::v4l2_requestbuffers = zeroed();
        (request.type_, request.memory, request.count) = (kind, raw::v4l2_memory_V4L2_MEMORY_MMAP, count);
        self.call(code::VIDIOC_REQBUFS, &mut request)?;
        Ok(request.count)
    }

    /// Maps the planes of buffer `index`, for writing where it goes to the device.
    pub fn map_buffer(&self, kind: u32, index: u32) -> io::Result<Vec<Mapping>> {
        let places = self.buffer_call(VIDIOC_QUERYBUF, kind, index, &Sent::default(), |buffer, planes| {
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
        let access = if to_device(kind) { Access::Write } else { Access::Read };
        places.into_iter().map(|(length, offset)| Mapping::new(&self.file, length, offset, access)).collect()
    }

    /// Gives an empty buffer to the device.
    pub fn queue(&self, kind: u32, index: u32) -> io::Result<()> {
        self.buffer_call(VIDIOC_QBUF, kind, index, &Sent::default(), |_, _| ())
    }

    /// Gives a buffer with `used` bytes in its planes to the device; the device hands `stamp` on to what it makes of them.
    pub fn send(&self, kind: u32, index: u32, used: &[u32], stamp: Duration) -> io::Result<()> {
        let mut sent = Sent { stamp, ..Sent::default() };
        for (to, from) in sent.used.iter_mut().zip(used) {
            *to = *from;
        }
        self.buffer_call(VIDIOC_QBUF, kind, index, &sent, |_, _| ())
    }

    /// Takes a filled buffer, or one that the device has read; `None` when none is ready.
    pub fn dequeue(&self, kind: u32) -> io::Result<Option<Filled>> {
        let filled = self.buffer_call(VIDIOC_DQBUF, kind, 0, &Sent::default(), |buffer, planes| {
            let mut filled = Filled {
                index: buffer.index,
                flags: buffer.flags,
                sequence: buffer.sequence,
                seconds: buffer.timestamp.seconds,
                micros: buffer.timestamp.micros,
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
        sent: &Sent,
        read: impl FnOnce(&Buffer, Option<&[raw::v4l2_plane; MAX_PLANES]>) -> T,
    ) -> io::Result<T> {
        let mut planes: [raw::v4l2_plane; MAX_PLANES] = std::array::from_fn(|_| zeroed());
        let mut buffer: Buffer = zeroed();
        (buffer.kind, buffer.memory, buffer.index) = (kind, raw::v4l2_memory_V4L2_MEMORY_MMAP, index);
        buffer.timestamp = Timeval {
            seconds: i64::try_from(sent.stamp.as_secs()).unwrap_or(i64::MAX),
            micros: sent.stamp.subsec_micros().into(),
        };
        buffer.bytesused = sent.used[0];
        for (plane, used) in planes.iter_mut().zip(sent.used) {
            plane.bytesused = used;
        }
        if multi_planar(kind) {
            buffer.m.planes = planes.as_mut_ptr();
            buffer.length = MAX_PLANES as u32;
        }
        // The kernel reads and writes at most `length` planes, which live until the end of this function.
        self.call(request, &mut buffer)?;
        Ok(read(&buffer, multi_planar(kind).then_some(&planes)))
    }

    /// Starts or stops a queue; stopping gives all its buffers back.
    pub fn stream(&self, kind: u32, on: bool) -> io::Result<()> {
        let request = if on { code::VIDIOC_STREAMON } else { code::VIDIOC_STREAMOFF };
        let kind = kind as std::os::raw::c_int;
        // SAFETY: both take a pointer to an int, which they read.
        if unsafe { libc::ioctl(self.file.as_raw_fd(), request as _, &raw const kind) } < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(())
    }

    /// Asks an encoder to finish what it has: the last buffer that it fills is marked (V4L2_BUF_FLAG_LAST).
    pub fn stop_encoder(&self) -> io::Result<()> {
        let mut command: raw::v4l2_encoder_cmd = zeroed();
        command.cmd = raw::V4L2_ENC_CMD_STOP;
        self.call(VIDIOC_ENCODER_CMD, &mut command)
    }
}
