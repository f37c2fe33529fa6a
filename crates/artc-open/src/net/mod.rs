//! The shell around the session: one thread with a tokio runtime that owns sockets, timers and the signalling connection.
//!
//! It decides nothing. Media has the first turn, then datagrams, then the rest.

mod address;
mod error;
mod links;
mod local;
mod mirror;
mod outputs;
mod signal;
mod sockets;
mod tls;
mod ways;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use artc_bindings::VideoTranscodingCodec;
use tokio::sync::mpsc::{Receiver, Sender, channel};

pub use error::ConnectError;
pub use links::{Change, Links};
pub use mirror::mirror;
pub use signal::reach;

use crate::audio::{PlayoutHandle, PlayoutSettings};
use crate::clock::Clock;
use crate::command::{Command, Local};
use crate::encoder::AccessUnit;
use crate::options::Options;
use crate::session::{AudioPacket, Session, Setup};
use crate::shared::{LOOK_UP, Shared};
use crate::video::WatchHandle;
use local::Stay;
use rtc::local::FromRoom;
use signal::{News, Signal};
use sockets::Sockets;
use ways::{Reflexive, WayNews, Ways};

/// Media that waits at most for the network thread: pictures of a quarter of a second, and sound.
pub const MEDIA_DEPTH: usize = 16;
/// News of the signalling connection that wait at most.
const NEWS_DEPTH: usize = 64;
/// Packets of other ways than UDP that wait at most: a key frame of a large picture is some 200.
const WAYS_DEPTH: usize = 512;
/// Datagrams taken from one socket before something else has a turn.
const TURN: usize = 64;
/// How often the addresses of this machine are compared, besides what the kernel tells: it can be that it tells nothing.
const LOOK_AT_ADDRESSES: Duration = Duration::from_secs(5);
/// How long a released engine waits for its good-bye to leave.
const GOOD_BYE: Duration = Duration::from_millis(300);

/// Something to send.
#[derive(Debug)]
pub enum Media {
    /// A picture.
    Video(Local, AccessUnit),
    /// Sound.
    Audio(AudioPacket),
}

/// What the thread is made with.
pub struct Parts {
    /// Options of the engine.
    pub options: Options,
    /// The session's own parts.
    pub setup: Setup,
    /// Commands of the API.
    pub commands: Receiver<Command>,
    /// Encoded media.
    pub media: Receiver<Media>,
    /// Sound of others.
    pub playout: PlayoutHandle,
    /// Pictures of others.
    pub watch: WatchHandle,
    /// In what form sound of others is handed out; which of it the join says.
    pub sound: PlayoutSettings,
    /// In what form pictures of others are handed out.
    pub observer: Option<VideoTranscodingCodec>,
    /// Told the share of packets that got lost.
    pub on_loss: Box<dyn FnMut(f32) + Send>,
}

/// Starts the thread. It ends with [`Command::Release`] or when all senders of commands are gone.
pub fn start(parts: Parts) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("artc-net".into()).spawn(move || runtime.block_on(Net::new(parts).run()))
}

/// Whether an address can be that of a server.
pub fn check_url(url: &str) -> Result<(), ConnectError> {
    address::join(url, None).map(|_| ())
}

struct Net {
    options: Options,
    session: Session,
    commands: Receiver<Command>,
    media: Receiver<Media>,
    playout: PlayoutHandle,
    watch: WatchHandle,
    on_loss: Box<dyn FnMut(f32) + Send>,
    sound: PlayoutSettings,
    observer: Option<VideoTranscodingCodec>,
    shared: Arc<Shared>,
    clock: Clock,
    signal: Option<Signal>,
    /// The connection that was closed last, while it says good-bye.
    parting: Option<tokio::task::JoinHandle<()>>,
    /// In place of the connection, where the room is in this process.
    stay: Option<Stay>,
    news: Sender<(u64, News)>,
    inbox: Receiver<(u64, News)>,
    sockets: Sockets,
    reflexive: Reflexive,
    ways: Ways,
    ways_inbox: Receiver<WayNews>,
    links: Option<Links>,
    addresses_at: Option<Instant>,
}

enum Turn {
    Media(Option<Media>),
    Datagrams,
    News(u64, News),
    Way(WayNews),
    Links(std::io::Result<Change>),
    Room(FromRoom),
    Command(Option<Command>),
    Timer,
}

impl Net {
    fn new(parts: Parts) -> Self {
        let (news, inbox) = channel(NEWS_DEPTH);
        let (way_news, ways_inbox) = channel(WAYS_DEPTH);
        let (shared, clock) = (Arc::clone(&parts.setup.shared), parts.setup.clock);
        let ways = Ways::new(way_news, parts.options.ca_file.clone(), clock);
        Self {
            session: Session::new(parts.setup, clock.now()),
            options: parts.options,
            commands: parts.commands,
            media: parts.media,
            playout: parts.playout,
            watch: parts.watch,
            on_loss: parts.on_loss,
            sound: parts.sound,
            observer: parts.observer,
            shared,
            clock,
            signal: None,
            parting: None,
            stay: None,
            news,
            inbox,
            sockets: Sockets::default(),
            reflexive: Reflexive::default(),
            ways,
            ways_inbox,
            links: None,
            addresses_at: None,
        }
    }

    async fn run(mut self) {
        if self.options.local.is_none() {
            self.links = Links::open().inspect_err(|error| tracing::info!(%error, "links are looked at now and then only")).ok();
        }
        loop {
            self.carry_out();
            self.shared.turns.fetch_add(1, Ordering::Relaxed);
            let turn = self.turn().await;
            self.shared.turns.fetch_add(1, Ordering::Relaxed);
            match turn {
                Turn::Media(Some(media)) => self.send(media),
                Turn::Datagrams => self.receive(),
                Turn::News(attempt, news) => self.hear(attempt, news),
                Turn::Way(news) => self.way(news),
                Turn::Links(change) => self.links_changed(change),
                Turn::Room(message) => self.room(message),
                Turn::Command(Some(Command::Release) | None) | Turn::Media(None) => break,
                Turn::Command(Some(command)) => self.command(command),
                Turn::Timer => {}
            }
            let now = self.clock.now();
            if self.session.wake().is_some_and(|at| at <= now) {
                self.session.timeout(now);
            }
            self.look_at_addresses(now);
            while let Some(ask) = self.reflexive.poll(now) {
                self.sockets.send(ask.kind, ask.local, ask.server, &ask.message);
            }
        }
        self.session.command(Command::Release, self.clock.now());
        self.carry_out();
        self.disconnect();
        let Some(mut parting) = self.parting.take() else { return };
        // The good-bye of the signalling connection needs a moment of the runtime.
        let _ = tokio::time::timeout(GOOD_BYE, async {
            loop {
                tokio::select! {
                    _ = &mut parting => return,
                    // What is still said must not keep it from ending.
                    Some(_) = self.inbox.recv() => {}
                }
            }
        })
        .await;
    }

    fn disconnect(&mut self) {
        self.stay = None;
        if let Some(signal) = self.signal.take() {
            self.parting = Some(signal.close());
        }
    }

    async fn turn(&mut self) -> Turn {
        let look_up = self.clock.now() + LOOK_UP;
        let wake =
            self.session.wake().into_iter().chain(self.addresses_at).chain(self.reflexive.wake()).fold(look_up, Instant::min);
        let (sockets, links, stay) = (&self.sockets, &mut self.links, &mut self.stay);
        tokio::select! {
            biased;
            media = self.media.recv() => Turn::Media(media),
            () = std::future::poll_fn(|context| sockets.poll_ready(context)) => Turn::Datagrams,
            Some(news) = self.ways_inbox.recv() => Turn::Way(news),
            message = next(stay) => Turn::Room(message),
            Some((attempt, news)) = self.inbox.recv() => Turn::News(attempt, news),
            change = changed(links) => Turn::Links(change),
            command = self.commands.recv() => Turn::Command(command),
            () = tokio::time::sleep_until(wake.into()) => Turn::Timer,
        }
    }

    fn send(&mut self, media: Media) {
        let now = self.clock.now();
        match media {
            Media::Video(track, unit) => {
                if !self.session.video(track, &unit, now) {
                    metrics::counter!("artc_open_units_unsent_total").increment(1);
                }
            }
            Media::Audio(packet) => _ = self.session.audio(&packet, now),
        }
    }

    fn receive(&mut self) {
        let (session, shared, clock) = (&mut self.session, &self.shared, self.clock);
        let reflexive = &mut self.reflexive;
        self.sockets.receive(TURN, |datagram| {
            shared.network.received(datagram.bytes.len());
            let now = clock.now();
            if let Some(answer) = reflexive.answer(datagram.source, datagram.bytes) {
                if let Some((kind, candidate)) = answer {
                    session.add_way(kind, candidate);
                }
                return;
            }
            session.datagram(datagram.kind, rtc::Protocol::Udp, datagram.source, datagram.local, datagram.bytes, now);
        });
    }

    fn way(&mut self, news: WayNews) {
        let now = self.clock.now();
        match news {
            WayNews::Packet { id, source, bytes } => {
                let Some(arrival) = self.ways.arrival(id) else { return };
                self.shared.network.received(bytes.len());
                self.session.datagram(arrival.kind, arrival.protocol, source, arrival.local, &bytes, now);
            }
            WayNews::Open { id, candidate, via } => {
                if let Some(kind) = self.ways.opened(id, candidate.addr(), via) {
                    self.session.add_way(kind, *candidate);
                }
            }
            WayNews::Closed { id, why } => {
                if let Some((kind, address)) = self.ways.closed(id) {
                    tracing::debug!(?kind, %address, why, "a way to the server is no more");
                    self.session.drop_way(kind, address);
                }
            }
            WayNews::StunServer(server) => {
                if self.reflexive.server(server) {
                    self.reflexive.ask(&self.sockets.locals(), now);
                }
            }
        }
    }

    fn links_changed(&mut self, change: std::io::Result<Change>) {
        let now = self.clock.now();
        match change {
            Ok(change) => {
                // What is not in a channel, nor on its way there, has no addresses to follow.
                self.addresses_at = self.addresses_at.map(|_| now);
                self.look_at_addresses(now);
                if change == Change::Better {
                    tracing::debug!("a network link or an address came up");
                    self.session.command(Command::NetworkChanged, now);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the kernel tells of links no more; they are looked at now and then");
                self.links = None;
            }
        }
    }

    fn hear(&mut self, attempt: u64, news: News) {
        let now = self.clock.now();
        match news {
            News::Opened => self.session.signal_opened(attempt, now),
            News::Failed(error) => self.session.signal_failed(attempt, &error, now),
            News::Frame(frame) => self.session.signal_message(attempt, &frame, now),
            News::Closed(why) => self.session.signal_closed(attempt, &why, now),
        }
    }

    /// Takes what the room of this process has said.
    fn room(&mut self, first: FromRoom) {
        let Some(attempt) = self.stay.as_ref().map(|stay| stay.attempt) else { return };
        let mut message = Some(first);
        let mut left = TURN;
        while let Some(said) = message {
            let closed = matches!(said, FromRoom::Closed);
            self.session.room_said(attempt, said, self.clock.now());
            if closed {
                self.stay = None;
            }
            left -= 1;
            message = self.stay.as_mut().filter(|_| left > 0).and_then(Stay::next_now);
        }
    }

    fn command(&mut self, command: Command) {
        let now = self.clock.now();
        if self.options.local.is_none() && matches!(command, Command::Join(_)) {
            self.addresses_at = Some(now);
            self.look_at_addresses(now);
        }
        self.session.command(command, now);
    }

    /// Follows the addresses of this machine while a channel is wanted.
    fn look_at_addresses(&mut self, now: Instant) {
        if self.addresses_at.is_none_or(|at| now < at) {
            return;
        }
        let addresses = sockets::addresses(self.server_is_local());
        if self.sockets.follow(&addresses) {
            for (kind, address) in self.ways.follow(&addresses) {
                self.session.drop_way(kind, address);
            }
            self.session.set_candidates(self.sockets.candidates(), now);
            self.reflexive.ask(&self.sockets.locals(), now);
        }
        self.addresses_at = Some(now + LOOK_AT_ADDRESSES);
    }

    fn server_is_local(&self) -> bool {
        address::join(&self.options.url, None)
            .is_ok_and(|address| address.host == "localhost" || address.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    }
}

/// News of links; none come where nothing is listening.
async fn changed(links: &mut Option<Links>) -> std::io::Result<Change> {
    match links {
        Some(links) => links.changed().await,
        None => std::future::pending().await,
    }
}

/// What the room says next; nothing, where there is none.
async fn next(stay: &mut Option<Stay>) -> FromRoom {
    match stay {
        Some(stay) => stay.next().await,
        None => std::future::pending().await,
    }
}
