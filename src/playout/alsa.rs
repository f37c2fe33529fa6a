//! One open ALSA playback device: parameters, writing, what waits in it. What to do about errors is decided in [`super::pump`].
//!
//! The crate's own types are safe, so nothing here needs `unsafe`.

use std::ffi::CString;
use std::time::Duration;

use alsa::pcm::{Access, Format, Frames, HwParams, PCM, State};
use alsa::{Direction, Output, ValueOr};

use crate::soundcard::{Fault, Identity, Loss, OpenError, Way};

/// What the rate is to be near, in Hz: what others' sound has.
const RATE: u32 = 48_000;
const CHANNELS: u32 = 2;
/// How often the device takes samples, and how much it holds. How much of that is used is the flow's to say.
const PERIOD_MICROS: u32 = 10_000;
const BUFFER_MICROS: u32 = 400_000;

/// An open device.
#[derive(Debug)]
pub(super) struct Playback {
    pcm: PCM,
    name: String,
    rate: u32,
    channels: u32,
    period: Duration,
}

/// Opens `device`: as it is where it takes 16-bit samples, else with ALSA's conversion of samples, but not of rates, which is ours.
pub(super) fn open(device: &Identity) -> Result<Playback, OpenError> {
    let [direct, converted] = device.pcm_names();
    let opened = match Playback::open(&direct) {
        Err(error) if error.loss == Loss::NoFormat => Playback::open(&converted),
        opened => opened,
    };
    opened.map_err(|error| error.explained(device, Way::Out))
}

impl Playback {
    /// Opens the device that ALSA knows as `name`, at the rate and with the channels of its own that are nearest to ours.
    pub(super) fn open(name: &str) -> Result<Self, OpenError> {
        // Keeps alsa-lib from writing to stderr, and empties what it wrote at the last attempt.
        let _messages = Output::local_error_handler();
        let failed = |error: alsa::Error| OpenError::of(name, error);
        let no_nul = CString::new(name).map_err(|_| OpenError::no_name(name))?;
        let pcm = PCM::open(&no_nul, Direction::Playback, true).map_err(failed)?;
        set_hardware(&pcm).map_err(|error| match OpenError::of(name, error) {
            // Parameters that the hardware does not have come back as EINVAL, which means nothing else here.
            other if other.loss == Loss::Failed && error.errno().abs() == libc::EINVAL => {
                OpenError::no_format(name, "does not take 16-bit samples".to_owned())
            }
            other => other,
        })?;
        let (rate, channels, period) = set_software(&pcm).map_err(failed)?;
        let period = frames_last(period, rate);
        Ok(Self { pcm, name: name.to_owned(), rate, channels, period })
    }

    /// ALSA's name of it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Samples a second and channels.
    pub(super) fn format(&self) -> (u32, u32) {
        (self.rate, self.channels)
    }

    /// In which steps it takes samples.
    pub(super) fn period(&self) -> Duration {
        self.period
    }

    /// Whether it is still there, for a device that is not written to.
    pub(super) fn check(&self) -> Result<(), Fault> {
        match self.pcm.status().map_err(Fault::of)?.get_state() {
            State::Disconnected => Err(Fault::Gone),
            State::Suspended => Err(Fault::Suspended),
            _ => Ok(()),
        }
    }

    /// How long what is written now takes until it is heard.
    pub(super) fn delay(&self) -> Result<Duration, Fault> {
        match self.pcm.state() {
            State::XRun => return Err(Fault::Xrun),
            State::Suspended => return Err(Fault::Suspended),
            State::Disconnected => return Err(Fault::Gone),
            _ => (),
        }
        let frames = self.pcm.delay().map_err(Fault::of)?;
        Ok(frames_last(frames.max(0), self.rate))
    }

    /// Writes what there is room for, and says whether that was all.
    pub(super) fn write(&self, samples: &[i16]) -> Result<bool, Fault> {
        let io = self.pcm.io_i16().map_err(Fault::of)?;
        let mut rest = samples;
        // A driver may take less than it has room for; twice nothing is full.
        for _ in 0..4 {
            if rest.is_empty() {
                return Ok(true);
            }
            match io.writei(rest) {
                Ok(frames) => rest = rest.get(frames * self.channels as usize..).unwrap_or(&[]),
                Err(error) if error.errno().abs() == libc::EAGAIN => return Ok(false),
                Err(error) => return Err(Fault::of(error)),
            }
        }
        Ok(rest.is_empty())
    }

    /// Begins to play what was written.
    pub(super) fn start(&self) -> Result<(), Fault> {
        match self.pcm.state() {
            State::Running => Ok(()),
            _ => self.pcm.start().map_err(Fault::of),
        }
    }

    /// Throws away what waits, and is ready to be written to.
    pub(super) fn stop(&self) -> Result<(), Fault> {
        // Stops what may still run; what is stopped already answers with an error.
        let _ = self.pcm.drop();
        self.pcm.prepare().map_err(Fault::of)
    }

    /// Goes on after the machine slept. False while the driver is not ready yet.
    pub(super) fn resume(&self) -> Result<bool, Fault> {
        match self.pcm.resume() {
            Err(error) if error.errno().abs() == libc::EAGAIN => Ok(false),
            // What was in it is old by now, and many drivers cannot resume a stream.
            _ => self.stop().map(|()| true),
        }
    }
}

fn set_hardware(pcm: &PCM) -> alsa::Result<()> {
    let hardware = HwParams::any(pcm)?;
    // Only where there is a conversion at all.
    let _ = hardware.set_rate_resample(false);
    hardware.set_access(Access::RWInterleaved)?;
    hardware.set_format(Format::s16())?;
    hardware.set_channels_near(CHANNELS)?;
    hardware.set_rate_near(RATE, ValueOr::Nearest)?;
    hardware.set_period_time_near(PERIOD_MICROS, ValueOr::Nearest)?;
    hardware.set_buffer_time_near(BUFFER_MICROS, ValueOr::Nearest)?;
    pcm.hw_params(&hardware)
}

/// Gives rate, channels, and the period in samples.
fn set_software(pcm: &PCM) -> alsa::Result<(u32, u32, Frames)> {
    let hardware = pcm.hw_params_current()?;
    let (rate, channels, period) = (hardware.get_rate()?, hardware.get_channels()?, hardware.get_period_size()?);
    let software = pcm.sw_params_current()?;
    // It starts when it is told to, and not before.
    software.set_start_threshold(hardware.get_buffer_size()?.saturating_mul(2))?;
    pcm.sw_params(&software)?;
    Ok((rate, channels, period))
}

fn frames_last(frames: Frames, rate: u32) -> Duration {
    Duration::from_nanos(u64::try_from(frames).unwrap_or(0).saturating_mul(1_000_000_000) / u64::from(rate.max(1)))
}
