//! What the kernel says about links and addresses of this machine (rtnetlink), so that nothing has to wait for a poll: a link that
//! comes up, an address that comes or goes. Not for what addresses there are.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, bind, send, socket_with};
use tokio::io::unix::AsyncFd;

/// `RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR`.
const GROUPS: u32 = 0x1 | 0x10 | 0x100;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
/// `NLM_F_MULTI`: part of the answer to a question, not news.
const MULTI: u16 = 0x2;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// Flags of a link: loopback; running, which is up with a carrier.
const IFF_LOOPBACK: u32 = 0x8;
const IFF_RUNNING: u32 = 0x40;
/// Length of a message's head, and of what tells a link.
const HEAD: usize = 16;
const LINK: usize = 16;
/// Messages are cut off beyond this; their beginning is all that is read.
const BUFFER: usize = 32 * 1024;

/// What changed, the weightiest of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing of interest.
    #[default]
    None,
    /// Addresses came or went.
    Addresses,
    /// A link came up that was down.
    LinkUp,
}

/// An ear on the kernel.
pub struct Links {
    socket: AsyncFd<OwnedFd>,
    running: Running,
    buffer: Vec<u8>,
}

/// Which links run, by index.
#[derive(Default)]
struct Running(BTreeMap<u32, bool>);

impl Links {
    /// Begins to listen. Fails where the system does not let us, as in a tight sandbox; then only polling is left.
    pub fn open() -> io::Result<Self> {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUPS))?;
        // How the links are now, so that the first news is known for what it is.
        send(&socket, &question(), SendFlags::empty())?;
        #[expect(deprecated, reason = "an owned descriptor stays what it is for as long as it is owned")]
        let socket = AsyncFd::new(socket)?;
        Ok(Self { socket, running: Running::default(), buffer: vec![0; BUFFER] })
    }

    /// Waits for a change. Dropping the future loses nothing.
    pub async fn changed(&mut self) -> io::Result<Change> {
        loop {
            let mut ready = self.socket.readable().await?;
            let mut change = Change::None;
            loop {
                match rustix::io::read(self.socket.get_ref(), &mut self.buffer) {
                    Ok(count) => change = change.max(self.running.read(&self.buffer[..count])),
                    Err(rustix::io::Errno::WOULDBLOCK) => break,
                    Err(rustix::io::Errno::INTR) => {}
                    // More happened than the kernel kept for us: look at everything.
                    Err(rustix::io::Errno::NOBUFS) => change = Change::LinkUp,
                    Err(error) => return Err(error.into()),
                }
            }
            ready.clear_ready();
            if change != Change::None {
                return Ok(change);
            }
        }
    }
}

/// Asks for all links.
fn question() -> [u8; HEAD + LINK] {
    let mut message = [0; HEAD + LINK];
    message[0..4].copy_from_slice(&((HEAD + LINK) as u32).to_ne_bytes());
    message[4..6].copy_from_slice(&RTM_GETLINK.to_ne_bytes());
    message[6..8].copy_from_slice(&DUMP.to_ne_bytes());
    message
}

impl Running {
    /// Reads messages as the kernel packs them.
    fn read(&mut self, mut bytes: &[u8]) -> Change {
        let mut change = Change::None;
        while let (Some(length), Some(kind), Some(flags)) = (word(bytes, 0), half(bytes, 4), half(bytes, 6)) {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length < HEAD || length > bytes.len() {
                break;
            }
            change = change.max(self.message(kind, flags, &bytes[HEAD..length]));
            bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        change
    }

    fn message(&mut self, kind: u16, flags: u16, body: &[u8]) -> Change {
        match kind {
            RTM_NEWADDR | RTM_DELADDR => Change::Addresses,
            RTM_NEWLINK | RTM_DELLINK => {
                let (Some(index), Some(state)) = (word(body, 4), word(body, 8)) else { return Change::None };
                if kind == RTM_DELLINK {
                    self.0.remove(&index);
                    return Change::None;
                }
                let runs = state & IFF_RUNNING != 0 && state & IFF_LOOPBACK == 0;
                let ran = self.0.insert(index, runs).unwrap_or(false);
                if runs && !ran && flags & MULTI == 0 { Change::LinkUp } else { Change::None }
            }
            _ => Change::None,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(kind: u16, flags: u16, index: u32, state: u32) -> Vec<u8> {
        let mut message = vec![0; HEAD + LINK + 3];
        let length = message.len() as u32;
        message[0..4].copy_from_slice(&length.to_ne_bytes());
        message[4..6].copy_from_slice(&kind.to_ne_bytes());
        message[6..8].copy_from_slice(&flags.to_ne_bytes());
        message[HEAD + 4..HEAD + 8].copy_from_slice(&index.to_ne_bytes());
        message[HEAD + 8..HEAD + 12].copy_from_slice(&state.to_ne_bytes());
        message.resize(message.len().next_multiple_of(4), 0);
        message
    }

    #[test]
    fn a_link_comes_up_once_however_often_the_kernel_tells_of_it() {
        const UP: u32 = 1 | IFF_RUNNING;
        let mut running = Running::default();
        let known = [link(RTM_NEWLINK, MULTI, 2, UP), link(RTM_NEWLINK, MULTI, 3, 1)].concat();
        assert_eq!(running.read(&known), Change::None, "how things are is no news");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 2, UP)), Change::None, "it ran before");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, UP)), Change::LinkUp);
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, UP)), Change::None);
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, 1)), Change::None, "going down helps nobody");
        let both = [link(RTM_NEWADDR, 0, 3, 0), link(RTM_NEWLINK, 0, 3, UP)].concat();
        assert_eq!(running.read(&both), Change::LinkUp);
        running.read(&link(RTM_DELLINK, 0, 3, UP));
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, UP)), Change::LinkUp, "plugged in again");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 1, UP | IFF_LOOPBACK)), Change::None);
        assert_eq!(running.read(&link(RTM_DELADDR, 0, 3, 0)), Change::Addresses);
    }

    #[test]
    fn what_is_cut_off_or_no_message_is_left() {
        let whole = link(RTM_NEWLINK, 0, 3, IFF_RUNNING);
        for length in 0..HEAD + LINK {
            assert_eq!(Running::default().read(&whole[..length]), Change::None);
        }
        assert_eq!(Running::default().read(&[0; 64]), Change::None);
        assert_eq!(Running::default().read(&[0xff; 64]), Change::None);
    }

    #[tokio::test]
    async fn the_kernel_answers_what_links_there_are() {
        let links = Links::open().expect("this machine lets us listen");
        let mut ready = links.socket.readable().await.expect("an answer");
        ready.clear_ready();
        drop(ready);
        let mut links = links;
        let count = rustix::io::read(links.socket.get_ref(), &mut links.buffer).expect("an answer");
        links.running.read(&links.buffer[..count]);
        assert!(!links.running.0.is_empty(), "at least the loopback");
    }
}
