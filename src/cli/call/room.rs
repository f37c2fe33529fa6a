//! A command to a device over its room: join as somebody who sends and sees nothing, ask, leave.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use artc_bindings::{
    AudioFormat, AudioTrack, ChannelProfile, ClientRole, CreateError, Engine, ErrorCode, Event, JoinChannelConfig, PublishMode,
    SubscribeMode, VideoFormat, VideoTrack,
};
use artc_open::{OpenEngine, Options};
use clap::Args;
use serde_json::{Value, json};
use wire::error::ErrorObject;
use wire::{Id, Response};

use crate::config::{SecretError, read_secret};
use crate::exit::Exit;
use crate::session::is_about_the_token;

/// The variable that may hold the token: arguments are seen by everybody on the machine.
const TOKEN: &str = "ARTC_TOKEN";
/// Longest wait for the server to hear that we leave.
const LEAVE: Duration = Duration::from_secs(2);
/// How often it is looked who is there.
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// Pauses before the request is sent again, under its id, so that the device runs it once; the last one stays.
const AGAIN: [Duration; 4] =
    [Duration::from_millis(300), Duration::from_millis(600), Duration::from_millis(1200), Duration::from_millis(2400)];

/// Where the device is, when it is not this machine.
#[derive(Debug, Args)]
pub(super) struct RoomArgs {
    /// Ask a device over its room: the LiveKit server's address, such as wss://rooms.example.com
    #[arg(long, value_name = "URL", conflicts_with = "socket")]
    room: Option<String>,
    /// Token for the room; safer in a file, or in the variable ARTC_TOKEN
    #[arg(long, value_name = "TOKEN", requires = "room", conflicts_with = "token_file")]
    token: Option<String>,
    /// File with the token on its first line
    #[arg(long, value_name = "FILE", requires = "room")]
    token_file: Option<PathBuf>,
    /// Which device of the room [default: the only one that publishes]
    #[arg(long, value_name = "IDENTITY", requires = "room")]
    device: Option<String>,
    /// Certificates (PEM) that are trusted besides the system's
    #[arg(long, value_name = "FILE", requires = "room")]
    ca_file: Option<PathBuf>,
}

impl RoomArgs {
    /// The way to the device, where a room was named.
    pub(super) fn way(&self) -> Result<Option<Way>, RoomError> {
        let Some(url) = self.room.clone() else { return Ok(None) };
        let token = match (&self.token, &self.token_file) {
            (Some(token), _) => token.clone(),
            (None, Some(file)) => read_secret("--token-file", file.clone())?,
            (None, None) => std::env::var(TOKEN).map_err(|_| RoomError::NoToken)?,
        };
        let claims = artc_open::peek(&token).ok_or(RoomError::Token)?;
        let (Some(identity), Some(channel)) = (claims.identity, claims.room) else { return Err(RoomError::Token) };
        Ok(Some(Way { url, token, identity, channel, device: self.device.clone(), ca_file: self.ca_file.clone() }))
    }
}

/// The way to a device in a room. Has the token in it, so it is not shown.
pub(super) struct Way {
    url: String,
    token: String,
    identity: String,
    channel: String,
    device: Option<String>,
    ca_file: Option<PathBuf>,
}

/// Why a question over a room got no result.
#[derive(Debug, thiserror::Error)]
pub(super) enum RoomError {
    /// None was given.
    #[error("--room needs a token: --token-file FILE, or the variable {TOKEN}; `artc-edge token --identity NAME` makes one")]
    NoToken,
    /// Its file cannot be read.
    #[error(transparent)]
    File(#[from] SecretError),
    /// It is none.
    #[error("the token is no join token of a room: it names nobody or no room; `artc-edge token --identity NAME` makes one")]
    Token,
    /// The engine does not start with these settings.
    #[error("{0}")]
    Create(#[from] CreateError),
    /// The engine refused a call; a mistake of ours.
    #[error("{0}")]
    Call(#[from] artc_bindings::CallError),
    /// The server did not let us in, or put us out again.
    #[error("{url}: not in the room: {why}")]
    Outside {
        /// The server.
        url: String,
        /// What it is about.
        code: ErrorCode,
        /// In words.
        why: String,
    },
    /// It is not in the room.
    #[error("no device {device}in room {channel:?} within {seconds} s; {there}")]
    NoDevice {
        /// Its identity in quotes and a blank, where one was named.
        device: String,
        /// The room.
        channel: String,
        /// How long it was waited for.
        seconds: u64,
        /// Who is.
        there: String,
    },
    /// There are several to choose from.
    #[error("several are in room {channel:?} who publish: {names}; name one with --device")]
    Several {
        /// The room.
        channel: String,
        /// Who publishes.
        names: String,
    },
    /// No answer came in time.
    #[error("{device}: no answer within {seconds} s; is it a device, and may {identity:?} send data?")]
    TimedOut {
        /// Who was asked.
        device: String,
        /// Who asked.
        identity: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// The device refused, or failed at it.
    #[error("{}", crate::control::client::refused(.0))]
    Refused(ErrorObject),
}

impl RoomError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Create(CreateError::Environment { .. }) | Self::NoDevice { .. } => Exit::Unavailable,
            Self::File(why) if why.is_permission() => Exit::Permission,
            Self::NoToken | Self::Token | Self::Several { .. } | Self::Create(_) | Self::File(_) => Exit::Usage,
            Self::Outside { code, .. } if is_about_the_token(*code) => Exit::Permission,
            Self::Outside { .. } | Self::TimedOut { .. } => Exit::TryAgain,
            Self::Call(_) => Exit::Bug,
            Self::Refused(error) => super::exit_of(error),
        }
    }
}

/// Calls `method` with `params` on the device, and waits for its answer for at most `patience` from now on, joining included.
pub(super) fn call(way: &Way, method: &str, params: Option<Value>, patience: Duration) -> Result<Value, RoomError> {
    let options = Options { ca_file: way.ca_file.clone(), ..Options::new(way.url.as_str()) };
    let engine = OpenEngine::create(options)?;
    let answer = Asking { way, engine: &engine, end: now() + patience, patience }.go(method, params);
    if engine.leave_channel().is_ok() {
        let end = now() + LEAVE;
        while let Some(event) = engine.event_handler().next_timeout(end.saturating_duration_since(now())) {
            if matches!(event, Event::LeaveChannelResult { .. }) {
                break;
            }
        }
    }
    engine.release();
    answer
}

#[expect(clippy::disallowed_methods, reason = "a process that asks once: its clock is nobody else's")]
fn now() -> Instant {
    Instant::now()
}

struct Asking<'a> {
    way: &'a Way,
    engine: &'a Arc<dyn Engine>,
    end: Instant,
    patience: Duration,
}

impl Asking<'_> {
    fn go(&self, method: &str, params: Option<Value>) -> Result<Value, RoomError> {
        self.join()?;
        let device = self.device()?;
        let id = format!("{:016x}", rand::random::<u64>());
        let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        if let Some(params) = params {
            request["params"] = params;
        }
        self.ask(&device, &request.to_string(), &Id::Text(id))
    }

    /// As a viewer who takes nothing: others see nobody who publishes, and where the token is a hidden one they see nobody.
    fn join(&self) -> Result<(), RoomError> {
        let config = JoinChannelConfig {
            channel_profile: ChannelProfile::InteractiveLive,
            publish_mode: PublishMode::Manually,
            subscribe_mode: SubscribeMode::Manually,
            subscribe_audio_format: AudioFormat::None,
            subscribe_video_format: VideoFormat::None,
            ..JoinChannelConfig::default()
        };
        self.engine.set_client_role(ClientRole::Live)?;
        self.engine.join_channel(&self.way.token, &self.way.channel, &self.way.identity, "", &config)?;
        let mut said = String::new();
        while let Some(event) = self.next(self.end) {
            match event {
                Event::JoinChannelResult { result: ErrorCode::Ok, .. } => return Ok(()),
                Event::JoinChannelResult { result, .. } => {
                    let why = if said.is_empty() { result.to_string() } else { format!("{said} ({result})") };
                    return Err(self.outside(result, why));
                }
                Event::Error { detail, .. } if !detail.is_empty() => said = detail,
                _ => (),
            }
        }
        let why =
            format!("no answer within {} s{}", self.patience.as_secs(), if said.is_empty() { said } else { format!("; {said}") });
        Err(self.outside(ErrorCode::NetworkTimeout, why))
    }

    /// The device that was named, or the only one who publishes, as soon as it is there.
    fn device(&self) -> Result<String, RoomError> {
        loop {
            let there = self.engine.extensions().map(|extensions| extensions.participants()).unwrap_or_default();
            let named = |wanted: &String| there.iter().find(|one| one.identity == *wanted);
            let publishing: Vec<&str> = there
                .iter()
                .filter(|one| one.audio_track != AudioTrack::No || one.video_track != VideoTrack::No)
                .map(|one| one.identity.as_str())
                .collect();
            match (&self.way.device, publishing.as_slice()) {
                (Some(wanted), _) if named(wanted).is_some() => return Ok(wanted.clone()),
                (None, [one]) => return Ok((*one).to_owned()),
                (None, [_, _, ..]) => {
                    return Err(RoomError::Several { channel: self.way.channel.clone(), names: publishing.join(", ") });
                }
                _ => (),
            }
            // Not everything that changes who is there is told by an event.
            let event = self.next((now() + LOOK_AGAIN).min(self.end));
            if now() >= self.end {
                let others: Vec<&str> = there.iter().map(|one| one.identity.as_str()).collect();
                return Err(RoomError::NoDevice {
                    device: self.way.device.as_ref().map(|device| format!("{device:?} ")).unwrap_or_default(),
                    channel: self.way.channel.clone(),
                    seconds: self.patience.as_secs(),
                    there: if others.is_empty() {
                        "nobody else is there".into()
                    } else {
                        format!("there are: {}", others.join(", "))
                    },
                });
            }
            event.map_or(Ok(()), |event| self.stay(&event))?;
        }
    }

    /// Sends the request until its answer comes.
    fn ask(&self, device: &str, request: &str, id: &Id) -> Result<Value, RoomError> {
        let timed_out = || RoomError::TimedOut {
            device: device.to_owned(),
            identity: self.way.identity.clone(),
            seconds: self.patience.as_secs(),
        };
        let extensions = self.engine.extensions().ok_or_else(timed_out)?;
        for pause in AGAIN.iter().chain(std::iter::repeat(&AGAIN[AGAIN.len() - 1])) {
            extensions.send_command_message(device, request.as_bytes())?;
            let until = (now() + *pause).min(self.end);
            while let Some(event) = self.next(until) {
                self.stay(&event)?;
                let Event::CommandMessage { uid, data } = event else { continue };
                match serde_json::from_slice::<Response>(&data) {
                    Ok(response) if uid == device && response.id.as_ref() == Some(id) => {
                        return response.outcome.map_err(RoomError::Refused);
                    }
                    _ => (),
                }
            }
            if now() >= self.end {
                break;
            }
        }
        Err(timed_out())
    }

    fn next(&self, until: Instant) -> Option<Event> {
        self.engine.event_handler().next_timeout(until.saturating_duration_since(now()))
    }

    /// Whether we are in the room still, going by what has just happened.
    fn stay(&self, event: &Event) -> Result<(), RoomError> {
        match event {
            Event::Error { code, detail } => {
                Err(self.outside(*code, if detail.is_empty() { code.to_string() } else { detail.clone() }))
            }
            _ => Ok(()),
        }
    }

    fn outside(&self, code: ErrorCode, why: String) -> RoomError {
        RoomError::Outside { url: self.way.url.clone(), code, why }
    }
}
