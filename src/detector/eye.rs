//! What is looked at: the camera's latest picture, made small once.

use std::time::Duration;

use detection::{Luma, Sensitivity, Tampering, Watch};
use media::h264::still;
use media::shrink::Shrinker;
use media::zone;
use media::{Plane, Size};

use super::Config;
use crate::capture::video::Captured;

/// The small picture is at most so wide.
const WIDTH: usize = 160;

/// Looks at pictures. Once it has seen one of a size, it allocates nothing for others, but for those of a camera that encodes by itself.
#[derive(Debug)]
pub(super) struct Eye {
    config: Config,
    shrinker: Shrinker,
    plane: Vec<u8>,
    /// The size of the pictures, and what is made for it.
    watch: Option<(Size, Watch)>,
    seen_at: Option<Duration>,
    pictures: metrics::Counter,
}

impl Eye {
    pub fn new(config: &Config) -> Self {
        Self {
            config: config.clone(),
            shrinker: Shrinker::default(),
            plane: Vec::new(),
            watch: None,
            seen_at: None,
            pictures: metrics::counter!("artc_detection_pictures_total"),
        }
    }

    /// Looks at the latest picture, unless it has seen it; with none, there is nothing to be noticed.
    pub fn look(&mut self, latest: Option<Captured>, now: Duration) {
        let Some(latest) = latest else {
            self.seen_at = None;
            if let Some((_, watch)) = &mut self.watch {
                watch.forget();
            }
            return;
        };
        let captured_at = match &latest {
            Captured::Raw(frame) => frame.captured_at,
            Captured::Encoded(unit) => unit.captured_at,
        };
        if self.seen_at.replace(captured_at) == Some(captured_at) {
            return;
        }
        match latest {
            Captured::Raw(frame) => self.see(frame.size, frame.planes()[0], now),
            // A camera that encodes by itself: its key frames are all there is without decoding everything.
            Captured::Encoded(unit) => match still::decode(&unit.data) {
                Ok((size, picture)) => self.see(size, &picture, now),
                Err(why) => tracing::debug!("a key frame is not looked at: {why}"),
            },
        }
    }

    fn see(&mut self, size: Size, luma: &[u8], now: Duration) {
        let (width, height) = (size.width as usize, size.height as usize);
        let factor = width.div_ceil(WIDTH).max(1);
        let (small, rows) = (width / factor, height / factor);
        self.plane.resize(small * rows, 0);
        if !self.shrinker.shrink(Plane { data: luma, stride: width }, factor, small, &mut self.plane) {
            return;
        }
        let watch = match &mut self.watch {
            Some((known, watch)) if *known == size => watch,
            other => &mut other.insert((size, watch(&self.config, small, rows))).1,
        };
        watch.see(Luma { width: small, pixels: &self.plane }, now);
        self.pictures.increment(1);
    }

    /// Something moves, where it counts.
    pub fn moves(&self) -> bool {
        self.config.motion && self.watch.as_ref().is_some_and(|(_, watch)| watch.moves())
    }

    /// What has been done to the camera.
    pub fn tampering(&self) -> Option<Tampering> {
        self.watch.as_ref().filter(|_| self.config.tamper).and_then(|(_, watch)| watch.tampering())
    }
}

fn watch(config: &Config, width: usize, height: usize) -> Watch {
    let mut zone = vec![config.zones.is_empty(); width * height];
    for points in &config.zones {
        zone::mark(points, width, &mut zone);
    }
    let quiet = Duration::from_secs(config.quiet_s.into());
    Watch::new(width, height, Sensitivity::new(config.sensitivity), &zone, quiet)
}
