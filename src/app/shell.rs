//! The running daemon: one loop in which events of the engine, commands, devices and deadlines meet, one at a time.
//!
//! It decides nothing: the session says what to call, the desk says what to answer, capture says what the devices do.

use std::time::Duration;

use artc_bindings::Event;
use tokio::sync::{broadcast, mpsc};

use super::board::BoardThread;
use super::books::Books;
use super::clock::now;
use super::effects::{self, Begun, Done, Parts};
use super::light::signal;
use super::links::Links;
use super::logs::Logs;
use super::mail;
use super::stop::Stop;
use super::tickets::TicketSource;
use super::wishes::Wishes;
use crate::capture::video::{CameraEvent, Phase};
use crate::control::socket::{Arrival, Server};
use crate::control::{Desk, Effect, Failure, Letter, Outcome, Sender, Step, StreamChange, Ticket};
use crate::session::{self, Input, Medium, Output, Session};
use crate::telemetry::{Beat, Check, Fault};

/// Jobs under way at most: as many as the desk lets be in flight from all senders together and then some.
const JOBS: usize = 256;
/// How often counters become rates.
const TICK: Duration = Duration::from_secs(1);
/// How long the way out of the channel may take, of the two seconds that ending may take.
const LEAVE_WITHIN: Duration = Duration::from_millis(1200);

/// Everything the loop owns.
pub struct Shell {
    pub(super) parts: Parts,
    pub(super) session: Session,
    pub(super) desk: Desk,
    pub(super) socket: Option<Server>,
    pub(super) tickets: TicketSource,
    pub(super) books: Books,
    pub(super) wishes: Wishes,
    pub(super) logs: Logs,
    pub(super) channel_check: Check,
    pub(super) camera_check: Check,
    pub(super) beat: Beat,
    pub(super) board: BoardThread,
    /// What keeps us out of the channel.
    pub(super) outside: Fault<String>,
}

/// A job's outcome on its way back.
type Finished = (Ticket, Done);

impl Shell {
    /// Runs until something asks to stop; leaves the channel before it returns.
    pub async fn run(&mut self, stop: &mut Stop) {
        let (finished_in, mut finished) = mpsc::channel::<Finished>(JOBS);
        let events = self.parts.engine.event_handler();
        let mut camera_events = self.parts.camera.events();
        // The camera was started before anybody listened; what it has said since is in its state.
        self.camera_state();
        let mut links = Links::open();
        let mut presses = self.board.presses();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);

        self.session.handle(Input::Join, now());
        let mut wake = self.drain_session();
        loop {
            let deadline = [wake, self.desk.deadline(), self.logs.deadline()].into_iter().flatten().min();
            tokio::select! {
                name = stop.wait() => {
                    tracing::info!(signal = name, "stopping");
                    break;
                }
                event = events.next() => match event {
                    Some(event) => self.event(&event, &finished_in),
                    None => {
                        tracing::error!("the engine ended by itself");
                        break;
                    }
                },
                arrival = next_arrival(&mut self.socket) => match arrival {
                    Some(Arrival::Message { from, message }) => self.message(&from, &message, &finished_in),
                    Some(Arrival::Gone(sender)) => self.desk.forget(&sender),
                    None => self.socket = None,
                },
                Some((ticket, done)) = finished.recv() => self.finished(ticket, done),
                event = camera_events.recv() => self.camera_event(event),
                Some(press) = presses.recv() => {
                    for letter in self.desk.pressed(&press) {
                        self.send(letter);
                    }
                }
                () = links.better() => self.session.handle(Input::LinkUp, now()),
                _ = tick.tick() => {
                    self.beat.tick();
                    self.books.sample(&*self.parts.engine, now());
                    if self.board.wants_brightness() && let Some(mean) = self.parts.camera.brightness() {
                        self.board.brightness(mean);
                    }
                }
                () = at(deadline) => {
                    self.session.handle(Input::Deadline, now());
                    self.logs.wake(now());
                    while let Some(letter) = self.desk.expire(now()) {
                        self.send(letter);
                    }
                }
            }
            wake = self.drain_session();
        }
        // Who asked for the restart that ends us gets its reply.
        while let Ok((ticket, done)) = finished.try_recv() {
            self.finished(ticket, done);
        }
        self.leave(&events).await;
    }

    async fn leave(&mut self, events: &artc_bindings::EventQueue) {
        self.books.stopping = true;
        self.session.handle(Input::Leave, now());
        self.drain_session();
        let left = async {
            while self.session.status().phase != session::Phase::Idle {
                let Some(event) = events.next().await else { return };
                self.session.handle(Input::Event(&event), now());
                self.drain_session();
            }
        };
        if tokio::time::timeout(LEAVE_WITHIN, left).await.is_err() {
            tracing::warn!("the channel did not confirm the leave within {} ms", LEAVE_WITHIN.as_millis());
        }
        self.parts.engine.release();
    }

    /// Carries out what the session asks for, until it only wants to be woken.
    fn drain_session(&mut self) -> Option<Duration> {
        loop {
            match self.session.poll() {
                Output::Call(call) => {
                    if let Err(why) = call.carry_out(&*self.parts.engine) {
                        tracing::debug!(?call, %why, "engine call refused");
                        self.session.handle(Input::Refused(&call, &why), now());
                    }
                }
                Output::NeedToken { renew } => {
                    let ticket = self.tickets.next(renew);
                    self.books.unprovisioned = ticket.is_err();
                    if let Ok(ticket) = &ticket {
                        self.books.joined_as(&ticket.channel, &ticket.user_id);
                    }
                    self.session.handle(Input::Ticket(ticket), now());
                }
                Output::Status(status) => self.status(&status),
                Output::WakeAt(at) => return at,
            }
        }
    }

    fn status(&mut self, status: &session::Status) {
        use session::Phase::{Connected, Connecting, Idle, Leaving, Reconnecting, Waiting};
        let channel = self.books.channel();
        match status.phase {
            Connected => {
                tracing::info!(channel, joins = status.joins, "in the channel");
                self.outside.see(None);
                self.channel_check.ready(format!("in channel {channel}"));
            }
            Waiting { until } => {
                let pause = until.saturating_sub(now()).as_secs_f32();
                if self.outside.see(Some(status.detail.clone())).is_some() {
                    tracing::warn!(channel, "not in the channel, trying again in {pause:.1} s and for ever: {}", status.detail);
                } else {
                    tracing::debug!(channel, attempts = status.attempts, "not in the channel, trying again in {pause:.1} s");
                }
                self.channel_check.not_ready(&status.detail);
            }
            Reconnecting => {
                tracing::warn!(channel, "connection lost, looking for it: {}", status.detail);
                self.channel_check.not_ready(format!("reconnecting: {}", status.detail));
            }
            Idle | Connecting | Leaving => {
                tracing::debug!(channel, phase = ?status.phase, "{}", status.detail);
                self.channel_check.not_ready(&status.detail);
            }
        }
        self.books.stands(status);
        self.board.channel(status.phase == Connected);
        self.signal();
    }

    /// Shows at the device how it is.
    fn signal(&mut self) {
        let camera = self.parts.camera.state().phase;
        self.board.signal(signal(&camera, &self.books.session, self.books.watched, self.books.unprovisioned));
    }

    fn event(&mut self, event: &Event, finished: &mpsc::Sender<Finished>) {
        match event {
            Event::CommandMessage { uid, data } => self.message(&Sender::participant(uid), data, finished),
            Event::DataChannelMsg { uid, msg } if mail::is_command(&*self.parts.engine, msg) => {
                self.message(&Sender::participant(uid), &msg.data, finished);
            }
            Event::RemoteUserOnLineNotify { uid } => self.books.came(uid),
            Event::RemoteUserOffLineNotify { uid } => {
                self.books.went(uid);
                self.desk.forget(&Sender::participant(uid));
            }
            Event::StreamNeeded(needed) => {
                self.books.watched = *needed;
                self.signal();
                if *needed { self.parts.camera.open() } else { self.parts.camera.close() }
            }
            Event::KeyFrameNeeded { .. } => self.parts.camera.want_key_frame(),
            Event::TargetBitrate { kbps, .. } => self.parts.camera.want_bitrate(*kbps),
            Event::Error { code, detail } => tracing::warn!(%code, "engine: {detail}"),
            Event::Warning { detail, .. } => tracing::info!("engine: {detail}"),
            _ => {}
        }
        self.session.handle(Input::Event(event), now());
    }

    fn camera_event(&mut self, event: Result<CameraEvent, broadcast::error::RecvError>) {
        match event {
            Ok(CameraEvent::Control(control)) => {
                tracing::debug!(control = control.name, value = control.value, "camera control changed")
            }
            Ok(CameraEvent::Opened(open)) => self.board.camera(open),
            // Whoever lagged sees the present state like everybody else.
            _ => self.camera_state(),
        }
    }

    /// Follows the camera, which says by itself how it is.
    fn camera_state(&mut self) {
        self.board.camera(self.parts.camera.is_open());
        let state = self.parts.camera.state();
        match state.phase {
            Phase::Starting => return,
            Phase::Lost(_) | Phase::NoSignal => self.camera_check.not_ready(&state.detail),
            _ => self.camera_check.ready(&state.detail),
        }
        self.follow_camera(&state);
        self.signal();
    }

    /// The encoder works at the size and rate that the camera really has.
    fn follow_camera(&mut self, state: &crate::capture::video::State) {
        let (Some(mode), Phase::Live | Phase::Pattern) = (state.mode, &state.phase) else { return };
        let fps = self.wishes.fps.min(mode.fps.fps() as f32);
        let change = StreamChange { size: Some((mode.size.width, mode.size.height)), fps: Some(fps), bitrate_kbps: None };
        self.wish(self.wishes.with(&change));
    }

    fn message(&mut self, from: &Sender, message: &[u8], finished: &mpsc::Sender<Finished>) {
        let view = self.books.view(&self.parts, &self.session, self.wishes, now());
        match self.desk.receive(from, message, &view, now()) {
            Step::Nothing => {}
            Step::Send(letter) => self.send(letter),
            Step::Do { ticket, effect: Effect::TakeSnapshot }
                if !from.is_local() && !mail::carries_files(&*self.parts.engine) =>
            {
                let why = "this engine carries no files; `artc-edge call camera.snapshot` on the device gives the picture";
                self.reply(ticket, &Outcome::Failed(Failure::NotAvailable(why.into())));
            }
            Step::Do { ticket, effect } => match effects::begin(effect, &self.parts, &self.tickets, self.wishes) {
                Begun::Now(outcome) => self.reply(ticket, &outcome),
                Begun::Picture(wishes) => {
                    self.wish(wishes);
                    self.reply_with_state(ticket, false);
                }
                Begun::Sound(wishes) => {
                    self.wish(wishes);
                    self.reply_with_state(ticket, true);
                }
                Begun::Log(act) => {
                    let outcome = self.logs.act(act, now());
                    self.reply(ticket, &outcome);
                }
                Begun::Board(act) => {
                    let finished = finished.clone();
                    let answer = move |outcome| {
                        // The loop has ended when nobody listens any more, and with it whoever waits for this.
                        let _ = finished.blocking_send((ticket, Done::Outcome(outcome)));
                    };
                    if !self.board.act(act, Box::new(answer)) {
                        let why = "the board is busy with other commands".into();
                        self.reply(ticket, &Outcome::Failed(Failure::NotAvailable(why)));
                    }
                }
                Begun::Wait(work) => {
                    let finished = finished.clone();
                    tokio::spawn(async move {
                        let outcome = work.await;
                        // The loop has ended when nobody listens any more, and with it whoever waits for this.
                        let _ = finished.send((ticket, Done::Outcome(outcome))).await;
                    });
                }
                Begun::Later(job) => {
                    let finished = finished.clone();
                    tokio::task::spawn_blocking(move || {
                        // The loop has ended when nobody listens any more, and with it whoever waits for this.
                        let _ = finished.blocking_send((ticket, job()));
                    });
                }
            },
        }
    }

    fn finished(&mut self, ticket: Ticket, done: Done) {
        match done {
            Done::Outcome(outcome) => self.reply(ticket, &outcome),
            Done::Stream(change) => {
                self.wish(self.wishes.with(&change));
                self.reply_with_state(ticket, false);
            }
        }
    }

    /// Makes `wishes` true: tells session and microphone what has changed.
    fn wish(&mut self, wishes: Wishes) {
        let before = std::mem::replace(&mut self.wishes, wishes);
        let now = now();
        if wishes.encoder() != before.encoder() {
            self.session.handle(Input::Encoder(wishes.encoder()), now);
        }
        if wishes.video_muted != before.video_muted {
            self.session.handle(Input::Mute(Medium::Video, wishes.video_muted), now);
        }
        if wishes.audio_muted != before.audio_muted {
            self.session.handle(Input::Mute(Medium::Audio, wishes.audio_muted), now);
        }
        if wishes.dual != before.dual {
            self.session.handle(Input::Dual(wishes.dual), now);
        }
        if wishes.profile != before.profile {
            let (quality, scene) = wishes.profile;
            self.session.handle(Input::Profile(quality, scene), now);
        }
        if wishes.volume != before.volume {
            self.parts.microphone.set_volume(wishes.volume);
        }
    }

    fn reply_with_state(&mut self, ticket: Ticket, sound: bool) {
        self.drain_session();
        let view = self.books.view(&self.parts, &self.session, self.wishes, now());
        let outcome = if sound { Outcome::Audio(Box::new(view.audio)) } else { Outcome::Stream(Box::new(view.stream)) };
        self.reply(ticket, &outcome);
    }

    fn reply(&mut self, ticket: Ticket, outcome: &Outcome) {
        if let Some(letter) = self.desk.finish(ticket, outcome, now()) {
            self.send(letter);
        }
    }

    fn send(&self, letter: Letter) {
        let Sender::Participant(to) = letter.to.clone() else {
            if let Some(socket) = &self.socket {
                socket.send(letter);
            }
            return;
        };
        if let Err(why) = mail::send(&*self.parts.engine, &to, letter.message, letter.attachment) {
            metrics::counter!("artc_control_unsent_total").increment(1);
            tracing::warn!(to = &*to, "reply not sent: {why}");
        }
    }
}

/// The next message of the socket; never, where there is none.
async fn next_arrival(socket: &mut Option<Server>) -> Option<Arrival> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

/// Waits until the daemon's clock shows `deadline`.
async fn at(deadline: Option<Duration>) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline.saturating_sub(now())).await,
        None => std::future::pending().await,
    }
}
