//! The loop in which broker, calls, tokens and room meet. It decides nothing: the switchboard does.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use call_control::message::{Enter, Notice, write_destroyed};
use call_control::{ClientId, Deed, Refused, Rules, Switchboard, Topics, Usual};
use mqtt_link::{Event, Link};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::GOODBYE;
use crate::sign::Signer;

/// Between the message that a channel is no more and its end: who hears the message leaves by themselves.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Longest part of a client's name in its user id: with a dash and 16 more it fits into 64.
const USER_PREFIX: usize = 47;

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

pub(crate) struct Desk {
    link: Link,
    topics: Topics,
    board: Switchboard,
    signer: Signer,
    server: Vec<String>,
    room: Option<Arc<room::Handle>>,
    counts: Arc<Mutex<Counts>>,
    ids: StdRng,
    started: Instant,
    /// Channels that are to be closed, and when.
    closing: Vec<(Instant, String)>,
}

impl Desk {
    #[expect(clippy::too_many_arguments, reason = "the parts of the program, each once")]
    pub fn new(
        link: Link,
        topics: Topics,
        usual: Usual,
        rules: Rules,
        signer: Signer,
        server: Option<String>,
        room: Option<Arc<room::Handle>>,
        counts: Arc<Mutex<Counts>>,
    ) -> Self {
        let board = Switchboard::new(topics.clone(), usual, rules, rand::random(), Duration::ZERO);
        let server = server.into_iter().collect();
        let (ids, started) = (StdRng::from_os_rng(), Instant::now());
        Self { link, topics, board, signer, server, room, counts, ids, started, closing: Vec::new() }
    }

    /// Runs until it is to stop.
    pub async fn run(mut self, mut stopping: watch::Receiver<bool>) {
        loop {
            let calls = self.board.deadline().map(|at| self.started + at);
            let deadline = calls.into_iter().chain(self.closing.iter().map(|(at, _)| *at)).min();
            tokio::select! {
                _ = stopping.changed() => break,
                event = self.link.next() => self.event(event),
                () = until(deadline) => self.board.expire(self.started.elapsed()),
            }
            while let Some(deed) = self.board.poll() {
                self.carry_out(deed).await;
            }
            self.close_channels().await;
            let mut counts = lock(&self.counts);
            (counts.calls, counts.clients) = (self.board.calls(), self.board.clients());
        }
        self.link.stop(GOODBYE).await;
    }

    fn event(&mut self, event: Event) {
        match event {
            Event::Up => {
                tracing::info!("the broker let us in");
                lock(&self.counts).up = true;
            }
            Event::Down(why) => {
                let was_up = std::mem::replace(&mut lock(&self.counts).up, false);
                if was_up {
                    tracing::warn!("no broker, trying for ever: {why}");
                } else {
                    tracing::info!("no broker yet, trying for ever: {why}");
                }
            }
            Event::Message { topic, payload } => {
                let heeded = self.board.message(&topic, &payload, self.started.elapsed());
                let mut counts = lock(&self.counts);
                match heeded {
                    Ok(()) => counts.heeded += 1,
                    Err(why) => {
                        *counts.refused.entry(Refused::name(why)).or_default() += 1;
                        tracing::debug!(bytes = payload.len(), "a message was not heeded: {why}");
                    }
                }
            }
        }
    }

    async fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Open { channel } => {
                if let Some(room) = &self.room
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
                    self.publish(&self.topics.enter(&to), enter.write());
                }
                Err(why) => tracing::error!(%to, "no token: {why}"),
            },
            Deed::Destroyed { to, call, channel } => {
                let request = self.random_id();
                self.publish(&self.topics.enter(&to), write_destroyed(&request, &call, &channel));
            }
            Deed::Tell { to, event, call, channel, who } => {
                let at = since_1970().as_secs();
                self.publish(&self.topics.call(&to), Notice { event, call, channel, who, at }.write());
            }
            Deed::Close { channel } => self.closing.push((Instant::now() + LAST_WORDS, channel)),
        }
    }

    async fn close_channels(&mut self) {
        let now = Instant::now();
        let due: Vec<String> = self.closing.iter().filter(|(at, _)| *at <= now).map(|(_, channel)| channel.clone()).collect();
        self.closing.retain(|(at, _)| *at > now);
        for channel in due {
            if let Some(room) = &self.room
                && let Err(why) = room.close_room(&channel).await
            {
                // It closed by itself, because everybody had left.
                tracing::debug!(channel, "{why}");
            }
        }
    }

    fn invitation(
        &mut self,
        to: &ClientId,
        call: String,
        channel: String,
        caller: Option<ClientId>,
        rings: Option<Duration>,
    ) -> Result<Enter, String> {
        let prefix: String = to.device().chars().take(USER_PREFIX).collect();
        let user_id = format!("{prefix}-{}", self.random_id());
        let clock = since_1970();
        let signed = self.signer.sign(&channel, &user_id, SystemTime::UNIX_EPOCH + clock)?;
        Ok(Enter {
            app_id: signed.app_id,
            user_id,
            gslb: self.server.clone(),
            session: self.random_id(),
            token: signed.token,
            // May be empty by the documents, and better is.
            nonce: String::new(),
            timestamp: signed.timestamp,
            channel,
            call: Some(call),
            caller,
            until: rings.map(|left| (clock + left).as_secs()),
        })
    }

    fn publish(&self, topic: &str, payload: Vec<u8>) {
        if self.link.publish(topic, payload).is_err() {
            lock(&self.counts).unsent += 1;
            tracing::warn!("a message was not sent: too many wait for the broker");
        }
    }

    fn random_id(&mut self) -> String {
        format!("{:016x}", self.ids.random::<u64>())
    }
}

#[expect(clippy::disallowed_methods, reason = "the shell of the program; tokens and clients want the wall clock")]
fn since_1970() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
