/**
 * What can be said to a camera: every method with its parameters and result, as types.
 *
 * The device's own description is the authority: `rpc.discover` answers it as an OpenRPC document. Members that are optional
 * here may be missing on the wire. Nothing in this file runs, except the two lists at its end.
 */

/** Who the device is; does not change while its daemon runs. */
export interface DeviceInfo {
  name: string;
  version: string;
  board: string;
  architecture: string;
  kernel: string;
  engine: string;
  channel: string;
  identity: string;
}

export type SourceState = "off" | "resting" | "live" | "built_in" | "no_signal" | "lost";

/** What a camera or microphone is doing. Grabbed = broken + dropped + pushed + in flight. */
export interface Source {
  name: string;
  state: SourceState;
  /** Why it is not live. */
  reason?: string;
  grabbed: number;
  broken: number;
  dropped: number;
  pushed: number;
  recovered: number;
}

/** Packets and their bytes. */
export interface Traffic {
  packets: number;
  bytes: number;
}

/** The room that the device serves itself. */
export interface Room {
  /** Who is in it besides the device. */
  viewers: number;
  tracks: number;
  sent: Traffic;
  received: Traffic;
  /** Packets that did not go. */
  dropped: number;
  strangers: number;
  /** By what was refused and why. */
  refused?: Record<string, number>;
}

/** How the device is at this moment. */
export interface DeviceStatus {
  uptime_s: number;
  connection: "idle" | "connecting" | "connected" | "reconnecting" | "failed";
  connection_reason?: string;
  participants: number;
  camera: Source;
  microphone: Source;
  /** Missing where the device publishes to another server. */
  room?: Room;
  cpu_ms: number;
  memory_kib: number;
  temperature_c?: number;
  /** The device's clock when it answered, in milliseconds since 1970. */
  time_ms?: number;
}

export interface Camera {
  /** What `[camera] source` takes; stays the same when the camera is plugged in again. */
  id: string;
  name: string;
  node: string;
  selected: boolean;
  /** Why it cannot be used, when it cannot. */
  note?: string;
}

/** One pixel format and size of a camera with the frame rates that it offers there, highest first. */
export interface Mode {
  format: string;
  width: number;
  height: number;
  fps: number[];
}

export type ControlValue = boolean | number | string;

/** One control of the camera, as its driver describes it. */
export interface Control {
  id: number;
  /** What `camera.set_control` takes. */
  name: string;
  /** What people read. */
  label: string;
  kind: "integer" | "boolean" | "menu" | "bitmask" | "button" | "text" | "other";
  /** Missing for buttons and for what cannot be read. */
  value?: ControlValue;
  default?: ControlValue;
  min: number;
  max: number;
  step: number;
  menu?: { value: number; label: string }[];
  read_only?: boolean;
  /** Overruled by another control at this moment; setting it is refused. */
  inactive?: boolean;
}

/** A still picture: the bytes follow as a LiveKit byte stream of this name on topic `artc.snapshot`. */
export interface Snapshot {
  name: string;
  mime: string;
  bytes: number;
}

/** The published picture: what is asked for, and under `sent` what really goes out. */
export interface Stream {
  width: number;
  height: number;
  fps: number;
  bitrate_kbps: number;
  muted: boolean;
  published: boolean;
  watched: boolean;
  encoder: string;
  sent: { width: number; height: number; fps: number; bitrate_kbps: number };
  limits: {
    max_long_side: number;
    max_short_side: number;
    min_side: number;
    min_fps: number;
    max_fps: number;
    min_bitrate_kbps: number;
    max_bitrate_kbps: number;
  };
}

/** The published sound. */
export interface Audio {
  source: string;
  rate: number;
  channels: number;
  /** 0 to 100; 100 is what the microphone delivers. */
  volume: number;
  muted: boolean;
  published: boolean;
  /** The volume is set in the sound card's own mixer, not in software. */
  mixer: boolean;
}

/** What an LED shows: steady, or milliseconds of light and dark in turns (2, 4, 6 or 8 numbers, each 20 to 60000). */
export type LedPattern = "on" | "off" | number[];

/** A line of the board; `on` is left out where it cannot be told. */
export interface Line {
  name: string;
  /** The relay on it, whose name means the line as well. */
  relay?: string;
  /** It is driven; otherwise it is read. */
  output: boolean;
  on?: boolean;
  /** For outputs: whether it is on when nobody is in charge. */
  safe?: boolean;
  /** What the device itself drives it for; commands do not move it then. */
  owner?: string;
  /** Why it cannot be used, when it cannot. */
  missing?: string;
}

/** An LED of the board. */
export interface Led {
  name: string;
  shows: LedPattern;
  owner?: string;
  missing?: string;
}

/** The IR-cut filter: who decides, whether it is night, and how light it was at last (0 to 255 of the picture, or lux of a sensor). */
export interface IrCut {
  mode: "auto" | "day" | "night";
  night: boolean;
  light?: number;
}

/** What the board has, and how it is. */
export interface BoardInfo {
  profile: string;
  name: string;
  support: string;
  lines: Line[];
  leds: Led[];
  buttons: { name: string; pressed?: boolean; missing?: string }[];
  ir_cut?: IrCut;
  fan?: { runs?: boolean; rpm?: number };
}

/** No parameters. */
export type Nothing = Record<string, never>;

/** Every method: what it takes and what it answers. */
export interface Methods {
  "device.info": { params: Nothing; result: DeviceInfo };
  "device.status": { params: Nothing; result: DeviceStatus };
  "camera.list": { params: Nothing; result: { cameras: Camera[] } };
  "camera.modes": { params: Nothing; result: { modes: Mode[]; current?: Mode } };
  "camera.controls": { params: Nothing; result: { controls: Control[] } };
  "camera.set_control": { params: { name: string; value?: ControlValue }; result: Control };
  "camera.snapshot": { params: Nothing; result: Snapshot };
  "stream.get": { params: Nothing; result: Stream };
  "stream.set": {
    params: { width?: number; height?: number; fps?: number; bitrate_kbps?: number };
    result: Stream;
  };
  "stream.mute": { params: { muted: boolean }; result: Stream };
  "stream.key_frame": { params: Nothing; result: unknown };
  "audio.get": { params: Nothing; result: Audio };
  "audio.set_volume": { params: { volume: number }; result: Audio };
  "audio.mute": { params: { muted: boolean }; result: Audio };
  "board.info": { params: Nothing; result: BoardInfo };
  "board.get_line": { params: { line: string }; result: Line };
  "board.set_line": { params: { line: string; on: boolean }; result: Line };
  "board.pulse_line": { params: { line: string; ms: number; on?: boolean }; result: Line };
  "board.set_led": { params: { led: string; pattern: LedPattern }; result: Led };
  "board.set_ir_cut": { params: { mode: IrCut["mode"] }; result: IrCut };
  "board.temperature": { params: Nothing; result: { sensors: { name: string; celsius: number }[] } };
  "board.throttling": { params: Nothing; result: { throttled: boolean; slowed: string[]; undervoltage?: boolean } };
  "board.watch": { params: { on: boolean }; result: unknown };
  "rpc.discover": { params: Nothing; result: unknown };
}

export type Method = keyof Methods;

/** Data topic of commands, replies and events. */
export const RPC_TOPIC = "artc.rpc";
/** Byte stream topic of snapshots. */
export const SNAPSHOT_TOPIC = "artc.snapshot";

/** Error codes of a device's replies that a program may want to tell apart; JSON-RPC's own are below zero. */
export const Code = {
  NotAllowed: 2001,
  RateLimited: 2002,
  TooManyInFlight: 2003,
  MessageTooLarge: 2004,
  NotAvailable: 2005,
  DeviceFailed: 2006,
  OutOfRange: 2007,
  TimedOut: 2009,
  UnknownName: 2011,
} as const;
