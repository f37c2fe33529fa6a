//! The embedded room as the contract suite needs it: on free ports, with tokens of every kind.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, SystemTime};

use room::token::{Claims, Key, Secret, VideoGrant};

const HOUR: Duration = Duration::from_secs(3600);
const API_KEY: &str = "contract";
const API_SECRET: &str = "a-secret-of-the-contract-test-only";

/// A room that is open until it is dropped.
pub struct ServedRoom {
    pub room: room::Handle,
    /// Serves the room's web part.
    _runtime: tokio::runtime::Runtime,
}

fn claims(grant: VideoGrant, user: &str) -> Claims {
    Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() }
}

fn join_claims(channel: &str, user: &str) -> Claims {
    claims(VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(channel) }, user)
}

impl ServedRoom {
    pub fn new() -> Self {
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
        Self { room, _runtime: runtime }
    }

    pub fn token(&self, channel: &str, user: &str) -> String {
        self.room.mint(join_claims(channel, user), HOUR).expect("a token")
    }

    pub fn forged_token(channel: &str, user: &str) -> String {
        let forger = Key::new(API_KEY, Secret::new("a-secret-of-somebody-else-entirely"));
        // 2100 is far enough for a token that must fail for its signature alone.
        let from = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        forger.mint(join_claims(channel, user), Duration::from_secs(2_400_000_000), from).expect("a token")
    }

    pub fn expired_token(channel: &str, user: &str) -> String {
        let key = Key::new(API_KEY, Secret::new(API_SECRET));
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        key.mint(join_claims(channel, user), HOUR, long_ago).expect("a token")
    }

    /// Removes a user by RoomService.
    pub fn remove(&self, channel: &str, user: &str) {
        let grant = VideoGrant { room: channel.to_owned(), room_admin: true, ..VideoGrant::default() };
        let token = self.room.mint(claims(grant, "admin"), HOUR).expect("a token");
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
    }
}
