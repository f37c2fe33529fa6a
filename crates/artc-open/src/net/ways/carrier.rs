//! What a relay is reached by: datagrams, a TCP connection, or TLS on one.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::servers::{Server, Use};
use super::stream as turn_stream;
use crate::net::tls;

/// How long each step may take.
const STEP_WITHIN: Duration = Duration::from_secs(5);

/// The way to a relay.
pub enum Carrier {
    Udp(UdpSocket),
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// The first address of a name.
pub async fn look_up(host: &str, port: u16) -> Result<SocketAddr, String> {
    let found = timeout(STEP_WITHIN, tokio::net::lookup_host((host, port))).await;
    let mut found = found.map_err(|_| "the name service does not answer")?.map_err(|e| e.to_string())?;
    found.next().ok_or_else(|| "the name has no address".into())
}

/// A TCP connection that sends small packets at once.
pub async fn connect(to: SocketAddr) -> Result<TcpStream, String> {
    let stream = timeout(STEP_WITHIN, TcpStream::connect(to)).await;
    let stream = stream.map_err(|_| "no answer")?.map_err(|e| e.to_string())?;
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    Ok(stream)
}

impl Carrier {
    /// Reaches the relay; answers both ends' addresses, too.
    pub async fn open(server: &Server, ca_file: Option<PathBuf>) -> Result<(Self, SocketAddr, SocketAddr), String> {
        let remote = look_up(&server.host, server.port).await?;
        let text = |e: io::Error| e.to_string();
        if matches!(server.purpose, Use::TurnUdp | Use::Stun) {
            let any = if remote.is_ipv4() { IpAddr::from(Ipv4Addr::UNSPECIFIED) } else { Ipv6Addr::UNSPECIFIED.into() };
            let socket = UdpSocket::bind((any, 0)).await.map_err(text)?;
            // From now on the socket has the address that leads there, and takes nothing from others.
            socket.connect(remote).await.map_err(text)?;
            let local = socket.local_addr().map_err(text)?;
            return Ok((Self::Udp(socket), local, remote));
        }
        let stream = connect(remote).await?;
        let local = stream.local_addr().map_err(text)?;
        if server.purpose == Use::TurnTcp {
            return Ok((Self::Tcp(stream), local, remote));
        }
        let config = tls::connector(ca_file).await.map_err(|e| e.to_string())?;
        let name = ServerName::try_from(server.host.clone()).map_err(|e| e.to_string())?;
        match timeout(STEP_WITHIN, TlsConnector::from(config).connect(name, stream)).await {
            Ok(Ok(stream)) => Ok((Self::Tls(Box::new(stream)), local, remote)),
            Ok(Err(error)) => Err(tls::explain(&server.name(), &error).to_string()),
            Err(_) => Err("no answer to TLS".into()),
        }
    }

    /// Bytes are a stream, not packets.
    pub fn is_stream(&self) -> bool {
        !matches!(self, Self::Udp(_))
    }

    /// Reads what is there. Dropping the future loses nothing.
    pub async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Udp(socket) => socket.recv(buffer).await,
            Self::Tcp(stream) => stream.read(buffer).await,
            Self::Tls(stream) => stream.read(buffer).await,
        }
    }

    /// Sends one packet.
    pub async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => match socket.send(bytes).await {
                // An ICMP answer to an earlier one; whether the relay is there shows in its answers.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
                sent => sent.map(|_| ()),
            },
            Self::Tcp(stream) => whole(stream, bytes).await,
            Self::Tls(stream) => {
                whole(stream.as_mut(), bytes).await?;
                stream.flush().await
            }
        }
    }
}

/// One message on a stream, padded.
async fn whole(stream: &mut (impl AsyncWrite + Unpin), message: &[u8]) -> io::Result<()> {
    match turn_stream::padding(message) {
        [] => stream.write_all(message).await,
        // At once, so that no packet and no TLS record goes for the padding.
        padding => stream.write_all(&[message, padding].concat()).await,
    }
}
