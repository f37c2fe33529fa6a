//! Stateful (memory-to-memory) encoders of the kernel: a picture is queued on one side, its access unit comes out on the other.
//!
//! It follows the kernel's "Memory-to-Memory Stateful Video Encoder Interface": formats, rate, crop and controls are set, both queues
//! get buffers and are started; a drain ends with the buffer that is marked as the last one. One picture is in the device at a time, so
//! that nothing is held back: a device that wants several before it gives one is no use for talking to people, and is refused.
//!
//! ```text
//! new --> streaming --(key frame that no control asks for)--> both queues off and on --> streaming
//!             |--(picture not done in time, device gone)--> error: whoever holds it makes another encoder
//!             \--(drain)--> stop command --> last buffer --> both queues off --> streaming at the next picture
//! ```
//!
//! Not for choosing between encoders (`super::choice`).

mod controls;
mod find;
mod queues;

use std::io;
use std::path::Path;
use std::time::Duration;

use media::Size;
use media::h264::{NalKind, ParameterSets, UnitInfo, inspect as inspect_unit, nals};
use v4l2_node::Node;

pub use find::{Coded, Found, find, inspect};

use super::{EncodeError, Encoded, OpenError, Picture, Settings, VideoEncoder};
use controls::Controls;
use queues::{Queues, Taken};

/// What it is called in logs and statistics.
pub(super) const NAME: &str = "v4l2";

/// How long the first picture may take: some devices load their firmware then.
const FIRST_WITHIN: Duration = Duration::from_secs(2);
/// How long any other picture may take, a few times what the slowest hardware needs.
const WITHIN: Duration = Duration::from_millis(250);
/// How long a device is given to finish what it has before it is stopped.
const DRAIN_WITHIN: Duration = Duration::from_millis(100);
/// Damaged pictures in a row after which the device is given up.
const DAMAGED_MOST: u32 = 5;

/// An encoder of the kernel, made for one size.
pub struct V4l2 {
    node: Node,
    coded: Coded,
    settings: Settings,
    queues: Queues,
    controls: Controls,
    sets: ParameterSets,
    /// The next picture has to be a key frame, whatever the caller says.
    key_due: bool,
    /// No picture came out yet.
    fresh: bool,
    damaged: u32,
}

impl V4l2 {
    /// The first encoder of this machine that takes `settings`.
    pub fn new(settings: Settings) -> Result<Self, OpenError> {
        let mut why = OpenError::NoDevice("none found".into());
        for found in find(Coded::H264) {
            match Self::open(&found, Coded::H264, settings) {
                Ok(encoder) => {
                    tracing::info!(device = %found, "encoding in hardware");
                    return Ok(encoder);
                }
                Err(error) => why = error,
            }
        }
        Err(why)
    }

    /// The encoder at `node` for `coded`: for whoever knows which one, and what it makes.
    pub fn at(node: &Path, coded: Coded, settings: Settings) -> Result<Self, OpenError> {
        let no = |why: String| OpenError::NoDevice(format!("{}: {why}", node.display()));
        match inspect(node, coded) {
            Ok(Some(found)) => Self::open(&found, coded, settings),
            Ok(None) => Err(no("not an encoder for this".into())),
            Err(error) => Err(no(error.to_string())),
        }
    }

    /// The encoder that was found.
    pub fn open(found: &Found, coded: Coded, settings: Settings) -> Result<Self, OpenError> {
        let size = settings.size;
        let refused = |why| OpenError::Size { encoder: NAME, size, why };
        if size.width < 16 || size.height < 16 || !size.width.is_multiple_of(2) || !size.height.is_multiple_of(2) {
            return Err(refused("sides must be even and at least 16"));
        }
        if !found.takes(size) {
            return Err(refused("the device does not take that size"));
        }
        let device = |step: &'static str| {
            let node = found.node.display().to_string();
            move |why: io::Error| OpenError::Device { node, step, why: why.to_string() }
        };
        let node = Node::open(&found.node).map_err(device("open"))?;
        let mut queues = Queues::set_formats(&node, found, coded, size).map_err(device("set its formats"))?;
        if !queues.holds(size) {
            return Err(refused("the device wants padding that it cannot be told to cut off"));
        }
        // Drivers that count bits without a clock refuse; the bitrate control is what counts then.
        let _ = node.set_interval(found.kinds[0], time_per_frame(settings.fps));
        let controls = Controls::set_up(&node, coded, &settings).map_err(device("set its bitrate"))?;
        queues.start(&node).map_err(device("start streaming"))?;
        Ok(Self {
            node,
            coded,
            settings,
            queues,
            controls,
            sets: ParameterSets::default(),
            key_due: false,
            fresh: true,
            damaged: 0,
        })
    }

    /// Ends in order: the device finishes what it has, within a tenth of a second. Answers how many access units that were. The next
    /// picture starts it again, with a key frame.
    pub fn drain(&mut self) -> Result<u32, EncodeError> {
        let drained = self.queues.drain(&self.node, DRAIN_WITHIN).map_err(|error| failed("finish", &error))?;
        (self.fresh, self.key_due) = (true, false);
        Ok(drained)
    }

    /// Starts both queues anew: the first picture of a stream is a key frame.
    fn restart(&mut self) -> Result<(), EncodeError> {
        self.queues.stop(&self.node);
        self.queues.start(&self.node).map_err(|error| failed("start anew", &error))?;
        self.fresh = true;
        Ok(())
    }

    /// Appends the unit that came out to `out`; `None` when it is not a picture but what belongs to the next one.
    fn take_in(&mut self, taken: &Taken, out: &mut Vec<u8>) -> Result<Option<Encoded>, EncodeError> {
        let unit = self.queues.unit(taken);
        if unit.is_empty() {
            return Ok(None);
        }
        if !self.coded.h264 {
            out.extend_from_slice(unit);
            return Ok(Some(Encoded::Unit { key: taken.key }));
        }
        if !nals(unit).filter_map(NalKind::of).any(|kind| matches!(kind, NalKind::Slice | NalKind::Idr)) {
            // Some devices give the parameter sets a buffer of their own.
            self.sets.remember(unit, &UnitInfo { has_sps: true, has_pps: true, ..UnitInfo::default() });
            return Ok(None);
        }
        let info = inspect_unit(unit).map_err(|why| failed("make an access unit", &why))?;
        if info.has_b_slice {
            return Err(failed("encode without pictures that refer to later ones", &"it makes B slices"));
        }
        self.sets.remember(unit, &info);
        if info.key && !(info.has_sps && info.has_pps) && !self.sets.is_complete() {
            return Err(failed("make a key frame", &"its parameter sets are missing"));
        }
        self.sets.write(unit, &info, out);
        Ok(Some(Encoded::Unit { key: info.key }))
    }
}

/// The error of `step`, counted.
fn failed(step: &'static str, why: &dyn std::fmt::Display) -> EncodeError {
    metrics::counter!("artc_encode_device_failures_total").increment(1);
    EncodeError::Failed { encoder: NAME, step, why: why.to_string() }
}

/// Time between pictures, in thousandths of a picture a second so that 29.97 stays what it is.
fn time_per_frame(fps: f32) -> (u32, u32) {
    (1000, (fps.clamp(1.0, 1000.0) * 1000.0).round() as u32)
}

impl VideoEncoder for V4l2 {
    fn name(&self) -> &'static str {
        NAME
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn encode(&mut self, picture: &Picture<'_>, key: bool, out: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
        let size: Size = self.settings.size;
        if picture.size != size {
            return Err(EncodeError::Size { got: picture.size, want: size });
        }
        if !self.queues.are_on() {
            self.restart()?;
        }
        if (key || self.key_due) && !self.fresh && !self.controls.force_key(&self.node) {
            self.restart()?;
        }
        let stamp = self.queues.send(&self.node, picture).map_err(|error| failed("take a picture", &error))?;
        let within = if self.fresh { FIRST_WITHIN } else { WITHIN };
        let deadline = queues::clock() + within;
        loop {
            let taken = self.queues.take(&self.node, deadline).map_err(|error| failed("encode a picture", &error))?;
            let Some(taken) = taken else {
                let why = format!("not done after {} ms", within.as_millis());
                return Err(failed("encode a picture", &why));
            };
            let came = if taken.damaged || taken.stamp != stamp { Ok(None) } else { self.take_in(&taken, out) };
            self.queues.give_back(&self.node, &taken).map_err(|error| failed("take a buffer back", &error))?;
            if taken.damaged {
                return self.left_out();
            }
            if let Some(encoded) = came? {
                (self.fresh, self.key_due, self.damaged) = (false, false, 0);
                return Ok(encoded);
            }
        }
    }

    fn set_rate(&mut self, bitrate_bps: u32, fps: f32) -> Result<(), EncodeError> {
        if bitrate_bps != self.settings.bitrate_bps {
            self.controls.set_bitrate(&self.node, bitrate_bps).map_err(|error| failed("change its bitrate", &error))?;
            self.settings.bitrate_bps = bitrate_bps;
        }
        if (fps - self.settings.fps).abs() > 0.01 {
            // Most drivers take no other rate while they stream. They then count a picture for longer or shorter than it lasts, so
            // that the bitrate is told them in their own time.
            if self.node.set_interval(self.queues.kinds()[0], time_per_frame(fps)).is_err() {
                tracing::debug!(fps, "the encoder keeps its frame rate");
            }
            self.settings.fps = fps;
        }
        Ok(())
    }
}

impl V4l2 {
    /// A picture came out damaged: it is left out, and the next one is a key frame.
    fn left_out(&mut self) -> Result<Encoded, EncodeError> {
        metrics::counter!("artc_encode_device_damaged_total").increment(1);
        self.key_due = true;
        self.damaged += 1;
        if self.damaged >= DAMAGED_MOST {
            return Err(failed("encode", &"it marks everything as damaged"));
        }
        Ok(Encoded::Skipped)
    }
}

impl Drop for V4l2 {
    fn drop(&mut self) {
        // Firmware that is stopped in the middle of a picture has been seen to hang. One that is gone answers at once.
        if self.queues.in_flight() > 0 {
            let _ = self.queues.drain(&self.node, DRAIN_WITHIN);
        }
        self.queues.stop(&self.node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_rates_stay_what_they_are() {
        assert_eq!(time_per_frame(30.0), (1000, 30_000));
        assert_eq!(time_per_frame(29.97), (1000, 29_970));
        assert_eq!(time_per_frame(0.0), (1000, 1000));
    }

    #[test]
    fn what_is_no_encoder_is_refused_with_the_reason() {
        let settings = Settings {
            size: Size::new(640, 360),
            fps: 30.0,
            bitrate_bps: 1_000_000,
            usage: super::super::Usage::Camera,
            key_interval: None,
        };
        let refused = |node: &str| V4l2::at(Path::new(node), Coded::H264, settings).err().map(|e| e.to_string());
        assert_eq!(
            refused("/dev/null").as_deref(),
            Some("no V4L2 encoder for H.264: /dev/null: Inappropriate ioctl for device (os error 25)")
        );
        assert!(refused("/nowhere").is_some_and(|why| why.contains("/nowhere: No such file")));
    }
}
