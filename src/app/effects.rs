//! Effects carried out on camera, microphone and engine. What may be done was decided before; here it is done.
//!
//! What needs a device may take seconds, so it comes back as [`Deferred`] for a thread that may wait; the rest is done at once.

use std::pin::Pin;
use std::sync::Arc;

use artc_bindings::{Engine, VideoSource};
use media::Size;
use tokio::sync::watch;
use voice::Duplex;

use super::choices::Choices;
use super::facts;
use super::kept::Kept;
use super::ladder::Ladder;
use super::network;
use super::power::Power;
use super::record;
use super::tickets::TicketSource;
use super::update;
use super::uploads::UploadStanding;
use super::wall;
use super::wishes::Wishes;
use super::work::Worker;
use crate::capture::audio::Microphone;
use crate::capture::video::{self, Camera, ControlError, ModeError, SelectError, SnapshotError};
use crate::control::jobs::{Ended, Progress};
use crate::control::{BoardAct, ConfigAct, ControlChange, Effect, Failure, LogAct, Outcome, StateAct, StreamChange};
use crate::detector::Noticed;
use crate::playout::Speaker;
use crate::recorder;

/// What commands act on.
#[derive(Clone)]
pub struct Parts {
    /// The camera.
    pub camera: Arc<Camera>,
    /// The microphone.
    pub microphone: Arc<Microphone>,
    /// The speaker, which may be switched off.
    pub speaker: Arc<Speaker>,
    /// What is between speaker and microphone.
    pub voice: Arc<Duplex>,
    /// The engine.
    pub engine: Arc<dyn Engine>,
    /// The server that is joined over the network, where there is one.
    pub server: Option<network::Server>,
    /// Who is in charge of the machine.
    pub power: Power,
    /// The embedded room, where there is one.
    pub room: Option<Arc<room::Handle>>,
    /// What outlasts a restart.
    pub kept: Kept,
    /// What commands have chosen, which does, too.
    pub choices: Arc<Choices>,
    /// The camera that the configuration names.
    pub configured_camera: String,
    /// How the run before ended, and whether this one holds back.
    pub ladder: Arc<Ladder>,
    /// The recorder, where there is one.
    pub recorder: Option<recorder::Handle>,
    /// How uploading what it has recorded stands, where there is a bucket.
    pub uploads: Option<UploadStanding>,
    /// What is noticed, where something is looked for.
    pub noticed: Option<watch::Receiver<Noticed>>,
}

/// Something for a thread that may wait for a device.
pub type Deferred = Box<dyn FnOnce() -> Done + Send>;

/// The work of a job, for a thread of its own.
pub type Work = Box<dyn FnOnce(&Worker) -> Ended + Send>;

/// What came of an effect, or of the work of a job.
pub enum Done {
    /// The reply can be made from this.
    Outcome(Outcome),
    /// The camera's picture was changed: the stream follows, then the reply is made.
    Stream(StreamChange),
    /// Another wish is kept, or why not.
    Kept(Result<(), Failure>),
    /// The work of a job has begun.
    Begun,
    /// It has come on.
    Progress(Progress),
    /// It ended.
    Ended(Ended),
}

/// What came of an effect so far.
pub enum Begun {
    /// It is done.
    Now(Outcome),
    /// The session has to be told of other wishes; the reply is the picture as it is then.
    Picture(Wishes),
    /// The same, and the reply is the sound.
    Sound(Wishes),
    /// It needs a device.
    Later(Deferred),
    /// It takes long.
    Work(Work),
    /// It waits for others, over the network; not for a device.
    Wait(Pin<Box<dyn Future<Output = Outcome> + Send>>),
    /// It is the board's.
    Board(BoardAct),
    /// It is the log's.
    Log(LogAct),
    /// It is the configuration's.
    Config(ConfigAct),
    /// It is the document's of how the device is meant to be.
    State(StateAct),
}

/// Begins `effect`.
pub fn begin(effect: Effect, parts: &Parts, tickets: &TicketSource, wishes: Wishes) -> Begun {
    let later = |deferred: Deferred| Begun::Later(deferred);
    let outcome = |result: Result<Outcome, Failure>| Done::Outcome(result.unwrap_or_else(Outcome::Failed));
    let camera = Arc::clone(&parts.camera);
    match effect {
        Effect::ListCameras => later(Box::new(move || Done::Outcome(Outcome::Cameras(cameras(&camera))))),
        Effect::ReadControls => {
            later(Box::new(move || Done::Outcome(Outcome::Controls(camera.controls().iter().map(facts::control).collect()))))
        }
        Effect::SetControl { name, value, .. } => later(Box::new(move || outcome(set_control(&camera, &name, value)))),
        Effect::SetControls(changes) => later(Box::new(move || outcome(set_controls(&camera, &changes)))),
        Effect::SelectCamera(id) => {
            let (choices, configured) = (Arc::clone(&parts.choices), parts.configured_camera.clone());
            later(Box::new(move || {
                let selected = select(&camera, &id);
                outcome(selected.and_then(|done| {
                    choices.keep_camera(&id, &configured).map_err(Failure::Device)?;
                    Ok(done)
                }))
            }))
        }
        Effect::SetPrivacy(on) => {
            let (microphone, choices) = (Arc::clone(&parts.microphone), Arc::clone(&parts.choices));
            // Sound is silent at once; what the camera does may take a moment. It is kept also when the driver is slow: it is what
            // counts in the end.
            later(Box::new(move || {
                microphone.set_private(on);
                let (done, kept) = (privacy(&camera, on), choices.keep_privacy(on));
                outcome(done.and_then(|done| kept.map(|()| done).map_err(Failure::Device)))
            }))
        }
        Effect::TakeSnapshot { longest } => later(Box::new(move || outcome(snapshot(&camera, longest)))),
        Effect::SetStream(change) if change.size.is_some() || change.fps.is_some() => {
            later(Box::new(move || match set_mode(&camera, &change, wishes) {
                Ok(change) => Done::Stream(change),
                Err(failure) => Done::Outcome(Outcome::Failed(failure)),
            }))
        }
        Effect::SetStream(change) => Begun::Picture(wishes.with(&change)),
        Effect::MuteVideo(muted) => Begun::Picture(Wishes { video_muted: muted, ..wishes }),
        Effect::MuteAudio(muted) => Begun::Sound(Wishes { audio_muted: muted, ..wishes }),
        Effect::SetSpeakerVolume(speaker_volume) => Begun::Sound(Wishes { speaker_volume, ..wishes }),
        Effect::MuteSpeaker(speaker_muted) => Begun::Sound(Wishes { speaker_muted, ..wishes }),
        Effect::SetVoice { echo, noise, gain, half_duplex } => {
            Begun::Sound(Wishes { voice: voice::Settings { echo, noise, gain, half: half_duplex }, ..wishes })
        }
        Effect::SetVolume(volume) => Begun::Sound(Wishes { volume, ..wishes }),
        Effect::SetDualStream(dual) => Begun::Picture(Wishes { dual, ..wishes }),
        Effect::SetAudioProfile(quality, scene) => Begun::Sound(Wishes { profile: facts::profile(quality, scene), ..wishes }),
        Effect::MakeViewerAddress => Begun::Now(match tickets.viewer_address() {
            Ok(address) => Outcome::ViewerAddress(address),
            Err(why) => Outcome::Failed(Failure::NotAvailable(why)),
        }),
        Effect::LeaveSafeMode => {
            parts.ladder.leave_safe_mode();
            Begun::Now(Outcome::Done)
        }
        Effect::ReadClock => Begun::Now(Outcome::Clock(wall::read())),
        Effect::SetClock(time_ms) => Begun::Now(wall::set(time_ms).map_or_else(Outcome::Failed, Outcome::Clock)),
        Effect::Power(act) => {
            let power = parts.power.clone();
            later(Box::new(move || outcome(power.act(act).map(|()| Outcome::Done))))
        }
        Effect::ReadNetwork { inside } => {
            // Outside of the channel there is no way to it.
            let path = parts.engine.extensions().filter(|_| inside).map(|extensions| extensions.stats().network);
            later(Box::new(move || Done::Outcome(Outcome::Network(Box::new(network::status(path))))))
        }
        Effect::ProbeNetwork(stun) => {
            let probe = network::probe(parts.server.clone(), stun);
            Begun::Wait(Box::pin(async move { Outcome::Probed(probe.await) }))
        }
        Effect::Board(act) => Begun::Board(act),
        Effect::Log(act) => Begun::Log(act),
        Effect::Config(act) => Begun::Config(act),
        Effect::State(act) => Begun::State(act),
        Effect::InstallUpdate(bundle) => Begun::Work(Box::new(move |worker| update::install(&bundle, worker))),
        Effect::Record(act) => match parts.recorder.clone() {
            Some(recorder) => {
                let upload = parts.uploads.clone();
                later(Box::new(move || Done::Outcome(record::carry_out(&recorder, upload.as_ref(), act))))
            }
            None => Begun::Now(Outcome::Failed(Failure::NotAvailable("nothing is recorded on this device".into()))),
        },
        Effect::Update(act) => later(Box::new(move || Done::Outcome(update::carry_out(&act)))),
        Effect::StoreKeys(changes) => {
            let kept = parts.kept.clone();
            later(Box::new(move || outcome(kept.keep_keys(&changes).map(|()| Outcome::Done).map_err(Failure::Device))))
        }
        Effect::RequestKeyFrame => Begun::Now(key_frame(&*parts.engine)),
    }
}

fn cameras(current: &Camera) -> Vec<wire::camera::Camera> {
    let selected = current.state().camera.map(|camera| camera.id);
    let found = video::devices();
    found
        .into_iter()
        .filter_map(|device| {
            let camera = device.camera?;
            Some(wire::camera::Camera {
                selected: selected.as_deref() == Some(&camera.id),
                id: camera.id,
                name: camera.card,
                node: device.node.display().to_string(),
                note: device.problem,
            })
        })
        .collect()
}

fn set_control(camera: &Camera, name: &str, value: i64) -> Result<Outcome, Failure> {
    match camera.set_control(name, value) {
        Ok(control) => Ok(Outcome::Control(Box::new(facts::control(&control)))),
        Err(why @ (ControlError::NoCamera { .. } | ControlError::Inactive { .. })) => Err(Failure::NotAvailable(why.to_string())),
        Err(why @ (ControlError::OutOfRange { .. } | ControlError::ReadOnly { .. })) => Err(Failure::OutOfRange(why.to_string())),
        Err(why) => Err(Failure::Device(why.to_string())),
    }
}

fn set_controls(camera: &Camera, changes: &[ControlChange]) -> Result<Outcome, Failure> {
    for ControlChange { name, value, .. } in changes {
        set_control(camera, name, *value)?;
    }
    Ok(Outcome::Controls(camera.controls().iter().map(facts::control).collect()))
}

fn select(camera: &Camera, id: &str) -> Result<Outcome, Failure> {
    match camera.select(id) {
        Ok(()) => {
            let found = camera.state().camera;
            let selected = found.map(|camera| wire::camera::Selected { camera: camera.id, name: camera.card });
            let pattern = || wire::camera::Selected { camera: "pattern".into(), name: "pattern".into() };
            Ok(Outcome::Selected(selected.unwrap_or_else(pattern)))
        }
        Err(why @ SelectError::Unknown { .. }) => Err(Failure::Unknown(why.to_string())),
        Err(why) => Err(Failure::NotAvailable(why.to_string())),
    }
}

fn privacy(camera: &Camera, on: bool) -> Result<Outcome, Failure> {
    match camera.set_private(on) {
        true => Ok(Outcome::Privacy(on)),
        false => Err(Failure::Device("the camera's driver does not answer; it is closed or opened as soon as it does".into())),
    }
}

fn snapshot(camera: &Camera, longest: Option<u16>) -> Result<Outcome, Failure> {
    match camera.snapshot(longest) {
        Ok(jpeg) => Ok(Outcome::Snapshot(jpeg.into())),
        Err(why @ SnapshotError::NoPicture { .. }) => Err(Failure::NotAvailable(why.to_string())),
        Err(why) => Err(Failure::Device(why.to_string())),
    }
}

/// Sets the camera's mode, and says what the stream is then: the camera's choice may be near the wish instead of on it.
fn set_mode(camera: &Camera, change: &StreamChange, wishes: Wishes) -> Result<StreamChange, Failure> {
    let size = change.size.map_or(wishes.size, |(width, height)| Size::new(width, height));
    let fps = change.fps.unwrap_or(wishes.fps);
    match camera.set_mode(size, f64::from(fps)) {
        Ok(mode) => Ok(StreamChange {
            size: Some((mode.size.width, mode.size.height)),
            fps: Some(fps.min(mode.fps.fps() as f32)),
            bitrate_kbps: change.bitrate_kbps,
        }),
        Err(why @ ModeError::NoCamera { .. }) => Err(Failure::NotAvailable(why.to_string())),
        Err(why) => Err(Failure::OutOfRange(why.to_string())),
    }
}

fn key_frame(engine: &dyn Engine) -> Outcome {
    let asked = engine.extensions().map(|extensions| extensions.request_key_frame(VideoSource::Camera));
    match asked {
        Some(Ok(())) => Outcome::Done,
        Some(Err(why)) => Outcome::Failed(Failure::NotAvailable(why.to_string())),
        None => Outcome::Failed(Failure::NotAvailable("this engine makes key frames when it sees fit".into())),
    }
}
