//! What the shell remembers between messages, and the facts that commands are judged by, made from it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use artc_bindings::{Engine, EngineStats};
use wire::device::{Connection, Info, Status};
use wire::stream::Sent;

use super::effects::Parts;
use super::facts;
use super::record;
use super::usage::Usage;
use super::wishes::Wishes;
use crate::control::View;
use crate::session::{self, Session};

/// The shell's memory.
pub struct Books {
    info: Info,
    board: Arc<wire::board::Info>,
    started: Duration,
    encoder: String,
    /// There was no token for the last attempt to join.
    pub unprovisioned: bool,
    /// Somebody watches our picture.
    pub watched: bool,
    /// The daemon is about to end.
    pub stopping: bool,
    /// How the session stood when it last said so.
    pub session: session::Status,
    /// Who is in the channel, as far as the engine tells; for engines that cannot be asked.
    others: BTreeSet<String>,
    last: Option<(Duration, EngineStats)>,
    sent: Sent,
    machine: Machine,
}

/// What only the system's files tell. Opening them takes longer than most commands do, so it is looked up once a second.
#[derive(Clone, Copy)]
struct Machine {
    usage: Usage,
    clock_trusted: bool,
}

impl Machine {
    fn now() -> Self {
        Self { usage: super::usage::of_this_process(), clock_trusted: super::clock::is_trusted() }
    }
}

impl Books {
    /// Books of the device `info` on `board`, opened at `started`; `encoder` is what encodes when the camera does not.
    pub fn new(info: Info, board: Arc<wire::board::Info>, encoder: &str, started: Duration) -> Self {
        Self {
            info,
            board,
            started,
            encoder: encoder.into(),
            // Until the engine says otherwise, somebody may be watching.
            watched: true,
            unprovisioned: false,
            stopping: false,
            session: session::Status::default(),
            others: BTreeSet::new(),
            last: None,
            sent: Sent::default(),
            machine: Machine::now(),
        }
    }

    /// The ticket of the next join says who we are where.
    pub fn joined_as(&mut self, channel: &str, identity: &str) {
        channel.clone_into(&mut self.info.channel);
        identity.clone_into(&mut self.info.identity);
    }

    /// The channel of the last ticket.
    pub fn channel(&self) -> &str {
        &self.info.channel
    }

    /// Somebody is in the channel.
    pub fn came(&mut self, uid: &str) {
        self.others.insert(uid.to_owned());
    }

    /// Somebody has left it.
    pub fn went(&mut self, uid: &str) {
        self.others.remove(uid);
    }

    /// How the session stands now. Who was in a channel that we left is not known any more.
    pub fn stands(&mut self, status: &session::Status) {
        if matches!(status.phase, session::Phase::Idle | session::Phase::Connecting | session::Phase::Waiting { .. }) {
            self.others.clear();
        }
        self.session = status.clone();
    }

    /// Turns counters into rates, and looks at the machine; to be called about once a second.
    pub fn sample(&mut self, engine: &dyn Engine, now: Duration) {
        self.machine = Machine::now();
        let Some(stats) = engine.extensions().map(|extensions| extensions.stats()) else { return };
        if let Some((at, before)) = &self.last {
            let seconds = now.saturating_sub(*at).as_secs_f32().max(0.001);
            let frames = |v: &artc_bindings::VideoStats| v.encoded + v.passed_through;
            self.sent = Sent {
                width: stats.video.width,
                height: stats.video.height,
                fps: frames(&stats.video).saturating_sub(frames(&before.video)) as f32 / seconds,
                bitrate_kbps: (stats.video.bytes.saturating_sub(before.video.bytes) as f32 * 8.0 / 1000.0 / seconds) as u32,
            };
        }
        self.last = Some((now, stats));
    }

    /// The facts as they are now.
    pub fn view(&self, parts: &Parts, session: &Session, wishes: Wishes, now: Duration) -> View {
        let camera = parts.camera.state();
        let microphone = parts.microphone.state();
        let speaker = parts.speaker.state();
        let published = session.status().published;
        let passes_through = matches!(camera.mode.and_then(|mode| mode.format()), Some(media::PixelFormat::H264));
        let encoder = self.last.as_ref().and_then(|(_, stats)| stats.video.encoder);
        let Machine { usage, clock_trusted } = self.machine;
        View {
            info: self.info.clone(),
            status: Status {
                uptime_s: now.saturating_sub(self.started).as_secs(),
                time_ms: super::clock::since_1970().as_millis() as u64,
                connection: connection(&self.session),
                connection_reason: (!self.session.detail.is_empty()).then(|| self.session.detail.clone()),
                participants: u32::try_from(parts.engine.extensions().map_or(self.others.len(), |e| e.participants().len()))
                    .unwrap_or(u32::MAX),
                camera: facts::camera_status(&camera),
                microphone: facts::microphone_status(&microphone),
                speaker: facts::speaker_status(&speaker),
                detection: parts.noticed.as_ref().map(|noticed| super::notices::detection(*noticed.borrow())),
                recorder: parts.recorder.as_ref().map(|recorder| Box::new(record::shown(recorder, parts.uploads.as_ref()))),
                room: parts
                    .room
                    .as_ref()
                    .map(|room| facts::room_status(room.stats(), self.session.phase == session::Phase::Connected)),
                cpu_ms: usage.cpu_ms,
                memory_kib: usage.memory_kib,
                temperature_c: usage.temperature_c,
                restart: Some(parts.ladder.before().clone()),
                safe_mode_s: parts.ladder.safe_for(),
            },
            modes: facts::modes(&parts.camera.modes(), camera.mode),
            controls: parts.camera.known_controls().iter().map(facts::control).collect(),
            stream: wire::stream::Stream {
                width: wishes.size.width,
                height: wishes.size.height,
                fps: wishes.fps,
                bitrate_kbps: wishes.bitrate_kbps,
                muted: wishes.video_muted,
                dual: wishes.dual,
                published: published[0],
                watched: self.watched,
                encoder: if passes_through { "camera" } else { encoder.unwrap_or(&self.encoder) }.into(),
                sent: self.sent,
                limits: wire::stream::Limits { max_fps: artc_bindings::encoder::MAX_FPS as f32, ..Default::default() },
            },
            audio: wire::audio::Audio {
                source: facts::microphone_name(&microphone),
                rate: microphone.format.rate,
                channels: microphone.format.channels,
                volume: microphone.volume,
                muted: wishes.audio_muted,
                published: published[1],
                mixer: microphone.mixer,
                quality: facts::quality(wishes.profile.0),
                scene: facts::scene(wishes.profile.1),
                speaker: facts::speaker_sound(&speaker),
                voice: facts::voice(&parts.voice),
            },
            board: Arc::clone(&self.board),
            joins_elsewhere: parts.server.is_some(),
            no_cleaner: (!voice::Duplex::can_clean()).then_some("this build takes neither echo nor noise out of its sound"),
            no_power: parts.power.refusal(),
            no_recorder: parts.recorder.is_none().then_some("`[record] when` is empty: nothing is recorded on this device"),
            clock_trusted,
            stopping: self.stopping,
        }
    }
}

fn connection(status: &session::Status) -> Connection {
    match status.phase {
        session::Phase::Idle | session::Phase::Leaving => Connection::Idle,
        session::Phase::Connecting => Connection::Connecting,
        session::Phase::Connected => Connection::Connected,
        session::Phase::Reconnecting => Connection::Reconnecting,
        session::Phase::Waiting { .. } => Connection::Failed,
    }
}
