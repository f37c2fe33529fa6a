//! A server on free ports, tokens of every kind, and clients so plain that they can say anything.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use room::token::{Claims, Key, Secret, VideoGrant};
use room::{Config, Handle, Server};
use rtc::signal::{Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

pub const SECRET: &str = "a-secret-of-tests-that-is-long-enough";
/// Nothing here takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn config() -> Config {
    Config {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        media_port: 0,
        tcp_port: 0,
        api_key: "key".into(),
        max_joins_per_second: 1000,
        ..Config::default()
    }
}

pub fn start() -> Handle {
    Server::start_with(config(), Secret::new(SECRET)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "tokens are made for the wall clock")]
pub fn now() -> SystemTime {
    SystemTime::now()
}

/// A token of somebody's key, made at some time.
pub fn token_of(secret: &str, at: SystemTime, identity: &str, grant: VideoGrant) -> String {
    let claims = Claims { sub: identity.into(), video: Some(grant), ..Claims::default() };
    Key::new("key", Secret::new(secret)).mint(claims, Duration::from_secs(600), at).unwrap()
}

/// A good token.
pub fn token(identity: &str, grant: VideoGrant) -> String {
    token_of(SECRET, now(), identity, grant)
}

pub fn joins(identity: &str) -> String {
    token(identity, VideoGrant { can_update_own_metadata: Some(true), ..VideoGrant::join("yard") })
}

/// What a server answers.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// One HTTP request over a connection of its own.
pub async fn ask(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    ask_over(TcpStream::connect(address).await.unwrap(), method, path, headers, body).await
}

/// One HTTP request over a connection that is there already.
pub async fn ask_over(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nHost: room\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    let mut request = (request + "\r\n").into_bytes();
    request.extend_from_slice(body);
    // A server that refuses a body may close before it has read all of it.
    let _ = stream.write_all(&request).await;
    let mut answer = Vec::new();
    let read = async {
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut piece).await {
            answer.extend_from_slice(&piece[..count]);
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("an answer");
    let split = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a whole head");
    let head = String::from_utf8_lossy(&answer[..split]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, body: answer[split + 4..].to_vec(), head }
}

/// A signalling websocket.
pub struct Client(pub WebSocketStream<TcpStream>);

impl Client {
    /// Joins with the older form of address.
    pub async fn join(room: &Handle, token: &str) -> Self {
        let mut client = Self::open(room, token).await.expect("let in");
        client.until(|message| matches!(message, Response::Join(_))).await;
        client
    }

    /// Opens the websocket, or answers what the server says instead.
    pub async fn open(room: &Handle, token: &str) -> Result<Self, (u16, String)> {
        let mut request = format!("{}/rtc?protocol=16&auto_subscribe=1", room.signal_url()).into_client_request().unwrap();
        request.headers_mut().insert("Authorization", format!("Bearer {token}").parse().unwrap());
        let stream = TcpStream::connect(room.http()).await.unwrap();
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Client(socket)),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => {
                let words = answer.body().as_ref().map(|body| String::from_utf8_lossy(body).into_owned());
                Err((answer.status().as_u16(), words.unwrap_or_default()))
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn send(&mut self, request: Request) -> bool {
        self.say(Message::Binary(rtc::signal::encode_request(request))).await
    }

    /// Says anything; answers whether the connection still took it.
    pub async fn say(&mut self, message: Message) -> bool {
        use futures_util::SinkExt as _;
        tokio::time::timeout(PATIENCE, self.0.send(message)).await.is_ok_and(|sent| sent.is_ok())
    }

    /// The next message; `Err` with the reason once the server has closed.
    pub async fn next(&mut self) -> Result<Response, Option<CloseFrame>> {
        use futures_util::StreamExt as _;
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something within patience") {
                Some(Ok(Message::Binary(frame))) => return Ok(rtc::signal::decode_response(&frame).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }

    /// Reads on to a message.
    pub async fn until(&mut self, wanted: impl Fn(&Response) -> bool) -> Response {
        loop {
            let message = self.next().await.expect("not closed yet");
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Reads on to the end; gives what came and how the server closed.
    pub async fn rest(&mut self) -> (Vec<Response>, Option<CloseFrame>) {
        let mut came = Vec::new();
        loop {
            match self.next().await {
                Ok(message) => came.push(message),
                Err(close) => return (came, close),
            }
        }
    }
}
