//! The board's thread: what moves lines may wait for a slow bus, so it has a thread of its own, where its clock and its waiting are.
//! What is to be done when, is for [`board::Keeper`] to say; what commands and states are called on the wire, for [`facts`].
//!
//! The thread ends when its handle is dropped, and that is waited for: every output is in its safe state then. So it is when a panic
//! unwinds, on either side.

mod facts;

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use board::{Board, Keeper, Kind, Move, Profile, Signal};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use tokio::sync::mpsc;
use wire::board::{LineChanged, Press};

use super::clock::{now, since_1970};
use crate::config;
use crate::control::{BoardAct, Outcome};
use crate::telemetry::Fault;

/// What waits for the thread at most: more than commands can be in flight.
const MESSAGES: usize = 512;
/// Presses of buttons and moves of lines that wait for the loop at most; people are slower than that.
const EVENTS: usize = 64;

/// Takes what came of an act.
pub type Answer = Box<dyn FnOnce(Outcome) + Send>;

/// Something happened at the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoardEvent {
    /// A button went down or up.
    Press(Press),
    /// A line that is watched has moved, or is on at the start.
    Line(LineChanged),
}

enum Message {
    Act(BoardAct, Answer),
    Signal(Signal),
    Camera(bool),
    Channel(bool),
    Brightness(u8),
}

/// The handle of the thread.
pub struct BoardThread {
    messages: Option<SyncSender<Message>>,
    wake: Arc<OwnedFd>,
    thread: Option<JoinHandle<()>>,
    events: Option<mpsc::Receiver<BoardEvent>>,
    wants_brightness: Arc<AtomicBool>,
    info: Arc<wire::board::Info>,
}

impl BoardThread {
    /// Opens what `profile` declares, as `config` says, and starts the thread. What is not there is told here, once.
    ///
    /// # Errors
    /// No thread, or no descriptor to wake it with.
    pub fn start(profile: &Profile, config: &config::Board) -> std::io::Result<Self> {
        let board = board::open(profile, config.backend, Path::new("/"));
        for one in board.declared() {
            // Nodes are for others to use, LEDs say so when they are first lit.
            if let Some(why) = one.missing.filter(|_| !matches!(one.kind, Kind::Led | Kind::Node)) {
                tracing::warn!("board {}: {why}", profile.badge.id);
            }
        }
        let patience = (config.safe_after_s > 0).then(|| Duration::from_secs(config.safe_after_s.into()));
        Self::keep(profile, board, patience)
    }

    fn keep(profile: &Profile, board: Box<dyn Board>, patience: Option<Duration>) -> std::io::Result<Self> {
        let mut keeper = Keeper::new(profile, board, patience, now());
        let info = Arc::new(facts::info(profile, &keeper.state()));
        let (messages, inbox) = sync_channel(MESSAGES);
        let (happened, events) = mpsc::channel(EVENTS);
        let wake = Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?);
        let wants_brightness = Arc::new(AtomicBool::new(keeper.wants_brightness()));
        let worker = Worker {
            profile: profile.clone(),
            keeper,
            inbox,
            happened,
            wake: Arc::clone(&wake),
            wants_brightness: Arc::clone(&wants_brightness),
            fault: Fault::default(),
        };
        let thread = std::thread::Builder::new().name("board".into()).spawn(move || worker.run())?;
        Ok(Self { messages: Some(messages), wake, thread: Some(thread), events: Some(events), wants_brightness, info })
    }

    /// What the board had at the start.
    pub fn info(&self) -> Arc<wire::board::Info> {
        Arc::clone(&self.info)
    }

    /// What its buttons and watched lines do; once. Asked for again, it is one that never has any.
    pub fn events(&mut self) -> mpsc::Receiver<BoardEvent> {
        self.events.take().unwrap_or_else(|| mpsc::channel(1).1)
    }

    /// Has `act` done; `answer` is called from the thread. False when too much waits already.
    pub fn act(&self, act: BoardAct, answer: Answer) -> bool {
        self.tell(Message::Act(act, answer))
    }

    /// The status LED tells this from now on.
    pub fn signal(&self, signal: Signal) {
        self.tell(Message::Signal(signal));
    }

    /// A camera has been opened or closed.
    pub fn camera(&self, open: bool) {
        self.tell(Message::Camera(open));
    }

    /// Whether the device is in the channel.
    pub fn channel(&self, inside: bool) {
        self.tell(Message::Channel(inside));
    }

    /// Whether it wants to be told how light the picture is.
    pub fn wants_brightness(&self) -> bool {
        self.wants_brightness.load(Ordering::Relaxed)
    }

    /// How light the picture is, 0 to 255.
    pub fn brightness(&self, mean: u8) {
        self.tell(Message::Brightness(mean));
    }

    fn tell(&self, message: Message) -> bool {
        let sent = match self.messages.as_ref().map(|messages| messages.try_send(message)) {
            Some(Ok(())) => true,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => false,
        };
        self.rouse();
        sent
    }

    fn rouse(&self) {
        // Fails only when the counter is at its maximum, and then the thread is woken anyway.
        let _ = rustix::io::write(&*self.wake, &1u64.to_ne_bytes());
    }
}

impl Drop for BoardThread {
    fn drop(&mut self) {
        self.messages = None;
        self.rouse();
        if let Some(thread) = self.thread.take() {
            // A panic there was told by the panic hook, and left the board safe.
            let _ = thread.join();
        }
    }
}

struct Worker {
    profile: Profile,
    keeper: Keeper,
    inbox: Receiver<Message>,
    happened: mpsc::Sender<BoardEvent>,
    wake: Arc<OwnedFd>,
    wants_brightness: Arc<AtomicBool>,
    fault: Fault<String>,
}

impl Worker {
    fn run(mut self) {
        // What is on at the start has not moved, and is no less a reason.
        self.keeper.watched().into_iter().filter(|line| line.on).for_each(|line| self.tell_line(line));
        loop {
            loop {
                match self.inbox.try_recv() {
                    Ok(message) => self.obey(message),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.look();
            self.wait();
        }
    }

    fn obey(&mut self, message: Message) {
        match message {
            Message::Act(act, answer) => {
                let outcome = facts::carry_out(act, &mut self.keeper, &self.profile, now());
                self.wants_brightness.store(self.keeper.wants_brightness(), Ordering::Relaxed);
                answer(outcome);
            }
            Message::Signal(signal) => self.keeper.signal(signal, now()),
            Message::Camera(open) => self.keeper.camera(open, now()),
            Message::Channel(inside) => self.keeper.channel(inside, now()),
            Message::Brightness(mean) => self.keeper.brightness(mean, now()),
        }
    }

    /// Does what is due, and passes on what has happened.
    fn look(&mut self) {
        for press in self.keeper.wake(now()) {
            let press = Press { button: press.button, pressed: press.pressed, time_ms: time_ms() };
            tracing::info!(button = press.button, pressed = press.pressed, "button");
            self.tell(BoardEvent::Press(press));
        }
        self.keeper.moves().into_iter().for_each(|line| self.tell_line(line));
        self.wants_brightness.store(self.keeper.wants_brightness(), Ordering::Relaxed);
        // What does not do as it is told is told of once, and tried again at the next change.
        if let Some(change) = self.fault.see(self.keeper.trouble().map(str::to_owned)) {
            match change.now {
                Some(why) => tracing::warn!("the board does not do as it is told: {why}"),
                None => tracing::info!("the board does as it is told again"),
            }
        }
    }

    fn tell_line(&self, Move { line, on }: Move) {
        tracing::info!(line, on, "line");
        self.tell(BoardEvent::Line(LineChanged { line, on, time_ms: time_ms() }));
    }

    fn tell(&self, event: BoardEvent) {
        if self.happened.try_send(event).is_err() {
            metrics::counter!("artc_board_presses_dropped_total").increment(1);
        }
    }

    /// Waits for a message, a button, or the next deadline.
    fn wait(&self) {
        let timeout = self.keeper.deadline().map(|at| at.saturating_sub(now()));
        let timeout = timeout.and_then(|left| Timespec::try_from(left).ok());
        let mut waited: Vec<_> =
            self.keeper.board().descriptors().into_iter().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
        waited.push(PollFd::from_borrowed_fd(self.wake.as_fd(), PollFlags::IN));
        // Interrupted by a signal is as good as woken.
        let _ = poll(&mut waited, timeout.as_ref());
        let _ = rustix::io::read(&*self.wake, &mut [0u8; 8]);
    }
}

/// The device's clock, for who is told.
fn time_ms() -> u64 {
    since_1970().as_millis() as u64
}

#[cfg(test)]
mod tests;
