//! A relay (TURN, RFC 8656): an address on the server, reached by UDP, TCP or TLS, through which packets go both ways.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::Candidate;
use tokio::sync::mpsc::Sender;
use turn_client_proto::api::{
    DelayedMessageOrChannelSend, SendError, Transmit, TransmitBuild, TurnClientApi, TurnConfig, TurnEvent, TurnPollRet,
    TurnRecvRet,
};
use turn_client_proto::tcp::TurnClientTcp;
use turn_client_proto::types::{AddressFamily, Instant as TurnInstant, TransportType, TurnCredentials};
use turn_client_proto::udp::TurnClientUdp;

use super::carrier::Carrier;
use super::servers::Server;
use super::stream::Decoder;
use super::{Outbox, WayNews};
use crate::clock::Clock;

turn_client_proto::impl_client!(Client, (Udp, TurnClientUdp), (Tcp, TurnClientTcp));

/// Other sides that we ask the relay to let through at most.
const MOST_PEERS: usize = 16;
/// Bytes read at once.
const READ: usize = 16 * 1024;
/// A relay that wants attention at once gets it after so long, so that nothing here can run wild.
const BREATH: Duration = Duration::from_millis(1);
/// A relay must have given an address in this time.
const ALLOCATE_WITHIN: Duration = Duration::from_secs(10);

/// Lives as long as the allocation, or until nobody wants it any more.
pub async fn run(id: u64, server: Server, ca_file: Option<PathBuf>, outbox: Outbox, news: Sender<WayNews>, clock: Clock) {
    let name = server.name();
    let why = match Relay::open(id, &server, ca_file, news.clone(), clock).await {
        Ok(mut relay) => match relay.serve(outbox).await {
            Ok(()) => "done".into(),
            Err(why) => why,
        },
        Err(why) => why,
    };
    tracing::info!(relay = name, by = ?server.purpose, why, "relay given up");
    // The shell is gone only when the engine is.
    let _ = news.send(WayNews::Closed { id, why }).await;
}

struct Relay {
    id: u64,
    name: String,
    client: Client,
    carrier: Carrier,
    /// Cuts what comes over a stream.
    decoder: Decoder,
    local: SocketAddr,
    remote: SocketAddr,
    /// Our address on the relay.
    address: Option<SocketAddr>,
    /// Whom we send to, and whom the relay would not let through.
    peers: BTreeSet<SocketAddr>,
    refused: BTreeSet<IpAddr>,
    news: Sender<WayNews>,
    clock: Clock,
    born: Instant,
}

impl Relay {
    async fn open(
        id: u64,
        server: &Server,
        ca_file: Option<PathBuf>,
        news: Sender<WayNews>,
        clock: Clock,
    ) -> Result<Self, String> {
        let (carrier, local, remote) = Carrier::open(server, ca_file).await?;
        let mut config = TurnConfig::new(TurnCredentials::new(&server.user, &server.password));
        if remote.is_ipv6() {
            config.set_address_family(AddressFamily::IPV6);
        }
        let client: Client = if carrier.is_stream() {
            TurnClientTcp::allocate(local, remote, config).into()
        } else {
            TurnClientUdp::allocate(local, remote, config).into()
        };
        Ok(Self {
            id,
            name: server.name(),
            client,
            carrier,
            decoder: Decoder::default(),
            local,
            remote,
            address: None,
            peers: BTreeSet::new(),
            refused: BTreeSet::new(),
            news,
            clock,
            born: clock.now(),
        })
    }

    fn now(&self) -> TurnInstant {
        let since = self.clock.now().saturating_duration_since(self.born);
        TurnInstant::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
    }

    /// Until the outbox is gone, or the relay is.
    async fn serve(&mut self, mut outbox: Outbox) -> Result<(), String> {
        let mut buffer = vec![0; READ];
        loop {
            let wake = self.turn().await?;
            tokio::select! {
                packet = outbox.recv() => match packet {
                    Some((to, bytes)) => self.send(to, &bytes).await?,
                    None => return self.part().await,
                },
                read = self.carrier.read(&mut buffer) => {
                    let count = match read {
                        Ok(0) if self.carrier.is_stream() => return Err("closed by the relay".into()),
                        Ok(count) => count,
                        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused && self.address.is_some() => 0,
                        Err(error) => return Err(error.to_string()),
                    };
                    self.read(&buffer[..count]).await?;
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    /// What the protocol wants done now; when it wants attention again.
    async fn turn(&mut self) -> Result<Instant, String> {
        let late = self.born + ALLOCATE_WITHIN;
        if self.address.is_none() && self.clock.now() >= late {
            return Err("it gives no address in time".into());
        }
        let wake = match self.client.poll(self.now()) {
            TurnPollRet::WaitUntil(at) => self.born + Duration::from_nanos(u64::try_from(at.as_nanos()).unwrap_or(0)),
            TurnPollRet::Closed => return Err("the relay ended it".into()),
            TurnPollRet::AllocateTcpSocket { .. } | TurnPollRet::TcpClose { .. } => self.clock.now(),
        };
        let mut busy = false;
        while let Some(transmit) = self.client.poll_transmit(self.now()) {
            busy = true;
            self.carrier.write(&transmit.data).await.map_err(|e| e.to_string())?;
        }
        while let Some(event) = self.client.poll_event() {
            busy = true;
            self.event(event).await?;
        }
        let wake = if self.address.is_none() { wake.min(late) } else { wake };
        let pause = if busy { Duration::ZERO } else { BREATH };
        Ok(wake.max(self.clock.now() + pause))
    }

    async fn event(&mut self, event: TurnEvent) -> Result<(), String> {
        match event {
            TurnEvent::AllocationCreated(_, address) => {
                self.address = Some(address);
                tracing::info!(relay = self.name, %address, "relay gives an address");
                let candidate = Candidate::relayed(address, self.local, "udp").map_err(|e| e.to_string())?;
                let _ = self.news.send(WayNews::Open { id: self.id, candidate: Box::new(candidate), via: self.local.ip() }).await;
            }
            TurnEvent::AllocationCreateFailed(_) => {
                return Err("it gives no address; the server's credentials for it may be over".into());
            }
            TurnEvent::PermissionCreated(_, ip) => {
                let now = self.now();
                for peer in self.peers.iter().filter(|peer| peer.ip() == ip) {
                    // Without a channel each packet has 36 more bytes, and gets there all the same.
                    let _ = self.client.bind_channel(TransportType::Udp, *peer, now);
                }
            }
            TurnEvent::PermissionCreateFailed(_, ip) => {
                tracing::debug!(relay = self.name, %ip, "the relay lets nothing through to this address");
                self.refused.insert(ip);
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends to somebody. What comes before the relay lets it through is lost; ICE asks again.
    async fn send(&mut self, to: SocketAddr, bytes: &[u8]) -> Result<(), String> {
        let now = self.now();
        if !self.peers.contains(&to) && self.peers.len() < MOST_PEERS {
            self.peers.insert(to);
            if self.client.have_permission(TransportType::Udp, to.ip()) {
                let _ = self.client.bind_channel(TransportType::Udp, to, now);
            }
        }
        let sent: Result<Option<TransmitBuild<DelayedMessageOrChannelSend<&[u8]>>>, SendError> =
            self.client.send_to(TransportType::Udp, to, bytes, now);
        match sent {
            Ok(Some(transmit)) => self.carrier.write(&transmit.build().data).await.map_err(|e| e.to_string()),
            Ok(None) => Ok(()),
            Err(_) => {
                if self.peers.contains(&to) && !self.refused.contains(&to.ip()) {
                    // Already under way, most of the time.
                    let _ = self.client.create_permission(TransportType::Udp, to.ip(), now);
                }
                Ok(())
            }
        }
    }

    /// Bytes came from the relay.
    async fn read(&mut self, bytes: &[u8]) -> Result<(), String> {
        if !self.carrier.is_stream() {
            self.take(bytes).await;
            return Ok(());
        }
        self.decoder.push(bytes);
        while let Some(message) = self.decoder.next_message().map_err(|e| e.to_string())? {
            self.take(&message).await;
        }
        Ok(())
    }

    /// A message came from the relay.
    async fn take(&mut self, bytes: &[u8]) {
        let transport = if self.carrier.is_stream() { TransportType::Tcp } else { TransportType::Udp };
        let received = self.client.recv(Transmit::new(bytes, transport, self.remote, self.local), self.now());
        let first = match received {
            TurnRecvRet::PeerData(data) => Some((data.peer, Bytes::copy_from_slice(data.data()))),
            _ => None,
        };
        let mut next = first;
        while let Some((source, bytes)) = next {
            let _ = self.news.send(WayNews::Packet { id: self.id, source, bytes }).await;
            let now = self.now();
            next = self.client.poll_recv(now).map(|data| (data.peer, Bytes::copy_from_slice(data.data())));
        }
    }

    /// Gives the address back.
    async fn part(&mut self) -> Result<(), String> {
        if self.client.delete(self.now()).is_ok() {
            while let Some(transmit) = self.client.poll_transmit(self.now()) {
                self.carrier.write(&transmit.data).await.map_err(|e| e.to_string())?;
            }
        }
        Ok(())
    }
}
