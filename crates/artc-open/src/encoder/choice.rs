//! Which encoder to use, now and after one has failed: hardware where there is some and it works, else OpenH264.
//!
//! Time is an argument; the encoders that it makes are the caller's.

use std::time::{Duration, Instant};

use super::openh264::OpenH264;
use super::v4l2::V4l2;
use super::{OpenError, Settings, VideoEncoder, v4l2};

/// Which encoder to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choice {
    /// The hardware's when there is one, else OpenH264.
    #[default]
    Auto,
    /// OpenH264, on the processor.
    OpenH264,
    /// A V4L2 stateful (memory-to-memory) encoder.
    V4l2,
}

/// Makes an encoder once, for whoever only tries: nothing is remembered of what failed.
pub fn open(choice: Choice, settings: Settings) -> Result<Box<dyn VideoEncoder>, OpenError> {
    let hardware = match choice {
        Choice::OpenH264 => None,
        Choice::Auto => V4l2::new(settings).ok(),
        Choice::V4l2 => return Ok(Box::new(V4l2::new(settings)?)),
    };
    match hardware {
        Some(encoder) => Ok(Box::new(encoder)),
        None => Ok(Box::new(OpenH264::new(settings)?)),
    }
}

/// Hardware that failed, or was not there, is tried again after this: drivers are loaded late, and firmware is started anew.
const HARDWARE_AGAIN: Duration = Duration::from_secs(60);

/// Makes an encoder of the hardware.
type MakeHardware = Box<dyn FnMut(Settings) -> Result<Box<dyn VideoEncoder>, OpenError> + Send>;

/// Makes encoders as [`Choice`] says.
pub struct Encoders {
    choice: Choice,
    hardware: MakeHardware,
    /// Hardware is left alone until then.
    without_until: Option<Instant>,
    /// Why hardware is not used, as it was told last: a fault is told when it changes.
    told: Option<String>,
}

impl Encoders {
    /// Encoders of this machine.
    pub fn new(choice: Choice) -> Self {
        Self::with_hardware(choice, Box::new(|settings| Ok(Box::new(V4l2::new(settings)?))))
    }

    fn with_hardware(choice: Choice, hardware: MakeHardware) -> Self {
        Self { choice, hardware, without_until: None, told: None }
    }

    /// Makes an encoder.
    pub fn open(&mut self, settings: Settings, now: Instant) -> Result<Box<dyn VideoEncoder>, OpenError> {
        if self.choice == Choice::V4l2 {
            return (self.hardware)(settings);
        }
        if self.choice == Choice::Auto && self.without_until.is_none_or(|until| now >= until) {
            match (self.hardware)(settings) {
                Ok(encoder) => {
                    self.told = None;
                    return Ok(encoder);
                }
                Err(why) => self.do_without(&why.to_string(), now),
            }
        }
        Ok(Box::new(OpenH264::new(settings)?))
    }

    /// `encoder` failed. Answers whether [`Encoders::open`] now makes another kind of encoder, so that there is no reason to wait.
    pub fn failed(&mut self, encoder: &str, why: &str, now: Instant) -> bool {
        let another = self.choice == Choice::Auto && encoder == v4l2::NAME;
        if another {
            self.do_without(why, now);
        }
        another
    }

    fn do_without(&mut self, why: &str, now: Instant) {
        self.without_until = Some(now + HARDWARE_AGAIN);
        if self.told.as_deref() != Some(why) {
            tracing::info!("encoding on the processor: {why}");
            self.told = Some(why.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use media::Size;

    use super::*;
    use crate::clock::Clock;
    use crate::encoder::{EncodeError, Encoded, Picture, Usage};

    const SETTINGS: Settings =
        Settings { size: Size::new(320, 240), fps: 30.0, bitrate_bps: 500_000, usage: Usage::Camera, key_interval: None };

    /// Hardware that can be made, and does nothing.
    struct Idle;

    impl VideoEncoder for Idle {
        fn name(&self) -> &'static str {
            v4l2::NAME
        }

        fn settings(&self) -> &Settings {
            &SETTINGS
        }

        fn encode(&mut self, _: &Picture<'_>, _: bool, _: &mut Vec<u8>) -> Result<Encoded, EncodeError> {
            Ok(Encoded::Skipped)
        }

        fn set_rate(&mut self, _: u32, _: f32) -> Result<(), EncodeError> {
            Ok(())
        }
    }

    /// Encoders whose hardware is there (or not), and how often it was asked for.
    fn encoders(choice: Choice, there: bool) -> (Encoders, Arc<AtomicU32>) {
        let tries = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&tries);
        let make: MakeHardware = Box::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            if there { Ok(Box::new(Idle)) } else { Err(OpenError::NoDevice("none found".into())) }
        });
        (Encoders::with_hardware(choice, make), tries)
    }

    #[test]
    fn hardware_goes_first_and_the_processor_takes_over_when_it_fails() {
        let (mut encoders, tries) = encoders(Choice::Auto, true);
        let now = Clock::new().now();
        assert_eq!(encoders.open(SETTINGS, now).unwrap().name(), "v4l2");
        assert!(encoders.failed("v4l2", "the device is gone", now), "the next encoder can be made at once");
        assert_eq!(encoders.open(SETTINGS, now).unwrap().name(), "openh264");
        assert!(!encoders.failed("openh264", "no memory", now), "there is nothing else to fall back to");
        assert_eq!(encoders.open(SETTINGS, now + HARDWARE_AGAIN / 2).unwrap().name(), "openh264");
        assert_eq!(tries.load(Ordering::Relaxed), 1, "a device that failed is left alone");
        assert_eq!(encoders.open(SETTINGS, now + HARDWARE_AGAIN).unwrap().name(), "v4l2");
    }

    #[test]
    fn a_machine_without_hardware_is_not_searched_for_every_picture() {
        let (mut encoders, tries) = encoders(Choice::Auto, false);
        let now = Clock::new().now();
        for second in 0..59 {
            assert_eq!(encoders.open(SETTINGS, now + Duration::from_secs(second)).unwrap().name(), "openh264");
        }
        assert_eq!(tries.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn whoever_names_an_encoder_gets_that_one_or_the_reason() {
        let now = Clock::new().now();
        let (mut software, tries) = encoders(Choice::OpenH264, true);
        assert_eq!(software.open(SETTINGS, now).unwrap().name(), "openh264");
        assert_eq!(tries.load(Ordering::Relaxed), 0);
        let (mut hardware, _) = encoders(Choice::V4l2, false);
        let refused = hardware.open(SETTINGS, now).err().map(|why| why.to_string());
        assert_eq!(refused.as_deref(), Some("no V4L2 encoder for H.264: none found"));
        assert!(!hardware.failed("v4l2", "the device is gone", now), "no other was asked for");
    }
}
