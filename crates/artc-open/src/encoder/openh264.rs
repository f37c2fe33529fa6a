//! OpenH264: the encoder that runs on every processor.
//!
//! It speaks to the library's C interface directly, because bitrate and frame rate at run time, the overshoot correction and the
//! number of reference frames are not reachable otherwise. It is the only file of the crate that calls the library's encoder.
#![expect(unsafe_code, reason = "the library's interface is a C table of functions")]

use std::ffi::{c_int, c_void};
use std::ptr;

use openh264_sys2::{self as sys, API};

use super::{EncodeError, Encoded, OpenError, Picture, Settings, Usage, VideoEncoder};

/// What the library is called in logs and statistics.
const NAME: &str = "openh264";

/// Lowest quantiser: below it bits go into what no eye sees, and a still picture would take the whole rate.
const MIN_QP: c_int = 12;
/// Highest quantiser: the standard's own limit, so that the rate can be held whatever the picture shows.
const MAX_QP: c_int = 51;

/// An encoder of the library, made for one size.
pub struct OpenH264 {
    raw: Raw,
    settings: Settings,
}

/// The library's object. Whoever holds it owns the memory behind the pointer.
struct Raw {
    encoder: *mut *const sys::ISVCEncoderVtbl,
    initialized: bool,
    /// Where the library says what it wrote; it points into the encoder's own memory.
    info: Box<sys::SFrameBSInfo>,
}

// SAFETY: the library keeps no thread-local state for an encoder, `&mut self` on every call keeps calls apart, and the pointers in
// `info` point into memory that belongs to the same encoder.
unsafe impl Send for Raw {}

impl Raw {
    fn create() -> Result<Self, OpenError> {
        let mut encoder: *mut *const sys::ISVCEncoderVtbl = ptr::null_mut();
        // SAFETY: the library writes a pointer into `encoder`, which lives for the call.
        let code = unsafe { sys::source::APILoader.WelsCreateSVCEncoder(&raw mut encoder) };
        if code != 0 || encoder.is_null() {
            return Err(OpenError::Library { encoder: NAME, step: "be created", code });
        }
        Ok(Self { encoder, initialized: false, info: Box::default() })
    }

    fn table(&self) -> &sys::ISVCEncoderVtbl {
        // SAFETY: `create` checked the pointer; it stays valid until `drop`, and the table behind it is static in the library.
        unsafe { &**self.encoder }
    }

    // Each of the following calls one function of the table and answers -1 where the library lacks it.
    fn default_params(&mut self, params: &mut sys::SEncParamExt) -> c_int {
        let Some(f) = self.table().GetDefaultParams else { return -1 };
        // SAFETY: the encoder is alive and `params` is a valid place for the library to write to.
        unsafe { f(self.encoder, params) }
    }

    fn initialize(&mut self, params: &sys::SEncParamExt) -> c_int {
        let Some(f) = self.table().InitializeExt else { return -1 };
        // SAFETY: the encoder is alive; the library copies what it needs out of `params` during the call.
        let code = unsafe { f(self.encoder, params) };
        self.initialized = code == 0;
        code
    }

    fn set_option<T>(&mut self, option: sys::ENCODER_OPTION, value: &mut T) -> c_int {
        let Some(f) = self.table().SetOption else { return -1 };
        // SAFETY: every caller in this file passes the type that the library documents for `option`; it is read during the call only.
        unsafe { f(self.encoder, option, ptr::from_mut(value).cast::<c_void>()) }
    }

    fn force_key(&mut self) -> c_int {
        let Some(f) = self.table().ForceIntraFrame else { return -1 };
        // SAFETY: the encoder is alive and initialised.
        unsafe { f(self.encoder, true) }
    }

    fn encode(&mut self, picture: &sys::SSourcePicture) -> c_int {
        let Some(f) = self.table().EncodeFrame else { return -1 };
        // SAFETY: the encoder is alive and initialised; the caller checked that the planes hold as many bytes as size and strides say;
        // the library only reads them, during the call.
        unsafe { f(self.encoder, picture, &raw mut *self.info) }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if self.initialized
            && let Some(f) = self.table().Uninitialize
        {
            // SAFETY: the encoder is alive and was initialised.
            unsafe { f(self.encoder) };
        }
        // SAFETY: `create` made it, nobody else destroys it.
        unsafe { sys::source::APILoader.WelsDestroySVCEncoder(self.encoder) };
    }
}

impl OpenH264 {
    /// An encoder for `settings`.
    pub fn new(settings: Settings) -> Result<Self, OpenError> {
        let size = settings.size;
        if size.width < 16 || size.height < 16 || !size.width.is_multiple_of(2) || !size.height.is_multiple_of(2) {
            return Err(OpenError::Size { encoder: NAME, size, why: "sides must be even and at least 16" });
        }
        if !size.fits_2k() {
            return Err(OpenError::Size { encoder: NAME, size, why: "it is above 1920x1088" });
        }
        let mut raw = Raw::create()?;
        let mut silent: c_int = sys::WELS_LOG_QUIET;
        raw.set_option(sys::ENCODER_OPTION_TRACE_LEVEL, &mut silent);
        let mut params = sys::SEncParamExt::default();
        check("give its defaults", raw.default_params(&mut params))?;
        tune(&mut params, &settings);
        check("be initialised", raw.initialize(&params))?;
        let mut format: c_int = sys::videoFormatI420;
        check("take I420", raw.set_option(sys::ENCODER_OPTION_DATAFORMAT, &mut format))?;
        Ok(Self { raw, settings })
    }
}

/// The parameters for real time at the lowest cost; chosen by measuring (see `examples/encode.rs`).
fn tune(params: &mut sys::SEncParamExt, settings: &Settings) {
    let (width, height) = (settings.size.width as c_int, settings.size.height as c_int);
    let rate = rate_of(settings.bitrate_bps);
    params.iUsageType = match settings.usage {
        Usage::Camera => sys::CAMERA_VIDEO_REAL_TIME,
        Usage::Screen => sys::SCREEN_CONTENT_REAL_TIME,
    };
    params.iPicWidth = width;
    params.iPicHeight = height;
    params.iTargetBitrate = rate;
    params.iMaxBitrate = sys::UNSPECIFIED_BIT_RATE as c_int;
    params.iRCMode = sys::RC_BITRATE_MODE;
    params.fMaxFrameRate = settings.fps;
    params.iTemporalLayerNum = 1;
    params.iSpatialLayerNum = 1;
    params.iComplexityMode = sys::LOW_COMPLEXITY;
    params.uiIntraPeriod = settings.key_interval.map_or(0, |d| (d.as_secs_f32() * settings.fps).round().max(1.0) as u32);
    params.iNumRefFrame = 1;
    params.eSpsPpsIdStrategy = sys::CONSTANT_ID;
    params.iEntropyCodingModeFlag = 0;
    // Frames are left out by the ladder, which knows the network, never by the encoder, which does not.
    params.bEnableFrameSkip = false;
    params.bFixRCOverShoot = true;
    params.iMinQp = MIN_QP;
    params.iMaxQp = MAX_QP;
    params.bEnableLongTermReference = false;
    params.iMultipleThreadIdc = 1;
    params.bEnableDenoise = false;
    params.bEnableBackgroundDetection = true;
    params.bEnableAdaptiveQuant = false;
    params.bEnableSceneChangeDetect = settings.usage == Usage::Screen;
    let layer = &mut params.sSpatialLayers[0];
    layer.iVideoWidth = width;
    layer.iVideoHeight = height;
    layer.fFrameRate = settings.fps;
    layer.iSpatialBitrate = rate;
    layer.iMaxSpatialBitrate = sys::UNSPECIFIED_BIT_RATE as c_int;
    layer.uiProfileIdc = sys::PRO_BASELINE;
    layer.uiLevelIdc = sys::LEVEL_UNKNOWN;
    layer.sSliceArgument.uiSliceMode = sys::SM_SINGLE_SLICE;
    layer.sSliceArgument.uiSliceNum = 1;
}

fn rate_of(bitrate_bps: u32) -> c_int {
    c_int::try_from(bitrate_bps).unwrap_or(c_int::MAX).max(10_000)
}

fn check(step: &'static str, code: c_int) -> Result<(), OpenError> {
    if code == 0 { Ok(()) } else { Err(OpenError::Library { encoder: NAME, step, code }) }
}

fn failed(step: &'static str, code: c_int) -> EncodeError {
    EncodeError::Failed { encoder: NAME, step, why: format!("code {code}") }
}

impl VideoEncoder for OpenH264 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn encode(&mut self, picture: &Picture<'_>, key: bool, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        let size = self.settings.size;
        if picture.size != size {
            return Err(EncodeError::Size { got: picture.size, want: size });
        }
        let rows = [size.height, size.height / 2, size.height / 2].map(|r| r as usize);
        let widths = [size.width, size.width / 2, size.width / 2].map(|w| w as usize);
        for i in 0..3 {
            if picture.strides[i] < widths[i] || picture.planes[i].len() < picture.strides[i] * (rows[i] - 1) + widths[i] {
                return Err(EncodeError::Failed {
                    encoder: NAME,
                    step: "read the picture",
                    why: format!("plane {i} is too short"),
                });
            }
        }
        if key {
            let code = self.raw.force_key();
            if code != 0 {
                return Err(failed("force a key frame", code));
            }
        }
        let [y, u, v] = picture.planes.map(|p| p.as_ptr().cast_mut());
        let [sy, su, sv] = picture.strides.map(|s| s as c_int);
        let source = sys::SSourcePicture {
            iColorFormat: sys::videoFormatI420,
            iStride: [sy, su, sv, 0],
            pData: [y, u, v, ptr::null_mut()],
            iPicWidth: size.width as c_int,
            iPicHeight: size.height as c_int,
            uiTimeStamp: picture.captured_at.as_millis() as i64,
            bPsnrY: false,
            bPsnrU: false,
            bPsnrV: false,
        };
        let code = self.raw.encode(&source);
        if code != 0 {
            return Err(failed("encode a picture", code));
        }
        if self.raw.info.eFrameType == sys::videoFrameTypeSkip || self.raw.info.eFrameType == sys::videoFrameTypeInvalid {
            return Ok(Encoded::Skipped);
        }
        let layers = usize::try_from(self.raw.info.iLayerNum).unwrap_or(0);
        for layer in self.raw.info.sLayerInfo.iter().take(layers) {
            out.extend_from_slice(layer_bytes(layer));
        }
        Ok(Encoded::Unit { key: self.raw.info.eFrameType == sys::videoFrameTypeIDR })
    }

    fn set_rate(&mut self, bitrate_bps: u32, fps: f32) -> Result<(), EncodeError> {
        if (fps - self.settings.fps).abs() > 0.01 {
            let mut value = fps;
            let code = self.raw.set_option(sys::ENCODER_OPTION_FRAME_RATE, &mut value);
            if code != 0 {
                return Err(failed("change its frame rate", code));
            }
            self.settings.fps = fps;
        }
        if bitrate_bps != self.settings.bitrate_bps {
            let mut value = sys::SBitrateInfo { iLayer: sys::SPATIAL_LAYER_ALL, iBitrate: rate_of(bitrate_bps) };
            let code = self.raw.set_option(sys::ENCODER_OPTION_BITRATE, &mut value);
            if code != 0 {
                return Err(failed("change its bitrate", code));
            }
            self.settings.bitrate_bps = bitrate_bps;
        }
        Ok(())
    }
}

/// The bytes of one layer: its NAL units lie one after the other in one buffer of the library.
fn layer_bytes(layer: &sys::SLayerBSInfo) -> &[u8] {
    let count = usize::try_from(layer.iNalCount).unwrap_or(0);
    if count == 0 || layer.pBsBuf.is_null() || layer.pNalLengthInByte.is_null() {
        return &[];
    }
    // SAFETY: after a successful encode the library's array of lengths has `iNalCount` entries, valid until the next encode.
    let lengths = unsafe { std::slice::from_raw_parts(layer.pNalLengthInByte, count) };
    let len: usize = lengths.iter().map(|&l| usize::try_from(l).unwrap_or(0)).sum();
    // SAFETY: the NAL units fill `len` bytes from `pBsBuf` on; the borrow of `layer` ends before the next encode.
    unsafe { std::slice::from_raw_parts(layer.pBsBuf, len) }
}
