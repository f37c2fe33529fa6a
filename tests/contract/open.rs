//! On the open engine, in pairs, through the embedded room, over both ways to it: real sockets on loopback, and the link inside a
//! process. Real codecs, real time.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artc_bindings::Engine;
use artc_bindings::contract::{self, Driver};
use artc_open::{OpenEngine, Options};
use room::token::{Claims, Key, Secret, VideoGrant};

/// What the open engine does not do yet. An engine that learns one of them makes this test fail, so that the list stays true.
const NOT_YET: &[&str] = &[];
const HOUR: Duration = Duration::from_secs(3600);

struct Open {
    room: room::Handle,
    /// Engines join over the link instead of the network.
    inside: bool,
    /// Serves the room's web part.
    _runtime: tokio::runtime::Runtime,
}

const API_KEY: &str = "contract";
const API_SECRET: &str = "a-secret-of-the-contract-test-only";

impl Open {
    fn new(inside: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let config = room::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            media_port: 0,
            tcp_port: 0,
            api_key: API_KEY.into(),
            max_rooms: 100,
            max_joins_per_second: 1000,
            ..room::Config::default()
        };
        let room = runtime.block_on(async { room::Server::start_with(config, Secret::new(API_SECRET)) }).expect("a room");
        Self { room, inside, _runtime: runtime }
    }

    fn claims(grant: VideoGrant, user: &str) -> Claims {
        Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() }
    }

    fn join_claims(channel: &str, user: &str) -> Claims {
        let grant = VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(channel) };
        Self::claims(grant, user)
    }
}

impl Driver for Open {
    fn engine(&mut self) -> Result<Arc<dyn Engine>, String> {
        let options = if self.inside { Options::local(self.room.local()) } else { Options::new(self.room.signal_url()) };
        OpenEngine::create(options).map_err(|error| error.to_string())
    }

    fn token(&mut self, channel: &str, user: &str) -> String {
        self.room.mint(Self::join_claims(channel, user), HOUR).expect("a token")
    }

    fn forged_token(&mut self, channel: &str, user: &str) -> String {
        let forger = Key::new(API_KEY, Secret::new("a-secret-of-somebody-else-entirely"));
        let claims = Self::join_claims(channel, user);
        // 2100 is far enough for a token that must fail for its signature alone.
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        forger.mint(claims, Duration::from_secs(2_400_000_000), from).expect("a token")
    }

    fn expired_token(&mut self, channel: &str, user: &str) -> String {
        let key = Key::new(API_KEY, Secret::new(API_SECRET));
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        key.mint(Self::join_claims(channel, user), HOUR, long_ago).expect("a token")
    }

    fn pass(&mut self, time: Duration) {
        std::thread::park_timeout(time);
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn remove(&mut self, channel: &str, user: &str) -> bool {
        let grant = VideoGrant { room: channel.to_owned(), room_admin: true, ..VideoGrant::default() };
        let token = self.room.mint(Self::claims(grant, "admin"), HOUR).expect("a token");
        let body = format!(r#"{{"room":"{channel}","identity":"{user}"}}"#);
        let mut stream = TcpStream::connect(self.room.http()).expect("the room listens");
        write!(
            stream,
            "POST /twirp/livekit.RoomService/RemoveParticipant HTTP/1.1\r\nHost: room\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("the room reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the room answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        true
    }
}

fn keeps_the_contract(mut open: Open) {
    let only = std::env::var("ARTC_CONTRACT_CASE").unwrap_or_default();
    let report = contract::run_some(&mut open, |case| case.contains(&only));
    println!("{report}");
    assert!(report.failed.is_empty(), "{report}");
    let not_yet: BTreeSet<String> = NOT_YET.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(report.unsupported, not_yet, "{report}");
}

#[test]
fn the_open_engine_keeps_the_contract() {
    keeps_the_contract(Open::new(false));
}

#[test]
fn the_open_engine_keeps_the_contract_with_a_room_of_its_own_process() {
    keeps_the_contract(Open::new(true));
}
