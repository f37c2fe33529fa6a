//! An encoded picture on its way from a camera that encodes by itself. Not for RTP: see the crate `rtc`.

use std::sync::Arc;
use std::time::Duration;

use crate::format::Size;

/// One H.264 access unit, Annex B.
#[derive(Clone, Debug)]
pub struct EncodedFrame {
    /// The bytes, start codes included.
    pub data: Arc<Vec<u8>>,
    /// Whether a decoder can start here.
    pub key: bool,
    /// Size of the decoded picture.
    pub size: Size,
    /// The driver's timestamp on `CLOCK_MONOTONIC`.
    pub captured_at: Duration,
    /// The driver's sequence number.
    pub sequence: u32,
}
