//! Sequence parameter sets: what an RTC session must know of a stream before it is announced.

use h264_reader::nal::sps::{FrameMbsFlags, PicOrderCntType, SeqParameterSet, SpsError as ReaderError};
use h264_reader::rbsp::BitReader;

use crate::format::Size;
use annexb::{NalKind, rbsp};

/// What a sequence parameter set says.
#[derive(Clone, Debug, PartialEq)]
pub struct Sps {
    /// Its number, 0 to 31.
    pub id: u8,
    /// Size of the picture that is shown, cropping applied.
    pub size: Size,
    /// profile_idc, constraint flags and level_idc: what the SDP's `profile-level-id` has to say.
    pub profile_level_id: [u8; 3],
    /// Whether pictures may come in another order than they are shown. RTC allows no B-frames.
    pub b_frames_possible: bool,
    /// Frames a second, where the stream says so.
    pub fps: Option<f64>,
    /// Whether luma goes from 0 to 255.
    pub full_range: bool,
    /// Whether fields are possible.
    pub interlaced: bool,
}

impl Sps {
    /// Reads a NAL unit of kind [`NalKind::Sps`].
    pub fn parse(nal: &[u8]) -> Result<Self, SpsError> {
        if NalKind::of(nal) != Some(NalKind::Sps) {
            return Err(SpsError::OtherKind);
        }
        let mut payload: Vec<u8> = rbsp(nal).collect();
        let &[profile, flags, level, ..] = &payload[..] else { return Err(SpsError::Syntax("it ends early".into())) };
        let mut parsed = SeqParameterSet::from_bits(BitReader::new(&payload[..]));
        if matches!(&parsed, Err(ReaderError::FieldValueTooLarge { name: "pic_size_in_map_units", .. })) {
            // Cameras are known to claim a level below their size; decoders take such streams.
            payload[2] = HIGHEST_LEVEL;
            parsed = SeqParameterSet::from_bits(BitReader::new(&payload[..]));
        }
        let sps = parsed.map_err(|e| SpsError::Syntax(format!("{e:?}")))?;
        let (width, height) = sps.pixel_dimensions().map_err(|e| SpsError::Syntax(format!("{e:?}")))?;
        if width == 0 || height == 0 {
            return Err(SpsError::Syntax("the picture is cropped to nothing".into()));
        }
        let vui = sps.vui_parameters.as_ref();
        let reorder = vui.and_then(|vui| vui.bitstream_restrictions.as_ref()).map(|limits| limits.max_num_reorder_frames);
        let baseline = profile == 66;
        Ok(Self {
            id: sps.id().id(),
            size: Size::new(width, height),
            profile_level_id: [profile, flags, level],
            b_frames_possible: !baseline && sps.pic_order_cnt != PicOrderCntType::TypeTwo && reorder != Some(0),
            fps: sps.fps().filter(|fps| fps.is_finite() && *fps > 0.0),
            full_range: vui.and_then(|vui| vui.video_signal_type.as_ref()).is_some_and(|signal| signal.video_full_range_flag),
            interlaced: sps.frame_mbs_flags != FrameMbsFlags::Frames,
        })
    }

    /// `profile_level_id` as the SDP writes it: six hexadecimal digits.
    pub fn profile_level_id_hex(&self) -> String {
        let [profile, flags, level] = self.profile_level_id;
        format!("{profile:02x}{flags:02x}{level:02x}")
    }
}

/// Level 6.2.
const HIGHEST_LEVEL: u8 = 62;

/// A sequence parameter set that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpsError {
    /// The NAL unit is another one.
    #[error("not a sequence parameter set")]
    OtherKind,
    /// A field is out of its range, or the unit ends early.
    #[error("sequence parameter set: {0}")]
    Syntax(String),
}
