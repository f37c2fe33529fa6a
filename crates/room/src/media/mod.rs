//! The thread that owns the state machine and the media port: reads datagrams in batches, lets the state machine work, sends
//! what it says. The only place of this crate that reads the clock. Not for HTTP.

mod addresses;
mod age;
mod tcp;
mod udp;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rtc::local::{FromRoom, LinkId, ToRoom};
use rtc::proto::{DisconnectReason, leave_request::Action};
use rtc::{Protocol, Transmit};
use tokio::sync::{mpsc, oneshot};

use crate::core::api::{ApiError, Call, Reply};
use crate::core::whip::{Session, SessionError};
use crate::core::{ConnId, Core, Join, JoinRefused, Moment, Signal};
use crate::stats::Ledger;
use crate::token::Claims;
pub(crate) use addresses::Addresses;
use tcp::{FromTcp, TcpPort};
use udp::UdpPort;

/// Addresses of the machine are looked up again for a join when they are older than this.
const ADDRESSES_AGE: Duration = Duration::from_secs(1);

/// What the web server asks of the state machine.
#[expect(clippy::large_enum_variant, reason = "a message a command; boxing the large ones would cost an allocation a media unit")]
pub(crate) enum Command {
    /// May this token's bearer come in?
    Admit(Box<Claims>, oneshot::Sender<Result<(), JoinRefused>>),
    /// A websocket is open; its frames go to the sender.
    Join(Box<Join>, mpsc::Sender<Signal>),
    /// An engine of this process joins; what is for it goes to the sender.
    JoinLocal(Box<Join>, mpsc::Sender<FromRoom>),
    /// A frame came.
    Signal(ConnId, Box<rtc::signal::Request>),
    /// The websocket ended.
    SignalClosed(ConnId),
    /// RoomService.
    Call(Box<Call>, oneshot::Sender<Result<Reply, ApiError>>),
    /// WHEP and WHIP.
    Session(SessionRequest, oneshot::Sender<Result<Session, SessionError>>),
    /// A change of such a session.
    Change(SessionChange, oneshot::Sender<Result<(), SessionError>>),
    /// Say good-bye to everybody and end.
    Stop(oneshot::Sender<()>),
}

/// A WHIP or WHEP session to be made.
pub(crate) struct SessionRequest {
    pub(crate) claims: Claims,
    pub(crate) room: String,
    /// The identity to watch; none publishes.
    pub(crate) watch: Option<String>,
    pub(crate) offer: String,
}

/// What happens to a session.
pub(crate) struct SessionChange {
    pub(crate) session: String,
    /// Who asks.
    pub(crate) identity: String,
    /// Trickled candidates; none ends it.
    pub(crate) trickle: Option<(Option<String>, String)>,
}

/// Sockets of the media port, bound before anything is promised to anybody.
pub(crate) struct Sockets {
    pub(crate) udp: std::net::UdpSocket,
    pub(crate) tcp: Option<std::net::TcpListener>,
    pub(crate) addresses: Addresses,
}

/// Messages of engines of this process.
pub(crate) type Links = mpsc::Receiver<(LinkId, ToRoom)>;

/// Who waits looks up so often, though nothing is due: so that a thread that hangs can be told from one that waits.
const LOOK_UP: Duration = Duration::from_secs(1);

/// Runs until told to stop. Blocks its thread. Counts in `turns`, which is odd while it waits.
pub(crate) fn run(
    core: Core,
    sockets: Sockets,
    commands: mpsc::Receiver<Command>,
    links: Links,
    turns: Arc<AtomicU64>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let (tcp_tx, tcp_rx) = mpsc::channel(256);
        let ledger = core.ledger();
        let udp = UdpPort::new(sockets.udp, Arc::clone(&ledger))?;
        let tcp = sockets.tcp.map(|listener| TcpPort::start(listener, tcp_tx, Arc::clone(&ledger))).transpose()?;
        let (addresses, signals) = (sockets.addresses, HashMap::new());
        let mut media = Media { ledger, core, udp, tcp, addresses, addresses_at: None, signals, shown: false, turns };
        media.run(commands, links, tcp_rx).await;
        Ok(())
    })
}

struct Media {
    ledger: Arc<Ledger>,
    core: Core,
    udp: UdpPort,
    tcp: Option<TcpPort>,
    addresses: Addresses,
    addresses_at: Option<Instant>,
    signals: HashMap<ConnId, Sink>,
    /// The first picture of a publisher was there, and was told.
    shown: bool,
    /// See [`run`].
    turns: Arc<AtomicU64>,
}

/// What a turn of the loop is about.
enum Turn {
    /// Some came, unless the socket could not be waited for.
    Datagrams(bool),
    Link(ConnId, ToRoom),
    Tcp(FromTcp),
    Command(Option<Command>),
    Timer,
}

/// Where a participant's messages go.
enum Sink {
    Websocket(mpsc::Sender<Signal>),
    Link(mpsc::Sender<FromRoom>),
}

impl Media {
    async fn run(&mut self, mut commands: mpsc::Receiver<Command>, mut links: Links, mut tcp: mpsc::Receiver<FromTcp>) {
        let sleep = tokio::time::sleep(LOOK_UP);
        tokio::pin!(sleep);
        // What the timer was set for; `None` once it has fired, when it must be set again even for "nothing to do".
        let mut armed: Option<Option<Instant>> = None;
        loop {
            let wake = self.core.wake();
            if armed != Some(wake) {
                armed = Some(wake);
                let look_up = moment().now + LOOK_UP;
                let at = wake.map_or(look_up, |wake| wake.min(look_up));
                sleep.as_mut().reset(tokio::time::Instant::from_std(at));
            }
            self.turns.fetch_add(1, Ordering::Relaxed);
            let turn = tokio::select! {
                biased;
                ready = self.udp.readable() => Turn::Datagrams(ready.is_ok()),
                Some((link, message)) = links.recv() => Turn::Link(ConnId(link.0), message),
                Some(packet) = tcp.recv() => Turn::Tcp(packet),
                command = commands.recv() => Turn::Command(command),
                () = &mut sleep => Turn::Timer,
            };
            self.turns.fetch_add(1, Ordering::Relaxed);
            match turn {
                Turn::Datagrams(true) => self.receive(),
                Turn::Datagrams(false) => {}
                Turn::Link(conn, message) => self.core.link(conn, message, moment()),
                Turn::Tcp(packet) => self.tcp_packet(packet),
                Turn::Command(Some(Command::Stop(done))) => {
                    self.core.shut_down(moment());
                    self.flush();
                    let _ = done.send(());
                    return;
                }
                Turn::Command(Some(command)) => {
                    self.command(command);
                    self.census();
                }
                Turn::Command(None) => return,
                Turn::Timer => {
                    armed = None;
                    self.core.tick(moment());
                    self.census();
                }
            }
            self.flush();
        }
    }

    /// Takes all datagrams that wait, up to one batch, so that sending gets its turn.
    fn receive(&mut self) {
        let at = moment();
        let port = self.addresses.udp_port;
        let core = &mut self.core;
        let (mut packets, mut bytes) = (0, 0);
        let outcome = self.udp.receive(|source, local_ip, packet| {
            packets += 1;
            bytes += packet.len() as u64;
            core.datagram(Protocol::Udp, source, SocketAddr::new(local_ip, port), packet, at);
        });
        self.ledger.received(packets, bytes);
        if let Err(error) = outcome {
            metrics::counter!("artc_room_receive_errors_total").increment(1);
            tracing::debug!(%error, "receive on the media port");
        }
    }

    fn tcp_packet(&mut self, event: FromTcp) {
        let at = moment();
        match event {
            FromTcp::Packet { source, local, packet } => {
                self.ledger.received(1, packet.len() as u64);
                let known = self.core.datagram(Protocol::Tcp, source, local, &packet, at);
                if !known && let Some(tcp) = &mut self.tcp {
                    // Whoever begins with anything but a connectivity check of ours has no business here.
                    tcp.drop_stranger(source);
                }
            }
            FromTcp::Opened { source, writer } => {
                if let Some(tcp) = &mut self.tcp {
                    tcp.opened(source, writer);
                }
            }
            FromTcp::Closed { source } => {
                self.core.tcp_closed(source);
                if let Some(tcp) = &mut self.tcp {
                    tcp.closed(source);
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        let at = moment();
        match command {
            Command::Admit(claims, reply) => drop(reply.send(self.core.admit(&claims, at))),
            Command::Join(join, signals) => {
                self.look_up_addresses(at.now);
                self.signals.insert(join.conn, Sink::Websocket(signals));
                self.core.join(*join, at);
            }
            Command::JoinLocal(join, link) => self.join_local(*join, link, at),
            Command::Signal(conn, message) => self.core.signal(conn, *message, at),
            Command::SignalClosed(conn) => {
                self.signals.remove(&conn);
                self.core.signal_closed(conn, at);
            }
            Command::Call(call, reply) => drop(reply.send(self.core.call(*call, at))),
            Command::Session(request, reply) => {
                self.look_up_addresses(at.now);
                let SessionRequest { claims, room, watch, offer } = request;
                let session = match watch {
                    Some(identity) => self.core.whep(&claims, &room, &identity, &offer, at),
                    None => self.core.whip(&claims, &room, &offer, at),
                };
                drop(reply.send(session));
            }
            Command::Change(change, reply) => {
                let owned = self.core.session_bearer(&change.session) == Some(change.identity.as_str());
                let done = match &change.trickle {
                    // Whose session it is not, for them there is none.
                    _ if !owned => Err(SessionError::NoSession),
                    Some((etag, fragment)) => self.core.session_trickle(&change.session, etag.as_deref(), fragment, at),
                    None => self.core.session_end(&change.session, at),
                };
                drop(reply.send(done));
            }
            Command::Stop(_) => {}
        }
    }

    fn census(&self) {
        let (rooms, participants, tracks) = self.core.census();
        self.ledger.census(rooms, participants, tracks);
    }

    fn look_up_addresses(&mut self, now: Instant) {
        if self.addresses_at.is_none_or(|at| now.saturating_duration_since(at) > ADDRESSES_AGE) {
            self.addresses_at = Some(now);
            self.core.set_candidates(self.addresses.candidates());
        }
    }

    /// Carries out what the state machine wants.
    fn flush(&mut self) {
        if !self.shown
            && let Some(at) = self.core.out.first_picture
        {
            self.shown = true;
            self.tell_first_picture(at);
        }
        self.datagrams();
        for (conn, signal) in std::mem::take(&mut self.core.out.signals) {
            let closes = matches!(signal, Signal::Close);
            let taken = match (self.signals.get(&conn), signal) {
                (None, _) => continue,
                (Some(Sink::Websocket(sender)), signal) => sender.try_send(signal).is_ok(),
                (Some(Sink::Link(sender)), Signal::Frame(frame)) => sender.try_send(FromRoom::Signal(frame)).is_ok(),
                (Some(Sink::Link(sender)), Signal::Close) => sender.try_send(FromRoom::Closed).is_ok(),
            };
            if !taken {
                // A client that reads nothing for hundreds of messages; closing its queue closes its websocket.
                metrics::counter!("artc_room_signals_slow_total").increment(1);
            }
            let ended = if !taken || closes { self.signals.remove(&conn) } else { None };
            if !taken && matches!(ended, Some(Sink::Link(_))) {
                // Nobody else would say that this engine is gone.
                self.core.link(conn, ToRoom::Closed, moment());
                self.datagrams();
            }
        }
        for (conn, message) in std::mem::take(&mut self.core.out.links) {
            if let Some(Sink::Link(sender)) = self.signals.get(&conn)
                && sender.try_send(message).is_err()
            {
                metrics::counter!("artc_room_link_dropped_total").increment(1);
            }
        }
    }

    /// How long the process took to have something to show.
    fn tell_first_picture(&self, at: Instant) {
        let Some(age) = age::of_process() else { return };
        let seconds = age.saturating_sub(moment().now.saturating_duration_since(at)).as_secs_f64();
        metrics::gauge!("artc_room_first_access_unit_seconds").set(seconds);
        tracing::info!(seconds = (seconds * 1000.0).round() / 1000.0, "first picture in the room");
    }

    /// An engine of this process: what the web server asks beforehand for others is asked here.
    fn join_local(&mut self, join: Join, link: mpsc::Sender<FromRoom>, at: Moment) {
        if let Err(refused) = self.core.admit(&join.claims, at) {
            tracing::warn!(error = %refused, identity = join.claims.sub, "an engine of this process was refused");
            let leave = crate::core::leave(DisconnectReason::JoinFailure, Action::Disconnect);
            let _ = link.try_send(FromRoom::Signal(rtc::signal::encode_response(leave)));
            let _ = link.try_send(FromRoom::Closed);
            return;
        }
        self.signals.insert(join.conn, Sink::Link(link));
        self.core.join(join, at);
    }

    /// Sends what connections have to say, one after the other.
    fn datagrams(&mut self) {
        let at = moment();
        loop {
            let more = self.core.settle(at);
            let mut transmits = std::mem::take(&mut self.core.out.transmits);
            self.send(&transmits);
            transmits.clear();
            // The vector's room is used again.
            self.core.out.transmits = transmits;
            if !more {
                return;
            }
        }
    }

    fn send(&mut self, transmits: &[Transmit]) {
        let mut rest = transmits;
        while let Some(first) = rest.first() {
            if first.proto == Protocol::Udp {
                let sent = self.udp.send_first(rest);
                rest = &rest[sent..];
            } else {
                if let Some(tcp) = &mut self.tcp {
                    tcp.send(first.destination, &first.contents);
                }
                rest = &rest[1..];
            }
        }
    }
}

/// Reads both clocks.
#[expect(clippy::disallowed_methods, reason = "this shell owns the clock of the room")]
fn moment() -> Moment {
    Moment { now: Instant::now(), wall: SystemTime::now() }
}

/// The IP that a socket of `ip` is reached by on this machine itself.
pub(crate) fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        other => other,
    }
}
