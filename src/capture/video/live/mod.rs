//! A camera in use: its stream ([`frames`]: what becomes of each buffer) and its [`controls`]. Not for getting it back once it is
//! lost: see [`super::pump`].

mod controls;
mod frames;

use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use media::{BrokenFrame, Size};
use rustix::event::PollFlags;

use super::config::Config;
use super::control::Control;
use super::identity::Found;
use super::mode::{Mode, Rate};
use super::output::Output;
use super::pattern::Drawn;
use super::policy::{Choice, choose, output_size};
use super::state::{Identity, Loss};
use super::v4l2::{Change, Device, Offers, OpenError, Signal, Stream};
use super::{SLOT_DEPTH, Shared};

/// Without a good frame for this long, the device is opened anew.
const FRAME_TIMEOUT: Duration = Duration::from_secs(2);
/// The first frame may take longer: sensors start, exposure settles.
const FIRST_FRAME_TIMEOUT: Duration = Duration::from_secs(6);
/// A stream that has not delivered after this long is bridged by the card until it does.
const CARD_AFTER: Duration = Duration::from_millis(500);
/// How often an input is asked whether it has a signal.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(500);
/// Buffers and events handled in one go at most.
const AT_ONCE: usize = 32;

/// The camera cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub loss: Loss,
    pub detail: String,
}

impl From<OpenError> for Lost {
    fn from(error: OpenError) -> Self {
        let mut detail = error.to_string();
        if let Some(source) = std::error::Error::source(&error).filter(|_| !matches!(error, OpenError::Failed { .. })) {
            let _ = write!(detail, ": {source}");
        }
        Self { loss: error.loss(), detail }
    }
}

/// A camera in use.
#[derive(Debug)]
pub(super) struct Live {
    pub identity: Identity,
    pub controls: Vec<Control>,
    offers: Offers,
    device: Device,
    running: Option<Running>,
    /// What is shown while nothing good comes: no signal at the input, or a stream that has just begun.
    card: Option<Drawn>,
    check_at: Duration,
    broken: Option<BrokenFrame>,
}

/// A stream that runs.
#[derive(Debug)]
struct Running {
    stream: Stream,
    choice: Choice,
    output: Output,
    started: Duration,
    good: Option<Duration>,
    any: bool,
}

impl Live {
    /// Takes `found` into use.
    pub(super) fn start(found: Found, config: &Config, now: Duration) -> Result<Self, OpenError> {
        let Found { identity, device } = found;
        let offers = device.offers(config.size(), Rate::from_fps(config.fps))?;
        device.subscribe_source();
        let (running, card, broken, check_at) = (None, None, None, now + SIGNAL_INTERVAL);
        let mut live = Self { identity, offers, controls: Vec::new(), device, running, card, check_at, broken };
        if live.signal().map_err(|e| OpenError::new(&live.identity.node, "ask for its signal", e))? == Signal::Present {
            live.begin(config, now)?;
        }
        // The controls of some cameras take longer to read than the first frame takes to come.
        live.controls = live.device.controls();
        live.device.subscribe(&live.controls);
        Ok(live)
    }

    fn signal(&self) -> io::Result<Signal> {
        self.device.signal()
    }

    /// Chooses a mode and starts streaming.
    fn begin(&mut self, config: &Config, now: Duration) -> Result<(), OpenError> {
        let no_mode = |why| OpenError::NoMode { path: self.identity.node.clone(), why };
        let choice = choose(&self.offers.modes, &self.offers.formats, config).map_err(no_mode)?;
        self.running = Some(self.run(choice, config, now)?);
        Ok(())
    }

    fn run(&self, choice: Choice, config: &Config, now: Duration) -> Result<Running, OpenError> {
        let stream = self.device.start(&choice.mode)?;
        // The driver may have made another size of it.
        let size = if stream.mode == choice.mode { choice.size } else { output_size(&stream.mode, config) };
        if !size.fits_2k() {
            let why = format!("the driver made {} of {}, which is above the 2K limit", stream.mode, choice.mode);
            self.device.stop(stream);
            return Err(OpenError::NoMode { path: self.identity.node.clone(), why });
        }
        let output = match Output::new(stream.mode.format(), size, &config.masks) {
            Ok(output) => output,
            Err(why) => {
                self.device.stop(stream);
                return Err(OpenError::NoMode { path: self.identity.node.clone(), why });
            }
        };
        Ok(Running { stream, choice, output, started: now, good: None, any: false })
    }

    /// What it can deliver.
    pub(super) fn modes(&self) -> &[Mode] {
        &self.offers.modes
    }

    /// The mode that goes out.
    pub(super) fn mode(&self) -> Option<Mode> {
        let running = self.running.as_ref()?;
        let size = running.output.size().unwrap_or(running.stream.mode.size);
        Some(Mode { size, ..running.stream.mode })
    }

    /// Frames that may wait for the consumer.
    pub(super) fn depth(&self) -> usize {
        self.running.as_ref().map_or(SLOT_DEPTH, |running| running.output.depth())
    }

    /// Whether a good frame has come since the stream began.
    pub(super) fn delivers(&self) -> bool {
        self.running.as_ref().is_some_and(|running| running.good.is_some())
    }

    /// What is shown while the camera delivers nothing.
    pub(super) fn card(&mut self) -> Option<&mut Drawn> {
        self.card.as_mut()
    }

    /// What to poll the descriptor for. Without a stream it would say "error" to whoever asks for frames.
    pub(super) fn interest(&self) -> PollFlags {
        if self.running.is_some() { PollFlags::IN | PollFlags::PRI } else { PollFlags::PRI }
    }

    /// When something has to be looked at even if the descriptor says nothing.
    pub(super) fn deadline(&self) -> Duration {
        let timeout = self.running.as_ref().map_or(Duration::MAX, Running::deadline);
        let late = match (&self.card, &self.running) {
            (Some(card), _) => card.due(),
            (None, Some(running)) if running.good.is_none() => running.started + CARD_AFTER,
            _ => Duration::MAX,
        };
        self.check_at.min(timeout).min(late)
    }

    /// Handles what the descriptor said and what time it is. Returns whether phase or mode may have changed.
    pub(super) fn serve(&mut self, ready: PollFlags, config: &Config, shared: &Shared, now: Duration) -> Result<bool, Lost> {
        let mut changed = false;
        if ready.contains(PollFlags::PRI) {
            changed |= self.take_changes(config, shared, now)?;
        }
        if ready.intersects(PollFlags::IN | PollFlags::ERR | PollFlags::HUP) {
            let delivered = self.delivers();
            self.take_frames(shared, now)?;
            changed |= delivered != self.delivers();
        }
        if now >= self.check_at {
            self.check_at = now + SIGNAL_INTERVAL;
            changed |= self.check_signal(false, config, now)?;
        }
        match &self.running {
            Some(running) if now >= running.deadline() => {
                let what = if running.any { "only damaged frames" } else { "no frames" };
                let wait = if running.good.is_some() { FRAME_TIMEOUT } else { FIRST_FRAME_TIMEOUT };
                let detail = format!("camera {}: {what} for {} s", self.identity.node.display(), wait.as_secs());
                Err(Lost { loss: Loss::Timeout, detail })
            }
            _ => Ok(changed),
        }
    }

    /// What the descriptor's error means.
    fn lost(&self, step: &'static str, error: io::Error) -> Lost {
        let node = self.identity.node.display();
        if error.raw_os_error() == Some(libc::ENODEV) || self.device.is_gone() {
            return Lost { loss: Loss::Unplugged, detail: format!("camera {node}: unplugged") };
        }
        Lost { loss: Loss::Failed, detail: format!("camera {node}: {step}: {error}") }
    }

    fn check_signal(&mut self, source_changed: bool, config: &Config, now: Duration) -> Result<bool, Lost> {
        let signal = self.signal().map_err(|e| self.lost("ask for its signal", e))?;
        match (signal, self.running.is_some()) {
            (Signal::Absent, true) => {
                self.end();
                Ok(true)
            }
            (Signal::Present, false) => {
                self.restart(config, now)?;
                Ok(true)
            }
            (Signal::Present, true) if source_changed => {
                self.end();
                self.restart(config, now)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn restart(&mut self, config: &Config, now: Duration) -> Result<(), Lost> {
        self.device.adopt_source();
        self.offers = self.device.offers(config.size(), Rate::from_fps(config.fps))?;
        self.begin(config, now)?;
        Ok(())
    }

    fn end(&mut self) {
        if let Some(running) = self.running.take() {
            self.device.stop(running.stream);
        }
    }

    /// Shows the card from now on, until the first good frame.
    pub(super) fn show_card(&mut self, card: Drawn) {
        self.card = Some(card);
    }

    /// Whether the stream should have delivered by now and has not.
    pub(super) fn is_late(&self, now: Duration) -> bool {
        self.running.as_ref().is_some_and(|running| running.good.is_none() && now >= running.started + CARD_AFTER)
    }

    /// Whether the input has no signal.
    pub(super) fn is_dark(&self) -> bool {
        self.running.is_none()
    }

    fn take_changes(&mut self, config: &Config, shared: &Shared, now: Duration) -> Result<bool, Lost> {
        let mut source_changed = false;
        for _ in 0..AT_ONCE {
            match self.device.next_change().map_err(|e| self.lost("take an event", e))? {
                Some(Change::Control(id)) => self.refresh_control(id, shared),
                Some(Change::Source) => source_changed = true,
                None => break,
            }
        }
        if source_changed { self.check_signal(true, config, now) } else { Ok(false) }
    }

    /// Changes to what `config` asks for; on an error the old mode goes on, or the camera is lost.
    pub(super) fn set_mode(&mut self, config: &Config, old: &Config, now: Duration) -> Result<Result<Mode, String>, Lost> {
        let name = self.identity.node.display().to_string();
        let offers = self.device.offers(config.size(), Rate::from_fps(config.fps))?;
        let choice = match choose(&offers.modes, &offers.formats, config) {
            Ok(choice) => choice,
            Err(why) => return Ok(Err(format!("camera {name}: {why}"))),
        };
        let Some(running) = &self.running else { return Ok(Err(format!("camera {name}: no signal at its input"))) };
        if running.choice == choice {
            return Ok(self.mode().ok_or_else(String::new));
        }
        let before = running.choice;
        self.end();
        match self.run(choice, config, now) {
            Ok(running) => {
                (self.running, self.offers) = (Some(running), offers);
                Ok(self.mode().ok_or_else(String::new))
            }
            Err(refused) => {
                self.running = Some(self.run(before, old, now)?);
                Ok(Err(refused.to_string()))
            }
        }
    }

    /// Size of the card: that of the pictures, so that the track keeps its size.
    pub(super) fn card_size(&self, config: &Config) -> Size {
        self.mode().map_or(config.size(), |mode| mode.size)
    }
}

impl AsFd for Live {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.device.as_fd()
    }
}

impl Running {
    fn deadline(&self) -> Duration {
        self.good.map_or(self.started + FIRST_FRAME_TIMEOUT, |good| good + FRAME_TIMEOUT.max(4 * self.choice.mode.fps.time_of(1)))
    }
}
