//! How our sockets are seen from outside: STUN questions (RFC 8489), asked from the very sockets that carry media. Sans-IO.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rtc::Candidate;
use turn_client_proto::stun::types::attribute::XorMappedAddress;
use turn_client_proto::stun::types::message::{BINDING, Message, MessageClass, MessageWriteVec, TransactionId};
use turn_client_proto::stun::types::prelude::*;

use crate::session::PeerKind;

/// Pause before a question is asked again; it doubles.
const PAUSE: Duration = Duration::from_millis(250);
/// So often a question is asked.
const TRIES: u32 = 5;
/// Servers that are asked at most; one would do, if it answered.
const MOST_SERVERS: usize = 3;

struct Question {
    kind: PeerKind,
    local: SocketAddr,
    server: SocketAddr,
    id: TransactionId,
    message: Vec<u8>,
    next: Instant,
    tries: u32,
}

/// Questions under way.
#[derive(Default)]
pub struct Reflexive {
    servers: Vec<SocketAddr>,
    questions: Vec<Question>,
}

/// A question to send.
pub struct Ask {
    /// From which peer's socket.
    pub kind: PeerKind,
    /// From which address of ours.
    pub local: SocketAddr,
    /// To whom.
    pub server: SocketAddr,
    /// The question.
    pub message: Vec<u8>,
}

impl Reflexive {
    /// Forgets servers and questions.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// One more server to ask. Answers whether it is new.
    pub fn server(&mut self, server: SocketAddr) -> bool {
        let new = self.servers.len() < MOST_SERVERS && !self.servers.contains(&server);
        if new {
            self.servers.push(server);
        }
        new
    }

    /// Asks every server about every one of these sockets.
    pub fn ask(&mut self, sockets: &[(PeerKind, SocketAddr)], now: Instant) {
        self.questions.clear();
        for &server in &self.servers {
            let fits = |local: &SocketAddr| local.is_ipv4() == server.is_ipv4() && !local.ip().is_loopback();
            for &(kind, local) in sockets.iter().filter(|(_, local)| fits(local)) {
                let message = Message::builder_request(BINDING, MessageWriteVec::new());
                let id = message.transaction_id();
                let message = message.finish();
                self.questions.push(Question { kind, local, server, id, message, next: now, tries: 0 });
            }
        }
    }

    /// When something is to be asked, again or for the first time.
    pub fn wake(&self) -> Option<Instant> {
        self.questions.iter().map(|q| q.next).min()
    }

    /// The next question that is due.
    pub fn poll(&mut self, now: Instant) -> Option<Ask> {
        self.questions.retain(|q| q.tries < TRIES || q.next > now);
        let question = self.questions.iter_mut().find(|q| q.next <= now)?;
        question.next = now + PAUSE * 2u32.pow(question.tries);
        question.tries += 1;
        Some(Ask { kind: question.kind, local: question.local, server: question.server, message: question.message.clone() })
    }

    /// Whether a datagram is an answer to a question of ours, and what it says: `Some(None)` is an answer that tells nothing new.
    pub fn answer(&mut self, source: SocketAddr, datagram: &[u8]) -> Option<Option<(PeerKind, Candidate)>> {
        if self.questions.is_empty() || !self.servers.contains(&source) {
            return None;
        }
        let message = Message::from_bytes(datagram).ok().filter(|m| m.has_class(MessageClass::Success))?;
        let at = self.questions.iter().position(|q| q.id == message.transaction_id() && q.server == source)?;
        let question = self.questions.swap_remove(at);
        let seen = message.attribute::<XorMappedAddress>().ok().map(|a| a.addr(message.transaction_id()));
        let seen = seen.filter(|seen| *seen != question.local);
        let candidate = seen.and_then(|seen| Candidate::server_reflexive(seen, question.local, "udp").ok());
        Some(candidate.map(|candidate| (question.kind, candidate)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn answer(ask: &Ask, seen: &str) -> Vec<u8> {
        let request = Message::from_bytes(&ask.message).unwrap();
        let mut response = Message::builder_success(&request, MessageWriteVec::new());
        response.add_attribute(&XorMappedAddress::new(address(seen), request.transaction_id())).unwrap();
        response.finish()
    }

    #[test]
    fn an_answer_becomes_a_candidate_of_the_socket_that_asked() {
        let (mut reflexive, now) = (Reflexive::default(), Clock::new().now());
        let server = address("198.51.100.1:3478");
        assert!(reflexive.server(server) && !reflexive.server(server));
        let local = address("10.0.0.2:5000");
        reflexive.ask(&[(PeerKind::Subscriber, local), (PeerKind::Publisher, address("[2001:db8::1]:1"))], now);
        let ask = reflexive.poll(now).unwrap();
        assert!(reflexive.poll(now).is_none(), "an IPv6 socket cannot ask an IPv4 server");
        let response = answer(&ask, "203.0.113.7:40000");
        assert!(reflexive.answer(address("198.51.100.2:3478"), &response).is_none(), "from somebody else");
        assert!(reflexive.answer(server, &[0x80, 0, 0, 1]).is_none(), "media");
        let (kind, candidate) = reflexive.answer(server, &response).unwrap().unwrap();
        assert_eq!((kind, candidate.addr()), (PeerKind::Subscriber, address("203.0.113.7:40000")));
        assert!(candidate.to_sdp_string().contains("typ srflx"), "{candidate:?}");
        assert!(reflexive.answer(server, &response).is_none(), "a second answer is nobody's");
        assert!(reflexive.wake().is_none());
    }

    #[test]
    fn a_server_that_sees_the_socket_as_it_is_tells_nothing_new() {
        let (mut reflexive, now) = (Reflexive::default(), Clock::new().now());
        let server = address("198.51.100.1:3478");
        reflexive.server(server);
        reflexive.ask(&[(PeerKind::Publisher, address("203.0.113.7:5000"))], now);
        let ask = reflexive.poll(now).unwrap();
        assert!(matches!(reflexive.answer(server, &answer(&ask, "203.0.113.7:5000")), Some(None)));
    }

    #[test]
    fn a_server_that_never_answers_is_left_alone_after_some_seconds() {
        let (mut reflexive, start) = (Reflexive::default(), Clock::new().now());
        reflexive.server(address("198.51.100.1:3478"));
        reflexive.ask(&[(PeerKind::Publisher, address("10.0.0.2:5000"))], start);
        let (mut asked, mut now) = (0, start);
        while let Some(at) = reflexive.wake() {
            now = now.max(at);
            while reflexive.poll(now).is_some() {
                asked += 1;
            }
        }
        assert_eq!(asked, TRIES);
        assert!(now - start < Duration::from_secs(10), "{:?}", now - start);
    }
}
