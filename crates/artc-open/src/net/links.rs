//! What the kernel says about links and addresses of this machine (rtnetlink), so that nothing has to wait for a poll: a link that
//! comes up or goes down, an address or a way out that comes or goes. Not for what addresses there are.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, bind, send, socket_with};
use tokio::io::unix::AsyncFd;

/// `RTMGRP_LINK`, and of IPv4 and IPv6 `IFADDR` and `ROUTE`.
const GROUPS: u32 = 0x1 | 0x10 | 0x40 | 0x100 | 0x400;
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
/// `NLM_F_MULTI`: part of the answer to a question, not news.
const MULTI: u16 = 0x2;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
/// Flags of a link: loopback; running, which is up with a carrier.
const IFF_LOOPBACK: u32 = 0x8;
const IFF_RUNNING: u32 = 0x40;
/// Attribute of an address: the address itself.
const IFA_ADDRESS: u16 = 1;
/// Flags of an address: whether it is ours alone is still being found out, or it is not.
const IFA_F_DADFAILED: u8 = 0x08;
const IFA_F_TENTATIVE: u8 = 0x40;
/// Length of a message's head, of what tells a link, and of what tells an address.
const HEAD: usize = 16;
const LINK: usize = 16;
const ADDRESS: usize = 8;
/// Addresses that are remembered at most; a machine with more hears of some of them twice.
const MOST_ADDRESSES: usize = 256;
/// Messages are cut off beyond this; their beginning is all that is read.
const BUFFER: usize = 32 * 1024;

/// What changed, the weightiest of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Nothing of interest.
    #[default]
    None,
    /// A link went down, or the way out is another: nothing to be tried because of it.
    Other,
    /// Addresses are others.
    Addresses,
    /// A link came up that was down, or an address came: what failed before may work now.
    Better,
}

/// An ear on the kernel.
pub struct Links {
    socket: AsyncFd<OwnedFd>,
    running: Running,
    buffer: Vec<u8>,
}

/// Which links run, by index, and the addresses that were told of: the kernel repeats itself, with IPv6 every few seconds.
#[derive(Default)]
struct Running {
    links: BTreeMap<u32, bool>,
    addresses: BTreeSet<(u32, Vec<u8>)>,
}

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
                    Err(rustix::io::Errno::NOBUFS) => change = Change::Better,
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
            RTM_NEWADDR | RTM_DELADDR => self.address(kind == RTM_NEWADDR, body),
            RTM_NEWLINK | RTM_DELLINK => {
                let (Some(index), Some(state)) = (word(body, 4), word(body, 8)) else { return Change::None };
                if kind == RTM_DELLINK {
                    return if self.links.remove(&index).is_some() { Change::Other } else { Change::None };
                }
                let runs = state & IFF_RUNNING != 0 && state & IFF_LOOPBACK == 0;
                let ran = self.links.insert(index, runs).unwrap_or(false);
                match (ran, runs) {
                    (false, true) if flags & MULTI == 0 => Change::Better,
                    (true, false) => Change::Other,
                    _ => Change::None,
                }
            }
            // Those to everywhere: the length of what they lead to is 0.
            RTM_NEWROUTE | RTM_DELROUTE if body.get(1) == Some(&0) => Change::Other,
            _ => Change::None,
        }
    }

    fn address(&mut self, there: bool, body: &[u8]) -> Change {
        let told = body.get(2).zip(word(body, 4)).zip(body.get(ADDRESS..).and_then(address_in));
        let Some(((flags, index), address)) = told else { return Change::None };
        let usable = there && flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED) == 0;
        let key = (index, address.to_vec());
        if !usable {
            return if self.addresses.remove(&key) || !there { Change::Addresses } else { Change::None };
        }
        if self.addresses.len() >= MOST_ADDRESSES {
            self.addresses.clear();
        }
        if self.addresses.insert(key) { Change::Better } else { Change::None }
    }
}

/// The address that a message tells of.
fn address_in(mut attributes: &[u8]) -> Option<&[u8]> {
    while let (Some(length), Some(kind)) = (half(attributes, 0), half(attributes, 2)) {
        let value = attributes.get(4..usize::from(length))?;
        if kind == IFA_ADDRESS {
            return Some(value);
        }
        attributes = attributes.get(usize::from(length).next_multiple_of(4)..)?;
    }
    None
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

    fn address(kind: u16, index: u32, flags: u8, last: u8) -> Vec<u8> {
        let mut message = vec![0; HEAD + ADDRESS];
        message[4..6].copy_from_slice(&kind.to_ne_bytes());
        message[HEAD + 2] = flags;
        message[HEAD + 4..HEAD + 8].copy_from_slice(&index.to_ne_bytes());
        // Another attribute comes first, and its length needs padding.
        for (attribute, value) in [(3u16, b"eth0\0".as_slice()), (IFA_ADDRESS, &[10, 0, 0, last])] {
            message.extend((4 + value.len() as u16).to_ne_bytes());
            message.extend(attribute.to_ne_bytes());
            message.extend(value);
            message.resize(message.len().next_multiple_of(4), 0);
        }
        let length = message.len() as u32;
        message[0..4].copy_from_slice(&length.to_ne_bytes());
        message
    }

    #[test]
    fn a_link_comes_up_once_however_often_the_kernel_tells_of_it() {
        const UP: u32 = 1 | IFF_RUNNING;
        let mut running = Running::default();
        let known = [link(RTM_NEWLINK, MULTI, 2, UP), link(RTM_NEWLINK, MULTI, 3, 1)].concat();
        assert_eq!(running.read(&known), Change::None, "how things are is no news");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 2, UP)), Change::None, "it ran before");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, UP)), Change::Better);
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, UP)), Change::None);
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, 1)), Change::Other, "going down helps nobody, and is news");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, 1)), Change::None);
        let both = [address(RTM_DELADDR, 3, 0, 1), link(RTM_NEWLINK, 0, 4, UP)].concat();
        assert_eq!(running.read(&both), Change::Better, "the weightiest of several");
        assert_eq!(running.read(&link(RTM_DELLINK, 0, 3, UP)), Change::Other);
        assert_eq!(running.read(&link(RTM_DELLINK, 0, 3, UP)), Change::None, "gone is gone");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 3, UP)), Change::Better, "plugged in again");
        assert_eq!(running.read(&link(RTM_NEWLINK, 0, 1, UP | IFF_LOOPBACK)), Change::None);
    }

    #[test]
    fn an_address_is_news_once_it_can_be_used_and_once_only() {
        let mut running = Running::default();
        assert_eq!(running.read(&address(RTM_NEWADDR, 2, IFA_F_TENTATIVE, 7)), Change::None);
        assert_eq!(running.read(&address(RTM_NEWADDR, 2, 0, 7)), Change::Better);
        assert_eq!(running.read(&address(RTM_NEWADDR, 2, 0, 7)), Change::None, "its life was prolonged");
        assert_eq!(running.read(&address(RTM_NEWADDR, 3, 0, 7)), Change::Better, "on another link");
        assert_eq!(running.read(&address(RTM_DELADDR, 2, 0, 7)), Change::Addresses);
        assert_eq!(running.read(&address(RTM_NEWADDR, 2, 0, 7)), Change::Better, "leased again");
        for last in 0..=255 {
            running.read(&address(RTM_NEWADDR, 5, 0, last));
        }
        assert!(running.addresses.len() <= MOST_ADDRESSES);
    }

    #[test]
    fn of_routes_those_to_everywhere_are_news() {
        let route = |kind: u16, length: u8| {
            let mut message = vec![0; HEAD + 12];
            message[0..4].copy_from_slice(&((HEAD + 12) as u32).to_ne_bytes());
            message[4..6].copy_from_slice(&kind.to_ne_bytes());
            message[HEAD + 1] = length;
            message
        };
        let mut running = Running::default();
        assert_eq!(running.read(&route(RTM_NEWROUTE, 0)), Change::Other);
        assert_eq!(running.read(&route(RTM_DELROUTE, 0)), Change::Other);
        assert_eq!(running.read(&route(RTM_NEWROUTE, 24)), Change::None);
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
        assert!(!links.running.links.is_empty(), "at least the loopback");
    }
}
