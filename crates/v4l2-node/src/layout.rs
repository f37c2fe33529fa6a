//! What the C compiler of this architecture says of the kernel's structures, against what this crate hands to the kernel.

use std::mem::{offset_of, size_of};

use c_layout::{Agreement, Compiler};
use v4l::v4l_sys as raw;
use v4l::v4l2::vidioc as code;

use super::{
    VIDIOC_ENCODER_CMD, VIDIOC_QUERY_DV_TIMINGS, VIDIOC_S_DV_TIMINGS, VIDIOC_S_SELECTION, VIDIOC_SUBSCRIBE_EVENT,
    timed::{Buffer, Event, Timespec, Timeval, VIDIOC_DQBUF, VIDIOC_DQEVENT, VIDIOC_QBUF, VIDIOC_QUERYBUF},
};

const HEADER: &str = "linux/videodev2.h";
/// What makes `time_t` 64 bits wide where the C library leaves the choice.
const WIDE_TIME: [&str; 2] = ["-D_TIME_BITS=64", "-D_FILE_OFFSET_BITS=64"];

/// What C must say for the structures with a time to be as this crate has them.
fn timed() -> Agreement {
    let mut agreed = Agreement::new(HEADER);
    for (c, ours) in [
        ("sizeof(struct v4l2_buffer)", size_of::<Buffer>()),
        ("offsetof(struct v4l2_buffer, index)", offset_of!(Buffer, index)),
        ("offsetof(struct v4l2_buffer, type)", offset_of!(Buffer, kind)),
        ("offsetof(struct v4l2_buffer, bytesused)", offset_of!(Buffer, bytesused)),
        ("offsetof(struct v4l2_buffer, flags)", offset_of!(Buffer, flags)),
        ("offsetof(struct v4l2_buffer, field)", offset_of!(Buffer, field)),
        ("offsetof(struct v4l2_buffer, timestamp.tv_sec)", offset_of!(Buffer, timestamp) + offset_of!(Timeval, seconds)),
        ("offsetof(struct v4l2_buffer, timestamp.tv_usec)", offset_of!(Buffer, timestamp) + offset_of!(Timeval, micros)),
        ("sizeof(((struct v4l2_buffer *)0)->timestamp.tv_sec)", size_of::<i64>()),
        ("sizeof(((struct v4l2_buffer *)0)->timestamp.tv_usec)", size_of::<i64>()),
        ("offsetof(struct v4l2_buffer, timecode)", offset_of!(Buffer, timecode)),
        ("offsetof(struct v4l2_buffer, sequence)", offset_of!(Buffer, sequence)),
        ("offsetof(struct v4l2_buffer, memory)", offset_of!(Buffer, memory)),
        ("offsetof(struct v4l2_buffer, m)", offset_of!(Buffer, m)),
        ("offsetof(struct v4l2_buffer, length)", offset_of!(Buffer, length)),
        ("offsetof(struct v4l2_buffer, reserved2)", offset_of!(Buffer, reserved2)),
        ("offsetof(struct v4l2_buffer, request_fd)", offset_of!(Buffer, request_fd)),
        ("sizeof(struct v4l2_event)", size_of::<Event>()),
        ("offsetof(struct v4l2_event, type)", offset_of!(Event, kind)),
        ("offsetof(struct v4l2_event, u)", offset_of!(Event, u)),
        ("offsetof(struct v4l2_event, pending)", offset_of!(Event, pending)),
        ("offsetof(struct v4l2_event, sequence)", offset_of!(Event, sequence)),
        ("offsetof(struct v4l2_event, timestamp)", offset_of!(Event, timestamp)),
        ("sizeof(((struct v4l2_event *)0)->timestamp)", size_of::<Timespec>()),
        ("offsetof(struct v4l2_event, id)", offset_of!(Event, id)),
        ("offsetof(struct v4l2_event, reserved)", offset_of!(Event, reserved)),
        ("VIDIOC_QUERYBUF", VIDIOC_QUERYBUF as usize),
        ("VIDIOC_QBUF", VIDIOC_QBUF as usize),
        ("VIDIOC_DQBUF", VIDIOC_DQBUF as usize),
        ("VIDIOC_DQEVENT", VIDIOC_DQEVENT as usize),
    ] {
        agreed.add(c, ours);
    }
    agreed
}

/// The same for those without one, and for the numbers of their ioctls.
fn timeless() -> Agreement {
    let mut agreed = Agreement::new(HEADER);
    for (c, ours) in [
        ("sizeof(struct v4l2_capability)", size_of::<raw::v4l2_capability>()),
        ("sizeof(struct v4l2_fmtdesc)", size_of::<raw::v4l2_fmtdesc>()),
        ("sizeof(struct v4l2_format)", size_of::<raw::v4l2_format>()),
        ("offsetof(struct v4l2_format, fmt)", offset_of!(raw::v4l2_format, fmt)),
        ("sizeof(struct v4l2_pix_format)", size_of::<raw::v4l2_pix_format>()),
        ("sizeof(struct v4l2_pix_format_mplane)", size_of::<raw::v4l2_pix_format_mplane>()),
        ("sizeof(struct v4l2_frmsizeenum)", size_of::<raw::v4l2_frmsizeenum>()),
        ("sizeof(struct v4l2_frmivalenum)", size_of::<raw::v4l2_frmivalenum>()),
        ("sizeof(struct v4l2_streamparm)", size_of::<raw::v4l2_streamparm>()),
        ("sizeof(struct v4l2_input)", size_of::<raw::v4l2_input>()),
        ("sizeof(struct v4l2_requestbuffers)", size_of::<raw::v4l2_requestbuffers>()),
        ("sizeof(struct v4l2_plane)", size_of::<raw::v4l2_plane>()),
        ("offsetof(struct v4l2_plane, m)", offset_of!(raw::v4l2_plane, m)),
        ("offsetof(struct v4l2_plane, data_offset)", offset_of!(raw::v4l2_plane, data_offset)),
        ("sizeof(struct v4l2_timecode)", size_of::<raw::v4l2_timecode>()),
        ("sizeof(struct v4l2_query_ext_ctrl)", size_of::<raw::v4l2_query_ext_ctrl>()),
        ("sizeof(struct v4l2_querymenu)", size_of::<raw::v4l2_querymenu>()),
        ("sizeof(struct v4l2_ext_controls)", size_of::<raw::v4l2_ext_controls>()),
        ("offsetof(struct v4l2_ext_controls, controls)", offset_of!(raw::v4l2_ext_controls, controls)),
        ("sizeof(struct v4l2_ext_control)", size_of::<raw::v4l2_ext_control>()),
        ("sizeof(struct v4l2_selection)", size_of::<raw::v4l2_selection>()),
        ("sizeof(struct v4l2_encoder_cmd)", size_of::<raw::v4l2_encoder_cmd>()),
        ("VIDIOC_QUERYCAP", code::VIDIOC_QUERYCAP as usize),
        ("VIDIOC_S_FMT", code::VIDIOC_S_FMT as usize),
        ("VIDIOC_REQBUFS", code::VIDIOC_REQBUFS as usize),
        ("VIDIOC_STREAMON", code::VIDIOC_STREAMON as usize),
        ("VIDIOC_S_PARM", code::VIDIOC_S_PARM as usize),
        ("VIDIOC_S_EXT_CTRLS", code::VIDIOC_S_EXT_CTRLS as usize),
        ("VIDIOC_QUERY_EXT_CTRL", code::VIDIOC_QUERY_EXT_CTRL as usize),
        ("VIDIOC_SUBSCRIBE_EVENT", VIDIOC_SUBSCRIBE_EVENT as usize),
        ("VIDIOC_S_DV_TIMINGS", VIDIOC_S_DV_TIMINGS as usize),
        ("VIDIOC_QUERY_DV_TIMINGS", VIDIOC_QUERY_DV_TIMINGS as usize),
        ("VIDIOC_ENCODER_CMD", VIDIOC_ENCODER_CMD as usize),
        ("VIDIOC_S_SELECTION", VIDIOC_S_SELECTION as usize),
    ] {
        agreed.add(c, ours);
    }
    agreed
}

#[test]
fn structures_with_a_time_are_those_of_c_with_64_bits_for_it() {
    timed().check(&Compiler::of_this_target(), &WIDE_TIME);
}

#[test]
fn structures_without_a_time_are_those_of_c_whatever_its_time_is() {
    timeless().check(&Compiler::of_this_target(), &WIDE_TIME);
    timeless().check(&Compiler::of_this_target(), &[]);
}

/// What the header gives where nobody asks for 64 bits: on 32-bit ARM other structures and other ioctls, whose times end in 2038. That this
/// test tells them apart shows that the one above can fail.
#[cfg(all(target_arch = "arm", target_env = "gnu"))]
#[test]
fn with_the_headers_own_time_they_would_be_other_ioctls() {
    let wrong = timed().disagreements(&Compiler::of_this_target(), &["-U_TIME_BITS", "-U_FILE_OFFSET_BITS"]);
    for what in ["sizeof(struct v4l2_buffer)", "sizeof(struct v4l2_event)", "VIDIOC_QBUF", "VIDIOC_DQBUF", "VIDIOC_DQEVENT"] {
        assert!(wrong.iter().any(|line| line.contains(what)), "{what}: {wrong:?}");
    }
    assert_eq!((size_of::<Buffer>(), size_of::<Event>()), (80, 136));
}
