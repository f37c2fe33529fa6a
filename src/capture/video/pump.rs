//! The capture thread: the shell that owns device, clock and waiting. Not for deciding which mode or camera: see
//! [`super::policy`] and [`super::identity`].

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::Duration;

use media::Size;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::time::{ClockId, clock_gettime};

use super::config::{Config, Idle};
use super::control::{Control, ControlError};
use super::mode::{Mode, Rate};
use super::pattern::Drawn;
use super::state::{CameraEvent, Phase};
use super::{Captured, ModeError, Shared};

/// What the capture thread is asked to do.
#[derive(Debug)]
pub(super) enum Command {
    SetControl { which: String, value: i64, reply: SyncSender<Result<Control, ControlError>> },
    SetMode { size: Size, fps: f64, reply: SyncSender<Result<Mode, ModeError>> },
    KeyFrame { reply: SyncSender<bool> },
    Bitrate { kbps: u32, reply: SyncSender<bool> },
    Close,
    Open,
}

/// Where frames come from at the moment.
#[derive(Debug)]
enum Source {
    Pattern(Drawn),
    Closed,
}

/// The thread's own things.
#[derive(Debug)]
pub(super) struct Pump {
    config: Config,
    shared: Arc<Shared>,
    inbox: Receiver<Command>,
}

impl Pump {
    pub(super) fn new(config: Config, shared: Arc<Shared>, inbox: Receiver<Command>) -> Self {
        Self { config, shared, inbox }
    }

    /// Runs until nobody can send commands any more.
    pub(super) fn run(self) {
        let slot = Arc::clone(&self.shared.slot);
        self.serve();
        slot.close();
    }

    fn serve(mut self) {
        let mut source = self.pattern();
        loop {
            loop {
                match self.inbox.try_recv() {
                    Ok(command) => source = self.obey(command, source),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            match &mut source {
                Source::Pattern(drawn) => {
                    if let Some((frame, missed)) = drawn.next(clock()) {
                        for _ in 0..missed {
                            self.shared.slot.grab().dropped();
                        }
                        let ticket = self.shared.slot.grab();
                        if let Some(frame) = frame {
                            self.shared.facts().latest = Some(Captured::Raw(frame.clone()));
                            ticket.push(Captured::Raw(frame));
                        }
                    }
                    self.wait(Some(drawn.due()));
                }
                Source::Closed => self.wait(None),
            }
        }
    }

    fn obey(&mut self, command: Command, source: Source) -> Source {
        // A reply that nobody waits for any more is not an error of ours.
        match (command, source) {
            (Command::SetControl { reply, .. }, source) => {
                let _ = reply.send(Err(ControlError::NoCamera { why: self.shared.facts().detail.clone() }));
                source
            }
            (Command::SetMode { size, fps, reply }, source) => {
                (self.config.width, self.config.height, self.config.fps) = (size.width, size.height, fps);
                let next = match source {
                    Source::Pattern(_) => self.pattern(),
                    Source::Closed => Source::Closed,
                };
                let mode = Mode { fourcc: super::FourCc(*b"YU12"), size, fps: Rate::from_fps(fps) };
                let _ = reply.send(Ok(mode));
                next
            }
            (Command::KeyFrame { reply } | Command::Bitrate { reply, .. }, source) => {
                let _ = reply.send(false);
                source
            }
            (Command::Close, Source::Pattern(_)) if self.config.idle == Idle::Close => {
                self.shared.slot.clear();
                self.shared.facts().latest = None;
                self.say(Phase::Closed, "closed while nobody watches");
                Source::Closed
            }
            (Command::Open, Source::Closed) => self.pattern(),
            (Command::Close | Command::Open, source) => source,
        }
    }

    fn pattern(&self) -> Source {
        let drawn = Drawn::pattern(self.config.size(), Rate::from_fps(self.config.fps), clock());
        self.shared.facts().mode = Some(drawn.mode());
        self.say(Phase::Pattern, "built-in pattern");
        Source::Pattern(drawn)
    }

    fn say(&self, phase: Phase, detail: &str) {
        let mut facts = self.shared.facts();
        facts.detail = detail.into();
        facts.phase = phase.clone();
        drop(facts);
        let _ = self.shared.events.send(CameraEvent::State(phase));
    }

    /// Waits for a command, or until `due`.
    fn wait(&self, due: Option<Duration>) {
        let timeout = due.map(|due| due.saturating_sub(clock())).and_then(|left| Timespec::try_from(left).ok());
        let mut fds = [PollFd::new(&self.shared.wake, PollFlags::IN)];
        // An interrupted wait is a wait that ended early.
        let _ = poll(&mut fds, timeout.as_ref());
        if fds[0].revents().contains(PollFlags::IN) {
            let _ = rustix::io::read(&self.shared.wake, &mut [0u8; 8]);
        }
    }
}

/// `CLOCK_MONOTONIC`, the clock of the drivers' timestamps.
fn clock() -> Duration {
    let now = clock_gettime(ClockId::Monotonic);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}
