//! The socket to the child: packets, each a JSON array on one line, then bytes if it has any. One packet is one message of the
//! kernel's: nothing has to be put together, and a packet is sent whole or not at all.

use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::net::sockopt::{Timeout, set_socket_send_buffer_size, set_socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, Shutdown, SocketFlags, SocketType, recv, send, shutdown, socketpair};
use serde_json::Value;

/// Longest packet; a message of [`MAX_DATA_BYTES`](crate::MAX_DATA_BYTES) and its head are far below.
pub(super) const MAX_PACKET: usize = 1 << 18;
/// What may wait for the child, in bytes of the kernel's counting.
const WAITING: usize = 1 << 20;

/// Our end.
#[derive(Debug)]
pub(super) struct Link {
    socket: OwnedFd,
}

/// A packet of the child's.
#[derive(Debug)]
pub(super) struct Packet {
    pub name: String,
    pub arguments: Value,
    pub tail: Vec<u8>,
}

impl Link {
    /// Our end, and the child's.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // Bounded by the system's own limit; what it gives is enough.
        let _ = set_socket_send_buffer_size(&ours, WAITING);
        Ok((Self { socket: ours }, theirs))
    }

    /// Sends a packet if the child has room for it; never waits. `WouldBlock` when it has none.
    pub fn send(&self, packet: &[u8]) -> io::Result<()> {
        send(&self.socket, packet, SendFlags::DONTWAIT | SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// Ends the conversation: the child is told, and nothing more is heard of it.
    pub fn end(&self) {
        // There is nothing to end when the child is gone already.
        let _ = shutdown(&self.socket, Shutdown::Both);
    }

    /// Waits at most `patience` for the next packet: `Ok(None)` when none came, `UnexpectedEof` when the child is gone.
    pub fn receive(&self, patience: Duration, buffer: &mut [u8]) -> io::Result<Option<Packet>> {
        set_socket_timeout(&self.socket, Timeout::Recv, Some(patience))?;
        let len = match recv(&self.socket, &mut *buffer, RecvFlags::empty()) {
            Ok((len, _)) => len,
            Err(rustix::io::Errno::AGAIN | rustix::io::Errno::INTR) => return Ok(None),
            Err(why) => return Err(why.into()),
        };
        if len == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let packet = &buffer[..len];
        let end = packet.iter().position(|byte| *byte == b'\n').unwrap_or(packet.len());
        let (name, arguments) = serde_json::from_slice(&packet[..end]).map_err(io::Error::other)?;
        Ok(Some(Packet { name, arguments, tail: packet.get(end + 1..).unwrap_or_default().to_vec() }))
    }
}

/// Whether an error of a [`Link`] says that the child is gone. `ConnectionReset`: it left packets unread.
pub(super) fn gone(why: &io::Error) -> bool {
    matches!(why.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

/// A packet as it goes over the socket.
pub(super) fn packet(name: &str, arguments: &Value, tail: &[u8]) -> Vec<u8> {
    let mut bytes = serde_json::json!([name, arguments]).to_string().into_bytes();
    bytes.push(b'\n');
    bytes.extend_from_slice(tail);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn packets_come_whole_and_the_end_is_told() {
        let (ours, theirs) = Link::pair().expect("sockets");
        let theirs = Link { socket: theirs };
        let mut buffer = vec![0; MAX_PACKET];
        assert!(ours.receive(SOON, &mut buffer).expect("open").is_none());
        theirs.send(&packet("OnDataChannelMsg", &serde_json::json!(["cam", 2, 7, 0]), b"a\nb")).expect("room");
        let found = ours.receive(SOON, &mut buffer).expect("open").expect("a packet");
        assert_eq!((&*found.name, &*found.tail), ("OnDataChannelMsg", &b"a\nb"[..]));
        theirs.send(b"no packet").expect("room");
        assert!(ours.receive(SOON, &mut buffer).is_err());
        drop(theirs);
        assert_eq!(ours.receive(SOON, &mut buffer).expect_err("closed").kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_child_that_ends_before_it_has_read_is_gone() {
        let (ours, theirs) = Link::pair().expect("sockets");
        ours.send(b"the program").expect("room");
        drop(theirs);
        for _ in 0..2 {
            let why = ours.send(b"the settings").expect_err("closed");
            assert!(gone(&why), "{why:?}");
        }
    }

    #[test]
    fn a_child_that_reads_nothing_makes_nobody_wait() {
        let (ours, _theirs) = Link::pair().expect("sockets");
        let call = packet("MuteLocalMic", &serde_json::json!([true]), &[]);
        let refused = (0..100_000).find_map(|_| ours.send(&call).err()).expect("it is bounded");
        assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    }
}
