//! The UDP media port: many datagrams a system call in both directions, and the address each came to. Not for what is in them.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;

use quinn_udp::{RecvMeta, UdpSocketState};
use rtc::Transmit;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::stats::Ledger;

/// Messages read a system call; each may hold several datagrams of one sender.
const MESSAGES: usize = 8;
/// Largest message.
const MESSAGE: usize = 64 * 1024;
/// System calls in one go before sending gets its turn.
const ROUNDS: usize = 8;
/// Buffers of the kernel: 100 ms of ten viewers of a 1080p stream, with room for key frames.
const SOCKET_BUFFER: usize = 2 * 1024 * 1024;

pub(super) struct UdpPort {
    /// Watched for reading only: what cannot be sent at once is dropped, so that nobody waits for room to write, and each burst that
    /// leaves would be a waking to say that there is room again.
    socket: AsyncFd<UdpSocket>,
    state: UdpSocketState,
    listen: IpAddr,
    buffers: Vec<Vec<u8>>,
    burst: Vec<u8>,
    ledger: Arc<Ledger>,
}

impl UdpPort {
    pub(super) fn new(socket: UdpSocket, ledger: Arc<Ledger>) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let listen = socket.local_addr()?.ip();
        let state = UdpSocketState::new((&socket).into())?;
        // What the kernel does not grant is not worth failing for.
        let _ = state.set_recv_buffer_size((&socket).into(), SOCKET_BUFFER);
        let _ = state.set_send_buffer_size((&socket).into(), SOCKET_BUFFER);
        #[expect(
            deprecated,
            reason = "lawful for a socket that is owned here; what replaces it must be trusted with any descriptor"
        )]
        let socket = AsyncFd::with_interest(socket, Interest::READABLE)?;
        Ok(UdpPort {
            socket,
            state,
            listen,
            buffers: vec![vec![0; MESSAGE]; MESSAGES],
            burst: Vec::with_capacity(MESSAGE),
            ledger,
        })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.socket.readable().await.map(drop)
    }

    /// Gives everything that waits, with source and the IP it came to.
    pub(super) fn receive(&mut self, mut take: impl FnMut(SocketAddr, IpAddr, &[u8])) -> io::Result<()> {
        let mut meta = [RecvMeta::default(); MESSAGES];
        for _ in 0..ROUNDS {
            let mut slices = self.buffers.iter_mut();
            let mut slices: [IoSliceMut<'_>; MESSAGES] =
                std::array::from_fn(|_| IoSliceMut::new(slices.next().map_or(&mut [], |buffer| buffer.as_mut_slice())));
            let state = &self.state;
            let outcome = self.socket.try_io(Interest::READABLE, |socket| state.recv(socket.into(), &mut slices, &mut meta));
            let count = match outcome {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            for (meta, buffer) in meta.iter().zip(&self.buffers).take(count) {
                let local = meta.dst_ip.unwrap_or(self.listen);
                let data = &buffer[..meta.len.min(buffer.len())];
                for datagram in data.chunks(meta.stride.max(1)) {
                    take(meta.addr, local, datagram);
                }
            }
            if count < MESSAGES {
                // The queue is empty. What comes after this is told anew, so asking once more is not needed.
                let empty = self.socket.try_io(Interest::READABLE, |_| Err::<(), _>(io::ErrorKind::WouldBlock.into()));
                drop(empty);
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends the first datagram, and as many after it as can go with it in one system call: to the same receiver, of the same
    /// size, the last one possibly shorter. Answers how many were taken.
    pub(super) fn send_first(&mut self, transmits: &[Transmit]) -> usize {
        let Some(first) = transmits.first() else { return 0 };
        let size = first.contents.len();
        let most = self.state.max_gso_segments().min(MESSAGE / size.max(1)).max(1);
        let mut count = 1;
        while count < most
            && let Some(next) = transmits.get(count)
            && next.proto == first.proto
            && next.destination == first.destination
            && next.source == first.source
            && next.contents.len() <= size
        {
            count += 1;
            if next.contents.len() < size {
                break;
            }
        }
        let group = &transmits[..count];
        let contents: &[u8] = if count == 1 {
            &first.contents
        } else {
            self.burst.clear();
            group.iter().for_each(|transmit| self.burst.extend_from_slice(&transmit.contents));
            &self.burst
        };
        let transmit = quinn_udp::Transmit {
            destination: first.destination,
            ecn: None,
            contents,
            segment_size: (count > 1).then_some(size),
            // Answer from the address that was asked, on a machine with several.
            src_ip: self.listen.is_unspecified().then_some(first.source.ip()),
        };
        match self.state.try_send(self.socket.get_ref().into(), &transmit) {
            Ok(()) => self.ledger.sent(count as u64, contents.len() as u64),
            Err(error) => {
                self.ledger.dropped(count as u64);
                tracing::debug!(%error, destination = %first.destination, "datagram not sent");
            }
        }
        count
    }
}
