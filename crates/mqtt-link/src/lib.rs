//! A link to an MQTT broker (3.1.1) that comes back for ever.
//!
//! - a persistent session and QoS 1: what is published to us while we are away comes when we are back; QoS 0 for what is for now or never;
//! - presence: a message that the broker keeps while we are there, and another one as the last will;
//! - TLS by [`tls_trust`], the certificates read anew for each connection; jittered pauses by [`backoff`];
//! - queues of a fixed depth both ways: who reads slowly makes the broker wait, who writes faster than the broker takes is told
//!   [`Full`].
//!
//! It knows nothing of what is said over it. Not for MQTT 5, nor for brokers behind WebSockets.
#![forbid(unsafe_code)]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backoff::Backoff;
use bytes::Bytes;
use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, EventLoop, LastWill, MqttOptions, NetworkOptions, Packet, PublishOptions,
    QoS, SubscribeReasonCode, TlsConfiguration, TlsError, Transport,
};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Messages of the broker that may wait for whoever reads them; then the broker waits.
const INCOMING: usize = 64;
/// Messages of ours that may wait for the broker.
const OUTGOING: usize = 256;
/// Longest message that is read, in bytes, topic included. One that is longer ends the connection, so this is far above what brokers
/// for devices let through.
const MAX_PACKET: usize = 1024 * 1024;
/// How long a connection must hold, so that the next pause is short again.
const STEADY: Duration = Duration::from_secs(30);
/// How long making a connection may take.
const CONNECT_WITHIN_S: u64 = 10;
/// Sound as the broker's idea of us must be when we vanish without a word: it gives up after one and a half of these.
const KEEP_ALIVE_S: u16 = 30;

/// Where the broker is, who we are there, and what we want of it.
#[derive(Clone)]
pub struct Options {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Whether it is spoken to over TLS.
    pub tls: bool,
    /// A PEM file of certificates that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Our name there; one connection has it at a time.
    pub client_id: String,
    /// User name.
    pub user: String,
    /// Password.
    pub password: String,
    /// Topics that we listen to.
    pub listen: Vec<String>,
    /// What is published when we are there, when we leave, and by the broker when we vanish.
    pub presence: Option<Presence>,
    /// Of the pauses.
    pub seed: u64,
}

/// A kept message about ourselves.
#[derive(Clone, Debug)]
pub struct Presence {
    /// Its topic.
    pub topic: String,
    /// While we are there.
    pub here: Bytes,
    /// When we are not.
    pub gone: Bytes,
}

/// What the link tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The broker let us in.
    Up,
    /// There is no connection; another attempt follows.
    Down(String),
    /// A message came.
    Message {
        /// Its topic.
        topic: String,
        /// What it says.
        payload: Bytes,
    },
}

/// The broker takes nothing at the moment, and as much waits as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// A link. Dropped, it vanishes without a word, which the broker tells the others as our last will; prefer [`Link::stop`].
pub struct Link {
    events: mpsc::Receiver<Event>,
    client: AsyncClient,
    presence: Option<Presence>,
    /// The broker let us in and has not been lost since.
    up: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Link {
    /// Begins to connect. Must be called on a tokio runtime.
    pub fn start(options: Options) -> Self {
        let mut mqtt = MqttOptions::new(options.client_id.clone(), (options.host.clone(), options.port));
        mqtt.set_credentials(options.user.clone(), options.password.clone())
            .set_clean_session(false)
            .set_keep_alive(KEEP_ALIVE_S)
            .set_max_packet_size(MAX_PACKET, MAX_PACKET);
        if let Some(presence) = &options.presence {
            mqtt.set_last_will(LastWill::new(presence.topic.clone(), presence.gone.to_vec(), QoS::AtLeastOnce, true));
        }
        let (client, mut eventloop) = AsyncClient::builder(mqtt).capacity(OUTGOING).build();
        let mut network = NetworkOptions::new();
        network.set_connection_timeout(CONNECT_WITHIN_S);
        network.set_tcp_nodelay(true);
        eventloop.set_network_options(network);
        let (sender, events) = mpsc::channel(INCOMING);
        let presence = options.presence.clone();
        let up = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(run(options, client.clone(), eventloop, sender, Arc::clone(&up)));
        Self { events, client, presence, up, task }
    }

    /// What happens next. Never ends by itself, and may be dropped while it waits.
    pub async fn next(&mut self) -> Event {
        match self.events.recv().await {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    /// Publishes a message at QoS 1; while there is no connection it waits for one.
    ///
    /// # Errors
    /// As many messages wait as may.
    pub fn publish(&self, topic: &str, payload: impl Into<Bytes>) -> Result<(), Full> {
        let payload: Bytes = payload.into();
        self.client.try_publish(topic, payload, PublishOptions::new(QoS::AtLeastOnce)).map_err(|_| Full)
    }

    /// Publishes a message at QoS 0, for who is there now: it waits for no connection, and the broker keeps it for nobody.
    ///
    /// # Errors
    /// There is no connection, or as many messages wait as may.
    pub fn publish_now(&self, topic: &str, payload: impl Into<Bytes>) -> Result<(), Full> {
        if !self.up.load(Ordering::Relaxed) {
            return Err(Full);
        }
        let payload: Bytes = payload.into();
        self.client.try_publish(topic, payload, PublishOptions::new(QoS::AtMostOnce)).map_err(|_| Full)
    }

    /// Says that we are gone, and goes; gives up after `within`.
    pub async fn stop(mut self, within: Duration) {
        if let Some(presence) = self.presence.take() {
            let kept = PublishOptions::new(QoS::AtLeastOnce).retained();
            drop(self.client.try_publish(presence.topic, presence.gone, kept));
        }
        self.events.close();
        drop(self.client.try_disconnect_with_timeout(within));
        if tokio::time::timeout(within, &mut self.task).await.is_err() {
            tracing::debug!("the broker did not confirm the good-bye");
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn run(
    options: Options,
    client: AsyncClient,
    mut eventloop: EventLoop,
    events: mpsc::Sender<Event>,
    is_up: Arc<AtomicBool>,
) {
    let mut backoff = Backoff::new(options.seed);
    // Since when we are in.
    let mut up: Option<Instant> = None;
    let mut trusted = false;
    loop {
        if up.is_none() && !trusted {
            match trust(&options).await {
                Ok(transport) => _ = eventloop.mqtt_options.set_transport(transport),
                Err(why) => {
                    drop(events.send(Event::Down(why)).await);
                    tokio::time::sleep(backoff.pause()).await;
                    continue;
                }
            }
            trusted = true;
        }
        match eventloop.poll().await {
            Ok(rumqttc::Event::Incoming(Packet::ConnAck(_))) => {
                up = Some(Instant::now());
                is_up.store(true, Ordering::Relaxed);
                for topic in &options.listen {
                    drop(client.try_subscribe(topic.as_str(), QoS::AtLeastOnce));
                }
                if let Some(presence) = &options.presence {
                    let kept = PublishOptions::new(QoS::AtLeastOnce).retained();
                    drop(client.try_publish(presence.topic.clone(), presence.here.clone(), kept));
                }
                drop(events.send(Event::Up).await);
            }
            Ok(rumqttc::Event::Incoming(Packet::SubAck(ack))) if ack.return_codes.contains(&SubscribeReasonCode::Failure) => {
                tracing::warn!("the broker does not let us listen to one of {}", options.listen.join(", "));
            }
            Ok(rumqttc::Event::Incoming(Packet::Publish(message))) => {
                let topic = String::from_utf8_lossy(&message.topic).into_owned();
                drop(events.send(Event::Message { topic, payload: message.payload }).await);
            }
            Ok(_) => {}
            Err(ConnectionError::RequestsDone | ConnectionError::DisconnectTimeout) => return,
            // Closed by the one who asked us to go.
            Err(_) if events.is_closed() => return,
            Err(why) => {
                is_up.store(false, Ordering::Relaxed);
                if up.take().is_some_and(|since| since.elapsed() >= STEADY) {
                    backoff.reset();
                }
                trusted = false;
                drop(events.send(Event::Down(plain(&options, &why))).await);
                tokio::time::sleep(backoff.pause()).await;
            }
        }
    }
}

async fn trust(options: &Options) -> Result<Transport, String> {
    if !options.tls {
        return Ok(Transport::tcp());
    }
    let file = options.ca_file.clone();
    let named = file.as_ref().map_or_else(|| "the system's certificates".into(), |file| format!("ca_file {}", file.display()));
    let read = tokio::task::spawn_blocking(move || tls_trust::client_config(file.as_deref())).await;
    let read = read.map_err(|why| why.to_string()).and_then(|read| read.map_err(|why| why.to_string()));
    read.map(|config| Transport::tls_with_config(TlsConfiguration::Rustls(Arc::new(config))))
        .map_err(|why| format!("{named}: {why}"))
}

/// Why there is no connection, with the way out where one is known.
fn plain(options: &Options, why: &ConnectionError) -> String {
    let broker = format!("broker {}:{}", options.host, options.port);
    match why {
        ConnectionError::ConnectionRefused(ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized) => {
            format!("{broker} refuses the user name or the password: see access_key, secret_file, password and instance")
        }
        ConnectionError::ConnectionRefused(code) => format!("{broker} refuses us: {code:?}"),
        ConnectionError::NetworkTimeout => format!("{broker} does not answer within {CONNECT_WITHIN_S} s"),
        ConnectionError::Tls(TlsError::Io(why)) => format!("{broker}: no TLS with it: {why}; see ca_file"),
        other => format!("{broker}: {other}"),
    }
}
