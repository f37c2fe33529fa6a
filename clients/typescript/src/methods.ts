/**
 * What can be said to a device: every method with its parameters and result, as types.
 *
 * Written from the Rust types of the device (crates/wire) by `make generate`: change them there.
 */

/** The published sound. */
export interface Audio {
  /** 1 or 2. */
  channels: number;
  /** The volume is set in the sound card's own mixer, not in software. */
  mixer: boolean;
  /** Others hear nothing because it was muted by a command. */
  muted: boolean;
  /** The track is published. */
  published: boolean;
  /** Samples a second. */
  rate: number;
  /** Name of the microphone, or of the built-in source. */
  source: string;
  /** Volume of the microphone, 0 to 100; 100 is what the device delivers. */
  volume: number;
  /** How good it is. */
  quality?: AudioQuality;
  /** What it is for. */
  scene?: AudioScene;
  /** The speaker that plays what others say; absent where the configuration switches none on. */
  speaker?: AudioSpeaker;
  /** What is done to the microphone's sound. */
  voice?: AudioVoice;
}

/**
 * Rate, channels and highest bitrate of the published sound. `low`: 8 kHz mono, at most 12 kbit/s. `basic`: 16
 * kHz mono, at most 24 kbit/s. `high`: 48 kHz mono, at most 64 kbit/s. `stereo_high`: 48 kHz stereo, at most 80
 * kbit/s. `super_high`: 48 kHz mono, at most 96 kbit/s. `stereo_super_high`: 48 kHz stereo, at most 128 kbit/s.
 */
export type AudioQuality = "low" | "basic" | "high" | "stereo_high" | "super_high" | "stereo_super_high";

/**
 * What the published sound is for. `default`: Nothing special. `education`: Lessons: steady rather than rich.
 * `media`: Media and games. `music`: Music. `chatroom`: Many people talking. `ktv`: Singing along.
 */
export type AudioScene = "default" | "education" | "media" | "music" | "chatroom" | "ktv";

/** How what others say is played. */
export interface AudioSpeaker {
  /** The volume is set in the sound card's own mixer, not in software. */
  mixer: boolean;
  /** Nothing is heard because it was muted by a command. */
  muted: boolean;
  /** Volume, 0 to 100. */
  volume: number;
}

/** What is done to the microphone's sound, and what came of it. */
export interface AudioVoice {
  /** What the speaker plays is taken out of what the microphone hears. */
  echo: boolean;
  /** Quiet voices are made louder, loud ones quieter. */
  gain: boolean;
  /** While the speaker is heard, the microphone is silent. */
  half_duplex: boolean;
  /** Steady noise is suppressed. */
  noise: boolean;
  /** How much quieter the echo comes back than it was played, in dB; absent before there was any. */
  echo_return_loss_db?: number;
  /** How much of the echo is taken out, in dB; absent before there was any. */
  echo_return_loss_enhancement_db?: number;
}

/** What this board has, and how it is. */
export interface BoardInfo {
  /** Buttons. */
  buttons: Button[];
  /** LEDs. */
  leds: Led[];
  /** Lines that are read or driven. */
  lines: Line[];
  /** Name of the board. */
  name: string;
  /** Id of the profile in force. */
  profile: string;
  /** How far the profile can be relied on: `tested`, `community` or `untested`. */
  support: string;
  /** The fan, where there is one. */
  fan?: Fan;
  /** The IR-cut filter, where there is one. */
  ir_cut?: IrCut;
}

/** A button. */
export interface Button {
  /** Its name. */
  name: string;
  /** Why it cannot be used, when it cannot. */
  missing?: string;
  /** It is down; left out where that is not known yet. */
  pressed?: boolean;
}

/** Parameters of the notification `board.button`, which goes to whoever subscribed to `board.press`. */
export interface ButtonPress {
  /** The button. */
  button: string;
  /** It went down; otherwise it went up. */
  pressed: boolean;
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
}

/** One camera. */
export interface Camera {
  /** The name that stays the same when the camera is plugged in again: what `[camera] source` takes. */
  id: string;
  /** What the camera calls itself. */
  name: string;
  /** Its node at this moment, such as `/dev/video0`. */
  node: string;
  /** The daemon uses this one. */
  selected: boolean;
  /** Why it cannot be used, when it cannot. */
  note?: string;
}

/** The controls of the camera in use. */
export interface CameraControls {
  /** All of them, in the driver's order. */
  controls: Control[];
}

/** The cameras of this device. */
export interface CameraList {
  /** All that were found, in the order in which "auto" would try them. */
  cameras: Camera[];
}

/** What the camera in use can deliver. */
export interface CameraModes {
  /** Every combination that the camera announces. */
  modes: Mode[];
  /** The one in use; none while there is no camera. */
  current?: Mode;
}

/** What `camera.privacy` takes, and answers. */
export interface CameraPrivacy {
  /** Camera and microphone are closed; a card and silence go out on the same tracks. */
  on: boolean;
}

/** The camera in use. */
export interface CameraSelected {
  /** Its `id`, or `pattern`. */
  camera: string;
  /** What it calls itself. */
  name: string;
}

/**
 * What ended a run of the daemon. `unknown`: Not known: this is the first run, or what was written down is lost.
 * `stopped`: It was asked to end, and did. `killed`: It was killed, or the system had no memory left for it.
 * `hang`: A loop of it hung, so that the service manager ended it. `panic`: A mistake of the program. `failed`:
 * It gave up: its exit code says why. `power`: It ended with the machine, which lost its power or was reset.
 */
export type Cause = "unknown" | "stopped" | "killed" | "hang" | "panic" | "failed" | "power";

/**
 * Where a clock comes from. `network`: From the network. `command`: From `device.set_time`. `battery`: From a
 * clock with a battery, read when the device started. `unknown`: From nowhere: it may be years off.
 */
export type ClockSource = "network" | "command" | "battery" | "unknown";

/**
 * What it takes until a new value is in force. `live`: Nothing: it is in force at once. `restart`: The parts of
 * the daemon are stopped in order and started again: the picture stops for a second or two. `next_start`: The
 * process has to be started anew. `on_device`: No command sets it: it names a file, a program or a socket of the
 * device.
 */
export type ConfigApplies = "live" | "restart" | "next_start" | "on_device";

/** What a change did. */
export interface ConfigChanged {
  /** What it takes until all of it is in force; a restart follows this reply. */
  applies: ConfigApplies;
  /** The keys whose value in force is another one now. */
  keys: string[];
  /** What was set and is not in force, because a higher layer says otherwise. */
  overruled?: ConfigOverruled[];
  /** The change is on trial. */
  trial?: ConfigTrial;
}

/** Parameters of the notification `config.changed`. */
export interface ConfigChangedEvent {
  /** The keys whose values are others; `config.get` tells the values. */
  keys: string[];
}

/** A key that was set to something that a higher layer overrules. */
export interface ConfigOverruled {
  /** What overrules it. */
  by: string;
  /** The key. */
  key: string;
}

/** A key with its value. */
export interface ConfigSetting {
  /** What it takes until another value is in force. */
  applies: ConfigApplies;
  /** The key, such as `camera.width`. */
  key: string;
  /**
   * The layer that it comes from: `built-in`, `board`, `file`, `conf.d`, `credential`, `remote` (set by command),
   * `environment`.
   */
  layer: string;
  /** Its value; null when unset, `(secret)` for what nobody may see. */
  value: unknown;
  /** Line in it, from 1. */
  line?: number;
  /** File, variable or profile. */
  source?: string;
}

/** The configuration in force. */
export interface ConfigSettings {
  /** The keys that were asked for, in the order of the manual. */
  settings: ConfigSetting[];
  /** Why the last change did not stay, if it did not. */
  rolled_back?: string;
  /** Why what was set by command is not in force, when it broke the rules at the start; `config.reset` begins anew. */
  set_aside?: string;
  /** The change that waits to be confirmed. */
  trial?: ConfigTrial;
}

/** A change that waits for `config.confirm`. */
export interface ConfigTrial {
  /** The keys that it changed. */
  keys: string[];
  /** How long it can still be confirmed, in seconds. */
  left_s: number;
}

/**
 * State of the way to the channel. `idle`: Not trying. `connecting`: On the way in. `connected`: In the channel.
 * `reconnecting`: Was in the channel and is on the way back. `failed`: The last attempt failed; the next one
 * comes by itself.
 */
export type Connection = "idle" | "connecting" | "connected" | "reconnecting" | "failed";

/** One control of the camera, as the driver describes it. */
export interface Control {
  /** V4L2's number for it. */
  id: number;
  /** How it is set. */
  kind: ControlKind;
  /** The driver's own name, for people. */
  label: string;
  /** Highest value; for a bitmask, all bits that may be set. */
  max: number;
  /** Lowest value. */
  min: number;
  /** The name that `camera.set_control` takes: the label in lower case with underscores. */
  name: string;
  /** Distance between values, counted from `min`. */
  step: number;
  /** The driver's default. */
  default?: ControlValue;
  /** It has no effect at this moment because another control overrules it; setting it is refused. */
  inactive?: boolean;
  /** The choices of a menu. */
  menu?: MenuItem[];
  /** It can be read only. */
  read_only?: boolean;
  /** Its value at this moment; none for buttons and for what cannot be read. */
  value?: ControlValue;
}

/**
 * How a control is set. `integer`: A whole number between `min` and `max`. `boolean`: On or off. `menu`: One of
 * the menu's values. `bitmask`: A set of bits of `max`. `button`: Pressed, without a value.
 */
export type ControlKind = "integer" | "boolean" | "menu" | "bitmask" | "button";

/** The value of a control. */
export type ControlValue = boolean | number | string;

/** What is noticed at the moment, of what `[detect]` says. */
export interface Detection {
  /** Something moves in the picture. */
  motion: boolean;
  /** It is louder than usual. */
  sound: boolean;
  /** What has been done to the camera; absent while nothing has. */
  tampering?: Tampering;
}

/** The clock of the device. */
export interface DeviceClock {
  /** Where it comes from. */
  source: ClockSource;
  /** Somebody keeps it right over the network: NTP, PTP. */
  synchronised: boolean;
  /** Milliseconds since 1970. */
  time_ms: number;
  /** How far it may be off at most in milliseconds, as the kernel says; left out where it is not synchronised. */
  max_error_ms?: number;
}

/** Who this device is; does not change while the daemon runs. */
export interface DeviceInfo {
  /** Processor architecture, as in `uname -m`. */
  architecture: string;
  /** Name of the board profile. */
  board: string;
  /** The channel that the device is in or tries to join. */
  channel: string;
  /** The engine in use: `open`, `sdk` or `fake`. */
  engine: string;
  /** Its id, which stays: `aud` of signed commands. */
  id: string;
  /** The device's identity in the channel. */
  identity: string;
  /** Version of the kernel, as in `uname -r`. */
  kernel: string;
  /** The name from the configuration. */
  name: string;
  /** Version of the daemon. */
  version: string;
}

/** What a speaker is doing, with its counters since the daemon started. Taken = played + dropped + in flight. */
export interface DeviceSpeaker {
  /** What the device's clock is faster than the system's by, in millionths, as far as is known; it is made up for. */
  drift_ppm: number;
  /** Blocks that came while there was no device, or faster than they are played. */
  dropped: number;
  /** Name of the device. */
  name: string;
  /** Of these, given to the device. */
  played: number;
  /** How often the device was lost and came back, or ran dry. */
  recovered: number;
  /** Of those, blocks in which something can be heard. */
  sounding: number;
  /** What it is doing. */
  state: SpeakerState;
  /** 10 ms blocks of what others said that came. */
  taken: number;
  /** How many milliseconds sound takes through the device, as it says itself; absent while it plays nothing. */
  delay_ms?: number;
  /** Why it plays nothing. */
  reason?: string;
}

/** How the device is at this moment. */
export interface DeviceStatus {
  /** The camera. */
  camera: Source;
  /** The way to the channel. */
  connection: Connection;
  /** Processor time the daemon has used since it started, in milliseconds. */
  cpu_ms: number;
  /** Resident memory of the daemon in KiB. */
  memory_kib: number;
  /** The microphone. */
  microphone: Source;
  /** Others in the channel. */
  participants: number;
  /**
   * The device's clock at this answer, in milliseconds since 1970. With the time that question and answer took, a
   * viewer knows how far the clocks are apart, and so how old a picture is that carries its capture time.
   */
  time_ms: number;
  /** Seconds since the daemon started. */
  uptime_s: number;
  /** Why it is not connected, where that is known. */
  connection_reason?: string;
  /** What it notices by itself; absent where `[detect]` says nothing. */
  detection?: Detection;
  /** How the recorder stands; absent where nothing is recorded. */
  recorder?: RecordStatus;
  /** How the run before this one ended. */
  restart?: Restart;
  /** The room that this device serves itself; absent where it publishes to another server. */
  room?: RoomStatus;
  /**
   * The device is in safe mode, and for how many seconds still by itself: commands, and no camera, microphone or
   * encoder. Absent where it is not.
   */
  safe_mode_s?: number;
  /** The speaker; absent where the configuration switches none on. */
  speaker?: DeviceSpeaker;
  /** Temperature of the processor in degrees Celsius, where the board tells it. */
  temperature_c?: number;
}

/** An OpenRPC 1.3 document. */
export type Discovery = unknown;

/** The reply of a method that has nothing to tell but that it was done. */
export interface Done {
}

/** What an error says beyond its text. */
export interface ErrorData {
  /** Short name of the code. */
  name: string;
  /** What the caller can do about it. */
  remedy: string;
  /** What confirms the command when it is sent once more, as the member `confirm` of the request. */
  confirm?: string;
  /** When it is worth trying again, in milliseconds. */
  retry_after_ms?: number;
  /** The name that was probably meant; the version that is current, when the caller's is stale. */
  suggestion?: string;
}

/** The `error` member of a response. */
export interface ErrorObject {
  /** The number of the [`Code`]. */
  code: number;
  /** What is wrong, naming the thing; one line. */
  message: string;
  /** The same for programs, and what to do about it. */
  data?: ErrorData;
}

/** The fan. */
export interface Fan {
  /** Turns a minute, where they are told. */
  rpm?: number;
  /** It was told to run; left out where the kernel decides. */
  runs?: boolean;
}

/** What the method in the envelope answers. */
export type Inner = unknown;

/** The IR-cut filter. */
export interface IrCut {
  /** Who decides. */
  mode: IrCutMode;
  /** It is night: the filter is out and the lamp lit. */
  night: boolean;
  /** How light it was at last: the picture's mean brightness, 0 to 255, or lux where the board has a sensor. */
  light?: number;
}

/**
 * Who decides about the IR-cut filter. `auto`: The light. `day`: It is day, whatever the light. `night`: It is
 * night, whatever the light.
 */
export type IrCutMode = "auto" | "day" | "night";

/** How a job is. Also the parameters of the notification `job.progress`. */
export interface Job {
  /** How long it has been running, or ran, in milliseconds. */
  elapsed_ms: number;
  /** Its name, never used again while the daemon runs. */
  job: string;
  /** The method that started it. */
  method: string;
  /** Where it stands; one of the last four is its end, and it never changes then. */
  state: State;
  /** Why it failed, when it did. */
  error?: ErrorObject;
  /** How much is done, 0 to 100; left out where that cannot be told. */
  percent?: number;
  /** What came of it, when it is done. */
  result?: unknown;
  /** What it is at, for people. */
  step?: string;
}

/** A key for signed commands. */
export interface Key {
  /** The public key: 32 bytes in base64url without padding. */
  key: string;
  /** Its name: `kid` of a signed command. */
  name: string;
  /** Whether it gives nothing any more. */
  revoked: boolean;
  /** What it gives. */
  role: Role;
}

/** All keys. */
export interface Keys {
  /** In the order of their names. */
  keys: Key[];
}

/** An LED. */
export interface Led {
  /** Its name, which `board.set_led` takes. */
  name: string;
  /** What it was told to show. */
  shows: LedPattern;
  /** Why it cannot be used, when it cannot. */
  missing?: string;
  /** What the device itself shows with it; commands do not move it then. */
  owner?: string;
}

/** What an LED shows. */
export type LedPattern = LedSteady | number[];

/** Steady light, or none. `on`: Light. `off`: None. */
export type LedSteady = "on" | "off";

/** A line. */
export interface Line {
  /** Its name, which `board.set_line` takes. */
  name: string;
  /** It is driven; otherwise it is read. */
  output: boolean;
  /** Why it cannot be used, when it cannot. */
  missing?: string;
  /** It is on; left out where that cannot be told. */
  on?: boolean;
  /** What the device itself drives it for; commands do not move it then. */
  owner?: string;
  /** Name of the relay on it, which means the line as well. */
  relay?: string;
  /** For outputs: whether it is on when nobody is in charge. */
  safe?: boolean;
}

/** Parameters of the notification `line.changed`. */
export interface LineChangedEvent {
  /** The line. */
  line: string;
  /** It is on now. */
  on: boolean;
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
}

/** What `audit.tail` answers. */
export interface Lines {
  /** The lines as they are in the journal, oldest first: each a JSON object, to be checked letter by letter. */
  lines: string[];
  /** How many lines this run of the daemon has left so far: the number that the next one gets. */
  next: number;
}

/** The jobs that are remembered, the oldest first. */
export interface List {
  /** Those under way and the last ones that ended. */
  jobs: Job[];
}

/**
 * How much a line matters, the weightiest first. `error`: Something does not work. `warn`: Something is not as
 * it should be. `info`: Something worth knowing. `debug`: For finding faults. `trace`: For finding faults, step
 * by step.
 */
export type LogLevel = "error" | "warn" | "info" | "debug" | "trace";

/** What is logged now. */
export interface LogLevels {
  /** As `[telemetry] log` spells it. */
  levels: string;
  /** In how many seconds it goes back to what the configuration says; left out when that is in force. */
  back_in_s?: number;
}

/** One log line. */
export interface LogLine {
  /** How much it matters. */
  level: LogLevel;
  /** Lines are numbered from 1 since the daemon started; where numbers are missing, the filter or time took them. */
  number: number;
  /** The part of the daemon that said it. */
  part: string;
  /** What it said, with its values; cut off at 512 bytes, and without tokens. */
  text: string;
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
}

/** The last log lines. */
export interface LogLines {
  /** Number of the newest line of all; 0 before the first. */
  last: number;
  /** What is logged, as `[telemetry] log` spells it. */
  levels: string;
  /** The newest ones that were asked for and fit into a reply, oldest first. */
  lines: LogLine[];
}

/** One choice of a menu control. */
export interface MenuItem {
  /** What it means. */
  label: string;
  /** The value to set. */
  value: number;
}

/** One mode of a camera. */
export interface Mode {
  /** Pixel format as a four-character code, such as `YUYV` or `MJPG`. */
  format: string;
  /** Frames a second that it offers in this format and size, highest first. */
  fps: number[];
  /** Rows. */
  height: number;
  /** Pixels a row. */
  width: number;
}

/** Parameters of the notification `motion.changed`. */
export interface MotionChangedEvent {
  /** Something moves now; otherwise nothing has for as long as `[detect] quiet_s` says. */
  motion: boolean;
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
}

/** A network interface. */
export interface NetInterface {
  /** Its addresses with the lengths of their prefixes, such as `192.0.2.7/24`. */
  addresses: string[];
  /** The kernel's name, such as `eth0`. */
  name: string;
  /** The kernel's word for its state: `up`, `down`, `dormant`, `lowerlayerdown`, `unknown` and so on. */
  state: string;
  /** It is a radio. */
  wireless: boolean;
  /** A cable with somebody at the other end, or a radio link; left out where the interface is switched off. */
  carrier?: boolean;
  /** Mbit/s of the link, where the driver tells. */
  speed_mbit?: number;
}

/** The way to the channel. */
export interface NetPath {
  /** Share of our packets that the other side misses, 0 to 1. */
  loss: number;
  /** Bytes received since then. */
  received_bytes: number;
  /** How often the connection was lost and found again since then. */
  reconnects: number;
  /** Packets sent again on request since then. */
  retransmissions: number;
  /** Bytes sent since the daemon started. */
  sent_bytes: number;
  /** What the network carries by estimate, in kbit/s; left out where it is not known. */
  available_kbps?: number;
  /** Round trip time in milliseconds; left out where it is not known, as on the link to the device's own room. */
  rtt_ms?: number;
}

/** What came of one attempt. */
export interface NetReached {
  /** Whom it was about. */
  name: string;
  /** It was reached, and is trusted where that is asked for. */
  ok: boolean;
  /** How long it took, in milliseconds. */
  took_ms: number;
  /** Of a server: the address that took the connection. Of a STUN server: how it sees this device. */
  address?: string;
  /** Why it was not reached. */
  error?: string;
}

/** A default route. */
export interface NetRoute {
  /** Through this interface. */
  interface: string;
  /** The lowest is preferred. */
  metric: number;
  /** 4 or 6. */
  version: number;
  /** Over this router; left out where the link leads there by itself. */
  gateway?: string;
}

/** The network as it is. */
export interface NetStatus {
  /** Every interface but loopback, by name. */
  interfaces: NetInterface[];
  /** The ways out, the preferred one first. */
  routes: NetRoute[];
  /** The way to the channel; left out while the device is not in it, or its engine cannot tell. */
  path?: NetPath;
}

/** What can be reached. */
export interface Probed {
  /**
   * The server that the device joins: its name, a connection to it, and TLS where its address asks for it. Left
   * out where the device serves its own room.
   */
  server?: NetReached;
  /** The STUN server that was named. */
  stun?: NetReached;
}

/** Where the camera in use looks. An axis that it does not have is left out. */
export interface Ptz {
  /** Left and right; UVC cameras count in seconds of arc, to the right. */
  pan?: PtzAxis;
  /** Up and down; UVC cameras count in seconds of arc, upwards. */
  tilt?: PtzAxis;
  /** The focal length, in units of the driver. */
  zoom?: PtzAxis;
}

/** One axis of a camera. */
export interface PtzAxis {
  /** Highest value, or longest step forwards. */
  max: number;
  /** Lowest value, or longest step backwards. */
  min: number;
  /** Distance between values, counted from `min`. */
  step: number;
  /** It does not move at this moment because another control overrules it. */
  inactive?: boolean;
  /** Where it stands, in units of the driver; left out where the camera only moves it by steps. */
  position?: number;
}

/**
 * Why recording stands still. `budget`: What may be written in a day is written (`record.most_mib_a_day`).
 * `medium`: The medium refuses: it is full, read-only, gone or failing. `hangs`: The medium does not answer: a
 * write hangs in it.
 */
export type RecordCause = "budget" | "medium" | "hangs";

/** Parameters of the notification `record.changed`. */
export interface RecordChangedEvent {
  /** It is to record. */
  recording: boolean;
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
  /** Why nothing is written although it should be; absent when it is. */
  cause?: RecordCause;
  /** Why; only while it is to record. */
  reason?: RecordReason;
}

/** The recordings on the device, newest first. */
export interface RecordList {
  /** Bytes of all recordings on the device, with their pictures. */
  bytes: number;
  /** There are older ones. */
  more: boolean;
  /** Bytes that they may have; then the oldest go. */
  most_bytes: number;
  /** The recordings. */
  recordings: Recording[];
  /** How the recorder stands. */
  status: RecordStatus;
}

/**
 * A part of a recording. In a channel the bytes follow as a byte stream of this name on topic `artc.record`; on
 * the unix socket they are in the reply.
 */
export interface RecordPart {
  /** How many bytes come. */
  bytes: number;
  /** Type of the whole: `video/mp4`, or `image/jpeg` of its picture. */
  mime: string;
  /** File name: the recording's, with the first byte of the part. */
  name: string;
  /** From which byte on. */
  offset: number;
  /**
   * How many the recording, or its picture, has; after the last of them nothing comes, unless it is still being
   * written.
   */
  total: number;
  /** The bytes in base64; only on the unix socket and over a broker. */
  base64?: string;
}

/**
 * Why something is recorded. `always`: The device records all the time. `command`: `record.start` was called.
 * `motion`: Something moved in the picture. `sound`: It was loud. `line`: A line of the board.
 */
export type RecordReason = "always" | "command" | "motion" | "sound" | "line";

/** How the recorder stands. */
export interface RecordStatus {
  /** It is to record. */
  recording: boolean;
  /** The same in one word. */
  cause?: RecordCause;
  /** Why nothing is written although it should be. It is tried again by itself. */
  fault?: string;
  /** Why; only while it is to record. */
  reason?: RecordReason;
  /** How uploading stands; absent where `[record.upload]` names no bucket. */
  upload?: RecordUpload;
  /** The recording that is being written; none before the first picture, and while the medium refuses. */
  writing?: string;
}

/** How uploading recordings stands. */
export interface RecordUpload {
  /** Recordings that have ended and that the bucket has not. */
  waiting: number;
  /** Why the bucket did not take what was sent last. It is tried again by itself. */
  fault?: string;
  /** The recording that is being sent. */
  sending?: string;
}

/** A recording. */
export interface Recording {
  /** When it began, in milliseconds since 1970. */
  began_ms: number;
  /** Size in bytes. */
  bytes: number;
  /**
   * When it began, by the device's clock in UTC, and why: `20261121T190143.123Z-command`. Each is called
   * differently.
   */
  id: string;
  /** Why it was made. */
  reason: RecordReason;
  /** How long it is, in milliseconds; left out while it is being written. */
  duration_ms?: number;
  /**
   * Bytes of its picture, a small JPEG of what set it off; left out where it has none. `record.fetch` with
   * `thumbnail` brings it.
   */
  thumbnail_bytes?: number;
  /** The bucket of `[record.upload]` has it, with its picture. */
  uploaded?: boolean;
}

/** How the run of the daemon before this one ended. */
export interface Restart {
  /** What ended it. */
  cause: Cause;
  /** The machine was started in between. */
  rebooted: boolean;
  /** Ends that nobody asked for in the ten minutes before this run, with the last one; five lead into safe mode. */
  recent: number;
  /** More of that: the loops that hung, the exit code. */
  detail?: string;
}

/**
 * How far somebody is trusted. Each role may do what those before it may. `observe`: Looks: asks how things are,
 * takes still pictures. `operate`: Works with the device: picture, sound, the board's lines. Nothing of it
 * outlasts a restart. `maintain`: Keeps the device going: restarts, updates, changes what is stored. `own`: Says
 * who may do what: keys, and who is let in.
 */
export type Role = "observe" | "operate" | "maintain" | "own";

/**
 * The device's own room in numbers. Those of people and tracks are of now, at most 100 ms old; the others since
 * the daemon started.
 */
export interface RoomStatus {
  /** Packets that did not go because the system or a slow TCP connection did not take them. */
  dropped: number;
  /** What came from them. */
  received: Traffic;
  /** What went to all of them together. The device's own picture and sound come into the room without packets. */
  sent: Traffic;
  /** Packets that belonged to nobody in the room. */
  strangers: number;
  /** Published tracks, the device's own included. */
  tracks: number;
  /** Who is in it besides the device: those who watch, by WHEP too, and whoever else has joined. */
  viewers: number;
  /** Refusals by what was refused and why, such as `token: expired`; what never happened is absent. */
  refused?: Record<string, number>;
}

/** What a signed command must name, as it is at this moment. */
export interface Session {
  /**
   * Whether the device trusts its clock; while it does not, `iat` and `exp` are not looked at and `nonce` is
   * needed.
   */
  clock_trusted: boolean;
  /** This device: `aud` of a signed command. */
  device: string;
  /** `nonce` of a signed command, needed while the clock is not trusted; good for at least 30 s. */
  nonce: string;
  /** This join: `sid` of a signed command. A new one at each join. */
  session: string;
  /** Whether the device takes only signed commands from the channel. */
  signature_required: boolean;
  /** Milliseconds since 1970, as far as the device knows it. */
  time_ms: number;
  /** The role of whoever asks, without a signature. */
  role?: Role;
}

/**
 * A still picture. In a channel the bytes follow as a byte stream of this name on topic `artc.snapshot`; on the
 * unix socket and over a broker they are in the reply.
 */
export interface Snapshot {
  /** How many bytes it has. */
  bytes: number;
  /** Type of the bytes: `image/jpeg`. */
  mime: string;
  /** File name. */
  name: string;
  /** The picture in base64; only on the unix socket and over a broker. */
  base64?: string;
}

/** Parameters of the notification `sound.changed`. */
export interface SoundChangedEvent {
  /** It is loud now; otherwise it has not been for as long as `[detect] quiet_s` says. */
  sound: boolean;
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
}

/** What a camera or microphone is doing, with its counters. Grabbed = broken + dropped + pushed + in flight. */
export interface Source {
  /** Of these, unusable. */
  broken: number;
  /** Of these, dropped because newer ones came first. */
  dropped: number;
  /** Frames or 10 ms blocks that the device gave. */
  grabbed: number;
  /** Name of the device, or of the built-in source. */
  name: string;
  /** Of these, given to the engine. */
  pushed: number;
  /** How often the device was lost and came back, or overran. */
  recovered: number;
  /** What it is doing. */
  state: SourceState;
  /** Why it is not live. */
  reason?: string;
}

/**
 * What a camera or microphone is doing. `off`: Switched off by the configuration. `resting`: Closed because
 * nobody watches, as the configuration asks. `private`: Closed by `camera.privacy`; a card or silence takes its
 * place. `live`: The device delivers. `built_in`: The built-in pattern or tone delivers. `no_signal`: The device
 * is there but has no signal or stands still. `lost`: The device is gone or refuses; a still picture or silence
 * takes its place until it is back.
 */
export type SourceState = "off" | "resting" | "private" | "live" | "built_in" | "no_signal" | "lost";

/**
 * What a speaker is doing. `starting`: It is about to be opened. `ready`: It is open, and there is nothing to
 * play. `playing`: It plays. `lost`: It is gone or refuses; it is tried again until it is back.
 */
export type SpeakerState = "starting" | "ready" | "playing" | "lost";

/** The reply of a method that starts a job. */
export interface Started {
  /** The job, for `job.status` and `job.cancel`. */
  job: string;
}

/**
 * Where a job stands. `running`: It is being worked on. `cancelling`: It was asked to end and has not yet.
 * `done`: It did what was asked. `failed`: It could not. `cancelled`: It ended because it was asked to.
 * `timed_out`: It took longer than it may.
 */
export type State = "running" | "cancelling" | "done" | "failed" | "cancelled" | "timed_out";

/** What can be wished of the sound. */
export interface StateAudio {
  /** Others hear nothing. */
  muted?: boolean;
  /** Of the microphone, 0 to 100. */
  volume?: number;
}

/** Parameters of the notification `state.changed`. */
export interface StateChangedEvent {
  /** The version that the document has now; `state.get` tells the rest. */
  version: number;
}

/** The document. */
export interface StateDocument {
  /** What is desired and not reported yet. */
  delta: StateParts;
  /** How the device is meant to be. */
  desired: StateParts;
  /** How it is: picture, sound, output lines, and those controls of the camera that are wished for. */
  reported: StateParts;
  /** Rises by one with each wish; 0 before the first. */
  version: number;
  /** Why something of it was not done when it was last tried, by its place, such as `lines.door`. */
  failed?: Record<string, string>;
}

/** The parts that can be wished for; what is left out is nobody's wish. */
export interface StateParts {
  /** The sound. */
  audio?: StateAudio;
  /** Controls of the camera by their names, as `camera.set_control` takes them. */
  camera?: Record<string, ControlValue>;
  /** Output lines of the board by their names: whether they are on. */
  lines?: Record<string, boolean>;
  /** The picture. */
  stream?: StateStream;
}

/** What can be wished of the picture. */
export interface StateStream {
  /** Highest bitrate in kbit/s. */
  bitrate_kbps?: number;
  /** Frames a second. */
  fps?: number;
  /** Rows; only together with `width`. */
  height?: number;
  /** Others see no picture. */
  muted?: boolean;
  /** Pixels a row; only together with `height`. */
  width?: number;
}

/** The published picture. */
export interface Stream {
  /** Highest bitrate in kbit/s; congestion may lower it. */
  bitrate_kbps: number;
  /** What encodes: `openh264`, `v4l2`, or `camera` for pass-through. */
  encoder: string;
  /** Frames a second that are asked for. */
  fps: number;
  /** Rows that are asked for. */
  height: number;
  /** What `stream.set` takes. */
  limits: StreamLimits;
  /** Others see no picture because it was muted by a command. */
  muted: boolean;
  /** The track is published. */
  published: boolean;
  /** What is really sent at this moment. */
  sent: StreamSent;
  /** Somebody watches; while nobody does, the encoder rests. */
  watched: boolean;
  /** Pixels a row that are asked for. */
  width: number;
  /** A small stream goes along with the big one, for viewers who show it small. */
  dual?: boolean;
}

/** What `stream.set` takes. */
export interface StreamLimits {
  /** Highest bitrate in kbit/s. */
  max_bitrate_kbps: number;
  /** Most frames a second. */
  max_fps: number;
  /** Most pixels on the longer side. */
  max_long_side: number;
  /** Most pixels on the shorter side. */
  max_short_side: number;
  /** Lowest bitrate in kbit/s. */
  min_bitrate_kbps: number;
  /** Fewest frames a second. */
  min_fps: number;
  /** Fewest pixels on any side. */
  min_side: number;
}

/** What is really sent at this moment, over the last second or so. */
export interface StreamSent {
  /** kbit/s of encoded picture. */
  bitrate_kbps: number;
  /** Frames a second. */
  fps: number;
  /** Rows. */
  height: number;
  /** Pixels a row. */
  width: number;
}

/** Parameters of the notification `tamper.changed`. */
export interface TamperChangedEvent {
  /** The device's clock then, in milliseconds since 1970. */
  time_ms: number;
  /** What has been done; absent when all is well again. */
  tampering?: Tampering;
}

/**
 * What has been done to a camera. `frozen`: It sends the same picture all the time. `black`: It sees nothing but
 * darkness, as it does at night where there is no light. `covered`: It sees nothing though there is light:
 * something is before it, or it is out of focus. `moved`: It sees another scene than before. Told for ten
 * seconds.
 */
export type Tampering = "frozen" | "black" | "covered" | "moved";

/** What a sensor says. */
export interface Temperature {
  /** Degrees Celsius. */
  celsius: number;
  /** The kernel's name of it. */
  name: string;
}

/** What the machine's sensors say. */
export interface Temperatures {
  /** Each sensor; the first is the processor's on nearly every board. */
  sensors: Temperature[];
}

/** Whether the machine is slowed down, and why. */
export interface Throttling {
  /** Each thing that is slowed down, in the kernel's words. */
  slowed: string[];
  /** It is slowed down against heat, or its supply is too weak. */
  throttled: boolean;
  /** The supply is too weak; left out where the board cannot tell. */
  undervoltage?: boolean;
}

/**
 * Something that can be subscribed to. `board.press`: A button of the board went down or up. `job.progress`: A
 * job has come on, or ended. Who asked for the job is told without a subscription. `camera.changed`: The camera
 * is lost, back, closed for privacy, or in another state than before. `net.changed`: A network interface, its
 * addresses or a default route are others than before; the way to the channel is not told. `config.changed`:
 * Values of the configuration are others than before: set, reset, confirmed or rolled back. `state.changed`:
 * Another wish for how the device is to be was kept. `motion.changed`: Something moves in the picture, or no
 * more; where `[detect] motion` is on. `sound.changed`: It is louder than usual, or no more; where `[detect]
 * sound` is on. `tamper.changed`: Something has been done to the camera, or all is well again; where `[detect]
 * tamper` is on. `line.changed`: An input line moved that the board's profile has watched (`watch = true`), or
 * is on at the start. `record.changed`: Recording began or ended, or stands still: the day's budget is used up,
 * or the medium refuses or hangs; where `[record] when` says anything.
 */
export type Topic = "board.press" | "job.progress" | "camera.changed" | "net.changed" | "config.changed" | "state.changed" | "motion.changed" | "sound.changed" | "tamper.changed" | "line.changed" | "record.changed";

/**
 * What `event.subscribe` and `event.unsubscribe` take, and what they answer: then all subscriptions of the
 * caller.
 */
export interface Topics {
  /** The topics. */
  topics: Topic[];
}

/** Packets of media and data, and their bytes without headers of UDP, TCP and IP. */
export interface Traffic {
  /** How long together. */
  bytes: number;
  /** How many. */
  packets: number;
}

/** What a bundle holds. Its signature was verified. */
export interface UpdateChecked {
  /** The kind of system that it is for. */
  compatible: string;
  /** In words, as its maker says. */
  description: string;
  /** It is for this device. */
  fits: boolean;
  /** Its version, as its maker says. */
  version: string;
}

/** A slot was marked. */
export interface UpdateMarked {
  /** What was done, in RAUC's words. */
  message: string;
  /** The slot. */
  slot: string;
}

/** How the update stands. */
export interface UpdateProgress {
  /** Name by which the boot loader knows the system that runs. */
  booted: string;
  /** The kind of system that bundles must be for. */
  compatible: string;
  /** It is being installed. */
  installing: boolean;
  /** Why the last installation failed; empty when it did not. */
  last_error: string;
  /** How much of it is done, in percent. */
  percent: number;
  /** The slot that the next start boots from. */
  primary: string;
  /** All slots; none while one is being installed to, when RAUC does not tell. */
  slots: UpdateSlot[];
  /** The step that is being done, in RAUC's words. */
  step: string;
}

/** A part of the storage that holds a system, or a piece of one. */
export interface UpdateSlot {
  /** Its name, such as `rootfs.0`. */
  name: string;
  /** `booted`, `active` or `inactive`. */
  state: string;
  /** `good` or `bad`; left out for slots that are not booted from. */
  boot?: string;
  /** Version of the bundle that was last installed there. */
  version?: string;
}

/** An address of the viewer page. It lets in whoever has it, so `Debug` keeps it to itself. */
export interface ViewerAddress {
  /** To be opened in a browser; several may use it. */
  address: string;
  /** Seconds that it lets new viewers in; who is in stays. */
  expires_in_s: number;
}

/** No parameters. */
export type Nothing = Record<string, never>;

/** Every method: what it takes and what it answers. */
export interface Methods {
  /** Tells who this device is. Role: observe. */
  "device.info": { params: Nothing; result: DeviceInfo };
  /** Tells how the device is: connection, camera, microphone, counters, load. Role: observe. */
  "device.status": { params: Nothing; result: DeviceStatus };
  /**
   * Blinks the status LED for a time, so that who stands before several devices sees which one is meant. Role:
   * operate.
   */
  "device.identify": { params: { for_s?: number }; result: Done };
  /** Tells what time the device has, and who says so. Role: observe. */
  "device.time": { params: Nothing; result: DeviceClock };
  /** Sets the clock, where nobody keeps it right over the network. Role: maintain. */
  "device.set_time": { params: { time_ms: number }; result: DeviceClock };
  /**
   * Restarts the machine, in order; the reply says that whoever is in charge of it has taken the request. Role:
   * maintain.
   */
  "device.reboot": { params: Nothing; result: Done };
  /** Switches the machine off, in order. Somebody has to go there to switch it on again. Role: maintain. */
  "device.shutdown": { params: Nothing; result: Done };
  /** Ends safe mode: camera, microphone and encoder are started as configured. Role: maintain. */
  "device.leave_safe_mode": { params: Nothing; result: Done };
  /** Lists the cameras of this device. Role: observe. */
  "camera.list": { params: Nothing; result: CameraList };
  /** Lists what the camera in use can deliver. Role: observe. */
  "camera.modes": { params: Nothing; result: CameraModes };
  /** Lists the controls of the camera in use with their values. Role: observe. */
  "camera.controls": { params: Nothing; result: CameraControls };
  /** Sets one control of the camera and tells the value that it then has. Role: operate. */
  "camera.set_control": { params: { name: string; value?: ControlValue }; result: Control };
  /** Takes a still picture, in its own size or smaller. Role: observe. */
  "camera.snapshot": { params: { longest?: number }; result: Snapshot };
  /**
   * Takes another camera into use, on the same track; one that cannot be had leaves the one before in use. Kept
   * over a restart, until the configuration names another one. Role: operate.
   */
  "camera.select": { params: { camera: string }; result: CameraSelected };
  /** Tells where the camera in use looks: pan, tilt and zoom, where its driver has them. Role: observe. */
  "camera.get_ptz": { params: Nothing; result: Ptz };
  /**
   * Turns and zooms the camera in use, and tells where it looks then. A motor may still be on its way. Role:
   * operate.
   */
  "camera.set_ptz": { params: { pan?: number; relative?: boolean; tilt?: number; zoom?: number }; result: Ptz };
  /**
   * Closes camera and microphone, or opens them again; the tracks stay published with a card and silence. Kept
   * over a restart. Role: operate.
   */
  "camera.privacy": { params: { on: boolean }; result: CameraPrivacy };
  /** Tells what is published as picture. Role: observe. */
  "stream.get": { params: Nothing; result: Stream };
  /** Sets size, frame rate and highest bitrate of the published picture; what is left out stays. Role: operate. */
  "stream.set": { params: { bitrate_kbps?: number; fps?: number; height?: number; width?: number }; result: Stream };
  /** Stops or resumes sending the picture; the track stays published. Role: operate. */
  "stream.mute": { params: { muted: boolean }; result: Stream };
  /** Sends a small stream along with the big one, or no more. Role: operate. */
  "stream.dual": { params: { on: boolean }; result: Stream };
  /** Publishes the screen, where the device captures one; refused where it does not. Role: operate. */
  "stream.screen": { params: { on: boolean }; result: Stream };
  /** Asks the encoder for a key frame. Role: operate. */
  "stream.key_frame": { params: Nothing; result: Done };
  /** Tells what is published as sound. Role: observe. */
  "audio.get": { params: Nothing; result: Audio };
  /** Sets the volume of the microphone. Role: operate. */
  "audio.set_volume": { params: { volume: number }; result: Audio };
  /** Sets quality and purpose of the published sound; what is left out stays. Role: operate. */
  "audio.set_profile": { params: { quality?: AudioQuality; scene?: AudioScene }; result: Audio };
  /** Sets the volume of the speaker, where the device plays sound; refused where it does not. Role: operate. */
  "audio.set_speaker_volume": { params: { volume: number }; result: Audio };
  /**
   * Stops or resumes playing what others say, where the device plays sound; refused where it does not. Role:
   * operate.
   */
  "audio.mute_speaker": { params: { muted: boolean }; result: Audio };
  /**
   * Says what is done to the microphone's sound: echo, noise, level, and whether one side talks at a time; what is
   * left out stays. Role: operate.
   */
  "audio.set_voice": { params: { echo?: boolean; gain?: boolean; half_duplex?: boolean; noise?: boolean }; result: Audio };
  /** Stops or resumes sending the sound; the track stays published. Role: operate. */
  "audio.mute": { params: { muted: boolean }; result: Audio };
  /** Begins to record, with the seconds before that are in memory; what is recorded already goes on. Role: operate. */
  "record.start": { params: Nothing; result: RecordStatus };
  /**
   * Ends the recording, also one that the configuration began; until the next `record.start`, or the next start of
   * the device. Role: operate.
   */
  "record.stop": { params: Nothing; result: RecordStatus };
  /** Lists the recordings on the device, newest first, and tells how the recorder stands. Role: observe. */
  "record.list": { params: { before?: string; limit?: number }; result: RecordList };
  /** Brings a part of a recording. Role: operate. */
  "record.fetch": { params: { id: string; length?: number; offset?: number; thumbnail?: boolean }; result: RecordPart };
  /** Deletes a recording that has ended. Role: maintain. */
  "record.delete": { params: { id: string }; result: Done };
  /** Tells what the board has, and how it is: lines, LEDs, buttons, IR-cut filter, fan. Role: observe. */
  "board.info": { params: Nothing; result: BoardInfo };
  /** Reads one line. Role: observe. */
  "board.get_line": { params: { line: string }; result: Line };
  /** Switches an output line, and ends a pulse of it. Role: operate. */
  "board.set_line": { params: { line: string; on: boolean }; result: Line };
  /**
   * Switches an output line for a time, and then the other way; the reply comes when the pulse has begun. Role:
   * operate.
   */
  "board.pulse_line": { params: { line: string; ms: number; on?: boolean }; result: Line };
  /** Lets an LED show a pattern; those that show how the device is are not for commands. Role: operate. */
  "board.set_led": { params: { led: string; pattern: LedPattern }; result: Led };
  /** Says who decides about the IR-cut filter: the light, or the caller. Role: operate. */
  "board.set_ir_cut": { params: { mode: IrCutMode }; result: IrCut };
  /** Tells what the machine's thermometers say. Role: observe. */
  "board.temperature": { params: Nothing; result: Temperatures };
  /** Tells whether heat or a weak supply slows the machine down. Role: observe. */
  "board.throttling": { params: Nothing; result: Throttling };
  /**
   * Subscribes to `board.press`, or ends that: the same as `event.subscribe` and `event.unsubscribe` for it, but
   * refused without buttons. Role: observe.
   */
  "board.watch": { params: { on: boolean }; result: Done };
  /** Tells the last log lines, oldest first. Role: maintain. */
  "log.tail": { params: { after?: number; level?: LogLevel; lines?: number; part?: string }; result: LogLines };
  /** Changes for a time how much is logged, by the whole daemon or one part of it. Role: maintain. */
  "log.set_level": { params: { for_s?: number; level?: LogLevel; part?: string }; result: LogLevels };
  /** Tells how the network is: interfaces, ways out, and the way to the channel. Role: observe. */
  "net.status": { params: Nothing; result: NetStatus };
  /**
   * Looks whether the server that the device joins, or a STUN server, can be reached. Takes up to eight seconds.
   * Role: maintain.
   */
  "net.probe": { params: { stun?: string }; result: Probed };
  /**
   * Tells the configuration in force, with the layer that each value comes from; secrets are left out. Role:
   * maintain.
   */
  "config.get": { params: { keys?: string[] }; result: ConfigSettings };
  /**
   * Sets values of the configuration, all or none; what may cut off the caller is rolled back by itself unless it
   * is confirmed. `control` needs the role own. Role: maintain.
   */
  "config.set": { params: { values: Record<string, unknown>; confirm_within_s?: number }; result: ConfigChanged };
  /**
   * Forgets what was set by command, all or single keys and sections; without the role own, `control` stays. Role:
   * maintain.
   */
  "config.reset": { params: { confirm_within_s?: number; keys?: string[] }; result: ConfigChanged };
  /** Keeps the change that is on trial. Role: maintain. */
  "config.confirm": { params: Nothing; result: Done };
  /** Rolls back the change that is on trial. Role: maintain. */
  "config.rollback": { params: Nothing; result: Done };
  /** Tells how the device is meant to be, how it is, and the difference. Role: observe. */
  "state.get": { params: Nothing; result: StateDocument };
  /**
   * Says how the device is meant to be, also after it was away or has started again; a stale version is refused
   * with the current one. Role: maintain.
   */
  "state.set_desired": { params: { desired: StateParts; if_version?: number }; result: StateDocument };
  /** Looks into a bundle: what it is, whether its signature is good, whether it is for this device. Role: maintain. */
  "update.check": { params: { bundle: string }; result: UpdateChecked };
  /**
   * Installs a bundle into the slot that is not running, as a job; the next start runs it. Cancelled, it leaves
   * that slot unusable. Role: maintain.
   */
  "update.install": { params: { bundle: string }; result: Started };
  /**
   * Tells how the update stands: what is being installed, which slots there are, and which one the next start
   * boots from. Role: maintain.
   */
  "update.progress": { params: Nothing; result: UpdateProgress };
  /** Marks the system that runs as good, so that the boot loader stays with it. Role: maintain. */
  "update.confirm": { params: Nothing; result: UpdateMarked };
  /** Lets the next start boot the other system. Role: maintain. */
  "update.rollback": { params: Nothing; result: UpdateMarked };
  /** Lists the jobs that are under way or ended not long ago. Role: observe. */
  "job.list": { params: Nothing; result: List };
  /** Tells how a job is. Role: observe. */
  "job.status": { params: { job: string }; result: Job };
  /** Asks a job to end; that it has ended is told by its state. Role: operate. */
  "job.cancel": { params: { job: string }; result: Job };
  /**
   * Sends what happens to the caller from now on, as notifications, until it leaves or unsubscribes; tells all its
   * subscriptions. Role: observe.
   */
  "event.subscribe": { params: { topics: Topic[] }; result: Topics };
  /** Ends subscriptions of the caller and tells those that remain. Role: observe. */
  "event.unsubscribe": { params: { topics: Topic[] }; result: Topics };
  /**
   * Makes an address of the viewer page with a new token; answered on the device's own unix socket only. Role:
   * own.
   */
  "viewer.address": { params: Nothing; result: ViewerAddress };
  /**
   * Tells what a signed command must name: device, join, nonce, time; and the caller's role. Where the device has
   * keys, anybody may ask. Role: observe.
   */
  "auth.session": { params: Nothing; result: Session };
  /** Lists the keys for signed commands. Role: maintain. */
  "auth.keys": { params: Nothing; result: Keys };
  /** Puts another key in the place of one, for good; signed, or on the device's own unix socket. Role: own. */
  "auth.rotate_key": { params: { key: string; name: string }; result: Keys };
  /** Takes everything from a key, for good; signed, or on the device's own unix socket. Role: own. */
  "auth.revoke_key": { params: { name: string }; result: Keys };
  /** Tells who did what, from the newest line back: as much as the device has in memory. Role: maintain. */
  "audit.tail": { params: { before?: number; lines?: number }; result: Lines };
  /**
   * Carries a signed command, and answers what that answers. Where the device has keys, anybody may send one: its
   * key says in which role. Role: observe.
   */
  "rpc.signed": { params: { jws: string }; result: Inner };
  /** Answers this list of methods as an OpenRPC document. Role: observe. */
  "rpc.discover": { params: Nothing; result: Discovery };
}

export type Method = keyof Methods;

/** Methods that are answered on the device's own unix socket only. */
export const LOCAL: readonly Method[] = ["viewer.address"];

/** What a device sends unasked: the method and its parameters. */
export interface Notifications {
  /** A button of the board went down or up. */
  "board.button": ButtonPress;
  /** A job has come on, or ended. Who asked for the job is told without a subscription. */
  "job.progress": Job;
  /** The camera is lost, back, closed for privacy, or in another state than before. */
  "camera.changed": Source;
  /**
   * A network interface, its addresses or a default route are others than before; the way to the channel is not
   * told.
   */
  "net.changed": NetStatus;
  /** Values of the configuration are others than before: set, reset, confirmed or rolled back. */
  "config.changed": ConfigChangedEvent;
  /** Another wish for how the device is to be was kept. */
  "state.changed": StateChangedEvent;
  /** Something moves in the picture, or no more; where `[detect] motion` is on. */
  "motion.changed": MotionChangedEvent;
  /** It is louder than usual, or no more; where `[detect] sound` is on. */
  "sound.changed": SoundChangedEvent;
  /** Something has been done to the camera, or all is well again; where `[detect] tamper` is on. */
  "tamper.changed": TamperChangedEvent;
  /** An input line moved that the board's profile has watched (`watch = true`), or is on at the start. */
  "line.changed": LineChangedEvent;
  /**
   * Recording began or ended, or stands still: the day's budget is used up, or the medium refuses or hangs; where
   * `[record] when` says anything.
   */
  "record.changed": RecordChangedEvent;
}

/** Data topic of commands, replies and notifications. */
export const RPC_TOPIC = "artc.rpc";
/** Byte stream topic of snapshots. */
export const SNAPSHOT_TOPIC = "artc.snapshot";
/** Byte stream topic of parts of recordings. */
export const RECORD_TOPIC = "artc.record";

/** Error codes of a device's replies; JSON-RPC's own are below zero. */
export const Code = {
  /** The message is not JSON. */
  ParseError: -32700,
  /** The device made a mistake of its own. */
  InternalError: -32603,
  /** The parameters do not fit the method. */
  InvalidParams: -32602,
  /** There is no such method. */
  MethodNotFound: -32601,
  /** The message is JSON, but no JSON-RPC 2.0 request. */
  InvalidRequest: -32600,
  /** The caller may not do this. */
  NotAllowed: 2001,
  /** The caller sends more messages a second than it may. */
  RateLimited: 2002,
  /** The caller has too many unanswered requests. */
  TooManyInFlight: 2003,
  /** The message is longer than it may be. */
  MessageTooLarge: 2004,
  /** What the command is about is not there, or not in a state for it. */
  NotAvailable: 2005,
  /** The device was asked and answered with an error. */
  DeviceFailed: 2006,
  /** A value is outside of what is possible. */
  OutOfRange: 2007,
  /** The id is that of another request of the same caller: one that is still unanswered, or one that was run not long ago. */
  DuplicateId: 2008,
  /** The command did not finish in time; it may still take effect. */
  TimedOut: 2009,
  /** The reply is longer than a message may be. */
  ReplyTooLarge: 2010,
  /** There is no thing of that name. */
  UnknownName: 2011,
  /** The method is answered on the device's own unix socket only. */
  LocalOnly: 2012,
  /** The command was run already, and what was answered then is not kept any more. */
  ReplyGone: 2013,
  /** The document has another version than the caller knows. */
  StaleVersion: 2020,
  /** The device takes this only as a signed command. */
  SignatureRequired: 2030,
  /** The envelope, its key or its signature is not right. */
  BadSignature: 2031,
  /** The signed command is for another device, another join, or has no fresh nonce. */
  NotForHere: 2032,
  /** The signed command has ended, or begins later. */
  Expired: 2033,
  /** The signed command came before, or another of the same key that was signed after it. */
  Replayed: 2034,
  /** Nothing brings back what this ends: it has to be asked for a second time. */
  ConfirmationNeeded: 2035,
} as const;
