//! The life of one engine in a channel, sans-IO: signalling, both peer connections, tracks in both directions, recovery.
//!
//! **The law:** after every call that takes `&mut self`, call [`Session::poll`] until it answers `None`, then wait until
//! [`Session::wake`] or the next input. `now` comes from outside; nothing here waits, opens or sleeps.
//!
//! 1. [`Session::command`] brings what the API was asked.
//! 2. [`Output::Connect`] asks for a signalling connection; its fate comes back by `signal_opened`, `signal_failed`,
//!    `signal_message` and `signal_closed`, each with the number of the attempt, so that late news of an old one does no harm.
//! 3. [`Output::Transmit`] are datagrams; what arrives goes to [`Session::datagram`]. With a room of this process there are none:
//!    [`Output::Room`] goes over its link, and what comes from there to [`Session::from_room`].
//! 4. What the API's user must know is pushed to the event queue at once.
//!
//! It is not for encoding, for decoding or for sockets.

mod commands;
mod data;
mod link;
mod local;
mod negotiation;
mod publish;
mod reach;
mod recovery;
mod remote;
mod signals;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    ConnectionStatus, ConnectionStatusChangeReason, ErrorCode, Event, EventQueue, JoinChannelConfig, Secret, VideoSource,
};
use backoff::Backoff;
use bytes::Bytes;
use rtc::{Candidate, Certificate, proto};

pub use link::PeerKind;
pub use publish::{AudioPacket, TrackSettings};
#[cfg(test)]
pub use remote::ReceivedFrame;
pub use remote::{Arrived, RemoteMedia};

use crate::audio::AudioInput;
use crate::clock::Clock;
use crate::command::{Command, Join, Local};
use crate::net::ConnectError;
use crate::options::Latency;
use crate::shared::Shared;
use crate::video::VideoInput;

/// How long the signalling connection may take to open.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long the server may take to send its first message.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What the shell has to do.
#[derive(Debug)]
pub enum Output {
    /// Open a signalling connection; an earlier one is no longer wanted.
    Connect(Connect),
    /// Close the signalling connection with a close frame.
    Disconnect,
    /// Send a message on the signalling connection.
    Signal(Bytes),
    /// Find addresses of ours by these servers; relays among them are for [`Output::Relay`].
    IceServers(Vec<proto::IceServer>),
    /// Connect to this address of the server by TCP; the connection becomes a way by [`Session::add_way`].
    Dial(PeerKind, SocketAddr),
    /// Ask the relays for an address for this peer.
    Relay(PeerKind),
    /// The peers are made anew: what was found or opened for the old ones leads nowhere.
    Renewed,
    /// Tell the room of this process; what is not a frame must not get lost.
    Room(rtc::local::ToRoom),
    /// Send a datagram.
    Transmit(PeerKind, rtc::Transmit),
    /// Begin to hand out what others send, in the forms of this join; `None` ends it.
    Listen(Option<Box<JoinChannelConfig>>),
    /// Media of others arrived.
    Arrived(Arrived),
    /// The share of our packets that the other side misses, 0 to 1; the sound's error correction follows it.
    Loss(f32),
}

/// A signalling connection to open.
#[derive(Clone, Debug)]
pub struct Connect {
    /// Number of the attempt, to be given back with everything that comes of it.
    pub attempt: u64,
    /// Participant to resume; `None` joins afresh.
    pub resume: Option<String>,
    /// Access token.
    pub token: Secret,
    /// What is said of us from the first moment on, where the way in lets us say it.
    pub attributes: HashMap<String, String>,
}

/// How the signalling connection stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    /// Nobody wants a channel.
    Idle,
    /// Being opened.
    Connecting { resume: bool, until: Instant },
    /// Open; the server's first message decides.
    Joining { resume: bool, until: Instant },
    /// In the channel.
    Online,
    /// Until the next attempt.
    Waiting { resume: bool, until: Instant },
}

/// What a session is made with.
pub struct Setup {
    /// What viewers are told about delay.
    pub latency: Latency,
    /// The camera's bitrate is taken as it is configured.
    pub exact_bitrate: bool,
    /// Joins a room of this process: no peer connections.
    pub local: bool,
    /// Our DTLS certificate.
    pub certificate: Option<Certificate>,
    /// Clock anchor.
    pub clock: Clock,
    /// What the API sees.
    pub shared: Arc<Shared>,
    /// Where events go.
    pub events: Arc<EventQueue>,
    /// Mailboxes of the video threads: camera, screen.
    pub video: [Arc<VideoInput>; 2],
    /// Mailbox of the sound thread.
    pub audio: Arc<AudioInput>,
    /// Seed of everything random.
    pub seed: u64,
}

/// See the module.
pub struct Session {
    setup: Setup,
    out: VecDeque<Output>,
    phase: Phase,
    attempt: u64,
    join: Option<Join>,
    /// This join has succeeded once: from then on only the user or the server ends it.
    joined: bool,
    /// The newest token that the server gave us.
    refreshed: Option<Secret>,
    backoff: Backoff,
    /// When the connection was lost that is being restored.
    lost_at: Option<Instant>,
    told: Option<ConnectionStatus>,
    /// Our participant's id on the server.
    sid: String,
    permission: Option<proto::ParticipantPermission>,
    ping: Ping,
    link: Option<link::Link>,
    local: Option<local::LocalPath>,
    candidates: Vec<(PeerKind, Candidate)>,
    /// Addresses beyond those of this machine, see [`Session::add_way`].
    ways: Vec<(PeerKind, Candidate)>,
    publish: publish::Publishing,
    remote: remote::Remotes,
    data: data::Data,
    seed: u64,
}

/// Signs of life of the server.
#[derive(Clone, Copy, Debug)]
struct Ping {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    heard: Instant,
    sent: Instant,
    rtt: Duration,
}

impl Session {
    /// A session that is in no channel.
    pub fn new(setup: Setup, now: Instant) -> Self {
        let ping = Ping {
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            next: now,
            heard: now,
            sent: now,
            rtt: Duration::ZERO,
        };
        let publish = publish::Publishing::new(&setup, now);
        Self {
            backoff: Backoff::new(setup.seed),
            seed: setup.seed,
            setup,
            out: VecDeque::new(),
            phase: Phase::Idle,
            attempt: 0,
            join: None,
            joined: false,
            refreshed: None,
            lost_at: None,
            told: None,
            sid: String::new(),
            permission: None,
            ping,
            link: None,
            local: None,
            candidates: Vec::new(),
            ways: Vec::new(),
            publish,
            remote: remote::Remotes::default(),
            data: data::Data::default(),
        }
    }

    /// Carries out what the API was asked.
    pub fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Join(join) => self.begin(*join, now),
            Command::Leave => self.leave(now),
            Command::Release => self.release(now),
            Command::Publish(track, on) => self.set_publish(track, on, now),
            Command::Source(track, on) => self.set_source(track, on, now),
            Command::Render(track, render) => self.set_render(track, render, now),
            Command::Mute(track, on) => self.set_muted(track, on),
            Command::Role(role) => self.set_role(role, now),
            Command::CameraEncoding(config) => {
                self.set_encoding(Local::Camera, TrackSettings::camera(&config, self.setup.exact_bitrate), now)
            }
            Command::ScreenEncoding(config) => self.set_encoding(Local::Screen, TrackSettings::screen(&config), now),
            Command::SubscribeAudio(uid, on) => self.subscribe_audio(&uid, on, now),
            Command::SubscribeVideo(uid, track, on) => self.subscribe_video(&uid, track, on, now),
            Command::RemoteStream(uid, stream) => self.choose_stream(&uid, stream, now),
            Command::DefaultStream(stream) => self.choose_default_stream(stream),
            Command::Data(message) => self.send_documented(&message),
            Command::Message { to, data } => self.send_command(to, data),
            Command::Answer { to, call, data } => self.answer_call(to, call, data),
            Command::Bytes { to, topic, name, mime, bytes } => self.send_stream(to, &topic, &name, &mime, bytes),
            Command::DataSwitches(send, receive) => self.data.switch(send, receive),
            Command::LeaveOnceNoStreamer(on) => self.remote.leave_once_no_streamer = on,
            Command::CheckPeople(seconds) => self.remote.check_people_after = u64::try_from(seconds).ok().filter(|s| *s > 0),
            Command::NetworkChanged => self.network_changed(now),
            Command::RemoteKeyFrame(sid) => self.remote_key_frame(&sid),
        }
    }

    /// When something is due even without input.
    pub fn wake(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Connecting { until, .. } | Phase::Joining { until, .. } | Phase::Waiting { until, .. } => Some(until),
            Phase::Online => Some(self.ping.next.min(self.ping.heard + self.ping.interval + self.ping.timeout)),
            Phase::Idle => None,
        };
        phase.into_iter().chain(self.link_wake()).chain(self.publish_wake()).chain(self.remote_wake()).min()
    }

    /// Lets time pass. To be called when [`Session::wake`] is due.
    pub fn timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Connecting { until, .. } if now >= until => {
                self.signal_failed(self.attempt, &self.late("open the connection", CONNECT_WITHIN), now);
            }
            Phase::Joining { until, .. } if now >= until => {
                self.signal_failed(self.attempt, &self.late("answer the join", ANSWER_WITHIN), now);
            }
            Phase::Waiting { resume, until } if now >= until => self.connect(resume, now),
            Phase::Online => self.ping_due(now),
            _ => {}
        }
        self.link_timeout(now);
        self.publish_timeout(now);
        self.remote_timeout(now);
    }

    /// The next thing to do.
    pub fn poll(&mut self, now: Instant) -> Option<Output> {
        loop {
            if let Some(output) = self.out.pop_front() {
                return Some(output);
            }
            let (kind, output) = self.poll_link(now)?;
            match output {
                link::Polled::Transmit(transmit) => return Some(Output::Transmit(kind, transmit)),
                link::Polled::Event(event) => self.peer_event(kind, event, now),
            }
        }
    }

    fn late(&self, step: &'static str, within: Duration) -> ConnectError {
        ConnectError::Timeout { host: "signalling".into(), step, seconds: within.as_secs() }
    }

    fn signal(&mut self, message: rtc::signal::Request) {
        self.out.push_back(Output::Signal(rtc::signal::encode_request(message)));
    }

    fn event(&self, event: Event) {
        self.setup.events.push(event);
    }

    fn error(&self, code: ErrorCode, detail: impl Into<String>) {
        self.event(Event::Error { code, detail: detail.into() });
    }

    /// Tells the connection's state when it changed.
    fn tell(&mut self, status: ConnectionStatus, reason: ConnectionStatusChangeReason, detail: impl Into<String>) {
        if self.told == Some(status) {
            return;
        }
        self.told = Some(status);
        let detail = detail.into();
        tracing::info!(status = status.name(), detail, "connection");
        self.event(Event::ConnectionState { status, reason, detail });
    }

    fn channel(&self) -> String {
        self.join.as_ref().map(|j| j.channel.clone()).unwrap_or_default()
    }

    fn online(&self) -> bool {
        self.phase == Phase::Online
    }

    /// Whether the session is in a channel or on its way there.
    pub fn busy(&self) -> bool {
        self.phase != Phase::Idle
    }

    fn video_input(&self, track: Local) -> Option<&Arc<VideoInput>> {
        match track {
            Local::Camera | Local::Small => Some(&self.setup.video[VideoSource::Camera as usize]),
            Local::Screen => Some(&self.setup.video[VideoSource::ScreenShare as usize]),
            Local::Microphone => None,
        }
    }

    /// A random number that differs from call to call and repeats with the seed.
    fn random(&mut self) -> u64 {
        // SplitMix64: good enough for ids and offsets, and the same on every platform.
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.seed;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests;
