"""What can be said to a device: every method with its parameters and result, as types.

Written from the Rust types of the device (crates/wire) by `make generate`: change them there.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Literal, NotRequired, TypedDict, Union

# Data topic of commands, replies and notifications.
RPC_TOPIC = "artc.rpc"
# Byte stream topic of snapshots.
SNAPSHOT_TOPIC = "artc.snapshot"
# Byte stream topic of parts of recordings.
RECORD_TOPIC = "artc.record"


class Code(enum.IntEnum):
    """Error codes of a device's replies; JSON-RPC's own are below zero."""

    PARSE_ERROR = -32700  # The message is not JSON.
    INTERNAL_ERROR = -32603  # The device made a mistake of its own.
    INVALID_PARAMS = -32602  # The parameters do not fit the method.
    METHOD_NOT_FOUND = -32601  # There is no such method.
    INVALID_REQUEST = -32600  # The message is JSON, but no JSON-RPC 2.0 request.
    NOT_ALLOWED = 2001  # The caller may not do this.
    RATE_LIMITED = 2002  # The caller sends more messages a second than it may.
    TOO_MANY_IN_FLIGHT = 2003  # The caller has too many unanswered requests.
    MESSAGE_TOO_LARGE = 2004  # The message is longer than it may be.
    NOT_AVAILABLE = 2005  # What the command is about is not there, or not in a state for it.
    DEVICE_FAILED = 2006  # The device was asked and answered with an error.
    OUT_OF_RANGE = 2007  # A value is outside of what is possible.
    DUPLICATE_ID = 2008  # The id is that of another request of the same caller: one that is still unanswered, or one that was run not long ago.
    TIMED_OUT = 2009  # The command did not finish in time; it may still take effect.
    REPLY_TOO_LARGE = 2010  # The reply is longer than a message may be.
    UNKNOWN_NAME = 2011  # There is no thing of that name.
    LOCAL_ONLY = 2012  # The method is answered on the device's own unix socket only.
    REPLY_GONE = 2013  # The command was run already, and what was answered then is not kept any more.
    STALE_VERSION = 2020  # The document has another version than the caller knows.
    SIGNATURE_REQUIRED = 2030  # The device takes this only as a signed command.
    BAD_SIGNATURE = 2031  # The envelope, its key or its signature is not right.
    NOT_FOR_HERE = 2032  # The signed command is for another device, another join, or has no fresh nonce.
    EXPIRED = 2033  # The signed command has ended, or begins later.
    REPLAYED = 2034  # The signed command came before, or another of the same key that was signed after it.
    CONFIRMATION_NEEDED = 2035  # Nothing brings back what this ends: it has to be asked for a second time.

# Rate, channels and highest bitrate of the published sound. `low`: 8 kHz mono, at most 12 kbit/s.
# `basic`: 16 kHz mono, at most 24 kbit/s. `high`: 48 kHz mono, at most 64 kbit/s. `stereo_high`: 48
# kHz stereo, at most 80 kbit/s. `super_high`: 48 kHz mono, at most 96 kbit/s. `stereo_super_high`: 48
# kHz stereo, at most 128 kbit/s.
AudioQuality = Literal["low", "basic", "high", "stereo_high", "super_high", "stereo_super_high"]

# What the published sound is for. `default`: Nothing special. `education`: Lessons: steady rather
# than rich. `media`: Media and games. `music`: Music. `chatroom`: Many people talking. `ktv`: Singing
# along.
AudioScene = Literal["default", "education", "media", "music", "chatroom", "ktv"]

# What ended a run of the daemon. `unknown`: Not known: this is the first run, or what was written
# down is lost. `stopped`: It was asked to end, and did. `killed`: It was killed, or the system had no
# memory left for it. `hang`: A loop of it hung, so that the service manager ended it. `panic`: A
# mistake of the program. `failed`: It gave up: its exit code says why. `power`: It ended with the
# machine, which lost its power or was reset.
Cause = Literal["unknown", "stopped", "killed", "hang", "panic", "failed", "power"]

# Where a clock comes from. `network`: From the network. `command`: From `device.set_time`. `battery`:
# From a clock with a battery, read when the device started. `unknown`: From nowhere: it may be years
# off.
ClockSource = Literal["network", "command", "battery", "unknown"]

# What it takes until a new value is in force. `live`: Nothing: it is in force at once. `restart`: The
# parts of the daemon are stopped in order and started again: the picture stops for a second or two.
# `next_start`: The process has to be started anew. `on_device`: No command sets it: it names a file,
# a program or a socket of the device.
ConfigApplies = Literal["live", "restart", "next_start", "on_device"]

# State of the way to the channel. `idle`: Not trying. `connecting`: On the way in. `connected`: In
# the channel. `reconnecting`: Was in the channel and is on the way back. `failed`: The last attempt
# failed; the next one comes by itself.
Connection = Literal["idle", "connecting", "connected", "reconnecting", "failed"]

# How a control is set. `integer`: A whole number between `min` and `max`. `boolean`: On or off.
# `menu`: One of the menu's values. `bitmask`: A set of bits of `max`. `button`: Pressed, without a
# value.
ControlKind = Literal["integer", "boolean", "menu", "bitmask", "button"]

# Who decides about the IR-cut filter. `auto`: The light. `day`: It is day, whatever the light.
# `night`: It is night, whatever the light.
IrCutMode = Literal["auto", "day", "night"]

# Steady light, or none. `on`: Light. `off`: None.
LedSteady = Literal["on", "off"]

# How much a line matters, the weightiest first. `error`: Something does not work. `warn`: Something
# is not as it should be. `info`: Something worth knowing. `debug`: For finding faults. `trace`: For
# finding faults, step by step.
LogLevel = Literal["error", "warn", "info", "debug", "trace"]

# Why recording stands still. `budget`: What may be written in a day is written
# (`record.most_mib_a_day`). `medium`: The medium refuses: it is full, read-only, gone or failing.
# `hangs`: The medium does not answer: a write hangs in it.
RecordCause = Literal["budget", "medium", "hangs"]

# Why something is recorded. `always`: The device records all the time. `command`: `record.start` was
# called. `motion`: Something moved in the picture. `sound`: It was loud. `line`: A line of the board.
RecordReason = Literal["always", "command", "motion", "sound", "line"]

# How far somebody is trusted. Each role may do what those before it may. `observe`: Looks: asks how
# things are, takes still pictures. `operate`: Works with the device: picture, sound, the board's
# lines. Nothing of it outlasts a restart. `maintain`: Keeps the device going: restarts, updates,
# changes what is stored. `own`: Says who may do what: keys, and who is let in.
Role = Literal["observe", "operate", "maintain", "own"]

# What a camera or microphone is doing. `off`: Switched off by the configuration. `resting`: Closed
# because nobody watches, as the configuration asks. `private`: Closed by `camera.privacy`; a card or
# silence takes its place. `live`: The device delivers. `built_in`: The built-in pattern or tone
# delivers. `no_signal`: The device is there but has no signal or stands still. `lost`: The device is
# gone or refuses; a still picture or silence takes its place until it is back.
SourceState = Literal["off", "resting", "private", "live", "built_in", "no_signal", "lost"]

# What a speaker is doing. `starting`: It is about to be opened. `ready`: It is open, and there is
# nothing to play. `playing`: It plays. `lost`: It is gone or refuses; it is tried again until it is
# back.
SpeakerState = Literal["starting", "ready", "playing", "lost"]

# Where a job stands. `running`: It is being worked on. `cancelling`: It was asked to end and has not
# yet. `done`: It did what was asked. `failed`: It could not. `cancelled`: It ended because it was
# asked to. `timed_out`: It took longer than it may.
State = Literal["running", "cancelling", "done", "failed", "cancelled", "timed_out"]

# What has been done to a camera. `frozen`: It sends the same picture all the time. `black`: It sees
# nothing but darkness, as it does at night where there is no light. `covered`: It sees nothing though
# there is light: something is before it, or it is out of focus. `moved`: It sees another scene than
# before. Told for ten seconds.
Tampering = Literal["frozen", "black", "covered", "moved"]

# Something that can be subscribed to. `board.press`: A button of the board went down or up.
# `job.progress`: A job has come on, or ended. Who asked for the job is told without a subscription.
# `camera.changed`: The camera is lost, back, closed for privacy, or in another state than before.
# `net.changed`: A network interface, its addresses or a default route are others than before; the way
# to the channel is not told. `config.changed`: Values of the configuration are others than before:
# set, reset, confirmed or rolled back. `state.changed`: Another wish for how the device is to be was
# kept. `motion.changed`: Something moves in the picture, or no more; where `[detect] motion` is on.
# `sound.changed`: It is louder than usual, or no more; where `[detect] sound` is on.
# `tamper.changed`: Something has been done to the camera, or all is well again; where `[detect]
# tamper` is on. `line.changed`: An input line moved that the board's profile has watched (`watch =
# true`), or is on at the start. `record.changed`: Recording began or ended, or stands still: the
# day's budget is used up, or the medium refuses or hangs; where `[record] when` says anything.
Topic = Literal["board.press", "job.progress", "camera.changed", "net.changed", "config.changed", "state.changed", "motion.changed", "sound.changed", "tamper.changed", "line.changed", "record.changed"]


class Audio(TypedDict):
    """The published sound."""
    # 1 or 2.
    channels: int
    # The volume is set in the sound card's own mixer, not in software.
    mixer: bool
    # Others hear nothing because it was muted by a command.
    muted: bool
    # The track is published.
    published: bool
    # Samples a second.
    rate: int
    # Name of the microphone, or of the built-in source.
    source: str
    # Volume of the microphone, 0 to 100; 100 is what the device delivers.
    volume: int
    # How good it is.
    quality: NotRequired[AudioQuality]
    # What it is for.
    scene: NotRequired[AudioScene]
    # The speaker that plays what others say; absent where the configuration switches none on.
    speaker: NotRequired[AudioSpeaker]
    # What is done to the microphone's sound.
    voice: NotRequired[AudioVoice]


class AudioSpeaker(TypedDict):
    """How what others say is played."""
    # The volume is set in the sound card's own mixer, not in software.
    mixer: bool
    # Nothing is heard because it was muted by a command.
    muted: bool
    # Volume, 0 to 100.
    volume: int


class AudioVoice(TypedDict):
    """What is done to the microphone's sound, and what came of it."""
    # What the speaker plays is taken out of what the microphone hears.
    echo: bool
    # Quiet voices are made louder, loud ones quieter.
    gain: bool
    # While the speaker is heard, the microphone is silent.
    half_duplex: bool
    # Steady noise is suppressed.
    noise: bool
    # How much quieter the echo comes back than it was played, in dB; absent before there was any.
    echo_return_loss_db: NotRequired[float]
    # How much of the echo is taken out, in dB; absent before there was any.
    echo_return_loss_enhancement_db: NotRequired[float]


class BoardInfo(TypedDict):
    """What this board has, and how it is."""
    # Buttons.
    buttons: list[Button]
    # LEDs.
    leds: list[Led]
    # Lines that are read or driven.
    lines: list[Line]
    # Name of the board.
    name: str
    # Id of the profile in force.
    profile: str
    # How far the profile can be relied on: `tested`, `community` or `untested`.
    support: str
    # The fan, where there is one.
    fan: NotRequired[Fan]
    # The IR-cut filter, where there is one.
    ir_cut: NotRequired[IrCut]


class Button(TypedDict):
    """A button."""
    # Its name.
    name: str
    # Why it cannot be used, when it cannot.
    missing: NotRequired[str]
    # It is down; left out where that is not known yet.
    pressed: NotRequired[bool]


class ButtonPress(TypedDict):
    """Parameters of the notification `board.button`, which goes to whoever subscribed to `board.press`."""
    # The button.
    button: str
    # It went down; otherwise it went up.
    pressed: bool
    # The device's clock then, in milliseconds since 1970.
    time_ms: int


class Camera(TypedDict):
    """One camera."""
    # The name that stays the same when the camera is plugged in again: what `[camera] source` takes.
    id: str
    # What the camera calls itself.
    name: str
    # Its node at this moment, such as `/dev/video0`.
    node: str
    # The daemon uses this one.
    selected: bool
    # Why it cannot be used, when it cannot.
    note: NotRequired[str]


class CameraControls(TypedDict):
    """The controls of the camera in use."""
    # All of them, in the driver's order.
    controls: list[Control]


class CameraList(TypedDict):
    """The cameras of this device."""
    # All that were found, in the order in which "auto" would try them.
    cameras: list[Camera]


class CameraModes(TypedDict):
    """What the camera in use can deliver."""
    # Every combination that the camera announces.
    modes: list[Mode]
    # The one in use; none while there is no camera.
    current: NotRequired[Mode]


class CameraPrivacy(TypedDict):
    """What `camera.privacy` takes, and answers."""
    # Camera and microphone are closed; a card and silence go out on the same tracks.
    on: bool


class CameraSelected(TypedDict):
    """The camera in use."""
    # Its `id`, or `pattern`.
    camera: str
    # What it calls itself.
    name: str


class ConfigChanged(TypedDict):
    """What a change did."""
    # What it takes until all of it is in force; a restart follows this reply.
    applies: ConfigApplies
    # The keys whose value in force is another one now.
    keys: list[str]
    # What was set and is not in force, because a higher layer says otherwise.
    overruled: NotRequired[list[ConfigOverruled]]
    # The change is on trial.
    trial: NotRequired[ConfigTrial]


class ConfigChangedEvent(TypedDict):
    """Parameters of the notification `config.changed`."""
    # The keys whose values are others; `config.get` tells the values.
    keys: list[str]


class ConfigOverruled(TypedDict):
    """A key that was set to something that a higher layer overrules."""
    # What overrules it.
    by: str
    # The key.
    key: str


class ConfigSetting(TypedDict):
    """A key with its value."""
    # What it takes until another value is in force.
    applies: ConfigApplies
    # The key, such as `camera.width`.
    key: str
    # The layer that it comes from: `built-in`, `board`, `file`, `conf.d`, `credential`, `remote` (set by
    # command), `environment`.
    layer: str
    # Its value; null when unset, `(secret)` for what nobody may see.
    value: Any
    # Line in it, from 1.
    line: NotRequired[int]
    # File, variable or profile.
    source: NotRequired[str]


class ConfigSettings(TypedDict):
    """The configuration in force."""
    # The keys that were asked for, in the order of the manual.
    settings: list[ConfigSetting]
    # Why the last change did not stay, if it did not.
    rolled_back: NotRequired[str]
    # Why what was set by command is not in force, when it broke the rules at the start; `config.reset`
    # begins anew.
    set_aside: NotRequired[str]
    # The change that waits to be confirmed.
    trial: NotRequired[ConfigTrial]


class ConfigTrial(TypedDict):
    """A change that waits for `config.confirm`."""
    # The keys that it changed.
    keys: list[str]
    # How long it can still be confirmed, in seconds.
    left_s: int


class Control(TypedDict):
    """One control of the camera, as the driver describes it."""
    # V4L2's number for it.
    id: int
    # How it is set.
    kind: ControlKind
    # The driver's own name, for people.
    label: str
    # Highest value; for a bitmask, all bits that may be set.
    max: int
    # Lowest value.
    min: int
    # The name that `camera.set_control` takes: the label in lower case with underscores.
    name: str
    # Distance between values, counted from `min`.
    step: int
    # The driver's default.
    default: NotRequired[ControlValue]
    # It has no effect at this moment because another control overrules it; setting it is refused.
    inactive: NotRequired[bool]
    # The choices of a menu.
    menu: NotRequired[list[MenuItem]]
    # It can be read only.
    read_only: NotRequired[bool]
    # Its value at this moment; none for buttons and for what cannot be read.
    value: NotRequired[ControlValue]


class Detection(TypedDict):
    """What is noticed at the moment, of what `[detect]` says."""
    # Something moves in the picture.
    motion: bool
    # It is louder than usual.
    sound: bool
    # What has been done to the camera; absent while nothing has.
    tampering: NotRequired[Tampering]


class DeviceClock(TypedDict):
    """The clock of the device."""
    # Where it comes from.
    source: ClockSource
    # Somebody keeps it right over the network: NTP, PTP.
    synchronised: bool
    # Milliseconds since 1970.
    time_ms: int
    # How far it may be off at most in milliseconds, as the kernel says; left out where it is not
    # synchronised.
    max_error_ms: NotRequired[int]


class DeviceInfo(TypedDict):
    """Who this device is; does not change while the daemon runs."""
    # Processor architecture, as in `uname -m`.
    architecture: str
    # Name of the board profile.
    board: str
    # The channel that the device is in or tries to join.
    channel: str
    # The engine in use: `open`, `sdk` or `fake`.
    engine: str
    # Its id, which stays: `aud` of signed commands.
    id: str
    # The device's identity in the channel.
    identity: str
    # Version of the kernel, as in `uname -r`.
    kernel: str
    # The name from the configuration.
    name: str
    # Version of the daemon.
    version: str


class DeviceSpeaker(TypedDict):
    """What a speaker is doing, with its counters since the daemon started. Taken = played + dropped + in
    flight.
    """
    # What the device's clock is faster than the system's by, in millionths, as far as is known; it is
    # made up for.
    drift_ppm: float
    # Blocks that came while there was no device, or faster than they are played.
    dropped: int
    # Name of the device.
    name: str
    # Of these, given to the device.
    played: int
    # How often the device was lost and came back, or ran dry.
    recovered: int
    # Of those, blocks in which something can be heard.
    sounding: int
    # What it is doing.
    state: SpeakerState
    # 10 ms blocks of what others said that came.
    taken: int
    # How many milliseconds sound takes through the device, as it says itself; absent while it plays
    # nothing.
    delay_ms: NotRequired[float]
    # Why it plays nothing.
    reason: NotRequired[str]


class DeviceStatus(TypedDict):
    """How the device is at this moment."""
    # The camera.
    camera: Source
    # The way to the channel.
    connection: Connection
    # Processor time the daemon has used since it started, in milliseconds.
    cpu_ms: int
    # Resident memory of the daemon in KiB.
    memory_kib: int
    # The microphone.
    microphone: Source
    # Others in the channel.
    participants: int
    # The device's clock at this answer, in milliseconds since 1970. With the time that question and
    # answer took, a viewer knows how far the clocks are apart, and so how old a picture is that carries
    # its capture time.
    time_ms: int
    # Seconds since the daemon started.
    uptime_s: int
    # Why it is not connected, where that is known.
    connection_reason: NotRequired[str]
    # What it notices by itself; absent where `[detect]` says nothing.
    detection: NotRequired[Detection]
    # How the recorder stands; absent where nothing is recorded.
    recorder: NotRequired[RecordStatus]
    # How the run before this one ended.
    restart: NotRequired[Restart]
    # The room that this device serves itself; absent where it publishes to another server.
    room: NotRequired[RoomStatus]
    # The device is in safe mode, and for how many seconds still by itself: commands, and no camera,
    # microphone or encoder. Absent where it is not.
    safe_mode_s: NotRequired[int]
    # The speaker; absent where the configuration switches none on.
    speaker: NotRequired[DeviceSpeaker]
    # Temperature of the processor in degrees Celsius, where the board tells it.
    temperature_c: NotRequired[float]


class Done(TypedDict):
    """The reply of a method that has nothing to tell but that it was done."""


class ErrorData(TypedDict):
    """What an error says beyond its text."""
    # Short name of the code.
    name: str
    # What the caller can do about it.
    remedy: str
    # What confirms the command when it is sent once more, as the member `confirm` of the request.
    confirm: NotRequired[str]
    # When it is worth trying again, in milliseconds.
    retry_after_ms: NotRequired[int]
    # The name that was probably meant; the version that is current, when the caller's is stale.
    suggestion: NotRequired[str]


class ErrorObject(TypedDict):
    """The `error` member of a response."""
    # The number of the [`Code`].
    code: int
    # What is wrong, naming the thing; one line.
    message: str
    # The same for programs, and what to do about it.
    data: NotRequired[ErrorData]


class Fan(TypedDict):
    """The fan."""
    # Turns a minute, where they are told.
    rpm: NotRequired[int]
    # It was told to run; left out where the kernel decides.
    runs: NotRequired[bool]


class IrCut(TypedDict):
    """The IR-cut filter."""
    # Who decides.
    mode: IrCutMode
    # It is night: the filter is out and the lamp lit.
    night: bool
    # How light it was at last: the picture's mean brightness, 0 to 255, or lux where the board has a
    # sensor.
    light: NotRequired[float]


class Job(TypedDict):
    """How a job is. Also the parameters of the notification `job.progress`."""
    # How long it has been running, or ran, in milliseconds.
    elapsed_ms: int
    # Its name, never used again while the daemon runs.
    job: str
    # The method that started it.
    method: str
    # Where it stands; one of the last four is its end, and it never changes then.
    state: State
    # Why it failed, when it did.
    error: NotRequired[ErrorObject]
    # How much is done, 0 to 100; left out where that cannot be told.
    percent: NotRequired[int]
    # What came of it, when it is done.
    result: NotRequired[Any]
    # What it is at, for people.
    step: NotRequired[str]


class Key(TypedDict):
    """A key for signed commands."""
    # The public key: 32 bytes in base64url without padding.
    key: str
    # Its name: `kid` of a signed command.
    name: str
    # Whether it gives nothing any more.
    revoked: bool
    # What it gives.
    role: Role


class Keys(TypedDict):
    """All keys."""
    # In the order of their names.
    keys: list[Key]


class Led(TypedDict):
    """An LED."""
    # Its name, which `board.set_led` takes.
    name: str
    # What it was told to show.
    shows: LedPattern
    # Why it cannot be used, when it cannot.
    missing: NotRequired[str]
    # What the device itself shows with it; commands do not move it then.
    owner: NotRequired[str]


class Line(TypedDict):
    """A line."""
    # Its name, which `board.set_line` takes.
    name: str
    # It is driven; otherwise it is read.
    output: bool
    # Why it cannot be used, when it cannot.
    missing: NotRequired[str]
    # It is on; left out where that cannot be told.
    on: NotRequired[bool]
    # What the device itself drives it for; commands do not move it then.
    owner: NotRequired[str]
    # Name of the relay on it, which means the line as well.
    relay: NotRequired[str]
    # For outputs: whether it is on when nobody is in charge.
    safe: NotRequired[bool]


class LineChangedEvent(TypedDict):
    """Parameters of the notification `line.changed`."""
    # The line.
    line: str
    # It is on now.
    on: bool
    # The device's clock then, in milliseconds since 1970.
    time_ms: int


class Lines(TypedDict):
    """What `audit.tail` answers."""
    # The lines as they are in the journal, oldest first: each a JSON object, to be checked letter by
    # letter.
    lines: list[str]
    # How many lines this run of the daemon has left so far: the number that the next one gets.
    next: int


class List(TypedDict):
    """The jobs that are remembered, the oldest first."""
    # Those under way and the last ones that ended.
    jobs: list[Job]


class LogLevels(TypedDict):
    """What is logged now."""
    # As `[telemetry] log` spells it.
    levels: str
    # In how many seconds it goes back to what the configuration says; left out when that is in force.
    back_in_s: NotRequired[int]


class LogLine(TypedDict):
    """One log line."""
    # How much it matters.
    level: LogLevel
    # Lines are numbered from 1 since the daemon started; where numbers are missing, the filter or time
    # took them.
    number: int
    # The part of the daemon that said it.
    part: str
    # What it said, with its values; cut off at 512 bytes, and without tokens.
    text: str
    # The device's clock then, in milliseconds since 1970.
    time_ms: int


class LogLines(TypedDict):
    """The last log lines."""
    # Number of the newest line of all; 0 before the first.
    last: int
    # What is logged, as `[telemetry] log` spells it.
    levels: str
    # The newest ones that were asked for and fit into a reply, oldest first.
    lines: list[LogLine]


class MenuItem(TypedDict):
    """One choice of a menu control."""
    # What it means.
    label: str
    # The value to set.
    value: int


class Mode(TypedDict):
    """One mode of a camera."""
    # Pixel format as a four-character code, such as `YUYV` or `MJPG`.
    format: str
    # Frames a second that it offers in this format and size, highest first.
    fps: list[float]
    # Rows.
    height: int
    # Pixels a row.
    width: int


class MotionChangedEvent(TypedDict):
    """Parameters of the notification `motion.changed`."""
    # Something moves now; otherwise nothing has for as long as `[detect] quiet_s` says.
    motion: bool
    # The device's clock then, in milliseconds since 1970.
    time_ms: int


class NetInterface(TypedDict):
    """A network interface."""
    # Its addresses with the lengths of their prefixes, such as `192.0.2.7/24`.
    addresses: list[str]
    # The kernel's name, such as `eth0`.
    name: str
    # The kernel's word for its state: `up`, `down`, `dormant`, `lowerlayerdown`, `unknown` and so on.
    state: str
    # It is a radio.
    wireless: bool
    # A cable with somebody at the other end, or a radio link; left out where the interface is switched
    # off.
    carrier: NotRequired[bool]
    # Mbit/s of the link, where the driver tells.
    speed_mbit: NotRequired[int]


class NetPath(TypedDict):
    """The way to the channel."""
    # Share of our packets that the other side misses, 0 to 1.
    loss: float
    # Bytes received since then.
    received_bytes: int
    # How often the connection was lost and found again since then.
    reconnects: int
    # Packets sent again on request since then.
    retransmissions: int
    # Bytes sent since the daemon started.
    sent_bytes: int
    # What the network carries by estimate, in kbit/s; left out where it is not known.
    available_kbps: NotRequired[int]
    # Round trip time in milliseconds; left out where it is not known, as on the link to the device's own
    # room.
    rtt_ms: NotRequired[float]


class NetReached(TypedDict):
    """What came of one attempt."""
    # Whom it was about.
    name: str
    # It was reached, and is trusted where that is asked for.
    ok: bool
    # How long it took, in milliseconds.
    took_ms: int
    # Of a server: the address that took the connection. Of a STUN server: how it sees this device.
    address: NotRequired[str]
    # Why it was not reached.
    error: NotRequired[str]


class NetRoute(TypedDict):
    """A default route."""
    # Through this interface.
    interface: str
    # The lowest is preferred.
    metric: int
    # 4 or 6.
    version: int
    # Over this router; left out where the link leads there by itself.
    gateway: NotRequired[str]


class NetStatus(TypedDict):
    """The network as it is."""
    # Every interface but loopback, by name.
    interfaces: list[NetInterface]
    # The ways out, the preferred one first.
    routes: list[NetRoute]
    # The way to the channel; left out while the device is not in it, or its engine cannot tell.
    path: NotRequired[NetPath]


class Probed(TypedDict):
    """What can be reached."""
    # The server that the device joins: its name, a connection to it, and TLS where its address asks for
    # it. Left out where the device serves its own room.
    server: NotRequired[NetReached]
    # The STUN server that was named.
    stun: NotRequired[NetReached]


class Ptz(TypedDict):
    """Where the camera in use looks. An axis that it does not have is left out."""
    # Left and right; UVC cameras count in seconds of arc, to the right.
    pan: NotRequired[PtzAxis]
    # Up and down; UVC cameras count in seconds of arc, upwards.
    tilt: NotRequired[PtzAxis]
    # The focal length, in units of the driver.
    zoom: NotRequired[PtzAxis]


class PtzAxis(TypedDict):
    """One axis of a camera."""
    # Highest value, or longest step forwards.
    max: int
    # Lowest value, or longest step backwards.
    min: int
    # Distance between values, counted from `min`.
    step: int
    # It does not move at this moment because another control overrules it.
    inactive: NotRequired[bool]
    # Where it stands, in units of the driver; left out where the camera only moves it by steps.
    position: NotRequired[int]


class RecordChangedEvent(TypedDict):
    """Parameters of the notification `record.changed`."""
    # It is to record.
    recording: bool
    # The device's clock then, in milliseconds since 1970.
    time_ms: int
    # Why nothing is written although it should be; absent when it is.
    cause: NotRequired[RecordCause]
    # Why; only while it is to record.
    reason: NotRequired[RecordReason]


class RecordList(TypedDict):
    """The recordings on the device, newest first."""
    # Bytes of all recordings on the device, with their pictures.
    bytes: int
    # There are older ones.
    more: bool
    # Bytes that they may have; then the oldest go.
    most_bytes: int
    # The recordings.
    recordings: list[Recording]
    # How the recorder stands.
    status: RecordStatus


class RecordPart(TypedDict):
    """A part of a recording. In a channel the bytes follow as a byte stream of this name on topic
    `artc.record`; on the unix socket they are in the reply.
    """
    # How many bytes come.
    bytes: int
    # Type of the whole: `video/mp4`, or `image/jpeg` of its picture.
    mime: str
    # File name: the recording's, with the first byte of the part.
    name: str
    # From which byte on.
    offset: int
    # How many the recording, or its picture, has; after the last of them nothing comes, unless it is
    # still being written.
    total: int
    # The bytes in base64; only on the unix socket and over a broker.
    base64: NotRequired[str]


class RecordStatus(TypedDict):
    """How the recorder stands."""
    # It is to record.
    recording: bool
    # The same in one word.
    cause: NotRequired[RecordCause]
    # Why nothing is written although it should be. It is tried again by itself.
    fault: NotRequired[str]
    # Why; only while it is to record.
    reason: NotRequired[RecordReason]
    # How uploading stands; absent where `[record.upload]` names no bucket.
    upload: NotRequired[RecordUpload]
    # The recording that is being written; none before the first picture, and while the medium refuses.
    writing: NotRequired[str]


class RecordUpload(TypedDict):
    """How uploading recordings stands."""
    # Recordings that have ended and that the bucket has not.
    waiting: int
    # Why the bucket did not take what was sent last. It is tried again by itself.
    fault: NotRequired[str]
    # The recording that is being sent.
    sending: NotRequired[str]


class Recording(TypedDict):
    """A recording."""
    # When it began, in milliseconds since 1970.
    began_ms: int
    # Size in bytes.
    bytes: int
    # When it began, by the device's clock in UTC, and why: `20261121T190143.123Z-command`. Each is called
    # differently.
    id: str
    # Why it was made.
    reason: RecordReason
    # How long it is, in milliseconds; left out while it is being written.
    duration_ms: NotRequired[int]
    # Bytes of its picture, a small JPEG of what set it off; left out where it has none. `record.fetch`
    # with `thumbnail` brings it.
    thumbnail_bytes: NotRequired[int]
    # The bucket of `[record.upload]` has it, with its picture.
    uploaded: NotRequired[bool]


class Restart(TypedDict):
    """How the run of the daemon before this one ended."""
    # What ended it.
    cause: Cause
    # The machine was started in between.
    rebooted: bool
    # Ends that nobody asked for in the ten minutes before this run, with the last one; five lead into
    # safe mode.
    recent: int
    # More of that: the loops that hung, the exit code.
    detail: NotRequired[str]


class RoomStatus(TypedDict):
    """The device's own room in numbers. Those of people and tracks are of now, at most 100 ms old; the
    others since the daemon started.
    """
    # Packets that did not go because the system or a slow TCP connection did not take them.
    dropped: int
    # What came from them.
    received: Traffic
    # What went to all of them together. The device's own picture and sound come into the room without
    # packets.
    sent: Traffic
    # Packets that belonged to nobody in the room.
    strangers: int
    # Published tracks, the device's own included.
    tracks: int
    # Who is in it besides the device: those who watch, by WHEP too, and whoever else has joined.
    viewers: int
    # Refusals by what was refused and why, such as `token: expired`; what never happened is absent.
    refused: NotRequired[dict[str, int]]


class Session(TypedDict):
    """What a signed command must name, as it is at this moment."""
    # Whether the device trusts its clock; while it does not, `iat` and `exp` are not looked at and
    # `nonce` is needed.
    clock_trusted: bool
    # This device: `aud` of a signed command.
    device: str
    # `nonce` of a signed command, needed while the clock is not trusted; good for at least 30 s.
    nonce: str
    # This join: `sid` of a signed command. A new one at each join.
    session: str
    # Whether the device takes only signed commands from the channel.
    signature_required: bool
    # Milliseconds since 1970, as far as the device knows it.
    time_ms: int
    # The role of whoever asks, without a signature.
    role: NotRequired[Role]


class Snapshot(TypedDict):
    """A still picture. In a channel the bytes follow as a byte stream of this name on topic
    `artc.snapshot`; on the unix socket and over a broker they are in the reply.
    """
    # How many bytes it has.
    bytes: int
    # Type of the bytes: `image/jpeg`.
    mime: str
    # File name.
    name: str
    # The picture in base64; only on the unix socket and over a broker.
    base64: NotRequired[str]


class SoundChangedEvent(TypedDict):
    """Parameters of the notification `sound.changed`."""
    # It is loud now; otherwise it has not been for as long as `[detect] quiet_s` says.
    sound: bool
    # The device's clock then, in milliseconds since 1970.
    time_ms: int


class Source(TypedDict):
    """What a camera or microphone is doing, with its counters. Grabbed = broken + dropped + pushed + in
    flight.
    """
    # Of these, unusable.
    broken: int
    # Of these, dropped because newer ones came first.
    dropped: int
    # Frames or 10 ms blocks that the device gave.
    grabbed: int
    # Name of the device, or of the built-in source.
    name: str
    # Of these, given to the engine.
    pushed: int
    # How often the device was lost and came back, or overran.
    recovered: int
    # What it is doing.
    state: SourceState
    # Why it is not live.
    reason: NotRequired[str]


class Started(TypedDict):
    """The reply of a method that starts a job."""
    # The job, for `job.status` and `job.cancel`.
    job: str


class StateAudio(TypedDict):
    """What can be wished of the sound."""
    # Others hear nothing.
    muted: NotRequired[bool]
    # Of the microphone, 0 to 100.
    volume: NotRequired[int]


class StateChangedEvent(TypedDict):
    """Parameters of the notification `state.changed`."""
    # The version that the document has now; `state.get` tells the rest.
    version: int


class StateDocument(TypedDict):
    """The document."""
    # What is desired and not reported yet.
    delta: StateParts
    # How the device is meant to be.
    desired: StateParts
    # How it is: picture, sound, output lines, and those controls of the camera that are wished for.
    reported: StateParts
    # Rises by one with each wish; 0 before the first.
    version: int
    # Why something of it was not done when it was last tried, by its place, such as `lines.door`.
    failed: NotRequired[dict[str, str]]


class StateParts(TypedDict):
    """The parts that can be wished for; what is left out is nobody's wish."""
    # The sound.
    audio: NotRequired[StateAudio]
    # Controls of the camera by their names, as `camera.set_control` takes them.
    camera: NotRequired[dict[str, ControlValue]]
    # Output lines of the board by their names: whether they are on.
    lines: NotRequired[dict[str, bool]]
    # The picture.
    stream: NotRequired[StateStream]


class StateStream(TypedDict):
    """What can be wished of the picture."""
    # Highest bitrate in kbit/s.
    bitrate_kbps: NotRequired[int]
    # Frames a second.
    fps: NotRequired[float]
    # Rows; only together with `width`.
    height: NotRequired[int]
    # Others see no picture.
    muted: NotRequired[bool]
    # Pixels a row; only together with `height`.
    width: NotRequired[int]


class Stream(TypedDict):
    """The published picture."""
    # Highest bitrate in kbit/s; congestion may lower it.
    bitrate_kbps: int
    # What encodes: `openh264`, `v4l2`, or `camera` for pass-through.
    encoder: str
    # Frames a second that are asked for.
    fps: float
    # Rows that are asked for.
    height: int
    # What `stream.set` takes.
    limits: StreamLimits
    # Others see no picture because it was muted by a command.
    muted: bool
    # The track is published.
    published: bool
    # What is really sent at this moment.
    sent: StreamSent
    # Somebody watches; while nobody does, the encoder rests.
    watched: bool
    # Pixels a row that are asked for.
    width: int
    # A small stream goes along with the big one, for viewers who show it small.
    dual: NotRequired[bool]


class StreamLimits(TypedDict):
    """What `stream.set` takes."""
    # Highest bitrate in kbit/s.
    max_bitrate_kbps: int
    # Most frames a second.
    max_fps: float
    # Most pixels on the longer side.
    max_long_side: int
    # Most pixels on the shorter side.
    max_short_side: int
    # Lowest bitrate in kbit/s.
    min_bitrate_kbps: int
    # Fewest frames a second.
    min_fps: float
    # Fewest pixels on any side.
    min_side: int


class StreamSent(TypedDict):
    """What is really sent at this moment, over the last second or so."""
    # kbit/s of encoded picture.
    bitrate_kbps: int
    # Frames a second.
    fps: float
    # Rows.
    height: int
    # Pixels a row.
    width: int


class TamperChangedEvent(TypedDict):
    """Parameters of the notification `tamper.changed`."""
    # The device's clock then, in milliseconds since 1970.
    time_ms: int
    # What has been done; absent when all is well again.
    tampering: NotRequired[Tampering]


class Temperature(TypedDict):
    """What a sensor says."""
    # Degrees Celsius.
    celsius: float
    # The kernel's name of it.
    name: str


class Temperatures(TypedDict):
    """What the machine's sensors say."""
    # Each sensor; the first is the processor's on nearly every board.
    sensors: list[Temperature]


class Throttling(TypedDict):
    """Whether the machine is slowed down, and why."""
    # Each thing that is slowed down, in the kernel's words.
    slowed: list[str]
    # It is slowed down against heat, or its supply is too weak.
    throttled: bool
    # The supply is too weak; left out where the board cannot tell.
    undervoltage: NotRequired[bool]


class Topics(TypedDict):
    """What `event.subscribe` and `event.unsubscribe` take, and what they answer: then all subscriptions of
    the caller.
    """
    # The topics.
    topics: list[Topic]


class Traffic(TypedDict):
    """Packets of media and data, and their bytes without headers of UDP, TCP and IP."""
    # How long together.
    bytes: int
    # How many.
    packets: int


class UpdateChecked(TypedDict):
    """What a bundle holds. Its signature was verified."""
    # The kind of system that it is for.
    compatible: str
    # In words, as its maker says.
    description: str
    # It is for this device.
    fits: bool
    # Its version, as its maker says.
    version: str


class UpdateMarked(TypedDict):
    """A slot was marked."""
    # What was done, in RAUC's words.
    message: str
    # The slot.
    slot: str


class UpdateProgress(TypedDict):
    """How the update stands."""
    # Name by which the boot loader knows the system that runs.
    booted: str
    # The kind of system that bundles must be for.
    compatible: str
    # It is being installed.
    installing: bool
    # Why the last installation failed; empty when it did not.
    last_error: str
    # How much of it is done, in percent.
    percent: int
    # The slot that the next start boots from.
    primary: str
    # All slots; none while one is being installed to, when RAUC does not tell.
    slots: list[UpdateSlot]
    # The step that is being done, in RAUC's words.
    step: str


class UpdateSlot(TypedDict):
    """A part of the storage that holds a system, or a piece of one."""
    # Its name, such as `rootfs.0`.
    name: str
    # `booted`, `active` or `inactive`.
    state: str
    # `good` or `bad`; left out for slots that are not booted from.
    boot: NotRequired[str]
    # Version of the bundle that was last installed there.
    version: NotRequired[str]


class ViewerAddress(TypedDict):
    """An address of the viewer page. It lets in whoever has it, so `Debug` keeps it to itself."""
    # To be opened in a browser; several may use it.
    address: str
    # Seconds that it lets new viewers in; who is in stays.
    expires_in_s: int

# The value of a control.
ControlValue = Union[bool, int, str]

# An OpenRPC 1.3 document.
Discovery = Any

# What the method in the envelope answers.
Inner = Any

# What an LED shows.
LedPattern = Union["LedSteady", list[int]]


class Commands:
    """A method for each command of a device."""

    async def call(self, method: str, params: Mapping[str, Any] | None = None, *, timeout: float | None = None) -> Any:
        """Asks the device."""
        raise NotImplementedError

    async def device_info(self) -> DeviceInfo:
        """Tells who this device is. Role: observe."""
        reply: DeviceInfo = await self.call("device.info")
        return reply

    async def device_status(self) -> DeviceStatus:
        """Tells how the device is: connection, camera, microphone, counters, load. Role: observe."""
        reply: DeviceStatus = await self.call("device.status")
        return reply

    async def device_identify(self, *, for_s: int | None = None) -> Done:
        """Blinks the status LED for a time, so that who stands before several devices sees which one is meant.
        Role: operate. `for_s`: For how many seconds, 10 when left out.
        """
        reply: Done = await self.call("device.identify", _given(for_s=for_s))
        return reply

    async def device_time(self) -> DeviceClock:
        """Tells what time the device has, and who says so. Role: observe."""
        reply: DeviceClock = await self.call("device.time")
        return reply

    async def device_set_time(self, *, time_ms: int) -> DeviceClock:
        """Sets the clock, where nobody keeps it right over the network. Role: maintain. `time_ms`:
        Milliseconds since 1970.
        """
        reply: DeviceClock = await self.call("device.set_time", _given(time_ms=time_ms))
        return reply

    async def device_reboot(self) -> Done:
        """Restarts the machine, in order; the reply says that whoever is in charge of it has taken the
        request. Role: maintain.
        """
        reply: Done = await self.call("device.reboot")
        return reply

    async def device_shutdown(self) -> Done:
        """Switches the machine off, in order. Somebody has to go there to switch it on again. Role: maintain."""
        reply: Done = await self.call("device.shutdown")
        return reply

    async def device_leave_safe_mode(self) -> Done:
        """Ends safe mode: camera, microphone and encoder are started as configured. Role: maintain."""
        reply: Done = await self.call("device.leave_safe_mode")
        return reply

    async def camera_list(self) -> CameraList:
        """Lists the cameras of this device. Role: observe."""
        reply: CameraList = await self.call("camera.list")
        return reply

    async def camera_modes(self) -> CameraModes:
        """Lists what the camera in use can deliver. Role: observe."""
        reply: CameraModes = await self.call("camera.modes")
        return reply

    async def camera_controls(self) -> CameraControls:
        """Lists the controls of the camera in use with their values. Role: observe."""
        reply: CameraControls = await self.call("camera.controls")
        return reply

    async def camera_set_control(self, *, name: str, value: ControlValue | None = None) -> Control:
        """Sets one control of the camera and tells the value that it then has. Role: operate. `name`: Name of
        the control, as `camera.controls` tells it. `value`: Its new value; left out for buttons.
        """
        reply: Control = await self.call("camera.set_control", _given(name=name, value=value))
        return reply

    async def camera_snapshot(self, *, longest: int | None = None) -> Snapshot:
        """Takes a still picture, in its own size or smaller. Role: observe. `longest`: No side is longer than
        so many pixels, 64 to 1920; left out, the picture has its own size.
        """
        reply: Snapshot = await self.call("camera.snapshot", _given(longest=longest))
        return reply

    async def camera_select(self, *, camera: str) -> CameraSelected:
        """Takes another camera into use, on the same track; one that cannot be had leaves the one before in
        use. Kept over a restart, until the configuration names another one. Role: operate. `camera`: The
        `id` of a camera, as `camera.list` tells it; `auto` for the first that is found, `pattern` for the
        test picture.
        """
        reply: CameraSelected = await self.call("camera.select", _given(camera=camera))
        return reply

    async def camera_get_ptz(self) -> Ptz:
        """Tells where the camera in use looks: pan, tilt and zoom, where its driver has them. Role: observe."""
        reply: Ptz = await self.call("camera.get_ptz")
        return reply

    async def camera_set_ptz(self, *, pan: int | None = None, relative: bool | None = None, tilt: int | None = None, zoom: int | None = None) -> Ptz:
        """Turns and zooms the camera in use, and tells where it looks then. A motor may still be on its way.
        Role: operate. `pan`: To this pan, or so much further. `relative`: The values are added to where the
        camera stands, up to the end of its way. `tilt`: To this tilt, or so much further. `zoom`: To this
        zoom, or so much further.
        """
        reply: Ptz = await self.call("camera.set_ptz", _given(pan=pan, relative=relative, tilt=tilt, zoom=zoom))
        return reply

    async def camera_privacy(self, *, on: bool) -> CameraPrivacy:
        """Closes camera and microphone, or opens them again; the tracks stay published with a card and
        silence. Kept over a restart. Role: operate. `on`: Camera and microphone are closed; a card and
        silence go out on the same tracks.
        """
        reply: CameraPrivacy = await self.call("camera.privacy", _given(on=on))
        return reply

    async def stream_get(self) -> Stream:
        """Tells what is published as picture. Role: observe."""
        reply: Stream = await self.call("stream.get")
        return reply

    async def stream_set(self, *, bitrate_kbps: int | None = None, fps: float | None = None, height: int | None = None, width: int | None = None) -> Stream:
        """Sets size, frame rate and highest bitrate of the published picture; what is left out stays. Role:
        operate. `bitrate_kbps`: Highest bitrate in kbit/s. `fps`: Frames a second. `height`: Rows; only
        together with `width`. `width`: Pixels a row; only together with `height`.
        """
        reply: Stream = await self.call("stream.set", _given(bitrate_kbps=bitrate_kbps, fps=fps, height=height, width=width))
        return reply

    async def stream_mute(self, *, muted: bool) -> Stream:
        """Stops or resumes sending the picture; the track stays published. Role: operate. `muted`: True to
        mute, false to unmute.
        """
        reply: Stream = await self.call("stream.mute", _given(muted=muted))
        return reply

    async def stream_dual(self, *, on: bool) -> Stream:
        """Sends a small stream along with the big one, or no more. Role: operate. `on`: Whether it shall go
        out.
        """
        reply: Stream = await self.call("stream.dual", _given(on=on))
        return reply

    async def stream_screen(self, *, on: bool) -> Stream:
        """Publishes the screen, where the device captures one; refused where it does not. Role: operate. `on`:
        Whether it shall go out.
        """
        reply: Stream = await self.call("stream.screen", _given(on=on))
        return reply

    async def stream_key_frame(self) -> Done:
        """Asks the encoder for a key frame. Role: operate."""
        reply: Done = await self.call("stream.key_frame")
        return reply

    async def audio_get(self) -> Audio:
        """Tells what is published as sound. Role: observe."""
        reply: Audio = await self.call("audio.get")
        return reply

    async def audio_set_volume(self, *, volume: int) -> Audio:
        """Sets the volume of the microphone. Role: operate. `volume`: 0 (silence) to 100 (what the device
        delivers).
        """
        reply: Audio = await self.call("audio.set_volume", _given(volume=volume))
        return reply

    async def audio_set_profile(self, *, quality: AudioQuality | None = None, scene: AudioScene | None = None) -> Audio:
        """Sets quality and purpose of the published sound; what is left out stays. Role: operate. `quality`:
        How good it shall be. `scene`: What it shall be for.
        """
        reply: Audio = await self.call("audio.set_profile", _given(quality=quality, scene=scene))
        return reply

    async def audio_set_speaker_volume(self, *, volume: int) -> Audio:
        """Sets the volume of the speaker, where the device plays sound; refused where it does not. Role:
        operate. `volume`: 0 (silence) to 100 (what the device delivers).
        """
        reply: Audio = await self.call("audio.set_speaker_volume", _given(volume=volume))
        return reply

    async def audio_mute_speaker(self, *, muted: bool) -> Audio:
        """Stops or resumes playing what others say, where the device plays sound; refused where it does not.
        Role: operate. `muted`: True to mute, false to unmute.
        """
        reply: Audio = await self.call("audio.mute_speaker", _given(muted=muted))
        return reply

    async def audio_set_voice(self, *, echo: bool | None = None, gain: bool | None = None, half_duplex: bool | None = None, noise: bool | None = None) -> Audio:
        """Says what is done to the microphone's sound: echo, noise, level, and whether one side talks at a
        time; what is left out stays. Role: operate. `echo`: Whether the echo is to be taken out; needs a
        speaker. `gain`: Whether the level is to be evened. `half_duplex`: Whether one side is to talk at a
        time; needs a speaker. `noise`: Whether noise is to be suppressed.
        """
        reply: Audio = await self.call("audio.set_voice", _given(echo=echo, gain=gain, half_duplex=half_duplex, noise=noise))
        return reply

    async def audio_mute(self, *, muted: bool) -> Audio:
        """Stops or resumes sending the sound; the track stays published. Role: operate. `muted`: True to mute,
        false to unmute.
        """
        reply: Audio = await self.call("audio.mute", _given(muted=muted))
        return reply

    async def record_start(self) -> RecordStatus:
        """Begins to record, with the seconds before that are in memory; what is recorded already goes on.
        Role: operate.
        """
        reply: RecordStatus = await self.call("record.start")
        return reply

    async def record_stop(self) -> RecordStatus:
        """Ends the recording, also one that the configuration began; until the next `record.start`, or the
        next start of the device. Role: operate.
        """
        reply: RecordStatus = await self.call("record.stop")
        return reply

    async def record_list(self, *, before: str | None = None, limit: int | None = None) -> RecordList:
        """Lists the recordings on the device, newest first, and tells how the recorder stands. Role: observe.
        `before`: Only recordings older than this one, for the next page. `limit`: How many at most, 1 to
        200; 50 where it is left out.
        """
        reply: RecordList = await self.call("record.list", _given(before=before, limit=limit))
        return reply

    async def record_fetch(self, *, id: str, length: int | None = None, offset: int | None = None, thumbnail: bool | None = None) -> RecordPart:
        """Brings a part of a recording. Role: operate. `id`: Which recording. Of one that is being written
        comes what is whole by now; asked for again, more. `length`: How many bytes at most, 1 to 4194304,
        which is also what is meant where it is left out. `offset`: From which byte on. `thumbnail`: Its
        picture instead: offset and length are then the picture's.
        """
        reply: RecordPart = await self.call("record.fetch", _given(id=id, length=length, offset=offset, thumbnail=thumbnail))
        return reply

    async def record_delete(self, *, id: str) -> Done:
        """Deletes a recording that has ended. Role: maintain. `id`: Which recording; one that has ended."""
        reply: Done = await self.call("record.delete", _given(id=id))
        return reply

    async def board_info(self) -> BoardInfo:
        """Tells what the board has, and how it is: lines, LEDs, buttons, IR-cut filter, fan. Role: observe."""
        reply: BoardInfo = await self.call("board.info")
        return reply

    async def board_get_line(self, *, line: str) -> Line:
        """Reads one line. Role: observe. `line`: The line, or the relay on it."""
        reply: Line = await self.call("board.get_line", _given(line=line))
        return reply

    async def board_set_line(self, *, line: str, on: bool) -> Line:
        """Switches an output line, and ends a pulse of it. Role: operate. `line`: The line, or the relay on
        it. `on`: Whether it shall be on.
        """
        reply: Line = await self.call("board.set_line", _given(line=line, on=on))
        return reply

    async def board_pulse_line(self, *, line: str, ms: int, on: bool | None = None) -> Line:
        """Switches an output line for a time, and then the other way; the reply comes when the pulse has
        begun. Role: operate. `line`: The line, or the relay on it. `ms`: For how long, in milliseconds.
        `on`: What it is for that long; the other way afterwards.
        """
        reply: Line = await self.call("board.pulse_line", _given(line=line, ms=ms, on=on))
        return reply

    async def board_set_led(self, *, led: str, pattern: LedPattern) -> Led:
        """Lets an LED show a pattern; those that show how the device is are not for commands. Role: operate.
        `led`: The LED. `pattern`: What it shall show.
        """
        reply: Led = await self.call("board.set_led", _given(led=led, pattern=pattern))
        return reply

    async def board_set_ir_cut(self, *, mode: IrCutMode) -> IrCut:
        """Says who decides about the IR-cut filter: the light, or the caller. Role: operate. `mode`: Who shall
        decide.
        """
        reply: IrCut = await self.call("board.set_ir_cut", _given(mode=mode))
        return reply

    async def board_temperature(self) -> Temperatures:
        """Tells what the machine's thermometers say. Role: observe."""
        reply: Temperatures = await self.call("board.temperature")
        return reply

    async def board_throttling(self) -> Throttling:
        """Tells whether heat or a weak supply slows the machine down. Role: observe."""
        reply: Throttling = await self.call("board.throttling")
        return reply

    async def board_watch(self, *, on: bool) -> Done:
        """Subscribes to `board.press`, or ends that: the same as `event.subscribe` and `event.unsubscribe` for
        it, but refused without buttons. Role: observe. `on`: Whether the caller wants to be told.
        """
        reply: Done = await self.call("board.watch", _given(on=on))
        return reply

    async def log_tail(self, *, after: int | None = None, level: LogLevel | None = None, lines: int | None = None, part: str | None = None) -> LogLines:
        """Tells the last log lines, oldest first. Role: maintain. `after`: Only lines after the one of this
        number: `last` of the reply before. `level`: Only lines of this level and weightier ones. `lines`:
        The newest so many lines, 100 when left out. `part`: Only lines of this part of the daemon and the
        parts of it, such as `room` or `artc_edge::capture`.
        """
        reply: LogLines = await self.call("log.tail", _given(after=after, level=level, lines=lines, part=part))
        return reply

    async def log_set_level(self, *, for_s: int | None = None, level: LogLevel | None = None, part: str | None = None) -> LogLevels:
        """Changes for a time how much is logged, by the whole daemon or one part of it. Role: maintain.
        `for_s`: After so many seconds it goes back by itself; 600 when left out. `level`: The level from
        now on; left out, it goes back at once to what the configuration says. `part`: For this part of the
        daemon, such as `room` or `artc_edge::capture`; left out, for all of them.
        """
        reply: LogLevels = await self.call("log.set_level", _given(for_s=for_s, level=level, part=part))
        return reply

    async def net_status(self) -> NetStatus:
        """Tells how the network is: interfaces, ways out, and the way to the channel. Role: observe."""
        reply: NetStatus = await self.call("net.status")
        return reply

    async def net_probe(self, *, stun: str | None = None) -> Probed:
        """Looks whether the server that the device joins, or a STUN server, can be reached. Takes up to eight
        seconds. Role: maintain. `stun`: A STUN server that is asked too, `HOST:PORT`, with or without
        `stun:` before it.
        """
        reply: Probed = await self.call("net.probe", _given(stun=stun))
        return reply

    async def config_get(self, *, keys: list[str] | None = None) -> ConfigSettings:
        """Tells the configuration in force, with the layer that each value comes from; secrets are left out.
        Role: maintain. `keys`: Keys such as `camera.width`, and sections such as `camera`; left out,
        everything is told.
        """
        reply: ConfigSettings = await self.call("config.get", _given(keys=keys))
        return reply

    async def config_set(self, *, values: dict[str, Any], confirm_within_s: int | None = None) -> ConfigChanged:
        """Sets values of the configuration, all or none; what may cut off the caller is rolled back by itself
        unless it is confirmed. `control` needs the role own. Role: maintain. `values`: Keys, such as
        `camera.width`, with their values, as in the configuration file. All of them are set, or none.
        `confirm_within_s`: The change is rolled back unless `config.confirm` comes within so many seconds,
        5 to 3600, or when the daemon ends before. Left out, only what may cut off its caller (`control`,
        `engine`, `room`) is on trial, for 60 s.
        """
        reply: ConfigChanged = await self.call("config.set", _given(values=values, confirm_within_s=confirm_within_s))
        return reply

    async def config_reset(self, *, confirm_within_s: int | None = None, keys: list[str] | None = None) -> ConfigChanged:
        """Forgets what was set by command, all or single keys and sections; without the role own, `control`
        stays. Role: maintain. `confirm_within_s`: As in `config.set`. `keys`: Keys and sections that were
        set by command and are to be forgotten; left out, all of them.
        """
        reply: ConfigChanged = await self.call("config.reset", _given(confirm_within_s=confirm_within_s, keys=keys))
        return reply

    async def config_confirm(self) -> Done:
        """Keeps the change that is on trial. Role: maintain."""
        reply: Done = await self.call("config.confirm")
        return reply

    async def config_rollback(self) -> Done:
        """Rolls back the change that is on trial. Role: maintain."""
        reply: Done = await self.call("config.rollback")
        return reply

    async def state_get(self) -> StateDocument:
        """Tells how the device is meant to be, how it is, and the difference. Role: observe."""
        reply: StateDocument = await self.call("state.get")
        return reply

    async def state_set_desired(self, *, desired: StateParts, if_version: int | None = None) -> StateDocument:
        """Says how the device is meant to be, also after it was away or has started again; a stale version is
        refused with the current one. Role: maintain. `desired`: The whole wish, in place of the one before.
        `if_version`: Refused unless this is the version of the document; left out, whatever was wished
        before is replaced.
        """
        reply: StateDocument = await self.call("state.set_desired", _given(desired=desired, if_version=if_version))
        return reply

    async def update_check(self, *, bundle: str) -> UpdateChecked:
        """Looks into a bundle: what it is, whether its signature is good, whether it is for this device. Role:
        maintain. `bundle`: Where the bundle is: a path on the device, or an http(s) address (which RAUC
        streams, where it was built to).
        """
        reply: UpdateChecked = await self.call("update.check", _given(bundle=bundle))
        return reply

    async def update_install(self, *, bundle: str) -> Started:
        """Installs a bundle into the slot that is not running, as a job; the next start runs it. Cancelled, it
        leaves that slot unusable. Role: maintain. `bundle`: Where the bundle is: a path on the device, or
        an http(s) address (which RAUC streams, where it was built to).
        """
        reply: Started = await self.call("update.install", _given(bundle=bundle))
        return reply

    async def update_progress(self) -> UpdateProgress:
        """Tells how the update stands: what is being installed, which slots there are, and which one the next
        start boots from. Role: maintain.
        """
        reply: UpdateProgress = await self.call("update.progress")
        return reply

    async def update_confirm(self) -> UpdateMarked:
        """Marks the system that runs as good, so that the boot loader stays with it. Role: maintain."""
        reply: UpdateMarked = await self.call("update.confirm")
        return reply

    async def update_rollback(self) -> UpdateMarked:
        """Lets the next start boot the other system. Role: maintain."""
        reply: UpdateMarked = await self.call("update.rollback")
        return reply

    async def job_list(self) -> List:
        """Lists the jobs that are under way or ended not long ago. Role: observe."""
        reply: List = await self.call("job.list")
        return reply

    async def job_status(self, *, job: str) -> Job:
        """Tells how a job is. Role: observe. `job`: The job."""
        reply: Job = await self.call("job.status", _given(job=job))
        return reply

    async def job_cancel(self, *, job: str) -> Job:
        """Asks a job to end; that it has ended is told by its state. Role: operate. `job`: The job."""
        reply: Job = await self.call("job.cancel", _given(job=job))
        return reply

    async def event_subscribe(self, *, topics: list[Topic]) -> Topics:
        """Sends what happens to the caller from now on, as notifications, until it leaves or unsubscribes;
        tells all its subscriptions. Role: observe. `topics`: The topics.
        """
        reply: Topics = await self.call("event.subscribe", _given(topics=topics))
        return reply

    async def event_unsubscribe(self, *, topics: list[Topic]) -> Topics:
        """Ends subscriptions of the caller and tells those that remain. Role: observe. `topics`: The topics."""
        reply: Topics = await self.call("event.unsubscribe", _given(topics=topics))
        return reply

    async def viewer_address(self) -> ViewerAddress:
        """Makes an address of the viewer page with a new token; answered on the device's own unix socket only.
        Role: own.
        """
        reply: ViewerAddress = await self.call("viewer.address")
        return reply

    async def auth_session(self) -> Session:
        """Tells what a signed command must name: device, join, nonce, time; and the caller's role. Where the
        device has keys, anybody may ask. Role: observe.
        """
        reply: Session = await self.call("auth.session")
        return reply

    async def auth_keys(self) -> Keys:
        """Lists the keys for signed commands. Role: maintain."""
        reply: Keys = await self.call("auth.keys")
        return reply

    async def auth_rotate_key(self, *, key: str, name: str) -> Keys:
        """Puts another key in the place of one, for good; signed, or on the device's own unix socket. Role:
        own. `key`: The public key that takes its place: 32 bytes in base64url without padding. `name`: The
        key's name.
        """
        reply: Keys = await self.call("auth.rotate_key", _given(key=key, name=name))
        return reply

    async def auth_revoke_key(self, *, name: str) -> Keys:
        """Takes everything from a key, for good; signed, or on the device's own unix socket. Role: own.
        `name`: The key's name.
        """
        reply: Keys = await self.call("auth.revoke_key", _given(name=name))
        return reply

    async def audit_tail(self, *, before: int | None = None, lines: int | None = None) -> Lines:
        """Tells who did what, from the newest line back: as much as the device has in memory. Role: maintain.
        `before`: Only lines before this number; unset: the newest. `lines`: How many lines at most, 1 to
        100.
        """
        reply: Lines = await self.call("audit.tail", _given(before=before, lines=lines))
        return reply

    async def rpc_signed(self, *, jws: str) -> Inner:
        """Carries a signed command, and answers what that answers. Where the device has keys, anybody may send
        one: its key says in which role. Role: observe. `jws`: JWS in compact form: header {alg: EdDSA,
        kid}, claims {aud, iat, exp, jti, seq, kid, sid, nonce?, method, params?, confirm?}.
        """
        reply: Inner = await self.call("rpc.signed", _given(jws=jws))
        return reply

    async def rpc_discover(self) -> Discovery:
        """Answers this list of methods as an OpenRPC document. Role: observe."""
        reply: Discovery = await self.call("rpc.discover")
        return reply


def _given(**params: Any) -> dict[str, Any]:
    return {name: value for name, value in params.items() if value is not None}
