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

use super::card::{self, Identity};
use super::state::Loss;
use super::timeline::duration;

/// Samples are fetched when 10 ms are there, of a driver buffer of half a second: time to be late for a machine under load, without
/// cost, because the buffer is empty as long as we are on time.
const PERIOD_MICROS: u32 = 10_000;
const BUFFER_MICROS: u32 = 500_000;
/// The most that one read takes.
const CHUNK: Duration = Duration::from_millis(40);

/// Why a device cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {why}")]
pub(super) struct OpenError {
    pub(super) loss: Loss,
    name: String,
    why: String,
}

impl OpenError {
    /// The card of this name is not there.
    pub(super) fn missing(name: &str) -> Self {
        Self { loss: Loss::Missing, name: name.to_owned(), why: "there is no such sound device".to_owned() }
    }
}

/// Why reading stopped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Fault {
    /// We were too slow, and the driver's buffer ran over.
    #[error("overrun")]
    Overrun,
    /// The machine slept.
    #[error("suspended")]
    Suspended,
    /// The device is gone.
    #[error("gone")]
    Gone,
    /// Something else.
    #[error("{0}")]
    Failed(String),
}

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
    opened.map_err(|error| explain(error, device))
}

/// ALSA reports a card whose nodes we may not open as no card at all; the nodes tell.
fn explain(error: OpenError, device: &Identity) -> OpenError {
    use rustix::fs::{Access, access};
    let node = card::node(device);
    let forbidden = access(&node, Access::READ_OK | Access::WRITE_OK) == Err(rustix::io::Errno::ACCESS);
    if forbidden && matches!(error.loss, Loss::Missing | Loss::NoPermission) {
        let why = format!("may not open {}; the user must be in the group of that node, mostly `audio`", node.display());
        return OpenError { loss: Loss::NoPermission, why, ..error };
    }
    error
}

impl Capture {
    /// Opens and starts the device that ALSA knows as `name`.
    pub(super) fn open(name: &str, format: PcmFormat) -> Result<Self, OpenError> {
        // Keeps alsa-lib from writing to stderr, and empties what it wrote at the last attempt.
        let _messages = Output::local_error_handler();
        let failed = |error: alsa::Error| refusal(name, error);
        let no_nul = CString::new(name).map_err(|_| OpenError {
            loss: Loss::Missing,
            name: name.escape_debug().to_string(),
            why: "no ALSA device has such a name".to_owned(),
        })?;
        let pcm = PCM::open(&no_nul, Direction::Capture, true).map_err(failed)?;
        set_hardware(&pcm, format).map_err(|error| match refusal(name, error) {
            // Parameters that the hardware does not have come back as EINVAL, which means nothing else here.
            OpenError { loss: Loss::Failed, .. } if error.errno().abs() == libc::EINVAL => OpenError {
                loss: Loss::NoFormat,
                name: name.to_owned(),
                why: format!("does not do 16-bit samples at {} Hz on {} channels", format.rate, format.channels),
            },
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
        let avail = self.pcm.avail_update().map_err(fault)?;
        let status = self.pcm.status().map_err(fault)?;
        match status.get_state() {
            State::XRun => return Err(Fault::Overrun),
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
            Err(error) => return Err(fault(error)),
        };
        let more = usize::try_from(avail).unwrap_or(0) > frames;
        Ok(Some(Chunk { first_at, samples: &self.buffer[..frames * usize::from(self.format.channels)], more }))
    }

    /// Starts it again after an overrun, an error or a standstill. Capture never starts by itself after `prepare`.
    pub(super) fn restart(&mut self) -> Result<(), Fault> {
        // Stops what may still run; what is stopped already answers with an error.
        let _ = self.pcm.drop();
        self.pcm.prepare().and_then(|()| self.pcm.start()).map_err(fault)
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

fn refusal(name: &str, error: alsa::Error) -> OpenError {
    let loss = match error.errno().abs() {
        libc::ENOENT | libc::ENODEV | libc::ENXIO => Loss::Missing,
        libc::EBUSY | libc::EAGAIN => Loss::Busy,
        libc::EACCES | libc::EPERM => Loss::NoPermission,
        _ => Loss::Failed,
    };
    let why = match loss {
        Loss::Missing => "there is no such sound device".to_owned(),
        Loss::Busy => "another program uses it".to_owned(),
        Loss::NoPermission => "permission denied; the user must be in the group of /dev/snd, mostly `audio`".to_owned(),
        _ => error.to_string(),
    };
    OpenError { loss, name: name.to_owned(), why }
}

fn fault(error: alsa::Error) -> Fault {
    match error.errno().abs() {
        libc::EPIPE => Fault::Overrun,
        libc::ESTRPIPE => Fault::Suspended,
        libc::ENODEV | libc::EBADFD | libc::ENXIO => Fault::Gone,
        _ => Fault::Failed(error.to_string()),
    }
}
