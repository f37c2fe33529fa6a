//! The loop in which broker, calls, tokens and room meet. It decides nothing: the switchboard does. Commands to devices, and what they answer,
//! pass through.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use app_state::{Sighting, State};
use call_control::message::{self, About, Enter, Notice, write_destroyed};
use call_control::{ClientId, Deed, KeptLine, Refused, Rules, Switchboard, Topics, Up, Usual};
use mqtt_link::{Event, Link};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::fleet::{Fleet, Order};
use crate::sign::{Pass, Signer};
use crate::{GOODBYE, clock};

/// Between the message that a channel is no more and its end: who hears the message leaves by themselves.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Longest part of a client's name in its user id: with a dash and 16 more it fits into 64.
const USER_PREFIX: usize = 47;
/// Who is seen is written down together with who else is seen in this time: a fleet that comes at once is one change and not thousands.
const WRITE_AFTER: Duration = Duration::from_secs(1);
/// Devices of which more is not written down meanwhile.
const MAX_SEEN: usize = 65_536;

/// What the service counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// The broker lets us in at the moment.
    pub up: bool,
    /// Calls at the moment.
    pub calls: usize,
    /// Clients that are there, as far as they said so.
    pub clients: usize,
    /// Messages that were heeded.
    pub heeded: u64,
    /// Invitations with a token that were sent.
    pub invited: u64,
    /// Messages that were not heeded, by [`Refused::name`].
    pub refused: BTreeMap<&'static str, u64>,
    /// Messages of ours for which the link had no room.
    pub unsent: u64,
}

pub(crate) fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    // Counts are whole after every statement.
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The broker, and what is said where.
pub(crate) struct Post {
    pub link: Link,
    pub topics: Topics,
}

/// Where those who are called go, and what lets them in.
pub(crate) struct Venue {
    pub signer: Arc<Signer>,
    /// The address that they are told.
    pub server: Option<String>,
    pub room: Option<Arc<room::Handle>>,
}

/// Commands to devices: who waits for their answers, and what is to be sent.
pub(crate) struct Commands {
    pub fleet: Arc<Fleet>,
    pub orders: mpsc::Receiver<Order>,
}

pub(crate) struct Desk {
    post: Post,
    commands: Commands,
    venue: Venue,
    board: Switchboard,
    state: State,
    counts: Arc<Mutex<Counts>>,
    started: Instant,
    /// Channels that are to be closed, and when.
    closing: Vec<(Instant, String)>,
    /// Who was seen and is not written down yet, and when that is due.
    seen: BTreeMap<String, Sighting>,
    write_at: Option<Instant>,
}

impl Desk {
    /// One without calls, which calls whom and as it is usual.
    pub fn new(
        post: Post,
        (usual, rules): (Usual, Rules),
        venue: Venue,
        state: State,
        counts: Arc<Mutex<Counts>>,
        commands: Commands,
    ) -> Self {
        let board = Switchboard::new(post.topics.clone(), usual, rules, rand::random(), Duration::ZERO);
        let (started, closing, seen) = (Instant::now(), Vec::new(), BTreeMap::new());
        Self { post, commands, venue, board, state, counts, started, closing, seen, write_at: None }
    }

    /// Runs until it is to stop.
    pub async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        self.restore().await;
        loop {
            self.settle().await;
            let calls = self.board.deadline().map(|at| self.started + at);
            let closing = self.closing.iter().map(|(at, _)| *at);
            let deadline = calls.into_iter().chain(closing).chain(self.write_at).min();
            tokio::select! {
                _ = stopping.changed() => break,
                event = self.post.link.next() => self.event(event),
                Some(order) = self.commands.orders.recv() => self.order(&order),
                () = until(deadline) => self.board.expire(self.started.elapsed()),
            }
        }
        self.write_at = self.write_at.map(|_| Instant::now());
        self.write_seen().await;
        self.post.link.stop(GOODBYE).await;
    }

    /// Carries out what follows from what happened. What is kept is kept before anybody is told of it.
    async fn settle(&mut self) {
        self.keep_calls().await;
        while let Some(deed) = self.board.poll() {
            self.carry_out(deed).await;
        }
        self.close_channels().await;
        self.write_seen().await;
        let mut counts = lock(&self.counts);
        (counts.calls, counts.clients) = (self.board.calls(), self.board.clients());
        metrics::gauge!("artc_server_calls").set(counts.calls as f64);
        metrics::gauge!("artc_server_clients").set(counts.clients as f64);
    }

    /// The calls of the process before go on.
    async fn restore(&mut self) {
        let kept = match self.state.calls().await {
            Ok(kept) => kept,
            Err(why) => return tracing::error!("calls of before are not known: {why}"),
        };
        let (clock, now) = (clock::seconds(), self.started.elapsed());
        for call in kept {
            let passed = Duration::from_secs(clock.saturating_sub(call.saved).max(0).unsigned_abs());
            let restored = serde_json::from_str::<KeptLine>(&call.kept)
                .map_err(|why| why.to_string())
                .and_then(|line| self.board.restore(&call.id, line, passed, now).map_err(|why| why.to_string()));
            match restored {
                Ok(()) => tracing::info!(call = call.id, "a call of before goes on"),
                Err(why) => tracing::warn!(call = call.id, "a call of before cannot go on: {why}"),
            }
        }
        self.board.expire(now);
    }

    async fn keep_calls(&mut self) {
        let changed = self.board.changed(self.started.elapsed());
        if changed.is_empty() {
            return;
        }
        let written = |line: KeptLine| serde_json::to_string(&line).ok();
        let changed = changed.into_iter().map(|(id, line)| (id, line.and_then(written))).collect();
        if let Err(why) = self.state.keep_calls(changed, clock::seconds()).await {
            // Nobody is called any less for that.
            tracing::error!("calls are not kept: {why}");
        }
    }

    /// Notes that a client was heard on `topic`.
    fn saw(&mut self, topic: &str, payload: &[u8]) {
        let (client, here, about) = match self.post.topics.read_up(topic) {
            Some(Up::Client(client)) => (client, None, None),
            Some(Up::Presence(client)) => (client, message::read_presence(payload).ok(), None),
            Some(Up::About(client)) => match About::read(payload) {
                Ok(about) => (client, None, serde_json::to_string(&about).ok()),
                Err(why) => return crate::telemetry::refused("about", Refused::name(why)),
            },
            Some(Up::Answer(client)) => {
                self.commands.fleet.answered(&client, payload);
                (client, None, None)
            }
            Some(Up::Anybody) | None => return,
        };
        if self.seen.len() >= MAX_SEEN && !self.seen.contains_key(client.as_str()) {
            return;
        }
        let (client, at) = (String::from(client), clock::seconds());
        let sighting = self.seen.entry(client.clone()).or_insert(Sighting { client, here, about: None, at });
        (sighting.here, sighting.at) = (here.or(sighting.here), at);
        sighting.about = about.or(sighting.about.take());
        self.write_at.get_or_insert_with(|| Instant::now() + WRITE_AFTER);
    }

    async fn write_seen(&mut self) {
        if self.write_at.is_none_or(|at| at > Instant::now()) {
            return;
        }
        self.write_at = None;
        let seen = std::mem::take(&mut self.seen).into_values().collect();
        if let Err(why) = self.state.saw(seen).await {
            tracing::error!("who was seen is not kept: {why}");
        }
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Up => {
                tracing::info!("the broker let us in");
                lock(&self.counts).up = true;
                metrics::gauge!("artc_server_broker_up").set(1.0);
            }
            Event::Down(why) => {
                let was_up = std::mem::replace(&mut lock(&self.counts).up, false);
                metrics::gauge!("artc_server_broker_up").set(0.0);
                if was_up {
                    tracing::warn!("no broker, trying for ever: {why}");
                } else {
                    tracing::info!("no broker yet, trying for ever: {why}");
                }
            }
            Event::Message { topic, payload } => {
                let heeded = self.board.message(&topic, &payload, self.started.elapsed());
                if heeded.is_ok() {
                    self.saw(&topic, &payload);
                }
                let mut counts = lock(&self.counts);
                match heeded {
                    Ok(()) => counts.heeded += 1,
                    Err(why) => {
                        *counts.refused.entry(Refused::name(why)).or_default() += 1;
                        crate::telemetry::refused("message", Refused::name(why));
                        tracing::debug!(bytes = payload.len(), "a message was not heeded: {why}");
                    }
                }
            }
        }
    }

    async fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Open { channel } => {
                if let Some(room) = &self.venue.room
                    && let Err(why) = room.open_room(&channel).await
                {
                    tracing::warn!(channel, "the channel was not made: {why}");
                }
                self.closing.retain(|(_, one)| *one != channel);
            }
            Deed::Enter { to, call, channel, caller, rings } => match self.invitation(&to, call, channel, caller, rings) {
                Ok(enter) => {
                    tracing::info!(%to, channel = enter.channel, user = enter.user_id, "invited");
                    lock(&self.counts).invited += 1;
                    metrics::counter!("artc_server_invited_total").increment(1);
                    self.publish(&self.post.topics.enter(&to), enter.write());
                }
                Err(why) => tracing::error!(%to, "no token: {why}"),
            },
            Deed::Destroyed { to, call, channel } => {
                let request = random_id();
                self.publish(&self.post.topics.enter(&to), write_destroyed(&request, &call, &channel));
            }
            Deed::Tell { to, event, call, channel, who } => {
                let at = clock::since_1970().as_secs();
                self.publish(&self.post.topics.call(&to), Notice { event, call, channel, who, at }.write());
            }
            Deed::Close { channel } => self.closing.push((Instant::now() + LAST_WORDS, channel)),
        }
    }

    async fn close_channels(&mut self) {
        let now = Instant::now();
        let due: Vec<String> = self.closing.iter().filter(|(at, _)| *at <= now).map(|(_, channel)| channel.clone()).collect();
        self.closing.retain(|(at, _)| *at > now);
        for channel in due {
            if let Some(room) = &self.venue.room
                && let Err(why) = room.close_room(&channel).await
            {
                // It closed by itself, because everybody had left.
                tracing::debug!(channel, "{why}");
            }
        }
    }

    fn invitation(
        &self,
        to: &ClientId,
        call: String,
        channel: String,
        caller: Option<ClientId>,
        rings: Option<Duration>,
    ) -> Result<Enter, String> {
        let user_id = user_of(to);
        let clock = clock::now();
        let signed = self.venue.signer.sign(Pass::usual(&channel, &user_id), clock)?;
        Ok(Enter {
            app_id: signed.app_id,
            user_id,
            gslb: self.venue.server.iter().cloned().collect(),
            session: signed.session,
            token: signed.token,
            nonce: signed.nonce,
            timestamp: signed.timestamp,
            channel,
            call: Some(call),
            caller,
            until: rings.map(|left| (clock::since_1970() + left).as_secs()),
        })
    }

    /// Sends a command, now or never.
    fn order(&self, order: &Order) {
        if self.post.link.publish_now(&self.post.topics.command(&order.to), order.message.clone()).is_err() {
            self.commands.fleet.unsent(order);
        }
    }

    fn publish(&self, topic: &str, payload: Vec<u8>) {
        if self.post.link.publish(topic, payload).is_err() {
            lock(&self.counts).unsent += 1;
            tracing::warn!("a message was not sent: too many wait for the broker");
        }
    }
}

/// A user id for a client of the broker: its device, and what nobody else has.
pub(crate) fn user_of(client: &ClientId) -> String {
    let prefix: String = client.device().chars().take(USER_PREFIX).collect();
    format!("{prefix}-{}", random_id())
}

fn random_id() -> String {
    format!("{:016x}", rand::random::<u64>())
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
