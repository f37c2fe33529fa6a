//! Calls over the broker: the link to it, and what the device does when it is called. Commands that come over it are handed on.
//!
//! The second way into a channel: the token of a call takes the place of the configured one, and between calls the device is in no
//! channel. What an invitation means is decided by `call_control::Callee`; which server is joined, by the configuration alone, whatever
//! an invitation says of servers.

use std::time::Duration;

use bytes::Bytes;
use call_control::message::{self, About, Enter};
use call_control::{Act, Callee, Config, Down, Topics};
use mqtt_link::{Event, Link, Options, Presence};

use super::clock;
use crate::config::{SecretError, read_secret};
use crate::session::Ticket;
use crate::telemetry::Fault;

/// The group of devices in the documented sample.
const GROUP: &str = "GID_ALIRTC_CTRL_DOWN";
/// How long the good-bye to the broker may take, of the two seconds that ending may take.
const GOODBYE: Duration = Duration::from_millis(300);

/// Why calls are not taken.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The secret cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The configuration names no client, topic or broker that could be used.
    #[error("calls: {0}")]
    Configuration(String),
}

/// What the shell is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Turn {
    /// A command came, for the desk to judge.
    Command(Bytes),
    /// Join with the ticket that is there now, and leave the channel before if it is in one.
    Join,
    /// Leave.
    Leave,
}

/// The device's part in calls.
pub struct Calls {
    link: Link,
    callee: Callee,
    topics: Topics,
    client: call_control::ClientId,
    /// What we are: the name is what others see in the channel.
    about: About,
    ticket: Option<Ticket>,
    outage: Fault<String>,
    up: bool,
}

impl Calls {
    /// Begins to listen, where the configuration wants it. `device` stands in for `calls.device`.
    pub fn start(config: &Config, device: Option<&str>, about: About) -> Result<Option<Self>, StartError> {
        if !config.enabled {
            return Ok(None);
        }
        let wrong = |why: String| StartError::Configuration(why);
        let device =
            config.device.as_deref().or(device).ok_or_else(|| wrong("this machine has no id; set `calls.device`".into()))?;
        let client = config.client(GROUP, device).map_err(|why| wrong(format!("{why}; set `calls.device`")))?;
        let topics = config.topics().map_err(|why| wrong(why.to_string()))?;
        let place = config.place().ok_or_else(|| wrong("`calls.broker` is not set".into()))?;
        let path = config.secret_file.clone().ok_or_else(|| wrong("`calls.secret_file` is not set".into()))?;
        let secret = call_control::Secret::new(read_secret("calls.secret_file", path)?);
        let account = config.account(&client, &secret);
        let link = Link::start(Options {
            host: place.host,
            port: place.port,
            tls: place.tls,
            ca_file: config.ca_file.clone(),
            client_id: client.to_string(),
            user: account.user,
            password: account.password.expose().to_owned(),
            listen: topics.for_client(&client),
            presence: Some(Presence {
                topic: topics.presence(&client),
                here: message::presence(true).into(),
                gone: message::presence(false).into(),
            }),
            seed: rand::random(),
        });
        let callee = Callee::new(client.clone(), topics.clone(), clock::now());
        Ok(Some(Self { link, callee, topics, client, about, ticket: None, outage: Fault::default(), up: false }))
    }

    /// Who we are at the broker.
    pub fn client(&self) -> &str {
        self.client.as_str()
    }

    /// What happens next; never, where no calls are taken.
    pub async fn next(calls: &mut Option<Self>) -> Event {
        match calls {
            Some(calls) => calls.link.next().await,
            None => std::future::pending().await,
        }
    }

    /// When [`Calls::expire`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        self.callee.deadline()
    }

    /// Time has passed.
    pub fn expire(&mut self, now: Duration) -> Vec<Turn> {
        let acts = self.callee.expire(now);
        self.carry_out(acts)
    }

    /// Takes what the link tells.
    pub fn heed(&mut self, event: Event, now: Duration) -> Vec<Turn> {
        match event {
            Event::Up => {
                self.up = true;
                self.outage.see(None);
                tracing::info!(client = %self.client, "waiting for calls");
                self.publish(&self.topics.about(&self.client), self.about.write());
                Vec::new()
            }
            Event::Down(why) => {
                self.up = false;
                metrics::counter!("artc_calls_outages_total").increment(1);
                if self.outage.see(Some(why.clone())).is_some() {
                    tracing::warn!("no calls, trying again for ever: {why}");
                }
                Vec::new()
            }
            Event::Message { topic, payload } if self.topics.read_down(&topic, &self.client) == Some(Down::Command) => {
                vec![Turn::Command(payload)]
            }
            Event::Message { topic, payload } => {
                let clock = clock::is_trusted().then(clock::since_1970);
                match self.callee.message(&topic, &payload, clock, now) {
                    Ok(acts) => self.carry_out(acts),
                    Err(why) => {
                        metrics::counter!("artc_calls_refused_total", "reason" => why.name()).increment(1);
                        tracing::debug!(bytes = payload.len(), "a message of the broker was not heeded: {why}");
                        Vec::new()
                    }
                }
            }
        }
    }

    /// The ticket of the call.
    pub fn ticket(&self) -> Result<Ticket, String> {
        self.ticket.clone().ok_or_else(|| "nobody calls".into())
    }

    /// The room has refused the call's token, and there is no other: the call has ended for us.
    pub fn refused(&mut self) {
        tracing::warn!("the room refuses the token of the call");
        let acts = self.callee.leave();
        self.carry_out(acts);
    }

    /// Whether all is well while no channel is joined, and how it is, in words.
    pub fn standing(&self) -> (bool, String) {
        match self.outage.get() {
            Some(why) => (false, format!("no calls: {why}")),
            None if self.up => (true, format!("waiting for calls as {}", self.client)),
            None => (false, "connecting to the broker".into()),
        }
    }

    /// Tells those who listen at the broker what the device notices.
    pub fn tell<P: serde::Serialize>(&self, topic: wire::event::Topic, params: &P) {
        if self.link.publish(&self.topics.event(&self.client), wire::event::notification(topic, params)).is_err() {
            metrics::counter!("artc_calls_unsent_total").increment(1);
            tracing::debug!(topic = topic.name(), "an event was not told: too much waits for the broker");
        }
    }

    /// Leaves a call, says so, and says good-bye to the broker.
    pub async fn stop(mut self) {
        let acts = self.callee.leave();
        self.carry_out(acts);
        self.link.stop(GOODBYE).await;
    }

    fn carry_out(&mut self, acts: Vec<Act>) -> Vec<Turn> {
        let mut turns = Vec::new();
        for act in acts {
            match act {
                Act::Join(enter) => {
                    tracing::info!(
                        channel = enter.channel,
                        caller = enter.caller.as_ref().map(tracing::field::display),
                        "called"
                    );
                    metrics::counter!("artc_calls_taken_total").increment(1);
                    self.ticket = Some(self.ticket_of(*enter));
                    turns.push(Turn::Join);
                }
                Act::Leave => {
                    tracing::info!("the call has ended");
                    self.ticket = None;
                    turns.push(Turn::Leave);
                }
                Act::Missed(caller) => {
                    metrics::counter!("artc_calls_missed_total").increment(1);
                    tracing::info!(caller = caller.as_ref().map(tracing::field::display), "missed a call");
                }
                Act::Say(request) => self.publish(&self.topics.of(&self.client), request.write()),
            }
        }
        turns
    }

    /// Answers a command. Who asked waits for it now or never.
    pub fn answer(&self, message: Vec<u8>) {
        if self.link.publish_now(&self.topics.answer(&self.client), message).is_err() {
            self.unsent("no connection to the broker, or too much waits for it");
        }
    }

    fn publish(&self, topic: &str, payload: Vec<u8>) {
        if self.link.publish(topic, payload).is_err() {
            self.unsent("too much waits for the broker");
        }
    }

    fn unsent(&self, why: &str) {
        metrics::counter!("artc_calls_unsent_total").increment(1);
        tracing::warn!("the server was not answered: {why}");
    }

    fn ticket_of(&self, enter: Enter) -> Ticket {
        Ticket { token: enter.token, channel: enter.channel, user_id: enter.user_id, user_name: self.about.name.clone() }
    }
}
