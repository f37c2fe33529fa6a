//! A UDP socket of a viewer: datagrams in batches, each with the kernel's time of its arrival.
#![expect(unsafe_code, reason = "recvmmsg and its control messages have no safe wrapper that gives times of arrival")]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::ptr::null_mut;

/// Datagrams taken at once.
const BATCH: usize = 32;
/// Longest datagram.
const LENGTH: usize = 2048;

/// A batch's memory.
pub struct Batch {
    bytes: Box<[[u8; LENGTH]; BATCH]>,
    control: Box<[[u64; 8]; BATCH]>,
    names: Box<[libc::sockaddr_in; BATCH]>,
    /// Length, sender and time of arrival (nanoseconds since 1970) of each.
    got: Vec<(usize, SocketAddr, u64)>,
}

impl Batch {
    pub fn new() -> Self {
        // SAFETY: all-zero is a valid value of this plain C structure.
        let names = Box::new(unsafe { zeroed() });
        let (bytes, control) = (Box::new([[0; LENGTH]; BATCH]), Box::new([[0; 8]; BATCH]));
        Self { bytes, control, names, got: Vec::with_capacity(BATCH) }
    }

    /// The datagrams with their senders and times of arrival on the wall clock.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], SocketAddr, u64)> {
        self.bytes.iter().zip(&self.got).map(|(bytes, (length, from, at))| (&bytes[..(*length).min(LENGTH)], *from, *at))
    }
}

/// The socket.
pub struct Socket {
    socket: UdpSocket,
    pub address: SocketAddr,
}

impl Socket {
    /// On a free port of an address of this machine.
    pub fn bind(ip: Ipv4Addr) -> io::Result<Self> {
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_nonblocking(true)?;
        for (option, value) in [(libc::SO_TIMESTAMPNS, 1), (libc::SO_RCVBUF, 4 << 20)] {
            let value: libc::c_int = value;
            // SAFETY: the descriptor is open, and value points to a c_int of the length given.
            let done = unsafe {
                let length = size_of::<libc::c_int>() as libc::socklen_t;
                libc::setsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, option, (&raw const value).cast(), length)
            };
            if done != 0 {
                return Err(io::Error::last_os_error());
            }
        }
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    pub fn send(&self, to: SocketAddr, datagram: &[u8]) {
        // Lost datagrams are what the protocol is for.
        let _ = self.socket.send_to(datagram, to);
    }

    /// Takes what is there, at most a batch of it; answers how many.
    pub fn receive(&self, batch: &mut Batch) -> usize {
        batch.got.clear();
        // SAFETY: all-zero is a valid value of these plain C structures.
        let mut parts: [libc::iovec; BATCH] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut headers: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let memory = batch.bytes.iter_mut().zip(batch.control.iter_mut()).zip(batch.names.iter_mut());
        for ((header, part), ((bytes, control), name)) in headers.iter_mut().zip(&mut parts).zip(memory) {
            *part = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: LENGTH };
            header.msg_hdr.msg_name = (&raw mut *name).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_in>() as _;
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = control.as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = size_of::<[u64; 8]>() as _;
        }
        // SAFETY: each header points to memory of the length it says, which lives until the call returns.
        let count = unsafe {
            let flags = libc::MSG_DONTWAIT;
            libc::recvmmsg(self.socket.as_raw_fd(), headers.as_mut_ptr(), BATCH as libc::c_uint, flags as _, null_mut())
        };
        let count = usize::try_from(count).unwrap_or(0);
        for (header, name) in headers[..count].iter().zip(batch.names.iter()) {
            // Bound to an IPv4 address, it hears from such ones only.
            let ip = Ipv4Addr::from(u32::from_be(name.sin_addr.s_addr));
            let from = SocketAddr::from((ip, u16::from_be(name.sin_port)));
            batch.got.push((header.msg_len as usize, from, arrival(&header.msg_hdr)));
        }
        count
    }
}

/// The kernel's time of arrival, nanoseconds since 1970; 0 without one.
fn arrival(header: &libc::msghdr) -> u64 {
    // SAFETY: the kernel wrote the control messages and their length; the macros stay inside it.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(head) = message.as_ref() {
            if head.cmsg_level == libc::SOL_SOCKET && head.cmsg_type == libc::SCM_TIMESTAMPNS {
                let time: libc::timespec = std::ptr::read_unaligned(libc::CMSG_DATA(message).cast());
                return time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    0
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}
