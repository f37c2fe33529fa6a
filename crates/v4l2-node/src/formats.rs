//! Formats, sizes, rates and inputs of a node.

use std::io;
use std::os::fd::AsRawFd as _;

use v4l::v4l_sys as raw;
use v4l::v4l2::vidioc as code;

use crate::{
    MAX_PLANES, Node, VIDIOC_QUERY_DV_TIMINGS, VIDIOC_S_DV_TIMINGS, VIDIOC_S_SELECTION, end_of_list, multi_planar, to_device,
    zeroed,
};

/// Sizes from `min` to `max` by `step`, width and height.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Smallest.
    pub min: [u32; 2],
    /// Largest.
    pub max: [u32; 2],
    /// From one to the next; at least 1.
    pub step: [u32; 2],
}

/// A format as the driver has set it.
#[derive(Clone, Copy, Debug)]
pub struct PlaneFormats {
    /// Its code.
    pub fourcc: u32,
    /// Width and height.
    pub size: [u32; 2],
    /// Bytes a row of each plane's buffer.
    pub strides: [u32; MAX_PLANES],
    /// Buffers a frame.
    pub planes: usize,
}

impl Node {
    /// Code and flags of the format at `index` of those that buffers of `kind` may have; `None` after the last.
    pub fn format_at(&self, kind: u32, index: u32) -> io::Result<Option<raw::v4l2_fmtdesc>> {
        let mut format: raw::v4l2_fmtdesc = zeroed();
        (format.type_, format.index) = (kind, index);
        end_of_list(self.call(code::VIDIOC_ENUM_FMT, &mut format)).map(|more| more.then_some(format))
    }

    /// The size, or range of sizes, at `index` of those that format `fourcc` has.
    pub fn frame_size_at(&self, fourcc: u32, index: u32) -> io::Result<Option<Sizes>> {
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
    pub fn frame_interval_at(&self, fourcc: u32, size: [u32; 2], index: u32) -> io::Result<Option<[(u32, u32); 2]>> {
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

    /// The format that is set.
    pub fn format(&self, kind: u32) -> io::Result<PlaneFormats> {
        let mut format: raw::v4l2_format = zeroed();
        format.type_ = kind;
        self.call(code::VIDIOC_G_FMT, &mut format)?;
        Ok(plane_formats(&format))
    }

    /// Asks for a format; what the driver made of it is returned.
    pub fn set_format(&self, kind: u32, fourcc: u32, size: [u32; 2]) -> io::Result<PlaneFormats> {
        self.set_format_with_room(kind, fourcc, size, 0)
    }

    /// The same, with `room` bytes for a frame of a compressed format; 0 leaves it to the driver.
    pub fn set_format_with_room(&self, kind: u32, fourcc: u32, size: [u32; 2], room: u32) -> io::Result<PlaneFormats> {
        let mut format: raw::v4l2_format = zeroed();
        format.type_ = kind;
        // The driver's own colour space and field order where it knows better: we start from what is set.
        let _ = self.call(code::VIDIOC_G_FMT, &mut format);
        if multi_planar(kind) {
            // SAFETY: the buffer type says that this member counts; it is made of integers.
            let pix = unsafe { &mut format.fmt.pix_mp };
            ([pix.width, pix.height], pix.pixelformat, pix.field) = (size, fourcc, raw::v4l2_field_V4L2_FIELD_NONE);
            pix.plane_fmt.iter_mut().for_each(|plane| (plane.bytesperline, plane.sizeimage) = (0, 0));
            pix.plane_fmt[0].sizeimage = room;
        } else {
            // SAFETY: as above.
            let pix = unsafe { &mut format.fmt.pix };
            ([pix.width, pix.height], pix.pixelformat, pix.field) = (size, fourcc, raw::v4l2_field_V4L2_FIELD_NONE);
            (pix.bytesperline, pix.sizeimage) = (0, room);
        }
        self.call(code::VIDIOC_S_FMT, &mut format)?;
        Ok(plane_formats(&format))
    }

    /// The time between frames as (numerator, denominator) seconds; `None` when the driver has no say in it.
    pub fn interval(&self, kind: u32) -> io::Result<Option<(u32, u32)>> {
        let mut parameters: raw::v4l2_streamparm = zeroed();
        parameters.type_ = kind;
        self.call(code::VIDIOC_G_PARM, &mut parameters)?;
        Ok(time_per_frame(&parameters))
    }

    /// Asks for a time between frames; what the driver made of it is returned.
    pub fn set_interval(&self, kind: u32, (numerator, denominator): (u32, u32)) -> io::Result<Option<(u32, u32)>> {
        let mut parameters: raw::v4l2_streamparm = zeroed();
        parameters.type_ = kind;
        let time = raw::v4l2_fract { numerator, denominator };
        if to_device(kind) {
            parameters.parm.output.timeperframe = time;
        } else {
            parameters.parm.capture.timeperframe = time;
        }
        self.call(code::VIDIOC_S_PARM, &mut parameters)?;
        Ok(time_per_frame(&parameters))
    }

    /// Asks for the part of the picture, from its upper left corner, that is meant: what lies outside is padding.
    pub fn set_crop(&self, kind: u32, [width, height]: [u32; 2]) -> io::Result<()> {
        let mut selection: raw::v4l2_selection = zeroed();
        // Selections are named by the single-planar buffer types.
        selection.type_ = match kind {
            raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT_MPLANE => raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_OUTPUT,
            raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE => raw::v4l2_buf_type_V4L2_BUF_TYPE_VIDEO_CAPTURE,
            other => other,
        };
        selection.target = raw::V4L2_SEL_TGT_CROP;
        (selection.r.width, selection.r.height) = (width, height);
        self.call(VIDIOC_S_SELECTION, &mut selection)
    }

    /// The status bits of the chosen input; `None` for devices without inputs.
    pub fn input_status(&self) -> io::Result<Option<u32>> {
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
    pub fn adopt_timings(&self) -> io::Result<()> {
        let mut timings: raw::v4l2_dv_timings = zeroed();
        self.call(VIDIOC_QUERY_DV_TIMINGS, &mut timings)?;
        self.call(VIDIOC_S_DV_TIMINGS, &mut timings)
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
    // SAFETY: the buffer type says which member counts; both are made of integers.
    let (capability, time) = unsafe {
        if to_device(parameters.type_) {
            (parameters.parm.output.capability, parameters.parm.output.timeperframe)
        } else {
            (parameters.parm.capture.capability, parameters.parm.capture.timeperframe)
        }
    };
    let raw::v4l2_fract { numerator, denominator } = time;
    (capability & raw::V4L2_CAP_TIMEPERFRAME != 0 && numerator > 0 && denominator > 0).then_some((numerator, denominator))
}
