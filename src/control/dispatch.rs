//! What should happen when a command comes: pure, and exhaustive over the table of methods.

use std::time::Duration;

use wire::event::Topic;
use wire::method::Kind;
use wire::{Code, Command, Method, Refusal, Reply, Request, Role};

use super::effect::{BoardAct, ConfigAct, PowerAct, UpdateAct};
use super::permission::Permissions;
use super::{Effect, View, audio, camera, device, ptz, rpc, settings, state, stream, update};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller<'a> {
    /// A participant of the channel, under the identity that the server vouches for.
    Participant(&'a str),
    /// Whoever has this key, by way of anybody.
    Signed {
        /// Its name.
        key: &'a str,
        /// What it gives.
        role: Role,
    },
    /// Somebody who may publish our commands at the broker.
    Broker,
    /// Somebody who could open the local unix socket.
    Local,
}

/// What follows from a lawful command.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The facts at hand are the answer.
    Answer(Box<Reply>),
    /// The shell has something to do first.
    Do(Effect),
    /// Work that takes long: the answer is which job it is, once it has begun; see [`super::jobs`].
    Job {
        /// What to do.
        effect: Effect,
        /// How long it may take.
        limit: Duration,
    },
    /// The caller wants to be told of these topics, or no more; the desk remembers that.
    Subscribe {
        /// The topics.
        topics: Vec<Topic>,
        /// Whether it wants to be told.
        on: bool,
    },
    /// The desk itself knows, or is to know from now on.
    AtDesk(AtDesk),
}

/// What the desk does by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtDesk {
    /// Tell what a signed command must name.
    Session,
    /// Tell the keys.
    Keys,
    /// Put a key in another's place.
    Rotate(wire::auth::RotateKey),
    /// Take everything from a key.
    Revoke(wire::auth::RevokeKey),
    /// Tell who did what.
    Tail(wire::audit::Tail),
    /// Tell which jobs there are.
    Jobs,
    /// Tell how this job is.
    Job(String),
    /// Ask this job to end.
    Cancel(String),
}

impl From<AtDesk> for Decision {
    fn from(act: AtDesk) -> Self {
        Self::AtDesk(act)
    }
}

impl From<Reply> for Decision {
    fn from(reply: Reply) -> Self {
        Self::Answer(Box::new(reply))
    }
}

impl From<Effect> for Decision {
    fn from(effect: Effect) -> Self {
        Self::Do(effect)
    }
}

/// Decides what `request` of `caller` leads to, given the facts of `view`.
///
/// # Errors
/// A [`Refusal`] for a caller without permission, for parameters that do not fit, and for what is not lawful in this state.
pub fn dispatch(request: &Request, caller: Caller<'_>, permissions: &Permissions, view: &View) -> Result<Decision, Refusal> {
    let method = request.method;
    allowed(method, caller, permissions)?;
    let command = request.command()?;
    let role = match caller {
        Caller::Participant(identity) => permissions.role(identity),
        Caller::Signed { role, .. } => Some(role),
        Caller::Broker => permissions.broker_role(),
        Caller::Local => Some(Role::Own),
    };
    if view.stopping && method.kind() == Kind::Change {
        return Err(Refusal::new(Code::NotAvailable, "the device is about to stop"));
    }
    match command {
        Command::DeviceInfo(_) => Ok(device::info(view)),
        Command::DeviceStatus(_) => Ok(device::status(view)),
        Command::DeviceIdentify(params) => device::identify(params, view),
        Command::DeviceTime(_) => Ok(Effect::ReadClock.into()),
        Command::DeviceSetTime(params) => device::set_time(params),
        Command::DeviceLeaveSafeMode(_) => device::leave_safe_mode(view),
        Command::DeviceReboot(_) => device::power(PowerAct::Reboot, view),
        Command::DeviceShutdown(_) => device::power(PowerAct::Shutdown, view),
        Command::CameraList(_) => Ok(Effect::ListCameras.into()),
        Command::CameraModes(_) => camera::modes(view),
        Command::CameraControls(_) => camera::controls(view),
        Command::CameraSetControl(params) => camera::set_control(&params, view),
        Command::CameraSnapshot(params) => camera::snapshot(&params, view),
        Command::CameraSelect(params) => camera::select(params, view),
        Command::CameraGetPtz(_) => ptz::get(view),
        Command::CameraSetPtz(params) => ptz::set(params, view),
        Command::CameraPrivacy(params) => camera::privacy(params, view),
        Command::StreamGet(_) => Ok(stream::get(view)),
        Command::StreamSet(params) => stream::set(params, view),
        Command::StreamMute(params) => Ok(Effect::MuteVideo(params.muted).into()),
        Command::StreamDual(params) => Ok(Effect::SetDualStream(params.on).into()),
        Command::StreamScreen(params) => stream::screen(params, view),
        Command::StreamKeyFrame(_) => stream::key_frame(view),
        Command::AudioGet(_) => Ok(audio::get(view)),
        Command::AudioSetVolume(params) => audio::set_volume(params, view),
        Command::AudioSetProfile(params) => audio::set_profile(params, view),
        Command::AudioSetSpeakerVolume(params) => audio::set_speaker_volume(params, view),
        Command::AudioSetVoice(params) => audio::set_voice(params, view),
        Command::AudioMuteSpeaker(params) => audio::mute_speaker(params, view),
        Command::AudioMute(params) => audio::mute(params, view),
        Command::RecordStart(_) => super::record::start(view),
        Command::RecordStop(_) => super::record::stop(view),
        Command::RecordList(params) => super::record::list(params, view),
        Command::RecordFetch(params) => super::record::fetch(params, view),
        Command::RecordDelete(params) => super::record::delete(params, view),
        Command::BoardInfo(_) => super::board::info(view),
        Command::BoardGetLine(params) => super::board::get_line(&params, view),
        Command::BoardSetLine(params) => super::board::set_line(params, view),
        Command::BoardPulseLine(params) => super::board::pulse_line(params, view),
        Command::BoardSetLed(params) => super::board::set_led(params, view),
        Command::BoardSetIrCut(params) => super::board::set_ir_cut(params.mode, view),
        Command::BoardTemperature(_) => Ok(Effect::Board(BoardAct::ReadTemperatures).into()),
        Command::BoardThrottling(_) => Ok(Effect::Board(BoardAct::ReadThrottling).into()),
        Command::BoardWatch(params) => super::board::watch(params, view),
        Command::LogTail(params) => super::log::tail(params),
        Command::LogSetLevel(params) => super::log::set_level(params),
        Command::NetStatus(_) => Ok(super::net::status(view)),
        Command::NetProbe(params) => super::net::probe(&params, view),
        Command::StateGet(_) => state::get(),
        Command::StateSetDesired(params) => state::set_desired(params, view),
        Command::UpdateCheck(params) => update::check(params),
        Command::UpdateInstall(params) => update::install(params),
        Command::UpdateProgress(_) => Ok(Effect::Update(UpdateAct::Progress).into()),
        Command::UpdateConfirm(_) => Ok(Effect::Update(UpdateAct::Confirm).into()),
        Command::UpdateRollback(_) => Ok(Effect::Update(UpdateAct::RollBack).into()),
        Command::ConfigGet(params) => settings::get(params),
        Command::ConfigSet(params) => settings::set(params, role),
        Command::ConfigReset(params) => settings::reset(params, role),
        Command::ConfigConfirm(_) => Ok(Effect::Config(ConfigAct::Confirm).into()),
        Command::ConfigRollback(_) => Ok(Effect::Config(ConfigAct::RollBack).into()),
        Command::JobList(_) => Ok(AtDesk::Jobs.into()),
        Command::JobStatus(which) => Ok(AtDesk::Job(which.job).into()),
        Command::JobCancel(which) => Ok(AtDesk::Cancel(which.job).into()),
        Command::EventSubscribe(params) => Ok(Decision::Subscribe { topics: params.topics, on: true }),
        Command::EventUnsubscribe(params) => Ok(Decision::Subscribe { topics: params.topics, on: false }),
        Command::ViewerAddress(_) => Ok(Effect::MakeViewerAddress.into()),
        Command::AuthSession(_) => Ok(AtDesk::Session.into()),
        Command::AuthKeys(_) => Ok(AtDesk::Keys.into()),
        Command::AuthRotateKey(params) => Ok(AtDesk::Rotate(params).into()),
        Command::AuthRevokeKey(params) => Ok(AtDesk::Revoke(params).into()),
        Command::AuditTail(params) => Ok(AtDesk::Tail(params).into()),
        // The desk opens envelopes where there are keys.
        Command::RpcSigned(_) => Err(Refusal::new(Code::NotAvailable, "there is no key under [control.keys]")),
        Command::RpcDiscover(_) => Ok(rpc::discover()),
    }
}

/// Whether `caller` may call `method` at all.
fn allowed(method: Method, caller: Caller<'_>, permissions: &Permissions) -> Result<(), Refusal> {
    let (who, has, may) = match caller {
        Caller::Local => return Ok(()),
        Caller::Participant(identity) => (identity, permissions.role(identity), permissions.allows(identity, method)),
        Caller::Broker => ("the broker", permissions.broker_role(), permissions.broker_allows(method)),
        Caller::Signed { key, role } => (key, Some(role), role >= method.role()),
    };
    let signed = matches!(caller, Caller::Signed { .. });
    if !signed && permissions.signature_required() && !method.is_for_signing() {
        return Err(Refusal::new(Code::SignatureRequired, format!("{} is taken only as a signed command", method.name())));
    }
    if !may {
        let (who, has) = (who.escape_debug(), has.map_or("no role", Role::name));
        let why = format!("`{who}` may not call {}: it needs the role {}, the caller has {has}", method.name(), method.role());
        let remedy = if caller == Caller::Broker { "; `[control] broker_role` says which" } else { "" };
        return Err(Refusal::new(Code::NotAllowed, why + remedy));
    }
    if !signed && method.is_signed() {
        return Err(Refusal::new(Code::SignatureRequired, format!("{} is taken only as a signed command", method.name())));
    }
    // A token must not come by the way that a token opens, or whoever was let in once stays for ever.
    if method.is_local() {
        return Err(Refusal::new(Code::LocalOnly, format!("{} is not answered in the channel", method.name())));
    }
    Ok(())
}
