//! Streaming by mapped buffers: every buffer is the driver's, or ours for as long as its frame is converted.

use std::io;
use std::time::Duration;

use media::{PixelFormat, Plane, RawFrame, Size};
use v4l2_node::{Filled, Mapping, PlaneFormats, raw};

use super::{Device, OpenError};
use crate::capture::video::mode::{FourCc, Mode, Rate};

/// Buffers that are asked for: one is filled, one is converted, two are in reserve for a late thread.
const BUFFERS: u32 = 4;

/// A running stream. Closing the device, or [`Device::stop`], ends it.
#[derive(Debug)]
pub(in crate::capture::video) struct Stream {
    buffers: Vec<Vec<Mapping>>,
    formats: PlaneFormats,
    format: PixelFormat,
    /// What the driver really delivers.
    pub(in crate::capture::video) mode: Mode,
}

/// A filled buffer that is ours until it is given back with [`Device::give_back`].
#[derive(Debug)]
pub(in crate::capture::video) struct Buffer {
    filled: Filled,
}

impl Buffer {
    /// The driver says that the data may be damaged.
    pub(in crate::capture::video) fn is_damaged(&self) -> bool {
        self.filled.flags & raw::V4L2_BUF_FLAG_ERROR != 0
    }

    /// The driver's number of the frame.
    pub(in crate::capture::video) fn sequence(&self) -> u32 {
        self.filled.sequence
    }

    /// The driver's timestamp, if it is one of `CLOCK_MONOTONIC`.
    pub(in crate::capture::video) fn timestamp(&self) -> Option<Duration> {
        if self.filled.flags & raw::V4L2_BUF_FLAG_TIMESTAMP_MASK != raw::V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC {
            return None;
        }
        let (seconds, micros) = (u64::try_from(self.filled.seconds).ok()?, u64::try_from(self.filled.micros).ok()?);
        Some(Duration::from_secs(seconds) + Duration::from_micros(micros)).filter(|time| !time.is_zero())
    }
}

impl Device {
    /// Sets `mode` and starts streaming. The driver may change size and rate; the stream's mode is what it made of it.
    pub(in crate::capture::video) fn start(&self, mode: &Mode) -> Result<Stream, OpenError> {
        let failed = |step| move |e| OpenError::new(&self.path, step, e);
        let size = [mode.size.width, mode.size.height];
        let formats = self.node.set_format(self.kind, mode.fourcc.to_u32(), size).map_err(failed("set the format"))?;
        let fourcc = FourCc::from_u32(formats.fourcc);
        let Some(format) = fourcc.pixel_format() else {
            let why = format!("the driver made {fourcc} of {}", mode.fourcc);
            return Err(OpenError::NoMode { path: self.path.clone(), why });
        };
        // A driver that has no say in the rate delivers what it delivers.
        let interval = self.node.set_interval(self.kind, (mode.fps.seconds, mode.fps.frames)).ok().flatten();
        let fps = interval.map_or(mode.fps, |(numerator, denominator)| Rate::new(denominator, numerator));
        let count = self.node.request_buffers(self.kind, BUFFERS).map_err(failed("ask for buffers"))?;
        let buffers = (0..count)
            .map(|index| self.node.map_buffer(self.kind, index))
            .collect::<io::Result<Vec<_>>>()
            .map_err(failed("map the buffers"))?;
        for index in 0..count {
            self.node.queue(self.kind, index).map_err(failed("queue a buffer"))?;
        }
        self.node.stream(self.kind, true).map_err(failed("start streaming"))?;
        let mode = Mode { fourcc, size: Size::new(formats.size[0], formats.size[1]), fps };
        Ok(Stream { buffers, formats, format, mode })
    }

    /// Stops the stream, so that another mode can be set.
    pub(in crate::capture::video) fn stop(&self, stream: Stream) {
        // Both fail only when the device is gone, and then there is nothing to stop.
        let _ = self.node.stream(self.kind, false);
        drop(stream);
        let _ = self.node.request_buffers(self.kind, 0);
    }

    /// Takes the next filled buffer; `None` when there is none. EIO and ENODEV mean that streaming is over.
    pub(in crate::capture::video) fn next(&self, stream: &Stream) -> io::Result<Option<Buffer>> {
        let filled = self.node.dequeue(self.kind)?;
        Ok(filled.filter(|filled| (filled.index as usize) < stream.buffers.len()).map(|filled| Buffer { filled }))
    }

    /// Gives a buffer back to the driver.
    pub(in crate::capture::video) fn give_back(&self, buffer: Buffer) -> io::Result<()> {
        self.node.queue(self.kind, buffer.filled.index)
    }
}

impl Stream {
    /// The picture in `buffer`.
    pub(in crate::capture::video) fn frame(&self, buffer: &Buffer, captured_at: Duration) -> RawFrame<'_> {
        let mut planes = [None; 3];
        let maps = &self.buffers[buffer.filled.index as usize];
        let all = maps.iter().zip(buffer.filled.used).zip(self.formats.strides);
        for (plane, ((map, (start, end)), stride)) in planes.iter_mut().zip(all).take(self.formats.planes) {
            let bytes = map.bytes();
            let data = bytes.get(start..end.min(bytes.len())).unwrap_or_default();
            *plane = Some(Plane { data, stride: stride as usize });
        }
        RawFrame { format: self.format, size: self.mode.size, planes, captured_at, sequence: buffer.filled.sequence }
    }
}
