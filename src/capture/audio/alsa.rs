//! One open ALSA capture device: parameters, reading with the driver's timestamps, starting again. What to do about errors is decided
//! in [`super::pump`].
//!
//! The crate's own types are safe, so nothing here needs `unsafe`.

use std::ffi::CString;
use std::time::Duration;

use alsa::pcm::{Access, Format, Frames, HwParams, PCM, State, TstampType};
use alsa::poll::{Descriptors, pollfd};
use alsa::{Direction, Output, ValueOr};
use media::PcmFormat;

use super::timeline::duration;
use crate::soundcard::{Fault, Identity, Loss, OpenError, Way};

/// Samples are fetched when 10 ms are there, of a driver buffer of half a second: time to be late for a machine under load, without
/// cost, because the buffer is empty as long as we are on time.
const PERIOD_MICROS: u32 = 10_000;
const BUFFER_MICROS: u32 = 500_000;
/// The most that one read takes.
const CHUNK: Duration = Duration::from_millis(40);

/// What a read gave.
#[derive(Debug)]
pub(super) struct Chunk<'a> {
    /// When the first sample was captured.
    pub(super) first_at: Duration,
    /// Samples of all channels, interleaved.
    pub(super) samples: &'a [i16],
    /// There is more than one read takes.
    pub(super) more: bool,
}

/// An open, running device.
#[derive(Debug)]
pub(super) struct Capture {
    pcm: PCM,
    name: String,
    format: PcmFormat,
    buffer: Vec<i16>,
    /// What to wait on.
    descriptors: Vec<pollfd>,
    /// At what distance the driver says that there are samples.
    period: Duration,
    driver_timestamps: bool,
}

/// Opens and starts `device`: as it is where it does the format, else through ALSA's conversions.
pub(super) fn open(device: &Identity, format: PcmFormat) -> Result<Capture, OpenError> {
    let [direct, converted] = device.pcm_names();
    let opened = match Capture::open(&direct, format) {
        Err(error) if error.loss == Loss::NoFormat => Capture::open(&converted, format),
        opened => opened,
    };
    opened.map_err(|error| error.explained(device, Way::In))
}

impl Capture {
    /// Opens and starts the device that ALSA knows as `name`.
    pub(super) fn open(name: &str, format: PcmFormat) -> Result<Self, OpenError> {
        // Keeps alsa-lib from writing to stderr, and empties what it wrote at the last attempt.
        let _messages = Output::local_error_handler();
        let failed = |error: alsa::Error| OpenError::of(name, error);
        let no_nul = CString::new(name).map_err(|_| OpenError::no_name(name))?;
        let pcm = PCM::open(&no_nul, Direction::Capture, true).map_err(failed)?;
        set_hardware(&pcm, format).map_err(|error| match OpenError::of(name, error) {
            // Parameters that the hardware does not have come back as EINVAL, which means nothing else here.
            other if other.loss == Loss::Failed && error.errno().abs() == libc::EINVAL => {
                let why = format!("does not do 16-bit samples at {} Hz on {} channels", format.rate, format.channels);
                OpenError::no_format(name, why)
            }
            other => other,
        })?;
        let period = set_software(&pcm).map_err(failed)?;
        let period = duration(usize::try_from(period).unwrap_or(0), format.rate);
        pcm.start().map_err(failed)?;
        let descriptors = pcm.get().map_err(failed)?;
        let frames = (u64::from(format.rate) * CHUNK.as_millis() as u64 / 1000) as usize;
        let buffer = vec![0; frames * usize::from(format.channels)];
        Ok(Self { pcm, name: name.to_owned(), format, buffer, descriptors, period, driver_timestamps: true })
    }

    /// ALSA's name of it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// At what distance samples come: 10 ms, or more where the hardware does no less.
    pub(super) fn period(&self) -> Duration {
        self.period
    }

    /// Whether timestamps are the driver's.
    pub(super) fn driver_timestamps(&self) -> bool {
        self.driver_timestamps
    }

    /// What to wait on for samples.
    pub(super) fn descriptors(&self) -> &[pollfd] {
        &self.descriptors
    }

    /// Reads what is there; nothing when nothing is. `now` is `CLOCK_MONOTONIC`, for drivers without timestamps of their own.
    pub(super) fn read(&mut self, now: Duration) -> Result<Option<Chunk<'_>>, Fault> {
        // Fetches from the hardware; the conversions of alsa-lib move nothing and tell nothing new without it.
        let avail = self.pcm.avail_update().map_err(Fault::of)?;
        let status = self.pcm.status().map_err(Fault::of)?;
        match status.get_state() {
            State::XRun => return Err(Fault::Xrun),
            State::Suspended => return Err(Fault::Suspended),
            State::Disconnected => return Err(Fault::Gone),
            _ => (),
        }
        if avail <= 0 {
            return Ok(None);
        }
        let stamp = status.get_htstamp();
        let at = Duration::new(u64::try_from(stamp.tv_sec).unwrap_or(0), u32::try_from(stamp.tv_nsec).unwrap_or(0));
        // A stamp of another clock, or none: plug-ins of alsa-lib and some drivers give such.
        self.driver_timestamps = at.abs_diff(now) < Duration::from_secs(1);
        let at = if self.driver_timestamps { at } else { now };
        // What was captured and not read yet, what is still on its way through the hardware included.
        let delay = status.get_delay().max(avail);
        let first_at = at.saturating_sub(duration(usize::try_from(delay).unwrap_or(0), self.format.rate));
        let frames = match self.pcm.io_i16().and_then(|io| io.readi(&mut self.buffer)) {
            Ok(frames) => frames,
            Err(error) if error.errno().abs() == libc::EAGAIN => return Ok(None),
            Err(error) => return Err(Fault::of(error)),
        };
        let more = usize::try_from(avail).unwrap_or(0) > frames;
        Ok(Some(Chunk { first_at, samples: &self.buffer[..frames * usize::from(self.format.channels)], more }))
    }

    /// Starts it again after an overrun, an error or a standstill. Capture never starts by itself after `prepare`.
    pub(super) fn restart(&mut self) -> Result<(), Fault> {
        // Stops what may still run; what is stopped already answers with an error.
        let _ = self.pcm.drop();
        self.pcm.prepare().and_then(|()| self.pcm.start()).map_err(Fault::of)
    }

    /// Goes on after the machine slept. False while the driver is not ready yet.
    pub(super) fn resume(&mut self) -> Result<bool, Fault> {
        match self.pcm.resume() {
            Ok(()) => Ok(true),
            Err(error) if error.errno().abs() == libc::EAGAIN => Ok(false),
            // Many drivers cannot resume a stream; it begins anew.
            Err(_) => self.restart().map(|()| true),
        }
    }
}

fn set_hardware(pcm: &PCM, format: PcmFormat) -> alsa::Result<()> {
    let hardware = HwParams::any(pcm)?;
    hardware.set_access(Access::RWInterleaved)?;
    hardware.set_format(Format::s16())?;
    hardware.set_channels(u32::from(format.channels))?;
    hardware.set_rate(format.rate, ValueOr::Nearest)?;
    hardware.set_period_time_near(PERIOD_MICROS, ValueOr::Nearest)?;
    hardware.set_buffer_time_near(BUFFER_MICROS, ValueOr::Nearest)?;
    pcm.hw_params(&hardware)
}

/// Gives the period in samples.
fn set_software(pcm: &PCM) -> alsa::Result<Frames> {
    let period: Frames = pcm.hw_params_current()?.get_period_size()?;
    let software = pcm.sw_params_current()?;
    software.set_avail_min(period)?;
    software.set_tstamp_mode(true)?;
    // Plug-ins may not know it; the stamps are checked when they come.
    let _ = software.set_tstamp_type(TstampType::Monotonic);
    pcm.sw_params(&software).map(|()| period)
}
