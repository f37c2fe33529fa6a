//! Media through real sockets: in by WHIP and out by WHEP, over UDP and over TCP alone; and the web server over TLS.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use room::token::Secret;
use room::{Handle, Server};
use rtc::str0m::format::Codec;
use rtc::str0m::media::Frequency;
use rtc::str0m::net::TcpType;
use rtc::{Candidate, Direction, Event, MediaKind, MediaTime, Mid, OutgoingFrame, Output, Peer, PeerConfig, Protocol, framing};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

use crate::stage::{PATIENCE, SECRET, ask, ask_over, config, joins, start};

#[expect(clippy::disallowed_methods, reason = "real sockets live in real time")]
fn clock() -> Instant {
    Instant::now()
}

/// The way to the server's media.
enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream, framing::Decoder),
}

/// A peer that lives on a socket of its own.
struct End {
    peer: Peer,
    socket: Socket,
    local: SocketAddr,
    server: SocketAddr,
    mid: Mid,
    location: String,
    connected: bool,
    pictures: usize,
}

impl End {
    /// Posts an offer and takes the answer.
    async fn open(room: &Handle, path: &str, identity: &str, direction: Direction, tcp: bool) -> Self {
        let (socket, local, server, protocol) = if tcp {
            let server = room.tcp().unwrap();
            let stream = TcpStream::connect(server).await.unwrap();
            let local = stream.local_addr().unwrap();
            (Socket::Tcp(stream, framing::Decoder::default()), local, server, "tcp")
        } else {
            let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let local = socket.local_addr().unwrap();
            (Socket::Udp(socket), local, room.media(), "udp")
        };
        let mut peer = Peer::new(&PeerConfig::default(), clock());
        let candidate = if tcp {
            Candidate::builder().tcp().host(local).tcptype(TcpType::Active).build().unwrap()
        } else {
            Candidate::host(local, "udp").unwrap()
        };
        assert!(peer.add_local_candidate(candidate));
        let (mid, offer) = peer.offer(|api| api.add_media(MediaKind::Video, direction, None, None, None)).unwrap();
        let bearer = format!("Bearer {}", joins(identity));
        let headers = [("Content-Type", "application/sdp"), ("Authorization", bearer.as_str())];
        let reply = ask(room.http(), "POST", path, &headers, offer.unwrap().as_bytes()).await;
        assert_eq!(reply.status, 201, "{}", reply.text());
        // As behind a firewall: only the one kind of address is known.
        let answer: String = reply
            .text()
            .lines()
            .filter(|line| !line.starts_with("a=candidate:") || line.contains(&format!(" {protocol} ")))
            .map(|line| format!("{line}\r\n"))
            .collect();
        peer.accept_answer(&answer).unwrap();
        let location = reply.header("location").unwrap().to_owned();
        assert!(reply.header("etag").is_some(), "{}", reply.head);
        End { peer, socket, local, server, mid, location, connected: false, pictures: 0 }
    }

    /// Says what there is to say, and waits for one packet or a few milliseconds.
    async fn turn(&mut self) {
        let wake = loop {
            match self.peer.poll() {
                Output::Transmit(transmit) => match &mut self.socket {
                    Socket::Udp(socket) => drop(socket.send_to(&transmit.contents, transmit.destination).await),
                    Socket::Tcp(stream, _) => {
                        let mut framed = Vec::new();
                        assert!(framing::encode(&transmit.contents, &mut framed));
                        drop(stream.write_all(&framed).await);
                    }
                },
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::Frame(_)) => self.pictures += 1,
                Output::Event(_) => {}
                Output::Timeout(at) => break at,
            }
        };
        let patience = wake.saturating_duration_since(clock()).clamp(Duration::from_millis(1), Duration::from_millis(5));
        let mut buffer = [0; 4096];
        let protocol = match &mut self.socket {
            Socket::Udp(socket) => {
                if let Ok(Ok(count)) = tokio::time::timeout(patience, socket.recv(&mut buffer)).await {
                    self.peer.handle_datagram(clock(), Protocol::Udp, self.server, self.local, &buffer[..count]);
                }
                None
            }
            Socket::Tcp(stream, decoder) => {
                if let Ok(Ok(count)) = tokio::time::timeout(patience, stream.read(&mut buffer)).await {
                    decoder.push(&buffer[..count]);
                }
                Some(decoder)
            }
        };
        if let Some(decoder) = protocol {
            while let Some(packet) = decoder.next_packet().unwrap() {
                self.peer.handle_datagram(clock(), Protocol::Tcp, self.server, self.local, &packet);
            }
        }
        self.peer.handle_timeout(clock());
    }

    /// Sends a picture that a decoder could begin with.
    fn paint(&mut self, number: u64) {
        let mut data = vec![0, 0, 0, 1, 0x67, 0x42, 0xe0, 0x1f, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65];
        data.resize(5000, 0xab);
        let Some(pt) = self.peer.payload_type(self.mid, Codec::H264, None) else { return };
        let now = clock();
        self.peer.send_frame(
            self.mid,
            OutgoingFrame {
                pt,
                rid: None,
                time: MediaTime::new(number * 3000, Frequency::NINETY_KHZ),
                wallclock: now,
                data: data.into(),
                captured: None,
                playout_delay: None,
                audio_level: None,
            },
        );
        self.peer.handle_timeout(now);
    }
}

/// A publisher and three viewers of it, all over one kind of path.
async fn meet(tcp: bool) {
    let room = start();
    let mut publisher = End::open(&room, "/whip/yard", "camera", Direction::SendOnly, tcp).await;
    let mut viewers = Vec::new();
    for _ in 0..3 {
        // One token, several windows: each is a viewer of its own.
        viewers.push(End::open(&room, "/whep/yard/camera", "viewer", Direction::RecvOnly, tcp).await);
    }
    let mut number = 0;
    let all = async {
        while viewers.iter().any(|viewer| viewer.pictures < 20) {
            if publisher.connected {
                publisher.paint(number);
                number += 1;
            }
            publisher.turn().await;
            for viewer in &mut viewers {
                viewer.turn().await;
            }
        }
    };
    let met = tokio::time::timeout(PATIENCE, all).await;
    let pictures: Vec<usize> = viewers.iter().map(|viewer| viewer.pictures).collect();
    assert!(met.is_ok(), "publisher connected: {}, pictures {pictures:?}, {:?}", publisher.connected, room.stats());

    let stats = room.stats();
    assert_eq!((stats.rooms, stats.participants, stats.tracks), (1, 4, 1));
    // Three viewers get what one publisher sends.
    assert!(stats.sent.bytes > stats.received.bytes && stats.received.packets > 60, "{stats:?}");
    let bearer = format!("Bearer {}", joins("camera"));
    let ended = ask(room.http(), "DELETE", &publisher.location, &[("Authorization", &bearer)], b"").await;
    assert_eq!(ended.status, 200, "{}", ended.text());
    // Numbers of things are counted a moment after the answer.
    let counted = async {
        while (room.stats().participants, room.stats().tracks) != (3, 0) {
            tokio::task::yield_now().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, counted).await.is_ok(), "{:?}", room.stats());
    room.stop().await;
}

#[tokio::test]
async fn three_people_watch_a_whip_publisher_by_whep() {
    meet(false).await;
}

#[tokio::test]
async fn where_no_udp_gets_through_all_media_goes_over_tcp() {
    meet(true).await;
}

#[tokio::test]
async fn strangers_on_the_media_ports_are_counted_and_sent_away() {
    let room = start();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for length in [1, 20, 1200] {
        socket.send_to(&vec![0x42; length], room.media()).await.unwrap();
    }
    // Another protocol, whose first letters say a length that no packet has; and a packet of the right form that no peer sends.
    let http: &[u8] = b"GET / HTTP/1.1\r\nHost: room\r\n\r\n";
    let framed: &[u8] = b"\x00\x14BBBBBBBBBBBBBBBBBBBB";
    for said in [http, framed] {
        let mut stream = TcpStream::connect(room.tcp().unwrap()).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut rest = Vec::new();
        drop(tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("sent away"));
        assert!(rest.is_empty(), "{rest:?}");
    }
    let stats = room.stats();
    assert!(stats.strangers >= 4 && stats.refused.contains_key("connection: stranger to media"), "{stats:?}");
    room.stop().await;
}

#[tokio::test]
async fn with_a_certificate_everything_is_said_over_tls() {
    let folder = std::env::temp_dir().join(format!("artc-room-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let settings = room::Config { tls_cert: Some(cert), tls_key: Some(key), ..config() };
    let room = Server::start_with(settings, Secret::new(SECRET)).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(room.url().starts_with("https://") && room.signal_url().starts_with("wss://"));

    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let tcp = TcpStream::connect(room.http()).await.unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(client));
    let stream = connector.connect("localhost".try_into().unwrap(), tcp).await.unwrap();
    let path = format!("/rtc/validate?access_token={}", joins("anna"));
    let reply = ask_over(stream, "GET", &path, &[], b"").await;
    assert_eq!((reply.status, reply.text().as_str()), (200, "success"));

    let mut plain = TcpStream::connect(room.http()).await.unwrap();
    plain.write_all(format!("GET {path} HTTP/1.1\r\nHost: room\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut answer)).await.expect("closed");
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "nothing is said in clear");
    assert_eq!(room.stats().refused.get("connection: tls"), Some(&1));
    room.stop().await;
}
