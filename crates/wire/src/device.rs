//! Family `device`: who this device is, how it is and what time it has; finding it among others; restarting it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who this device is; does not change while the daemon runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeviceInfo")]
pub struct Info {
    /// The name from the configuration.
    pub name: String,
    /// Its id, which stays: `aud` of signed commands.
    pub id: String,
    /// Version of the daemon.
    pub version: String,
    /// Name of the board profile.
    pub board: String,
    /// Processor architecture, as in `uname -m`.
    pub architecture: String,
    /// Version of the kernel, as in `uname -r`.
    pub kernel: String,
    /// The engine in use: `open`, `sdk` or `fake`.
    pub engine: String,
    /// The channel that the device is in or tries to join.
    pub channel: String,
    /// The device's identity in the channel.
    pub identity: String,
}

/// How the device is at this moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeviceStatus")]
pub struct Status {
    /// Seconds since the daemon started.
    pub uptime_s: u64,
    /// The device's clock at this answer, in milliseconds since 1970. With the time that question and answer took, a viewer knows how
    /// far the clocks are apart, and so how old a picture is that carries its capture time.
    pub time_ms: u64,
    /// The way to the channel.
    pub connection: Connection,
    /// Why it is not connected, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_reason: Option<String>,
    /// Others in the channel.
    pub participants: u32,
    /// The camera.
    pub camera: Source,
    /// The microphone.
    pub microphone: Source,
    /// The speaker; absent where the configuration switches none on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speaker: Option<Speaker>,
    /// What it notices by itself; absent where `[detect]` says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detection: Option<crate::detection::Detection>,
    /// How the recorder stands; absent where nothing is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorder: Option<Box<crate::record::Status>>,
    /// The room that this device serves itself; absent where it publishes to another server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<Room>,
    /// Processor time the daemon has used since it started, in milliseconds.
    pub cpu_ms: u64,
    /// Resident memory of the daemon in KiB.
    pub memory_kib: u64,
    /// Temperature of the processor in degrees Celsius, where the board tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_c: Option<f32>,
    /// How the run before this one ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// The device is in safe mode, and for how many seconds still by itself: commands, and no camera, microphone or encoder. Absent where it
    /// is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_mode_s: Option<u32>,
}

/// How the run of the daemon before this one ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// What ended it.
    pub cause: Cause,
    /// More of that: the loops that hung, the exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The machine was started in between.
    pub rebooted: bool,
    /// Ends that nobody asked for in the ten minutes before this run, with the last one; five lead into safe mode.
    pub recent: u32,
}

/// What ended a run of the daemon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Not known: this is the first run, or what was written down is lost.
    #[default]
    Unknown,
    /// It was asked to end, and did.
    Stopped,
    /// It was killed, or the system had no memory left for it.
    Killed,
    /// A loop of it hung, so that the service manager ended it.
    Hang,
    /// A mistake of the program.
    Panic,
    /// It gave up: its exit code says why.
    Failed,
    /// It ended with the machine, which lost its power or was reset.
    Power,
}

/// State of the way to the channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// Not trying.
    #[default]
    Idle,
    /// On the way in.
    Connecting,
    /// In the channel.
    Connected,
    /// Was in the channel and is on the way back.
    Reconnecting,
    /// The last attempt failed; the next one comes by itself.
    Failed,
}

/// The device's own room in numbers. Those of people and tracks are of now, at most 100 ms old; the others since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RoomStatus")]
pub struct Room {
    /// Who is in it besides the device: those who watch, by WHEP too, and whoever else has joined.
    pub viewers: u64,
    /// Published tracks, the device's own included.
    pub tracks: u64,
    /// What went to all of them together. The device's own picture and sound come into the room without packets.
    pub sent: Traffic,
    /// What came from them.
    pub received: Traffic,
    /// Packets that did not go because the system or a slow TCP connection did not take them.
    pub dropped: u64,
    /// Packets that belonged to nobody in the room.
    pub strangers: u64,
    /// Refusals by what was refused and why, such as `token: expired`; what never happened is absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<String, u64>,
}

/// Packets of media and data, and their bytes without headers of UDP, TCP and IP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Traffic {
    /// How many.
    pub packets: u64,
    /// How long together.
    pub bytes: u64,
}

/// What a camera or microphone is doing, with its counters. Grabbed = broken + dropped + pushed + in flight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Name of the device, or of the built-in source.
    pub name: String,
    /// What it is doing.
    pub state: SourceState,
    /// Why it is not live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Frames or 10 ms blocks that the device gave.
    pub grabbed: u64,
    /// Of these, unusable.
    pub broken: u64,
    /// Of these, dropped because newer ones came first.
    pub dropped: u64,
    /// Of these, given to the engine.
    pub pushed: u64,
    /// How often the device was lost and came back, or overran.
    pub recovered: u64,
}

/// What a camera or microphone is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Switched off by the configuration.
    #[default]
    Off,
    /// Closed because nobody watches, as the configuration asks.
    Resting,
    /// Closed by `camera.privacy`; a card or silence takes its place.
    Private,
    /// The device delivers.
    Live,
    /// The built-in pattern or tone delivers.
    BuiltIn,
    /// The device is there but has no signal or stands still.
    NoSignal,
    /// The device is gone or refuses; a still picture or silence takes its place until it is back.
    Lost,
}

/// What a speaker is doing, with its counters since the daemon started. Taken = played + dropped + in flight.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeviceSpeaker")]
pub struct Speaker {
    /// Name of the device.
    pub name: String,
    /// What it is doing.
    pub state: SpeakerState,
    /// Why it plays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// 10 ms blocks of what others said that came.
    pub taken: u64,
    /// Of these, given to the device.
    pub played: u64,
    /// Of those, blocks in which something can be heard.
    pub sounding: u64,
    /// Blocks that came while there was no device, or faster than they are played.
    pub dropped: u64,
    /// How often the device was lost and came back, or ran dry.
    pub recovered: u64,
    /// How many milliseconds sound takes through the device, as it says itself; absent while it plays nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<f32>,
    /// What the device's clock is faster than the system's by, in millionths, as far as is known; it is made up for.
    pub drift_ppm: f32,
}

/// What a speaker is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpeakerState {
    /// It is about to be opened.
    #[default]
    Starting,
    /// It is open, and there is nothing to play.
    Ready,
    /// It plays.
    Playing,
    /// It is gone or refuses; it is tried again until it is back.
    Lost,
}

/// For how many seconds `device.identify` may blink.
pub const IDENTIFY_SECONDS: std::ops::RangeInclusive<u32> = 1..=300;

/// What `device.identify` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identify {
    /// For how many seconds, 10 when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 300))]
    pub for_s: Option<u32>,
}

/// The clock of the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DeviceClock")]
pub struct Clock {
    /// Milliseconds since 1970.
    pub time_ms: u64,
    /// Somebody keeps it right over the network: NTP, PTP.
    pub synchronised: bool,
    /// Where it comes from.
    pub source: ClockSource,
    /// How far it may be off at most in milliseconds, as the kernel says; left out where it is not synchronised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_error_ms: Option<u32>,
}

/// Where a clock comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClockSource {
    /// From the network.
    Network,
    /// From `device.set_time`.
    Command,
    /// From a clock with a battery, read when the device started.
    Battery,
    /// From nowhere: it may be years off.
    #[default]
    Unknown,
}

/// What `device.set_time` takes: from 2024 to 2100.
pub const TIME_MS: std::ops::RangeInclusive<u64> = 1_704_067_200_000..=4_102_444_800_000;

/// What `device.set_time` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTime {
    /// Milliseconds since 1970.
    #[schemars(range(min = 1_704_067_200_000_u64, max = 4_102_444_800_000_u64))]
    pub time_ms: u64,
}
