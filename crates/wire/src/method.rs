//! The table of methods: the one place where a command is named.

use schemars::{Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    Code, Done, NoParams, Refusal, Role, audio, audit, auth, board, camera, config, device, event, fields, job, log, net, record,
    signed, state, stream, update, viewer,
};

/// Whether a method only tells something or changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Tells something; may be repeated at will.
    Read,
    /// Changes something. A request that is repeated with its id is run once; with another id all but `camera.snapshot`,
    /// `camera.set_ptz` by steps, `stream.key_frame` and `board.pulse_line` may be repeated without further effect.
    Change,
}

/// A line of the table: what it does, name, kind, least role (and `confirmed`, where it is asked for twice), parameters, reply.
macro_rules! methods {
    (@confirmed confirmed) => { true };
    (@confirmed) => { false };
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $kind:ident, $role:ident $($confirmed:ident)?, $params:ty => $reply:ty;)+) => {
        /// The methods, without parameters.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Method { $($(#[doc = $doc])+ $variant,)+ }

        impl Method {
            /// All methods, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire: `family.verb`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What it does, in a sentence or two.
            pub const fn summary(self) -> &'static str {
                match self { $(Self::$variant => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Whether it only tells something.
            pub const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind,)+ }
            }

            /// The least role that may call it.
            pub const fn role(self) -> Role {
                match self { $(Self::$variant => Role::$role,)+ }
            }

            /// Whether it is carried out only when it is asked for a second time, because nothing brings back what it ends.
            pub const fn is_confirmed(self) -> bool {
                match self { $(Self::$variant => methods!(@confirmed $($confirmed)?),)+ }
            }

            /// Its parameters, typed.
            pub(crate) fn command(self, params: Option<&RawValue>) -> Result<Command, Refusal> {
                match self { $(Self::$variant => read_params::<$params>(self, params).map(Command::$variant),)+ }
            }

            pub(crate) fn params_schema(self, schemas: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$variant => schemas.root_schema_for::<$params>(),)+ }
            }

            pub(crate) fn reply_schema(self, schemas: &mut SchemaGenerator) -> Schema {
                match self { $(Self::$variant => schemas.subschema_for::<$reply>(),)+ }
            }
        }

        /// A method with its parameters: what is asked for.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Command { $($(#[doc = $doc])+ $variant($params),)+ }

        impl Command {
            /// Which method it is.
            pub const fn method(&self) -> Method {
                match self { $(Self::$variant(_) => Method::$variant,)+ }
            }
        }

        /// What a method answers when it worked.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(untagged)]
        pub enum Reply { $($(#[doc = $doc])+ $variant($reply),)+ }

        impl Reply {
            /// Which method it answers.
            pub const fn method(&self) -> Method {
                match self { $(Self::$variant(_) => Method::$variant,)+ }
            }
        }
    };
}

methods! {
    /// Tells who this device is.
    DeviceInfo = "device.info", Read, Observe, NoParams => device::Info;
    /// Tells how the device is: connection, camera, microphone, counters, load.
    DeviceStatus = "device.status", Read, Observe, NoParams => device::Status;
    /// Blinks the status LED for a time, so that who stands before several devices sees which one is meant.
    DeviceIdentify = "device.identify", Change, Operate, device::Identify => Done;
    /// Tells what time the device has, and who says so.
    DeviceTime = "device.time", Read, Observe, NoParams => device::Clock;
    /// Sets the clock, where nobody keeps it right over the network.
    DeviceSetTime = "device.set_time", Change, Maintain, device::SetTime => device::Clock;
    /// Restarts the machine, in order; the reply says that whoever is in charge of it has taken the request.
    DeviceReboot = "device.reboot", Change, Maintain confirmed, NoParams => Done;
    /// Switches the machine off, in order. Somebody has to go there to switch it on again.
    DeviceShutdown = "device.shutdown", Change, Maintain confirmed, NoParams => Done;
    /// Ends safe mode: camera, microphone and encoder are started as configured.
    DeviceLeaveSafeMode = "device.leave_safe_mode", Change, Maintain, NoParams => Done;
    /// Lists the cameras of this device.
    CameraList = "camera.list", Read, Observe, NoParams => camera::List;
    /// Lists what the camera in use can deliver.
    CameraModes = "camera.modes", Read, Observe, NoParams => camera::Modes;
    /// Lists the controls of the camera in use with their values.
    CameraControls = "camera.controls", Read, Observe, NoParams => camera::Controls;
    /// Sets one control of the camera and tells the value that it then has.
    CameraSetControl = "camera.set_control", Change, Operate, camera::SetControl => camera::Control;
    /// Takes a still picture, in its own size or smaller.
    CameraSnapshot = "camera.snapshot", Change, Observe, camera::TakeSnapshot => camera::Snapshot;
    /// Takes another camera into use, on the same track; one that cannot be had leaves the one before in use. Kept over a restart, until the configuration names another one.
    CameraSelect = "camera.select", Change, Operate, camera::Select => camera::Selected;
    /// Tells where the camera in use looks: pan, tilt and zoom, where its driver has them.
    CameraGetPtz = "camera.get_ptz", Read, Observe, NoParams => camera::Ptz;
    /// Turns and zooms the camera in use, and tells where it looks then. A motor may still be on its way.
    CameraSetPtz = "camera.set_ptz", Change, Operate, camera::SetPtz => camera::Ptz;
    /// Closes camera and microphone, or opens them again; the tracks stay published with a card and silence. Kept over a restart.
    CameraPrivacy = "camera.privacy", Change, Operate, camera::Privacy => camera::Privacy;
    /// Tells what is published as picture.
    StreamGet = "stream.get", Read, Observe, NoParams => stream::Stream;
    /// Sets size, frame rate and highest bitrate of the published picture; what is left out stays.
    StreamSet = "stream.set", Change, Operate, stream::Set => stream::Stream;
    /// Stops or resumes sending the picture; the track stays published.
    StreamMute = "stream.mute", Change, Operate, stream::Mute => stream::Stream;
    /// Sends a small stream along with the big one, or no more.
    StreamDual = "stream.dual", Change, Operate, stream::Switch => stream::Stream;
    /// Publishes the screen, where the device captures one; refused where it does not.
    StreamScreen = "stream.screen", Change, Operate, stream::Switch => stream::Stream;
    /// Asks the encoder for a key frame.
    StreamKeyFrame = "stream.key_frame", Change, Operate, NoParams => Done;
    /// Tells what is published as sound.
    AudioGet = "audio.get", Read, Observe, NoParams => audio::Audio;
    /// Sets the volume of the microphone.
    AudioSetVolume = "audio.set_volume", Change, Operate, audio::SetVolume => audio::Audio;
    /// Sets quality and purpose of the published sound; what is left out stays.
    AudioSetProfile = "audio.set_profile", Change, Operate, audio::SetProfile => audio::Audio;
    /// Sets the volume of the speaker, where the device plays sound; refused where it does not.
    AudioSetSpeakerVolume = "audio.set_speaker_volume", Change, Operate, audio::SetVolume => audio::Audio;
    /// Stops or resumes playing what others say, where the device plays sound; refused where it does not.
    AudioMuteSpeaker = "audio.mute_speaker", Change, Operate, audio::Mute => audio::Audio;
    /// Says what is done to the microphone's sound: echo, noise, level, and whether one side talks at a time; what is left out stays.
    AudioSetVoice = "audio.set_voice", Change, Operate, audio::SetVoice => audio::Audio;
    /// Stops or resumes sending the sound; the track stays published.
    AudioMute = "audio.mute", Change, Operate, audio::Mute => audio::Audio;
    /// Begins to record, with the seconds before that are in memory; what is recorded already goes on.
    RecordStart = "record.start", Change, Operate, NoParams => record::Status;
    /// Ends the recording, also one that the configuration began; until the next `record.start`, or the next start of the device.
    RecordStop = "record.stop", Change, Operate, NoParams => record::Status;
    /// Lists the recordings on the device, newest first, and tells how the recorder stands.
    RecordList = "record.list", Read, Observe, record::Which => record::List;
    /// Brings a part of a recording.
    RecordFetch = "record.fetch", Read, Operate, record::Fetch => record::Part;
    /// Deletes a recording that has ended.
    RecordDelete = "record.delete", Change, Maintain confirmed, record::Delete => Done;
    /// Tells what the board has, and how it is: lines, LEDs, buttons, IR-cut filter, fan.
    BoardInfo = "board.info", Read, Observe, NoParams => board::Info;
    /// Reads one line.
    BoardGetLine = "board.get_line", Read, Observe, board::GetLine => board::Line;
    /// Switches an output line, and ends a pulse of it.
    BoardSetLine = "board.set_line", Change, Operate, board::SetLine => board::Line;
    /// Switches an output line for a time, and then the other way; the reply comes when the pulse has begun.
    BoardPulseLine = "board.pulse_line", Change, Operate, board::PulseLine => board::Line;
    /// Lets an LED show a pattern; those that show how the device is are not for commands.
    BoardSetLed = "board.set_led", Change, Operate, board::SetLed => board::Led;
    /// Says who decides about the IR-cut filter: the light, or the caller.
    BoardSetIrCut = "board.set_ir_cut", Change, Operate, board::SetIrCut => board::IrCut;
    /// Tells what the machine's thermometers say.
    BoardTemperature = "board.temperature", Read, Observe, NoParams => board::Temperatures;
    /// Tells whether heat or a weak supply slows the machine down.
    BoardThrottling = "board.throttling", Read, Observe, NoParams => board::Throttling;
    /// Subscribes to `board.press`, or ends that: the same as `event.subscribe` and `event.unsubscribe` for it, but refused without buttons.
    BoardWatch = "board.watch", Change, Observe, board::Watch => Done;
    /// Tells the last log lines, oldest first.
    LogTail = "log.tail", Read, Maintain, log::Tail => log::Lines;
    /// Changes for a time how much is logged, by the whole daemon or one part of it.
    LogSetLevel = "log.set_level", Change, Maintain, log::SetLevel => log::Levels;
    /// Tells how the network is: interfaces, ways out, and the way to the channel.
    NetStatus = "net.status", Read, Observe, NoParams => net::Status;
    /// Looks whether the server that the device joins, or a STUN server, can be reached. Takes up to eight seconds.
    NetProbe = "net.probe", Change, Maintain, net::Probe => net::Probed;
    /// Tells the configuration in force, with the layer that each value comes from; secrets are left out.
    ConfigGet = "config.get", Read, Maintain, config::Get => config::Settings;
    /// Sets values of the configuration, all or none; what may cut off the caller is rolled back by itself unless it is confirmed. `control` needs the role own.
    ConfigSet = "config.set", Change, Maintain, config::Set => config::Changed;
    /// Forgets what was set by command, all or single keys and sections; without the role own, `control` stays.
    ConfigReset = "config.reset", Change, Maintain, config::Reset => config::Changed;
    /// Keeps the change that is on trial.
    ConfigConfirm = "config.confirm", Change, Maintain, NoParams => Done;
    /// Rolls back the change that is on trial.
    ConfigRollback = "config.rollback", Change, Maintain, NoParams => Done;
    /// Tells how the device is meant to be, how it is, and the difference.
    StateGet = "state.get", Read, Observe, NoParams => state::Document;
    /// Says how the device is meant to be, also after it was away or has started again; a stale version is refused with the current one.
    StateSetDesired = "state.set_desired", Change, Maintain, state::SetDesired => state::Document;
    /// Looks into a bundle: what it is, whether its signature is good, whether it is for this device.
    UpdateCheck = "update.check", Read, Maintain, update::Bundle => update::Checked;
    /// Installs a bundle into the slot that is not running, as a job; the next start runs it. Cancelled, it leaves that slot unusable.
    UpdateInstall = "update.install", Change, Maintain, update::Bundle => job::Started;
    /// Tells how the update stands: what is being installed, which slots there are, and which one the next start boots from.
    UpdateProgress = "update.progress", Read, Maintain, NoParams => update::Progress;
    /// Marks the system that runs as good, so that the boot loader stays with it.
    UpdateConfirm = "update.confirm", Change, Maintain, NoParams => update::Marked;
    /// Lets the next start boot the other system.
    UpdateRollback = "update.rollback", Change, Maintain, NoParams => update::Marked;
    /// Lists the jobs that are under way or ended not long ago.
    JobList = "job.list", Read, Observe, NoParams => job::List;
    /// Tells how a job is.
    JobStatus = "job.status", Read, Observe, job::Which => job::Job;
    /// Asks a job to end; that it has ended is told by its state.
    JobCancel = "job.cancel", Change, Operate, job::Which => job::Job;
    /// Sends what happens to the caller from now on, as notifications, until it leaves or unsubscribes; tells all its subscriptions.
    EventSubscribe = "event.subscribe", Change, Observe, event::Topics => event::Topics;
    /// Ends subscriptions of the caller and tells those that remain.
    EventUnsubscribe = "event.unsubscribe", Change, Observe, event::Topics => event::Topics;
    /// Makes an address of the viewer page with a new token; answered on the device's own unix socket only.
    ViewerAddress = "viewer.address", Read, Own, NoParams => viewer::Address;
    /// Tells what a signed command must name: device, join, nonce, time; and the caller's role. Where the device has keys, anybody may ask.
    AuthSession = "auth.session", Read, Observe, NoParams => auth::Session;
    /// Lists the keys for signed commands.
    AuthKeys = "auth.keys", Read, Maintain, NoParams => auth::Keys;
    /// Puts another key in the place of one, for good; signed, or on the device's own unix socket.
    AuthRotateKey = "auth.rotate_key", Change, Own, auth::RotateKey => auth::Keys;
    /// Takes everything from a key, for good; signed, or on the device's own unix socket.
    AuthRevokeKey = "auth.revoke_key", Change, Own confirmed, auth::RevokeKey => auth::Keys;
    /// Tells who did what, from the newest line back: as much as the device has in memory.
    AuditTail = "audit.tail", Read, Maintain, audit::Tail => audit::Lines;
    /// Carries a signed command, and answers what that answers. Where the device has keys, anybody may send one: its key says in which role.
    RpcSigned = "rpc.signed", Change, Observe, signed::Signed => signed::Inner;
    /// Answers this list of methods as an OpenRPC document.
    RpcDiscover = "rpc.discover", Read, Observe, NoParams => Discovery;
}

impl Method {
    /// Whether it is answered on the local unix socket only, whatever the configuration allows to participants.
    pub const fn is_local(self) -> bool {
        matches!(self, Self::ViewerAddress)
    }

    /// Whether somebody without a role may call it, so that he can sign.
    pub const fn is_for_signing(self) -> bool {
        matches!(self, Self::AuthSession | Self::RpcSigned)
    }

    /// Whether it is carried out only for who has signed it, or is at the local socket, whatever his role.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::AuthRotateKey | Self::AuthRevokeKey)
    }

    /// The method of this name; the refusal says which one was probably meant.
    pub fn from_name(name: &str) -> Result<Self, Refusal> {
        Self::ALL.iter().copied().find(|method| method.name() == name).ok_or_else(|| {
            Refusal::new(Code::MethodNotFound, format!("no method `{}`", fields::shown(name)))
                .suggest(fields::nearest(name, Self::ALL.iter().map(|method| method.name())))
        })
    }
}

/// The OpenRPC document, as [`crate::openrpc::discovery`] has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Discovery(pub serde_json::Value);

impl schemars::JsonSchema for Discovery {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Discovery".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "object", "description": "An OpenRPC 1.3 document." })
    }
}

fn read_params<'de, T: serde::Deserialize<'de>>(method: Method, params: Option<&'de RawValue>) -> Result<T, Refusal> {
    let text = params.map_or("{}", RawValue::get);
    let wrong = |why: String| Refusal::new(Code::InvalidParams, format!("{}: {why}", method.name()));
    if !text.starts_with('{') {
        return Err(wrong("params go by name, in an object".to_owned()));
    }
    serde_json::from_str(text).map_err(|error| {
        let known = fields::of::<T>();
        match unknown_member(text, known) {
            Some(member) => {
                let none = if known.is_empty() { ", which takes none" } else { "" };
                wrong(format!("no parameter `{}`{none}", fields::shown(&member)))
                    .suggest(fields::nearest(&member, known.iter().copied()))
            }
            None => wrong(without_position(&error)),
        }
    })
}

/// The first member of the object `text` that is not among `known`.
fn unknown_member(text: &str, known: &[&str]) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).ok()?;
    object.into_iter().map(|(name, _)| name).find(|name| !known.contains(&name.as_str()))
}

/// Text of a JSON error without line and column, which count within a part of the message and would mislead.
pub(crate) fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
