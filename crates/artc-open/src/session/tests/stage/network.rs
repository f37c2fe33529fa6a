//! What is under way between session and server, in the order in which it arrives.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtc::signal::{Request, Response};

use crate::session::{Connect, PeerKind};

/// One way through the network.
pub(super) const DELAY: Duration = Duration::from_millis(10);

/// Where things are under way to.
#[expect(clippy::large_enum_variant, reason = "a test")]
pub(super) enum Parcel {
    ToServer(PeerKind, u64, Vec<u8>, SocketAddr),
    ToSession(PeerKind, Vec<u8>, SocketAddr, SocketAddr),
    Request(u64, Request),
    Response(u64, Response),
    Dial(Connect),
    Closed(u64),
}

pub(super) struct UnderWay {
    pub(super) at: Instant,
    pub(super) number: u64,
    pub(super) parcel: Parcel,
}

impl PartialEq for UnderWay {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for UnderWay {}
impl PartialOrd for UnderWay {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for UnderWay {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}
