//! All calls of a server: reads what clients say, knows who is there, and says what is to be done.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::bucket::Bucket;
use crate::call::Step;
use crate::message::{self, Request};
use crate::name::Up;
use crate::{Call, ClientId, Refused, Rules, Said, Topics};

/// Calls at once.
const MAX_CALLS: usize = 1024;
/// Clients of which it is remembered whether they are there.
const MAX_KNOWN: usize = 65_536;
/// Clients whose messages are counted at the same time.
const MAX_SENDERS: usize = 4096;
/// All clients together may say so many times what one may.
const ALL: f64 = 50.0;

/// What the server is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Make this channel.
    Open {
        /// The channel.
        channel: String,
    },
    /// Make a token for the channel, and tell `to` to enter.
    Enter {
        /// Who is told.
        to: ClientId,
        /// Which call.
        call: String,
        /// Its channel.
        channel: String,
        /// Who calls, where that is known.
        caller: Option<ClientId>,
        /// How long it rings from now on.
        rings: Option<Duration>,
    },
    /// Tell `to` that the channel is no more.
    Destroyed {
        /// Who is told.
        to: ClientId,
        /// Which call.
        call: String,
        /// Its channel.
        channel: String,
    },
    /// Tell `to` what happened.
    Tell {
        /// Who is told.
        to: ClientId,
        /// What happened.
        event: Said,
        /// Which call; empty where there is none.
        call: String,
        /// Its channel.
        channel: String,
        /// Of whom it speaks.
        who: Option<ClientId>,
    },
    /// Delete this channel.
    Close {
        /// The channel.
        channel: String,
    },
}

/// Whom and where `create` calls by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usual {
    /// The channel of a `create` of nobody in particular.
    pub channel: String,
    /// Who is called where nobody is named.
    pub invite: Vec<ClientId>,
}

#[derive(Debug)]
struct Line {
    call: Call,
    channel: String,
    /// Made by the text `create` on the control topic, of nobody in particular.
    anybody: bool,
}

/// The calls of a server.
#[derive(Debug)]
pub struct Switchboard {
    topics: Topics,
    usual: Usual,
    rules: Rules,
    lines: BTreeMap<String, Line>,
    here: BTreeMap<ClientId, bool>,
    senders: BTreeMap<ClientId, Bucket>,
    all: Bucket,
    ids: StdRng,
    deeds: VecDeque<Deed>,
    changed: BTreeSet<String>,
}

impl Switchboard {
    /// One without calls; `seed` makes the calls' ids.
    pub fn new(topics: Topics, usual: Usual, rules: Rules, seed: u64, now: Duration) -> Self {
        Self {
            topics,
            usual,
            rules,
            lines: BTreeMap::new(),
            here: BTreeMap::new(),
            senders: BTreeMap::new(),
            all: Bucket::new(ALL, now),
            ids: StdRng::seed_from_u64(seed),
            deeds: VecDeque::new(),
            changed: BTreeSet::new(),
        }
    }

    /// Calls that have not ended.
    pub fn calls(&self) -> usize {
        self.lines.len()
    }

    /// Clients that are there, as far as they said so.
    pub fn clients(&self) -> usize {
        self.here.values().filter(|here| **here).count()
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Deed> {
        self.deeds.pop_front()
    }

    /// When [`Switchboard::expire`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.lines.values().filter_map(|line| line.call.deadline()).min()
    }

    /// Time has passed.
    pub fn expire(&mut self, now: Duration) {
        let due = |line: &Line| line.call.deadline().is_some_and(|at| at <= now);
        let late: Vec<String> = self.lines.iter().filter(|(_, line)| due(line)).map(|(id, _)| id.clone()).collect();
        for id in late {
            self.with(&id, now, |call| call.expire(now));
        }
    }

    /// A message came.
    ///
    /// # Errors
    /// Why it was not heeded. Whoever asked for a call hears of it, too.
    pub fn message(&mut self, topic: &str, payload: &[u8], now: Duration) -> Result<(), Refused> {
        if !self.all.take(now) {
            return Err(Refused::Flood);
        }
        match self.topics.read_up(topic).ok_or(Refused::Topic)? {
            Up::Anybody => self.of_anybody(&Request::read(payload)?, now),
            // What it is, and what it answers to commands, is no call's business.
            Up::About(client) | Up::Answer(client) => self.heard(&client, now),
            Up::Presence(client) => {
                self.heard(&client, now)?;
                self.presence(client, message::read_presence(payload)?, now)
            }
            Up::Client(client) => {
                self.heard(&client, now)?;
                let asked = Request::read(payload).and_then(|request| self.of_client(&client, request, now));
                if let Err(Refused::NoCall | Refused::NotTheirs | Refused::Full | Refused::Malformed) = asked {
                    let (call, channel) = (String::new(), String::new());
                    self.deeds.push_back(Deed::Tell { to: client, event: Said::Refused, call, channel, who: None });
                }
                asked
            }
        }
    }

    /// Counts a message of `client`.
    fn heard(&mut self, client: &ClientId, now: Duration) -> Result<(), Refused> {
        if self.senders.len() >= MAX_SENDERS && !self.senders.contains_key(client) {
            self.senders.retain(|_, bucket| !bucket.is_full(now));
            if self.senders.len() >= MAX_SENDERS {
                return Err(Refused::Flood);
            }
        }
        let bucket = self.senders.entry(client.clone()).or_insert_with(|| Bucket::new(1.0, now));
        if bucket.take(now) { Ok(()) } else { Err(Refused::Flood) }
    }

    fn presence(&mut self, client: ClientId, here: bool, now: Duration) -> Result<(), Refused> {
        if self.here.len() >= MAX_KNOWN && !self.here.contains_key(&client) {
            return Err(Refused::Full);
        }
        self.here.insert(client.clone(), here);
        if here {
            let ids: Vec<String> = self.lines.keys().cloned().collect();
            for id in ids {
                self.with(&id, now, |call| call.came(&client));
            }
        }
        Ok(())
    }

    /// As in the documented sample: one channel, and those who are always called.
    fn of_anybody(&mut self, request: &Request, now: Duration) -> Result<(), Refused> {
        let present = self.lines.iter().find(|(_, line)| line.anybody).map(|(id, _)| id.clone());
        match (request, present) {
            (Request::Create { channel: None, invite }, present) if invite.is_empty() => match present {
                // It is good for 48 hours; token and session are new.
                Some(id) => {
                    self.with(&id, now, Call::again);
                    Ok(())
                }
                None => self.create(None, self.usual.channel.clone(), self.usual.invite.clone(), now),
            },
            (Request::Destory { call: None }, Some(id)) => {
                self.with(&id, now, |call| call.give_up(false));
                Ok(())
            }
            (Request::Destory { call: None }, None) => Err(Refused::NoCall),
            _ => Err(Refused::NotTheirs),
        }
    }

    fn of_client(&mut self, client: &ClientId, request: Request, now: Duration) -> Result<(), Refused> {
        match request {
            Request::Create { channel, invite } => {
                let invite = if invite.is_empty() { self.usual.invite.clone() } else { invite };
                let channel = channel.unwrap_or_else(|| format!("call-{:016x}", self.ids.random::<u64>()));
                self.create(Some(client.clone()), channel, invite, now)
            }
            Request::Destory { call: Some(id) } => self.give_up(client, &id, false, now),
            Request::Destory { call: None } => {
                let own = |line: &Line| line.call.caller() == Some(client) || line.call.leg(client).is_some();
                let ids: Vec<String> = self.lines.iter().filter(|(_, line)| own(line)).map(|(id, _)| id.clone()).collect();
                if ids.is_empty() {
                    return Err(Refused::NoCall);
                }
                ids.iter().try_for_each(|id| self.give_up(client, id, false, now))
            }
            Request::Cancel { call } => self.give_up(client, &call, true, now),
            Request::Answer { call, answer } => {
                let line = self.lines.get(&call).ok_or(Refused::NoCall)?;
                if line.call.leg(client).is_none() {
                    return Err(Refused::NotTheirs);
                }
                self.with(&call, now, |call| _ = call.answer(client, answer));
                Ok(())
            }
        }
    }

    fn create(&mut self, caller: Option<ClientId>, channel: String, invite: Vec<ClientId>, now: Duration) -> Result<(), Refused> {
        let taken = channel == self.usual.channel && caller.is_some() || self.lines.values().any(|line| line.channel == channel);
        if taken || self.lines.len() >= MAX_CALLS {
            return Err(Refused::Full);
        }
        if !invite.iter().any(|one| Some(one) != caller.as_ref()) {
            return Err(Refused::Malformed);
        }
        let anybody = caller.is_none();
        // Who speaks on the control topic itself says nothing afterwards, and neither do those who are called by it.
        let rules = if anybody { Rules { ring: None, ..self.rules } } else { self.rules };
        let call = Call::new(caller, invite, |who| self.here.get(who) == Some(&false), rules, now);
        let id = format!("{:016x}", self.ids.random::<u64>());
        self.deeds.push_back(Deed::Open { channel: channel.clone() });
        self.lines.insert(id.clone(), Line { call, channel, anybody });
        self.with(&id, now, |_| {});
        Ok(())
    }

    /// Whoever made a call ends it; whoever was called only leaves it.
    fn give_up(&mut self, client: &ClientId, id: &str, cancel: bool, now: Duration) -> Result<(), Refused> {
        let line = self.lines.get(id).ok_or(Refused::NoCall)?;
        if line.call.caller() == Some(client) {
            self.with(id, now, |call| call.give_up(cancel));
        } else if line.call.leg(client).is_some() {
            self.with(id, now, |call| {
                let answer = if call.leg(client) == Some(crate::Leg::In) { crate::Answer::Leave } else { crate::Answer::Reject };
                call.answer(client, answer);
            });
        } else {
            return Err(Refused::NotTheirs);
        }
        Ok(())
    }

    /// Does something with a call, and turns what follows from it into deeds.
    fn with(&mut self, id: &str, now: Duration, act: impl FnOnce(&mut Call)) {
        let Some(line) = self.lines.get_mut(id) else { return };
        self.changed.insert(id.to_owned());
        act(&mut line.call);
        let caller = line.call.caller().cloned();
        let rings = line.call.ring_until().map(|until| until.saturating_sub(now));
        let (call, channel) = (id.to_owned(), line.channel.clone());
        while let Some(step) = line.call.poll() {
            let (call, channel) = (call.clone(), channel.clone());
            let deed = match step {
                Step::Enter(to) => Deed::Enter { to, call, channel, caller: caller.clone(), rings },
                Step::Destroyed(to) => Deed::Destroyed { to, call, channel },
                Step::Missed(to) => Deed::Tell { to, event: Said::Missed, call, channel, who: caller.clone() },
                Step::Tell(who, event) => match caller.clone() {
                    Some(to) => Deed::Tell { to, event, call, channel, who: Some(who) },
                    None => continue,
                },
                Step::Ended(_) => {
                    if let Some(to) = caller.clone() {
                        let (call, channel) = (call.clone(), channel.clone());
                        self.deeds.push_back(Deed::Tell { to, event: Said::Ended, call, channel, who: None });
                    }
                    Deed::Close { channel }
                }
            };
            self.deeds.push_back(deed);
        }
        if line.call.ended().is_some() {
            self.lines.remove(id);
        }
    }
}

mod kept;
#[cfg(test)]
mod tests;

pub use kept::KeptLine;
