//! The capture thread: the shell that owns device, clock and waiting, and never gives up. Not for deciding which mode or
//! camera ([`super::policy`], [`super::identity`]) nor for a camera that works ([`super::live`]). Here is where frames come from and
//! what follows when that changes; [`find`] looks for what was asked for, [`command`] obeys, [`rest`]
//! says when no device may be open.
//!
//! ```text
//! starting --> camera --(lost: unplugged, busy, failed, timeout, ...)--> card, tried again by the clock and by hotplug
//!    |           ^  \--(input without signal)--> card on the open device      |
//!    |           \------------------------------------------------------------/
//!    \--> pattern: asked for, or "auto" and no camera (one that comes is taken)
//! file: asked for; the card for one that cannot be played, which is tried again by the clock
//! any --(close, with idle = "close")--> closed --(open)--> starting
//! any --(privacy on)--> private: a card and no device --(privacy off)--> starting
//! any but private --(select)--> starting with another camera, or as before when that cannot be had
//! ```

mod command;
mod find;
mod rest;
mod retry;

use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use media::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

use super::config::Config;
use super::file::Played;
use super::hotplug::Hotplug;
use super::identity::{Target, is_same};
use super::knobs::{self, Knobs};
use super::live::{Live, Lost};
use super::mode::Rate;
use super::pattern::Drawn;
use super::state::{CameraEvent, Identity, Loss, Phase};
use super::{Captured, SLOT_DEPTH, Shared};

pub(super) use command::Command;

/// Who waits looks up so often, though nothing is due: so that a thread that hangs can be told from one that waits.
const LOOK_UP: Duration = Duration::from_secs(1);

use find::Found;
use retry::Retry;

/// A camera that is gone for so long may be replaced by another one, where the source does not name one camera.
const REPLACE_AFTER: Duration = Duration::from_secs(10);

/// Where frames come from at the moment.
#[derive(Debug)]
enum Source {
    Camera(Box<Live>),
    Card { drawn: Drawn, lost: Lost, retry: Retry },
    Pattern { drawn: Drawn, retry: Option<Retry> },
    File(Box<Played>),
    Private(Drawn),
    Closed,
}

/// The thread's own things.
#[derive(Debug)]
pub(super) struct Pump {
    config: Config,
    target: Target,
    shared: Arc<Shared>,
    inbox: Receiver<Command>,
    hotplug: Option<Hotplug>,
    /// The camera that was in use last.
    known: Option<Identity>,
    /// Controls that were set by command, to be set again on a camera that comes back.
    set: Vec<(String, i64)>,
    /// The pattern's controls, which stay as they are while a camera is in use.
    knobs: Knobs,
}

impl Pump {
    pub(super) fn new(config: Config, shared: Arc<Shared>, inbox: Receiver<Command>) -> Self {
        let target = Target::parse(&config.source);
        Self { config, target, shared, inbox, hotplug: None, known: None, set: Vec::new(), knobs: Knobs::default() }
    }

    /// Runs until nobody can send commands any more.
    pub(super) fn run(mut self) {
        if !matches!(self.target, Target::Pattern | Target::File(_)) {
            self.hotplug = Hotplug::new();
        }
        let slot = Arc::clone(&self.shared.slot);
        self.serve();
        self.shared.opened(false);
        slot.close();
    }

    fn serve(&mut self) {
        let private = self.shared.private.load(Ordering::Relaxed);
        let mut source = if private { self.rest(Source::Closed) } else { self.begin(None) };
        loop {
            self.shared.opened(matches!(source, Source::Camera(_)));
            loop {
                match self.inbox.try_recv() {
                    Ok(command) => source = self.obey(command, source),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            source = self.rest(source);
            self.shared.opened(matches!(source, Source::Camera(_)));
            let (ready, plugged) = self.wait(&source);
            source = self.step(source, ready, plugged);
        }
    }

    /// The source to start with; `shown` is shown now.
    fn begin(&mut self, shown: Option<Drawn>) -> Source {
        if self.target == Target::Pattern {
            return self.pattern("built-in pattern, as configured", None);
        }
        let now = clock();
        match self.connect(false) {
            Ok(found) => self.take_up(found, shown),
            Err(lost) => self.show_lost(lost, Retry::new(now), None),
        }
    }

    /// One round: what was waited for is handled, and what follows from it.
    fn step(&mut self, source: Source, ready: PollFlags, plugged: bool) -> Source {
        let now = clock();
        match source {
            Source::Camera(mut live) => match live.serve(ready, &self.config, &self.shared, now) {
                Ok(changed) => {
                    if changed {
                        self.tell(&mut live);
                    }
                    if live.is_late(now) && live.card().is_none() {
                        live.show_card(Drawn::card(live.card_size(&self.config), "WAITING", &live.identity.card, now));
                    }
                    if let Some(card) = live.card() {
                        self.draw(card);
                    }
                    Source::Camera(live)
                }
                Err(lost) => {
                    let size = live.card_size(&self.config);
                    // Everything of the device goes before it is tried again: descriptors of a device that was pulled keep
                    // its name from coming back.
                    drop(live);
                    self.show_lost(lost, Retry::new(now), Some(size))
                }
            },
            Source::Card { mut drawn, lost, mut retry } => {
                if plugged {
                    retry.hurry(now);
                }
                if now >= retry.at {
                    match self.connect(now.saturating_sub(retry.since) > REPLACE_AFTER) {
                        Ok(found) => return self.take_up(found, Some(drawn)),
                        // Pulled, or not there: the first word says more.
                        Err(again) if again == lost || (again.loss, lost.loss) == (Loss::Unplugged, Loss::Unplugged) => {
                            retry = retry.again(now);
                        }
                        Err(other) => return self.show_lost(other, retry.again(now), Some(drawn.mode().size)),
                    }
                }
                self.draw(&mut drawn);
                Source::Card { drawn, lost, retry }
            }
            Source::Pattern { mut drawn, retry } => {
                let mut retry = retry;
                if let Some(retry) = &mut retry {
                    if plugged {
                        retry.hurry(now);
                    }
                    if now >= retry.at {
                        match self.connect(true) {
                            Ok(found) => return self.take_up(found, Some(drawn)),
                            Err(Lost { loss: Loss::Unplugged, .. }) => *retry = retry.again(now),
                            Err(lost) => return self.show_lost(lost, retry.again(now), None),
                        }
                    }
                }
                self.draw(&mut drawn);
                Source::Pattern { drawn, retry }
            }
            Source::File(mut played) => {
                played.play(&self.shared, now);
                Source::File(played)
            }
            Source::Private(mut card) => {
                self.draw(&mut card);
                Source::Private(card)
            }
            Source::Closed => Source::Closed,
        }
    }

    /// Takes what was found as the source; `shown` is shown now.
    fn take_up(&mut self, found: Found, shown: Option<Drawn>) -> Source {
        match found {
            Found::Camera(live) => self.use_camera(live, shown),
            Found::File(played) => self.use_file(played),
        }
    }

    /// Takes a clip as the source.
    fn use_file(&self, played: Box<Played>) -> Source {
        self.shared.slot.set_depth(played.depth());
        {
            let mut facts = self.shared.facts();
            facts.camera = Some(played.identity());
            facts.mode = Some(played.mode());
            facts.modes = played.modes();
            facts.controls.clear();
            facts.driver_timestamps = true;
        }
        self.say(Phase::Live, &played.title());
        Source::File(played)
    }

    /// Takes `live` as the source. What was `shown` before it is shown on until its first picture comes, which can take seconds and
    /// may never happen.
    fn use_camera(&mut self, mut live: Box<Live>, shown: Option<Drawn>) -> Source {
        if let Some(shown) = shown {
            live.show_card(shown);
        }
        let again = self.known.as_ref().is_some_and(|known| is_same(known, &live.identity));
        if again {
            for (name, value) in &self.set {
                if let Err(error) = live.set_control(name, *value, &self.shared) {
                    tracing::warn!(camera = %live.identity.id, %error, "control not set again");
                }
            }
        } else {
            self.set.clear();
        }
        let recovered = self.known.is_some();
        self.known = Some(live.identity.clone());
        self.shared.facts().recoveries += u64::from(recovered);
        self.tell(&mut live);
        Source::Camera(live)
    }

    /// Says what `live` is doing, and has it show the card if it is dark.
    fn tell(&self, live: &mut Live) {
        self.shared.slot.set_depth(live.depth());
        {
            let mut facts = self.shared.facts();
            facts.camera = Some(live.identity.clone());
            facts.modes = live.modes().to_vec();
            facts.controls.clone_from(&live.controls);
            facts.mode = live.mode().or(facts.mode);
        }
        let name = format!("camera {} ({})", live.identity.card, live.identity.node.display());
        if live.is_dark() {
            if live.card().is_none() {
                live.show_card(Drawn::card(self.card_size(None), "NO SIGNAL", &live.identity.card, clock()));
            }
            self.say(Phase::NoSignal, &format!("{name}: no signal at its input"));
        } else if live.delivers() {
            let mode = live.mode().map(|mode| mode.to_string()).unwrap_or_default();
            self.say(Phase::Live, &format!("{name}: {mode}"));
        } else {
            self.say(Phase::Starting, &format!("{name}: waiting for the first frame"));
        }
    }

    /// Shows the card for a camera that cannot be used; the pattern, where "auto" found none.
    fn show_lost(&mut self, lost: Lost, retry: Retry, size: Option<Size>) -> Source {
        if self.target == Target::First && self.known.is_none() && lost.loss == Loss::Unplugged {
            return self.pattern("no camera found: built-in pattern", Some(retry));
        }
        self.shared.slot.set_depth(SLOT_DEPTH);
        let card = Drawn::card(self.card_size(size), "NO SIGNAL", &lost.detail, clock());
        {
            let mut facts = self.shared.facts();
            facts.controls.clear();
            facts.modes.clear();
            facts.mode = Some(card.mode());
        }
        self.say(Phase::Lost(lost.loss), &lost.detail);
        Source::Card { drawn: card, lost, retry }
    }

    /// The card is as large as the pictures before it, so that viewers see no change of size.
    fn card_size(&self, size: Option<Size>) -> Size {
        size.or(self.shared.facts().mode.map(|mode| mode.size)).unwrap_or(self.config.size()).even()
    }

    fn pattern(&self, detail: &str, retry: Option<Retry>) -> Source {
        let drawn =
            Drawn::pattern(self.config.size(), Rate::from_fps(self.config.fps), self.knobs.look(), &self.config.masks, clock());
        self.shared.slot.set_depth(SLOT_DEPTH);
        {
            let mut facts = self.shared.facts();
            facts.camera = None;
            facts.mode = Some(drawn.mode());
            facts.modes = knobs::modes();
            facts.controls = self.knobs.controls().to_vec();
        }
        self.say(Phase::Pattern, detail);
        Source::Pattern { drawn, retry }
    }

    /// Puts out the picture that is due.
    fn draw(&self, drawn: &mut Drawn) {
        let Some((frame, missed)) = drawn.next(clock()) else { return };
        for _ in 0..missed {
            self.shared.slot.grab().dropped();
        }
        let ticket = self.shared.slot.grab();
        if let Some(mut frame) = frame {
            frame.captured_at = self.shared.in_order(frame.captured_at);
            self.shared.facts().latest = Some(Captured::Raw(frame.clone()));
            ticket.push(Captured::Raw(frame));
        }
    }

    /// Says what is shown from now on; the same again is not said.
    fn say(&self, phase: Phase, detail: &str) {
        {
            let mut facts = self.shared.facts();
            if facts.phase == phase && facts.detail == detail {
                return;
            }
            (facts.phase, facts.detail) = (phase.clone(), detail.into());
        }
        match &phase {
            Phase::Lost(loss) => tracing::warn!(name: "camera_lost", ?loss, "{detail}"),
            Phase::NoSignal => tracing::warn!(name: "camera_lost", "{detail}"),
            Phase::Live => tracing::info!(name: "camera_live", "{detail}"),
            Phase::Starting | Phase::Pattern | Phase::Private | Phase::Closed => tracing::info!("{detail}"),
        }
        // Nobody listening is no fault.
        let _ = self.shared.events.send(CameraEvent::State(phase));
    }

    /// Waits until the device has something, a command came, something was plugged, or time is due. Returns what the
    /// device has and whether something was plugged.
    fn wait(&self, source: &Source) -> (PollFlags, bool) {
        let (due, looking) = match source {
            Source::Camera(live) => (live.deadline(), false),
            Source::Card { drawn, retry, .. } => (drawn.due().min(retry.at), true),
            Source::Pattern { drawn, retry } => (drawn.due().min(retry.map_or(Duration::MAX, |retry| retry.at)), retry.is_some()),
            Source::File(played) => (played.due(), false),
            Source::Private(card) => (card.due(), false),
            Source::Closed => (Duration::MAX, false),
        };
        let timeout = Timespec::try_from(due.saturating_sub(clock()).min(LOOK_UP)).ok();
        let mut fds = [
            PollFd::new(&self.shared.wake, PollFlags::IN),
            PollFd::new(&self.shared.wake, PollFlags::empty()),
            PollFd::new(&self.shared.wake, PollFlags::empty()),
        ];
        let mut count = 1;
        if let Source::Camera(live) = source {
            fds[1] = PollFd::from_borrowed_fd(live.as_fd(), live.interest());
            count = 2;
        } else if let Some(hotplug) = self.hotplug.as_ref().filter(|_| looking) {
            fds[1] = PollFd::new(hotplug, PollFlags::IN);
            count = 2;
        }
        // An interrupted wait is a wait that ended early.
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        let _ = poll(&mut fds[..count], timeout.as_ref());
        self.shared.turns.fetch_add(1, Ordering::Relaxed);
        let second = fds[1].revents();
        if fds[0].revents().contains(PollFlags::IN) {
            let _ = rustix::io::read(&self.shared.wake, &mut [0u8; 8]);
        }
        match source {
            Source::Camera(_) => (second, false),
            _ => (PollFlags::empty(), count == 2 && !second.is_empty() && self.hotplug.as_ref().is_some_and(Hotplug::changed)),
        }
    }
}

/// `CLOCK_MONOTONIC`, the clock of the drivers' timestamps.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
