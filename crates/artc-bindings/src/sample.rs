//! Pictures on their way into the engine, and the rule which of them it takes.
//!
//! Not for decoded pictures of remote users: see [`crate::frame`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::documented::documented_enum;

/// Longest side of a picture that the engine's external input takes, in pixels (the 2K limit).
pub const MAX_LONG_SIDE: u32 = 1920;
/// Longest short side of a picture that the engine's external input takes, in pixels (1080 in whole macroblocks).
pub const MAX_SHORT_SIDE: u32 = 1088;

documented_enum! {
    /// What the bytes of a pushed picture mean.
    pub enum VideoDataFormat {
        /// Not said; always refused.
        Unknown = -1 => "VideoDataFormatUnknow" | "VideoDataFormatUnknown",
        /// 4 bytes a pixel: blue, green, red, unused.
        Bgra = 0 => "VideoDataFormatBGRA",
        /// Planes Y, U, V; colour at half width and half height.
        I420 = 1 => "VideoDataFormatI420",
        /// Plane Y, then interleaved V U.
        Nv21 = 2 => "VideoDataFormatNV21",
        /// Plane Y, then interleaved U V.
        Nv12 = 3 => "VideoDataFormatNV12",
        /// One H.264 access unit, Annex B with start codes; passed through without encoding.
        H264 = 4 => "VideoDataFormatH264",
        /// One H.265 access unit.
        H265 = 5 => "VideoDataFormatH265",
        /// 3 bytes a pixel: red, green, blue.
        Rgb24 = 6 => "VideoDataFormatRGB24",
        /// 3 bytes a pixel: blue, green, red.
        Bgr24 = 7 => "VideoDataFormatBGR24",
    }
}

documented_enum! {
    /// Where the bytes of a pushed picture are. On Linux only [`VideoBufferType::RawData`] exists.
    pub enum VideoBufferType {
        /// In memory.
        RawData = 0 => "VideoBufferTypeRawData",
        /// Apple's pixel buffer; refused here.
        CvPixelBuffer = 1 => "VideoBufferTypeCVPixelBuffer",
        /// A texture of the graphics card; refused here.
        Texture = 2 => "VideoBufferTypeTexture",
    }
}

/// Shared bytes of a picture. A pooled buffer goes in without a copy and without an allocation:
/// `let bytes: SampleBytes = pooled_arc.clone();`
pub type SampleBytes = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// A picture for [`Engine::push_external_video_frame`](crate::Engine::push_external_video_frame). Cloning shares the bytes.
///
/// Source: seed 001 (`PushExternalVideoFrame`).
#[derive(Clone)]
pub struct VideoDataSample {
    /// Meaning of the bytes.
    pub format: VideoDataFormat,
    /// Where the bytes are.
    #[doc(alias = "bufferType")]
    pub buffer_type: VideoBufferType,
    /// The bytes.
    pub data: SampleBytes,
    /// How many of `data`'s bytes are meant.
    #[doc(alias = "dataLen")]
    pub data_len: usize,
    /// Bytes from one row of the first plane to the next. For packed RGB the documents' programs set all three strides to the
    /// width in pixels; that is accepted and means "no padding".
    #[doc(alias = "strideY")]
    pub stride_y: u32,
    /// Bytes from one row of the second plane to the next.
    #[doc(alias = "strideU")]
    pub stride_u: u32,
    /// Bytes from one row of the third plane to the next.
    #[doc(alias = "strideV")]
    pub stride_v: u32,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// How far the picture is to be turned clockwise: 0, 90, 180 or 270 degrees.
    pub rotation: u32,
    /// Presentation time in milliseconds, on the caller's own time axis.
    #[doc(alias = "timeStamp")]
    pub time_stamp: i64,
    /// When the picture was captured, on `CLOCK_MONOTONIC`; rides with the frame to RTP. Ours, not in the documents.
    pub captured_at: Option<Duration>,
}

impl fmt::Debug for VideoDataSample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VideoDataSample")
            .field("format", &self.format)
            .field("size", &format_args!("{}x{}", self.width, self.height))
            .field("data_len", &self.data_len)
            .field("rotation", &self.rotation)
            .field("time_stamp", &self.time_stamp)
            .field("captured_at", &self.captured_at)
            .finish_non_exhaustive()
    }
}

/// Why a picture is refused. The next one may be right; the stream goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// 2K or more. Scale it down before pushing.
    #[error(
        "frame of {width}x{height} is too large: the longer side may have {MAX_LONG_SIDE} pixels and the shorter {MAX_SHORT_SIDE}"
    )]
    TooLarge {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// A picture without pixels.
    #[error("frame of {width}x{height} has no pixels")]
    Empty {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// Fewer bytes than size, strides and format ask for.
    #[error("{format:?} frame of {width}x{height} has {got} bytes, {need} needed")]
    Short {
        /// Announced format.
        format: VideoDataFormat,
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes that came.
        got: usize,
        /// Bytes that are needed.
        need: usize,
    },
    /// A stride smaller than a row.
    #[error("{format:?} frame {width} pixels wide has a {plane} stride of {stride} bytes, at least {need} needed")]
    Stride {
        /// Announced format.
        format: VideoDataFormat,
        /// Pixels in a row.
        width: u32,
        /// `Y`, `U` or `V`.
        plane: char,
        /// Stride that came.
        stride: u32,
        /// Bytes of a row.
        need: u32,
    },
    /// A format that the engine does not take.
    #[error("{format:?} frames are not taken by this engine")]
    Format {
        /// Announced format.
        format: VideoDataFormat,
    },
    /// A buffer that is not in memory.
    #[error("{buffer_type:?} buffers do not exist on Linux; push RawData")]
    BufferType {
        /// Announced kind of buffer.
        buffer_type: VideoBufferType,
    },
    /// In the mode `WithPts`: a time stamp before that of the picture pushed last. One join has one time axis.
    #[error("time stamp {time_stamp} ms is before the {last} ms pushed last; one join has one time axis")]
    Backwards {
        /// Time stamp that came.
        time_stamp: i64,
        /// Time stamp of the picture before.
        last: i64,
    },
    /// A rotation other than the four quarter turns.
    #[error("rotation of {rotation} degrees; 0, 90, 180 and 270 are possible")]
    Rotation {
        /// Announced rotation.
        rotation: u32,
    },
}

impl VideoDataSample {
    /// An I420 picture whose planes follow each other without padding; sides that are odd have colour rows rounded up.
    pub fn i420(data: SampleBytes, width: u32, height: u32, time_stamp: i64, captured_at: Option<Duration>) -> Self {
        let chroma = width.div_ceil(2);
        let data_len = (*data).as_ref().len();
        Self {
            format: VideoDataFormat::I420,
            buffer_type: VideoBufferType::RawData,
            data,
            data_len,
            stride_y: width,
            stride_u: chroma,
            stride_v: chroma,
            width,
            height,
            rotation: 0,
            time_stamp,
            captured_at,
        }
    }

    /// One H.264 access unit (Annex B) of a camera that encodes by itself.
    pub fn h264(data: SampleBytes, width: u32, height: u32, time_stamp: i64, captured_at: Option<Duration>) -> Self {
        let data_len = (*data).as_ref().len();
        Self {
            format: VideoDataFormat::H264,
            buffer_type: VideoBufferType::RawData,
            data,
            data_len,
            stride_y: 0,
            stride_u: 0,
            stride_v: 0,
            width,
            height,
            rotation: 0,
            time_stamp,
            captured_at,
        }
    }

    /// The bytes that are meant; shorter than `data_len` when the announcement lies.
    pub fn bytes(&self) -> &[u8] {
        let all = (*self.data).as_ref();
        &all[..self.data_len.min(all.len())]
    }

    /// Whether every engine may take this picture: size within the 2K limit, bytes that fit format and strides.
    pub fn check(&self) -> Result<(), SampleError> {
        let (width, height) = (self.width, self.height);
        if width == 0 || height == 0 {
            return Err(SampleError::Empty { width, height });
        }
        if width.max(height) > MAX_LONG_SIDE || width.min(height) > MAX_SHORT_SIDE {
            return Err(SampleError::TooLarge { width, height });
        }
        if self.buffer_type != VideoBufferType::RawData {
            return Err(SampleError::BufferType { buffer_type: self.buffer_type });
        }
        if !matches!(self.rotation, 0 | 90 | 180 | 270) {
            return Err(SampleError::Rotation { rotation: self.rotation });
        }
        let need = self.bytes_needed()?;
        let got = self.bytes().len();
        if got < need || got < self.data_len {
            return Err(SampleError::Short { format: self.format, width, height, got, need: need.max(self.data_len) });
        }
        Ok(())
    }

    /// Bytes from one row of packed RGB to the next.
    pub fn packed_stride(&self) -> u32 {
        let pixel = if self.format == VideoDataFormat::Bgra { 4 } else { 3 };
        // The documents' own programs give the width in pixels: no padding.
        if self.stride_y == self.width || self.stride_y == 0 { self.width * pixel } else { self.stride_y }
    }

    fn bytes_needed(&self) -> Result<usize, SampleError> {
        let chroma_width = self.width.div_ceil(2);
        let rows = self.height as usize;
        let chroma_rows = rows.div_ceil(2);
        let stride = |plane, stride: u32, need: u32| {
            if stride >= need {
                Ok(stride as usize)
            } else {
                Err(SampleError::Stride { format: self.format, width: self.width, plane, stride, need })
            }
        };
        // The last row of a plane needs no padding behind it.
        let plane = |stride: usize, row: u32, rows: usize| stride * (rows - 1) + row as usize;
        match self.format {
            VideoDataFormat::I420 => {
                let y = stride('Y', self.stride_y, self.width)? * rows;
                let u = stride('U', self.stride_u, chroma_width)? * chroma_rows;
                let v = stride('V', self.stride_v, chroma_width)?;
                Ok(y + u + plane(v, chroma_width, chroma_rows))
            }
            VideoDataFormat::Nv12 | VideoDataFormat::Nv21 => {
                let y = stride('Y', self.stride_y, self.width)? * rows;
                let uv = stride('U', self.stride_u, chroma_width * 2)?;
                Ok(y + plane(uv, chroma_width * 2, chroma_rows))
            }
            VideoDataFormat::Bgra => {
                let row = self.width * 4;
                Ok(plane(stride('Y', self.packed_stride(), row)?, row, rows))
            }
            VideoDataFormat::Rgb24 | VideoDataFormat::Bgr24 => {
                let row = self.width * 3;
                Ok(plane(stride('Y', self.packed_stride(), row)?, row, rows))
            }
            // A start code and one byte of a NAL unit.
            VideoDataFormat::H264 => Ok(4),
            VideoDataFormat::H265 | VideoDataFormat::Unknown => Err(SampleError::Format { format: self.format }),
        }
    }
}
