//! A job's own thread: it joins the channel as any user does, drains the engine's events onto the stage, and says when the job is over.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use artc_bindings::{
    AudioFormat, AudioFrame, AudioTrack, ChannelProfile, ConnectionStatus, CreateParams, Engine, EngineFactory, ErrorCode,
    Event as EngineEvent, JoinChannelConfig, PublishMode, SubscribeMode, VideoFormat, VideoTrack,
};
use tokio::sync::mpsc::Sender;

use crate::clock::Clock;
use crate::job::{Event, JobSpec, State, StopReason};
use crate::recorders::{Shared, fetch};
use crate::render::{Block, Render};
use crate::shelf::{Bell, tell};
use crate::store::Store;

/// How often it is looked whether the job is over.
const LOOK: Duration = Duration::from_millis(50);
/// Blocks of sound on their way to the thread that renders: five seconds.
const BLOCKS: usize = 512;

/// What a job is made of.
pub(crate) struct Parts {
    pub spec: JobSpec,
    pub folder: PathBuf,
    pub engines: Arc<dyn EngineFactory>,
    pub store: Store,
    pub runtime: tokio::runtime::Handle,
    pub shared: Arc<Shared>,
    pub events: Sender<Event>,
    pub bell: Arc<Bell>,
}

/// The thread that renders, and its way in.
struct Rendering {
    sound: SyncSender<Block>,
    thread: JoinHandle<Result<(), String>>,
}

/// Runs a job to its end.
pub(crate) fn run(parts: &Parts) {
    let ended = record(parts);
    let (reason, detail) = match ended {
        Ok(reason) => (reason, String::new()),
        Err(detail) => (StopReason::Failed, detail),
    };
    parts.shared.set_state(State::Stopped);
    match reason {
        StopReason::Failed => tracing::warn!(job = parts.spec.id, "mixed recording ended: {detail}"),
        _ => tracing::info!(job = parts.spec.id, ?reason, "mixed recording ended"),
    }
    tell(&parts.events, Event::Ended { reason, detail });
}

fn record(parts: &Parts) -> Result<StopReason, String> {
    let spec = &parts.spec;
    let engine = parts.engines.create_ali_rtc_engine(CreateParams::default()).map_err(|why| format!("no engine: {why}"))?;
    let pictures = spec.template.video().is_some();
    let config = JoinChannelConfig {
        channel_profile: ChannelProfile::Communication,
        is_audio_only: !pictures,
        publish_mode: PublishMode::Manually,
        subscribe_mode: if pictures { SubscribeMode::Automatically } else { SubscribeMode::AudioAutoAndOnly },
        subscribe_video_format: if pictures { VideoFormat::H264 } else { VideoFormat::None },
        subscribe_audio_format: AudioFormat::MixedPcm,
        ..JoinChannelConfig::default()
    };
    let joined = engine.join_channel(spec.token.expose(), &spec.channel, &spec.user_id, &spec.user_id, &config);
    let outcome = joined.map_err(|why| format!("channel {}: {why}", spec.channel)).and_then(|()| attend(parts, &*engine));
    // The channel is left by this, too.
    engine.release();
    outcome
}

/// In the channel, until the job is over.
fn attend(parts: &Parts, engine: &dyn Engine) -> Result<StopReason, String> {
    let (queue, clock) = (engine.event_handler(), Clock::new());
    let mut rendering: Option<Rendering> = None;
    let over = loop {
        if parts.shared.stop.load(Ordering::Acquire) {
            break Ok(StopReason::Stopped);
        }
        if rendering.as_ref().is_some_and(|rendering| rendering.thread.is_finished()) {
            break Ok(StopReason::Failed);
        }
        let event = queue.next_timeout(LOOK);
        let now = clock.now();
        if let Some(event) = event
            && let Err(why) = take(parts, event, rendering.as_ref(), now)
        {
            break Err(why);
        }
        let (idle_since, somebody) = {
            let stage = parts.shared.stage();
            (stage.idle_since, !stage.is_empty())
        };
        if somebody && rendering.is_none() {
            rendering = Some(begin(parts, clock)?);
        }
        if idle_since.is_some_and(|since| now.saturating_sub(since) >= parts.spec.idle) {
            break Ok(StopReason::Idle);
        }
    };
    let Some(Rendering { sound, thread }) = rendering else { return over };
    drop(sound);
    let rendered = thread.join().unwrap_or_else(|_| Err("the thread that renders panicked".to_owned()));
    rendered.and(over)
}

/// Heeds an event of the engine.
fn take(parts: &Parts, event: EngineEvent, rendering: Option<&Rendering>, now: Duration) -> Result<(), String> {
    let shared = &parts.shared;
    match event {
        EngineEvent::JoinChannelResult { result: ErrorCode::Ok, .. } => {
            shared.stage().note_idle(now);
            shared.set_state(State::Running);
            tell(&parts.events, Event::Joined);
        }
        EngineEvent::JoinChannelResult { result, .. } => {
            return Err(format!("channel {}: the join was refused: {}", parts.spec.channel, result.name()));
        }
        EngineEvent::RemoteTrackAvailableNotify { uid, audio_track, video_track } => {
            shared.stage().publishes(&uid, audio_track, video_track, now);
        }
        EngineEvent::RemoteUserOffLineNotify { uid } => shared.stage().publishes(&uid, AudioTrack::No, VideoTrack::No, now),
        EngineEvent::RemoteVideoSample { uid, frame } => shared.stage().picture(uid, frame),
        EngineEvent::SubscribeMixAudioFrame { frame: AudioFrame::Pcm(frame) } => {
            // A renderer that is five seconds behind has lost them anyway; they become silence.
            _ = rendering.map(|rendering| rendering.sound.try_send(Block { pcm: frame.pcm, at: now }));
        }
        EngineEvent::ConnectionState { status: ConnectionStatus::Failed | ConnectionStatus::Disconnected, reason, detail } => {
            return Err(format!("channel {} was lost for good ({reason:?}): {detail}", parts.spec.channel));
        }
        EngineEvent::Error { code, detail } => tracing::warn!(job = parts.spec.id, ?code, "engine: {detail}"),
        _ => {}
    }
    Ok(())
}

/// Somebody publishes: from now on pictures and sound go into files.
fn begin(parts: &Parts, clock: Clock) -> Result<Rendering, String> {
    let spec = &parts.spec;
    let scene = parts.shared.scene.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let stills = parts.runtime.block_on(fetch(&parts.store, &scene));
    let (sound, blocks) = sync_channel(BLOCKS);
    let render = Render {
        template: spec.template,
        files: spec.files.clone(),
        folder: parts.folder.clone(),
        shared: Arc::clone(&parts.shared),
        events: parts.events.clone(),
        bell: Arc::clone(&parts.bell),
        clock,
    };
    let run = move || render.run(scene, stills, &blocks);
    let thread =
        std::thread::Builder::new().name("mix-render".into()).spawn(run).map_err(|why| format!("no thread to render: {why}"))?;
    Ok(Rendering { sound, thread })
}
