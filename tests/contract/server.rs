//! A server that the open engine joins: our room, or any that speaks LiveKit's protocol; with tokens of every kind for it.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use artc_bindings::contract::Driver;
use artc_bindings::{AuthInfo, Engine};
use artc_open::{OpenEngine, Options};
use room::token::{Claims, Key, Secret, VideoGrant};

const HOUR: Duration = Duration::from_secs(3600);
const APP: &str = "contract-app";
const APP_KEY: &str = "the key of the contract's app";
/// Seconds since 1970 of a day that is over.
const LONG_AGO: u64 = 1_700_000_000;

/// Whose rule tokens follow.
#[derive(Clone, Copy, PartialEq)]
pub enum Tokens {
    LiveKit,
    Vendor,
}

pub struct Server {
    options: Options,
    /// Where its web server is, if it can be asked without TLS.
    http: Option<String>,
    key: String,
    secret: String,
    tokens: Tokens,
    own: Option<Own>,
}

/// A room of ours, which ends with the server.
struct Own {
    room: room::Handle,
    _key_file: tempfile::NamedTempFile,
    /// Serves the room's web part.
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    /// A room of our own. Engines join over the network, or over the link inside this process.
    pub fn own(inside: bool, tokens: Tokens) -> Self {
        let (key, secret) = ("contract".to_owned(), "a-secret-of-the-contract-test-only".to_owned());
        let mut key_file = tempfile::NamedTempFile::new().expect("a file");
        key_file.write_all(APP_KEY.as_bytes()).expect("the file takes it");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let config = room::Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            media_port: 0,
            tcp_port: 0,
            api_key: key.clone(),
            apps: [(APP.to_owned(), room::App { key_file: key_file.path().to_owned() })].into(),
            max_rooms: 200,
            max_joins_per_second: 1000,
            ..room::Config::default()
        };
        let start = async { room::Server::start_with(config, Secret::new(secret.as_str())) };
        let room = runtime.block_on(start).expect("a room");
        let options = if inside { Options::local(room.local()) } else { Options::new(room.signal_url()) };
        let http = Some(room.http().to_string());
        Self { options, http, key, secret, tokens, own: Some(Own { room, _key_file: key_file, _runtime: runtime }) }
    }

    /// A server that runs already.
    pub fn at(url: &str, key: &str, secret: &str) -> Self {
        let plain = url.strip_prefix("ws://").or(url.strip_prefix("http://"));
        let http = plain.map(|rest| rest.split('/').next().unwrap_or_default().to_owned());
        let (key, secret) = (key.to_owned(), secret.to_owned());
        Self { options: Options::new(url), http, key, secret, tokens: Tokens::LiveKit, own: None }
    }

    /// The room, where it is ours.
    pub fn room(&self) -> &room::Handle {
        &self.own.as_ref().expect("a room of our own").room
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + SystemTime::UNIX_EPOCH.elapsed().expect("a clock after 1970")
    }

    /// What a usual participant may.
    pub fn participant(channel: &str) -> VideoGrant {
        VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join(channel) }
    }

    /// An access token of LiveKit's kind.
    pub fn access(&self, grant: VideoGrant, user: &str) -> String {
        self.signed(&self.secret, grant, user, Self::now())
    }

    fn signed(&self, secret: &str, grant: VideoGrant, user: &str, from: SystemTime) -> String {
        let claims = Claims { sub: user.to_owned(), video: Some(grant), ..Claims::default() };
        Key::new(self.key.as_str(), Secret::new(secret)).mint(claims, HOUR, from).expect("a token")
    }

    /// A token of the vendor's rule, over at `timestamp` in seconds since 1970.
    pub fn of_app(app: &str, key: &str, channel: &str, user: &str, timestamp: u64) -> String {
        let timestamp = i64::try_from(timestamp).expect("a date");
        let (channel, user_id, app_id) = (channel.to_owned(), user.to_owned(), app.to_owned());
        let mut info = AuthInfo { channel, user_id, app_id, timestamp, ..AuthInfo::default() };
        artc_bindings::token::generate(&mut info, key).expect("names of the suite are valid").expose().to_owned()
    }

    fn in_an_hour() -> u64 {
        Self::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_secs() + 3600
    }

    /// A token of an app that the room does not know.
    pub fn of_unknown_app(channel: &str, user: &str) -> String {
        Self::of_app("unknown-app", "any key", channel, user, Self::in_an_hour())
    }

    /// Asks LiveKit's RoomService; answers whether there is a way to ask.
    pub fn administer(&self, channel: &str, method: &str, body: &str) -> bool {
        let Some(http) = &self.http else { return false };
        let grant = VideoGrant { room: channel.to_owned(), room_admin: true, room_create: true, ..VideoGrant::default() };
        let token = self.access(grant, "admin");
        let mut stream = TcpStream::connect(http.as_str()).expect("the server listens");
        write!(
            stream,
            "POST /twirp/livekit.RoomService/{method} HTTP/1.1\r\nHost: room\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("the server reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the server answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        true
    }
}

impl Driver for Server {
    fn engine(&mut self) -> Result<Arc<dyn Engine>, String> {
        OpenEngine::create(self.options.clone()).map_err(|error| error.to_string())
    }

    fn token(&mut self, channel: &str, user: &str) -> String {
        match self.tokens {
            Tokens::LiveKit => self.access(Self::participant(channel), user),
            Tokens::Vendor => Self::of_app(APP, APP_KEY, channel, user, Self::in_an_hour()),
        }
    }

    fn forged_token(&mut self, channel: &str, user: &str) -> String {
        match self.tokens {
            Tokens::LiveKit => self.signed("a-secret-of-somebody-else-entirely", Self::participant(channel), user, Self::now()),
            Tokens::Vendor => Self::of_app(APP, "another key", channel, user, Self::in_an_hour()),
        }
    }

    fn expired_token(&mut self, channel: &str, user: &str) -> String {
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(LONG_AGO);
        match self.tokens {
            Tokens::LiveKit => self.signed(&self.secret, Self::participant(channel), user, long_ago),
            Tokens::Vendor => Self::of_app(APP, APP_KEY, channel, user, LONG_AGO),
        }
    }

    fn pass(&mut self, time: Duration) {
        std::thread::park_timeout(time);
    }

    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }

    fn remove(&mut self, channel: &str, user: &str) -> bool {
        self.administer(channel, "RemoveParticipant", &format!(r#"{{"room":"{channel}","identity":"{user}"}}"#))
    }
}
