//! The controls that make a device encode for talking to people: constant rate, no B pictures, parameter sets with each key frame.

use std::io;

use v4l2_node::{Node, raw};

use super::super::Settings;
use super::Coded;

/// Pictures between key frames for "on request only": the longest that every driver's arithmetic bears.
const NEVER: i64 = 1 << 16;

/// What the device can be told while it runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Controls {
    bitrate: bool,
}

impl Controls {
    /// Sets everything up. A device whose bitrate cannot be set cannot be used on a network; whatever else it lacks it has defaults for, and
    /// what comes out of it is looked at.
    pub(super) fn set_up(node: &Node, coded: Coded, settings: &Settings) -> io::Result<Self> {
        let set = |id: u32, value: i64| node.set_control(id, value, false).is_ok();
        set(raw::V4L2_CID_MPEG_VIDEO_FRAME_RC_ENABLE, 1);
        set(raw::V4L2_CID_MPEG_VIDEO_BITRATE_MODE, i64::from(raw::v4l2_mpeg_video_bitrate_mode_V4L2_MPEG_VIDEO_BITRATE_MODE_CBR));
        let controls = Self { bitrate: true };
        let controls = match controls.set_bitrate(node, settings.bitrate_bps) {
            Ok(()) => controls,
            Err(_) if !coded.h264 => Self { bitrate: false },
            Err(error) => return Err(error),
        };
        let gap = settings.key_interval.map_or(NEVER, |gap| ((gap.as_secs_f32() * settings.fps).round() as i64).max(1));
        let _ = within(node, raw::V4L2_CID_MPEG_VIDEO_GOP_SIZE, gap);
        set(raw::V4L2_CID_MPEG_VIDEO_B_FRAMES, 0);
        if coded.h264 {
            let _ = within(node, raw::V4L2_CID_MPEG_VIDEO_H264_I_PERIOD, gap);
            let constrained = raw::v4l2_mpeg_video_h264_profile_V4L2_MPEG_VIDEO_H264_PROFILE_CONSTRAINED_BASELINE;
            let baseline = raw::v4l2_mpeg_video_h264_profile_V4L2_MPEG_VIDEO_H264_PROFILE_BASELINE;
            let _ = set(raw::V4L2_CID_MPEG_VIDEO_H264_PROFILE, i64::from(constrained))
                || set(raw::V4L2_CID_MPEG_VIDEO_H264_PROFILE, i64::from(baseline));
            set(raw::V4L2_CID_MPEG_VIDEO_H264_LEVEL, level(settings));
            let joined = raw::v4l2_mpeg_video_header_mode_V4L2_MPEG_VIDEO_HEADER_MODE_JOINED_WITH_1ST_FRAME;
            set(raw::V4L2_CID_MPEG_VIDEO_HEADER_MODE, i64::from(joined));
            set(raw::V4L2_CID_MPEG_VIDEO_REPEAT_SEQ_HEADER, 1);
            set(raw::V4L2_CID_MPEG_VIDEO_PREPEND_SPSPPS_TO_IDR, 1);
        }
        Ok(controls)
    }

    /// Sets the rate from the next picture on.
    pub(super) fn set_bitrate(self, node: &Node, bitrate_bps: u32) -> io::Result<()> {
        if !self.bitrate {
            return Ok(());
        }
        within(node, raw::V4L2_CID_MPEG_VIDEO_BITRATE, i64::from(bitrate_bps)).map(drop)
    }

    /// Makes the next picture a key frame; false when the device has no such control.
    pub(super) fn force_key(self, node: &Node) -> bool {
        node.set_control(raw::V4L2_CID_MPEG_VIDEO_FORCE_KEY_FRAME, 1, false).is_ok()
    }
}

/// Sets control `id` to `value`, or to the nearest that it takes.
fn within(node: &Node, id: u32, value: i64) -> io::Result<i64> {
    let range = node.query_control(id)?.ok_or(io::ErrorKind::Unsupported)?;
    node.set_control(id, value.clamp(range.minimum, range.maximum), false)
}

/// The lowest level that carries size and rate (table A-1 of the standard), as the kernel's menu counts them.
fn level(settings: &Settings) -> i64 {
    let blocks = u64::from(settings.size.width.div_ceil(16)) * u64::from(settings.size.height.div_ceil(16));
    let rate = (blocks as f32 * settings.fps) as u64;
    let levels = [
        (1620, 40_500, raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_3_0),
        (3600, 108_000, raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_3_1),
        (5120, 216_000, raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_3_2),
        (8192, 245_760, raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_4_0),
    ];
    let fits = levels.into_iter().find(|(most, a_second, _)| blocks <= *most && rate <= *a_second);
    i64::from(fits.map_or(raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_4_2, |(.., level)| level))
}

#[cfg(test)]
mod tests {
    use media::Size;

    use super::*;
    use crate::encoder::Usage;

    #[test]
    fn the_level_is_the_lowest_that_carries_size_and_rate() {
        let of = |width, height, fps| {
            let size = Size::new(width, height);
            level(&Settings { size, fps, bitrate_bps: 1, usage: Usage::Camera, key_interval: None })
        };
        let kernel = |level: u32| i64::from(level);
        assert_eq!(of(640, 480, 30.0), kernel(raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_3_0));
        assert_eq!(of(1280, 720, 30.0), kernel(raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_3_1));
        assert_eq!(of(1280, 720, 60.0), kernel(raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_3_2));
        assert_eq!(of(1920, 1080, 30.0), kernel(raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_4_0));
        assert_eq!(of(1920, 1088, 60.0), kernel(raw::v4l2_mpeg_video_h264_level_V4L2_MPEG_VIDEO_H264_LEVEL_4_2));
    }
}
