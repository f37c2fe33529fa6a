//! The running daemon: one loop in which events of the engine, commands, devices and deadlines meet, one at a time.
//!
//! It decides nothing: the session says what to call, the desk says what to answer, capture says what the devices do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{AudioFrame, Event};
use board::Signal;
use tokio::sync::{mpsc, watch};
use wire::Role;
use wire::device::SourceState;
use wire::event::Topic;

use super::board::BoardThread;
use super::books::Books;
use super::calls::{Calls, Turn};
use super::clock::now;
use super::deeds::{Finished, Purpose};
use super::desired::Desired;
use super::effects::Parts;
use super::facts;
use super::light::signal;
use super::links::{Links, News};
use super::logs::Logs;
use super::mail::Mail;
use super::notices::Notices;
use super::record::Recorded;
use super::service::{Hangup, StatusLine};
use super::settings::SettingsThread;
use super::stop::Stop;
use super::tickets::TicketSource;
use super::wishes::Wishes;
use crate::config::{self, Applies, Loaded};
use crate::control::socket::{Arrival, Server};
use crate::control::{Desk, Sender};
use crate::detector::Noticed;
use crate::session::{self, Input, Medium, Output, Session};
use crate::telemetry::{Beat, Check, Fault};

/// Jobs under way at most: as many as the desk lets be in flight from all senders together and then some.
const JOBS: usize = 256;
/// How often counters become rates.
const TICK: Duration = Duration::from_secs(1);
/// So long after a change that takes a restart it comes: the reply is on its way by then.
const RESTART_AFTER: Duration = Duration::from_millis(500);
/// How long the way out of the channel may take, of the two seconds that ending may take.
const LEAVE_WITHIN: Duration = Duration::from_millis(1200);

/// Everything the loop owns.
pub struct Shell {
    pub(super) parts: Parts,
    pub(super) session: Session,
    pub(super) desk: Desk,
    pub(super) mail: Mail,
    pub(super) socket: Option<Server>,
    pub(super) tickets: TicketSource,
    /// Calls over a broker: then the device is in a channel only while it is called.
    pub(super) calls: Option<Calls>,
    pub(super) books: Books,
    pub(super) wishes: Wishes,
    pub(super) logs: Logs,
    pub(super) channel_check: Check,
    pub(super) camera_check: Check,
    pub(super) beat: Beat,
    pub(super) board: BoardThread,
    /// What keeps us out of the channel.
    pub(super) outside: Fault<String>,
    pub(super) settings: Arc<SettingsThread>,
    pub(super) desired: Arc<Desired>,
    /// Why something that is wished for was not done when it was last tried, by its place in the document.
    pub(super) failed: BTreeMap<String, String>,
    /// The camera delivers, so that it can be told what is wished for.
    pub(super) camera_here: bool,
    /// The camera's state that was told last.
    pub(super) camera_told: Option<SourceState>,
    /// What was noticed and told last.
    pub(super) noticed: Noticed,
    /// How the recorder stood when that was told last: whether it is to record, and why it does not.
    pub(super) recorded: (bool, Option<wire::record::Cause>),
    /// The watched lines that are on.
    pub(super) lines_on: BTreeSet<String>,
    /// Whether somebody looks at the camera's pictures on the device itself.
    pub(super) looks: bool,
    /// The configuration as it is to be.
    pub(super) wanted: watch::Receiver<Arc<Loaded>>,
    /// The configuration that the parts were started with, and what was changed live since.
    pub(super) in_force: Arc<Loaded>,
    /// When the parts are started again, because the configuration wants it.
    pub(super) restart_at: Option<Duration>,
    /// How it does, for the service manager.
    pub(super) status_line: StatusLine,
    /// Held while the daemon holds back: it is not ready then.
    pub(super) safe_mode: Option<Check>,
}

/// Why the loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Something asked to stop.
    Stop,
    /// The parts are to be started again, with the configuration that is wanted now.
    Restart,
}

impl Shell {
    /// Runs until something asks to stop, or the configuration wants a restart; leaves the channel before it returns.
    pub async fn run(&mut self, stop: &mut Stop, hangup: &mut Hangup) -> End {
        let (finished_in, mut finished) = mpsc::channel::<Finished>(JOBS);
        let events = self.parts.engine.event_handler();
        let mut camera_events = self.parts.camera.events();
        // The camera was started before anybody listened; what it has said since is in its state.
        self.camera_state(&finished_in);
        self.catch_up(Purpose::CatchUp(None), &finished_in);
        let (reread_in, mut reread) = mpsc::channel(1);
        let mut links = Links::open();
        let mut board_events = self.board.events();
        let mut recorded = Recorded::of(self.parts.recorder.as_ref());
        let mut notices = Notices::of(self.parts.noticed.as_ref());
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);

        if self.calls.is_none() {
            self.session.handle(Input::Join, now());
        }
        let mut wake = self.drain_session();
        let end = loop {
            let call = self.calls.as_ref().and_then(Calls::deadline);
            let deadline = [wake, call, self.desk.deadline(), self.logs.deadline(), self.restart_at].into_iter().flatten().min();
            tokio::select! {
                name = stop.wait() => {
                    tracing::info!(name: "stopping", signal = name, "stopping");
                    break End::Stop;
                }
                event = events.next() => match event {
                    Some(event) => self.event(&event, &finished_in),
                    None => {
                        tracing::error!("the engine ended by itself");
                        break End::Stop;
                    }
                },
                arrival = next_arrival(&mut self.socket) => match arrival {
                    Some(Arrival::Message { from, message }) => self.message(&from, &message, &finished_in),
                    Some(Arrival::Gone(sender)) => self.desk.forget(&sender, now()),
                    None => self.socket = None,
                },
                Some((purpose, done)) = finished.recv() => self.finished(purpose, done, &finished_in),
                event = camera_events.recv() => self.camera_event(event, &finished_in),
                event = Calls::next(&mut self.calls) => {
                    let turns = self.calls.as_mut().map(|calls| calls.heed(event, now())).unwrap_or_default();
                    self.turn(turns, &finished_in);
                }
                Some(event) = board_events.recv() => self.board_event(event),
                Ok(()) = self.wanted.changed() => self.configured(),
                () = recorded.next() => self.open_camera(),
                noticed = notices.next() => self.noticed(noticed),
                () = hangup.wait() => self.read_again(&reread_in),
                Some(what) = reread.recv() => self.read_anew(what),
                news = links.next() => self.network(news),
                _ = tick.tick() => {
                    self.beat.tick();
                    self.show_status();
                    self.recorded();
                    if self.safe_mode.is_some() && self.restart_at.is_none() && !self.parts.ladder.is_safe() {
                        tracing::warn!(name: "safe_mode_left", "safe mode ends");
                        self.restart_at = Some(now() + RESTART_AFTER);
                    }
                    self.books.sample(&*self.parts.engine, now());
                    facts::tell_of_voice(self.parts.voice.stats());
                    if self.board.wants_brightness() && let Some(mean) = self.parts.camera.brightness() {
                        self.board.brightness(mean);
                    }
                }
                () = at(deadline) => {
                    self.session.handle(Input::Deadline, now());
                    let turns = self.calls.as_mut().map(|calls| calls.expire(now())).unwrap_or_default();
                    self.turn(turns, &finished_in);
                    self.logs.wake(now());
                    while let Some(letter) = self.desk.expire(now()) {
                        self.send(letter);
                    }
                    if self.restart_at.is_some_and(|at| at <= now()) {
                        tracing::info!("starting again with another configuration");
                        break End::Restart;
                    }
                }
            }
            wake = self.drain_session();
        };
        // Who asked for the restart that ends us gets its reply.
        while let Ok((purpose, done)) = finished.try_recv() {
            self.finished(purpose, done, &finished_in);
        }
        self.leave(&events).await;
        end
    }

    /// The configuration changed, or was rolled back: does what can be done live, and sees whether a restart is needed.
    pub(super) fn configured(&mut self) {
        let wanted = Arc::clone(&self.wanted.borrow_and_update());
        let keys = config::differences(&self.in_force, &wanted);
        if !keys.is_empty() {
            let letters = self.desk.tell(Topic::ConfigChanged, || wire::event::ConfigChanged { keys: keys.clone() });
            self.send_all(letters);
        }
        // What was rolled back before the restart came needs none.
        let restarts = |key: &String| matches!(config::applies(key), Applies::Restart | Applies::OnDevice);
        self.restart_at = keys.iter().any(restarts).then(|| now() + RESTART_AFTER);
        if self.restart_at.is_some() {
            return;
        }
        for key in &keys {
            let config = &wanted.config;
            match key.as_str() {
                "stream.bitrate_kbps" => self.wish(Wishes { bitrate_kbps: config.stream.bitrate_kbps, ..self.wishes }),
                "voice.echo" | "voice.noise" | "voice.gain" | "voice.duplex" => {
                    let voice = Wishes::of(config).voice;
                    self.wish(Wishes { voice, ..self.wishes });
                }
                "control.allow"
                | "control.broker_role"
                | "control.keys"
                | "control.require_signature"
                | "control.roles"
                | "control.token_role" => self.desk.reconfigure(&config.control),
                "telemetry.log" if std::env::var_os("ARTC_LOG").is_none() => {
                    self.logs.configure(&config.telemetry.log);
                }
                _ => {}
            }
        }
        self.in_force = wanted;
    }

    fn network(&mut self, news: News) {
        match news {
            News::Better => self.session.handle(Input::LinkUp, now()),
            News::Changed(status) => {
                let letters = self.desk.tell(Topic::NetChanged, || *status);
                self.send_all(letters);
            }
        }
    }

    async fn leave(&mut self, events: &artc_bindings::EventQueue) {
        self.books.stopping = true;
        self.desk.stop_jobs();
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
    pub(super) fn drain_session(&mut self) -> Option<Duration> {
        loop {
            match self.session.poll() {
                Output::Call(call) => {
                    if let Err(why) = call.carry_out(&*self.parts.engine) {
                        tracing::debug!(?call, %why, "engine call refused");
                        self.session.handle(Input::Refused(&call, &why), now());
                    }
                }
                Output::NeedToken { renew } => {
                    if renew && let Some(calls) = &mut self.calls {
                        calls.refused();
                        self.session.handle(Input::Leave, now());
                        continue;
                    }
                    let ticket = match &self.calls {
                        Some(calls) => calls.ticket(),
                        None => self.tickets.next(renew),
                    };
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

    /// Does what a call asks for, or a command that came the same way.
    fn turn(&mut self, turns: Vec<Turn>, finished: &mpsc::Sender<Finished>) {
        for turn in turns {
            match turn {
                Turn::Command(message) => self.message(&Sender::Broker, &message, finished),
                // Another token for the same call is another join.
                Turn::Join => {
                    self.session.handle(Input::Leave, now());
                    self.session.handle(Input::Join, now());
                }
                Turn::Leave => self.session.handle(Input::Leave, now()),
            }
        }
        self.between_calls();
    }

    /// Whether all is well where no channel is to be joined: somebody who calls would get through.
    fn between_calls(&mut self) {
        if let (Some(calls), session::Phase::Idle) = (&self.calls, self.session.status().phase) {
            match calls.standing() {
                (true, how) => self.channel_check.ready(how),
                (false, why) => self.channel_check.not_ready(why),
            }
            self.signal();
        }
    }

    fn status(&mut self, status: &session::Status) {
        use session::Phase::{Connected, Connecting, Idle, Leaving, Reconnecting, Waiting};
        let channel = self.books.channel();
        match status.phase {
            Connected => {
                tracing::info!(name: "joined", channel, joins = status.joins, "in the channel");
                self.outside.see(None);
                self.channel_check.ready(format!("in channel {channel}"));
            }
            Waiting { until } => {
                let pause = until.saturating_sub(now()).as_secs_f32();
                if self.outside.see(Some(status.detail.clone())).is_some() {
                    tracing::warn!(name: "not_joined", channel, "not in the channel, trying again in {pause:.1} s and for ever: {}", status.detail);
                } else {
                    tracing::debug!(channel, attempts = status.attempts, "not in the channel, trying again in {pause:.1} s");
                }
                self.channel_check.not_ready(&status.detail);
            }
            Reconnecting => {
                tracing::warn!(name: "connection_lost", channel, "connection lost, looking for it: {}", status.detail);
                self.channel_check.not_ready(format!("reconnecting: {}", status.detail));
            }
            Idle | Connecting | Leaving => {
                tracing::debug!(channel, phase = ?status.phase, "{}", status.detail);
                self.channel_check.not_ready(&status.detail);
            }
        }
        if status.joins != self.books.session.joins {
            self.desk.joined();
        }
        self.books.stands(status);
        self.between_calls();
        self.board.channel(status.phase == Connected);
        self.signal();
        self.show_status();
    }

    /// Shows at the device how it is.
    pub(super) fn signal(&mut self) {
        let camera = self.parts.camera.state().phase;
        let mut shown = signal(&camera, &self.books.session, self.books.watched, self.books.unprovisioned);
        let waits = self.calls.as_ref().is_some_and(|calls| calls.standing().0);
        if shown == Signal::Connecting && waits && self.books.session.phase == session::Phase::Idle {
            shown = Signal::Waiting;
        }
        self.board.signal(shown);
    }

    fn event(&mut self, event: &Event, finished: &mpsc::Sender<Finished>) {
        match event {
            Event::CommandMessage { uid, data } => self.message(&Sender::participant(uid), data, finished),
            Event::CommandCall { uid, call, data } => self.call(uid, call, data, finished),
            Event::DataChannelMsg { uid, msg } => {
                if let Some(command) = self.mail.command(&*self.parts.engine, uid, msg, now()) {
                    self.message(&Sender::participant(uid), &command, finished);
                }
            }
            Event::RemoteUserOnLineNotify { uid } => {
                self.books.came(uid);
                self.desk.came(&Sender::participant(uid));
            }
            Event::RemoteUserOffLineNotify { uid } => {
                self.books.went(uid);
                self.mail.forget(uid);
                self.desk.forget(&Sender::participant(uid), now());
            }
            Event::CommandRole { uid, role } => {
                let known = role.as_deref().and_then(Role::from_name);
                if known.is_none()
                    && let Some(name) = role
                {
                    tracing::warn!(uid, name, "its token names a role for commands that there is not");
                }
                self.desk.named_by_token(uid, known);
            }
            Event::StreamNeeded(needed) => {
                self.books.watched = *needed;
                self.signal();
                self.open_camera();
            }
            Event::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(frame) } => {
                facts::heard(frame, now(), |block| self.parts.speaker.play(block));
                return;
            }
            Event::KeyFrameNeeded { .. } => self.parts.camera.want_key_frame(),
            Event::TargetBitrate { kbps, .. } => self.parts.camera.want_bitrate(*kbps),
            Event::Error { code, detail } => tracing::warn!(%code, "engine: {detail}"),
            Event::Warning { detail, .. } => tracing::info!("engine: {detail}"),
            _ => {}
        }
        self.session.handle(Input::Event(event), now());
    }

    /// Makes `wishes` true: tells session and microphone what has changed.
    pub(super) fn wish(&mut self, wishes: Wishes) {
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
        if wishes.voice != before.voice {
            self.parts.voice.set(wishes.voice);
        }
        self.parts.speaker.set_volume(wishes.speaker_volume);
        self.parts.speaker.set_muted(wishes.speaker_muted);
    }
}

/// The next message of the socket; never, where there is none.
async fn next_arrival(socket: &mut Option<Server>) -> Option<Arrival> {
    match socket {
        Some(socket) => socket.next().await,
        None => std::future::pending().await,
    }
}

/// Waits until the daemon's clock shows `deadline`; for ever where there is none.
pub(super) async fn at(deadline: Option<Duration>) {
    match deadline {
        Some(deadline) => tokio::time::sleep(deadline.saturating_sub(now())).await,
        None => std::future::pending().await,
    }
}
