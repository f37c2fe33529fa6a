//! The two queues of a device: pictures in, access units out. Buffers are the device's, or ours for as long as they are filled or read.

use std::io;
use std::time::Duration;

use media::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};
use v4l2_node::{Mapping, Node, PlaneFormats, raw};

use super::super::Picture;
use super::find::{Coded, Found, Layout, RAW};

/// Buffers that are asked for on each side; a driver may need more, and gives more then.
const BUFFERS: u32 = 3;

/// A buffer that the device has filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    index: u32,
    span: (usize, usize),
    /// Of the picture that it was made of.
    pub(super) stamp: Duration,
    /// The device says that it is a key frame.
    pub(super) key: bool,
    /// The device says that it is damaged.
    pub(super) damaged: bool,
}

#[derive(Debug)]
pub(super) struct Queues {
    kinds: [u32; 2],
    layout: Layout,
    apart: bool,
    formats: PlaneFormats,
    crops: bool,
    pictures: Vec<Vec<Mapping>>,
    units: Vec<Vec<Mapping>>,
    /// Buffers for pictures that are ours.
    free: Vec<u32>,
    on: bool,
}

/// `CLOCK_MONOTONIC`: the video thread is a shell, and waits for a device here.
pub(super) fn clock() -> Duration {
    let t = clock_gettime(ClockId::Monotonic);
    Duration::new(u64::try_from(t.tv_sec).unwrap_or(0), u32::try_from(t.tv_nsec).unwrap_or(0))
}

impl Queues {
    /// Sets the formats of both sides, the coded one first: that is what the driver bounds the other by.
    pub(super) fn set_formats(node: &Node, found: &Found, coded: Coded, size: Size) -> io::Result<Self> {
        let (code, layout, apart) = RAW[found.format];
        let sides = [size.width, size.height];
        // Room for a key frame of noise; most drivers know better and say so.
        let room = u32::try_from(size.area()).unwrap_or(u32::MAX);
        node.set_format_with_room(found.kinds[1], coded.code(), sides, room)?;
        let formats = node.set_format(found.kinds[0], u32::from_le_bytes(code), sides)?;
        if formats.fourcc != u32::from_le_bytes(code) {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the driver sets another format than it offers"));
        }
        let crops = formats.size == sides || node.set_crop(found.kinds[0], sides).is_ok();
        let (pictures, units, free) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { kinds: found.kinds, layout, apart, formats, crops, pictures, units, free, on: false })
    }

    /// Buffer types, pictures first.
    pub(super) fn kinds(&self) -> [u32; 2] {
        self.kinds
    }

    /// Whether what comes out has `size`: nothing is cut off, and padding is.
    pub(super) fn holds(&self, size: Size) -> bool {
        let [width, height] = self.formats.size;
        self.crops && width >= size.width && height >= size.height && self.formats.strides[0] >= size.width
    }

    /// Whether the device takes pictures.
    pub(super) fn are_on(&self) -> bool {
        self.on
    }

    /// Pictures that the device has and has not given back.
    pub(super) fn in_flight(&self) -> usize {
        self.pictures.len() - self.free.len()
    }

    /// Asks for the buffers, the first time, and starts both queues.
    pub(super) fn start(&mut self, node: &Node) -> io::Result<()> {
        let [pictures, units] = self.kinds;
        if self.pictures.is_empty() {
            let mapped = |kind| -> io::Result<Vec<Vec<Mapping>>> {
                let count = node.request_buffers(kind, BUFFERS)?;
                (0..count).map(|index| node.map_buffer(kind, index)).collect()
            };
            (self.pictures, self.units) = (mapped(pictures)?, mapped(units)?);
        }
        self.free = (0..self.pictures.len() as u32).rev().collect();
        for index in 0..self.units.len() as u32 {
            node.queue(units, index)?;
        }
        node.stream(pictures, true)?;
        node.stream(units, true)?;
        self.on = true;
        Ok(())
    }

    /// Stops both queues; all buffers are ours again.
    pub(super) fn stop(&mut self, node: &Node) {
        for kind in self.kinds {
            // Fails only when the device is gone, and then there is nothing to stop.
            let _ = node.stream(kind, false);
        }
        self.free = (0..self.pictures.len() as u32).rev().collect();
        self.on = false;
    }

    /// Gives a picture to the device. Answers by which time its access unit will be known.
    pub(super) fn send(&mut self, node: &Node, picture: &Picture<'_>) -> io::Result<Duration> {
        while let Some(read) = node.dequeue(self.kinds[0])? {
            if (read.index as usize) < self.pictures.len() && !self.free.contains(&read.index) {
                self.free.push(read.index);
            }
        }
        let Some(index) = self.free.pop() else {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "it has all buffers and gives none back"));
        };
        let (used, planes) = self.fill(index as usize, picture)?;
        let stamp = Duration::from_micros(u64::try_from(picture.captured_at.as_micros()).unwrap_or(0));
        node.send(self.kinds[0], index, &used[..planes], stamp)?;
        Ok(stamp)
    }

    /// Copies a picture into buffer `index` as the device wants it; the bytes used in each of its planes, of which the first so many count.
    fn fill(&mut self, index: usize, picture: &Picture<'_>) -> io::Result<([u32; 3], usize)> {
        let short = || io::Error::new(io::ErrorKind::InvalidData, "a buffer is smaller than its format says");
        let (width, height) = (picture.size.width as usize, picture.size.height as usize);
        let (stride, rows) = (self.formats.strides[0] as usize, self.formats.size[1] as usize);
        // Of colour: bytes a row, planes, bytes a plane.
        let (half, count, length) = match self.layout {
            Layout::Nv12 => (stride, 1, stride * rows / 2),
            Layout::I420 => (stride / 2, 2, stride / 2 * rows / 2),
        };
        let maps = &mut self.pictures[index];
        let mut planes: [&mut [u8]; 3] = [&mut [], &mut [], &mut []];
        if self.apart {
            planes.iter_mut().zip(maps).for_each(|(plane, map)| *plane = map.bytes_mut());
        } else {
            let all = maps.first_mut().map(Mapping::bytes_mut).unwrap_or_default();
            let (y, rest) = all.split_at_mut_checked(stride * rows).ok_or_else(short)?;
            let (u, rest) = rest.split_at_mut_checked(length).ok_or_else(short)?;
            planes = [y, u, rest];
        }
        if planes[0].len() < stride * rows || planes[1..=count].iter().any(|plane| plane.len() < length) {
            return Err(short());
        }
        let [y, u, v] = picture.planes;
        let strides = picture.strides;
        copy(planes[0], stride, y, strides[0], width, height);
        match self.layout {
            Layout::Nv12 => {
                let rows = planes[1].chunks_mut(half).zip(u.chunks(strides[1])).zip(v.chunks(strides[2])).take(height / 2);
                for ((to, u), v) in rows {
                    for ((pair, u), v) in to.chunks_exact_mut(2).zip(&u[..width / 2]).zip(&v[..width / 2]) {
                        (pair[0], pair[1]) = (*u, *v);
                    }
                }
            }
            Layout::I420 => {
                copy(planes[1], half, u, strides[1], width / 2, height / 2);
                copy(planes[2], half, v, strides[2], width / 2, height / 2);
            }
        }
        let used = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let colour = used(length);
        Ok(match self.apart {
            true => ([used(stride * rows), colour, colour], 1 + count),
            false => ([used(stride * rows + count * length), 0, 0], 1),
        })
    }

    /// Takes a filled buffer, waiting for one until `deadline`; `None` when none came.
    pub(super) fn take(&self, node: &Node, deadline: Duration) -> io::Result<Option<Taken>> {
        loop {
            if let Some(filled) = node.dequeue(self.kinds[1])? {
                if filled.index as usize >= self.units.len() {
                    continue;
                }
                let seconds = u64::try_from(filled.seconds).unwrap_or(0);
                let micros = u64::try_from(filled.micros).unwrap_or(0);
                return Ok(Some(Taken {
                    index: filled.index,
                    span: filled.used[0],
                    stamp: Duration::from_secs(seconds) + Duration::from_micros(micros),
                    key: filled.flags & raw::V4L2_BUF_FLAG_KEYFRAME != 0,
                    damaged: filled.flags & raw::V4L2_BUF_FLAG_ERROR != 0,
                }));
            }
            if !self.wait(node, deadline)? {
                return Ok(None);
            }
        }
    }

    /// Waits for a filled buffer; false when none came until `deadline`.
    fn wait(&self, node: &Node, deadline: Duration) -> io::Result<bool> {
        let left = deadline.saturating_sub(clock());
        if left.is_zero() {
            return Ok(false);
        }
        let timeout = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos().into() };
        let mut waited = [PollFd::new(node, PollFlags::IN)];
        match poll(&mut waited, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let told = waited[0].revents();
        if told.contains(PollFlags::ERR) && !told.contains(PollFlags::IN) {
            // Nothing will come, and to poll again would be not to wait. A device that is gone says so.
            node.capability()?;
            return Err(io::Error::other("its queue has stopped"));
        }
        Ok(true)
    }

    /// The bytes of a filled buffer.
    pub(super) fn unit(&self, taken: &Taken) -> &[u8] {
        let bytes = self.units[taken.index as usize].first().map(Mapping::bytes).unwrap_or_default();
        let (start, end) = taken.span;
        bytes.get(start..end.min(bytes.len())).unwrap_or_default()
    }

    /// Gives a buffer back to be filled again.
    pub(super) fn give_back(&self, node: &Node, taken: &Taken) -> io::Result<()> {
        node.queue(self.kinds[1], taken.index)
    }

    /// Has the device finish what it has, then stops both queues. Answers how many units came out; those are thrown away.
    pub(super) fn drain(&mut self, node: &Node, within: Duration) -> io::Result<u32> {
        let mut units = 0;
        let asked = node.stop_encoder();
        if asked.is_ok() && self.on {
            let deadline = clock() + within;
            // It also ends with EPIPE, when the last buffer was taken before, and when time is up.
            while let Ok(Some((unit, last))) = self.take_last(node, deadline) {
                units += u32::from(unit);
                if last {
                    break;
                }
            }
        }
        self.stop(node);
        asked.map(|()| units)
    }

    /// The next buffer of a drain: whether there is a unit in it, and whether it is the last one.
    fn take_last(&self, node: &Node, deadline: Duration) -> io::Result<Option<(bool, bool)>> {
        loop {
            if let Some(filled) = node.dequeue(self.kinds[1])? {
                let (start, end) = filled.used[0];
                return Ok(Some((end > start, filled.flags & raw::V4L2_BUF_FLAG_LAST != 0)));
            }
            if !self.wait(node, deadline)? {
                return Ok(None);
            }
        }
    }
}

fn copy(to: &mut [u8], to_stride: usize, from: &[u8], from_stride: usize, width: usize, rows: usize) {
    for (to, from) in to.chunks_mut(to_stride).zip(from.chunks(from_stride)).take(rows) {
        to[..width].copy_from_slice(&from[..width]);
    }
}
