/** A camera that exists only here: answers every command as a device would, and draws its own picture. */

import type { BoardInfo, Control, ControlValue, DeviceStatus, Stream } from "artc-edge-client/methods";

interface Request {
  id: number;
  method: string;
  params: Record<string, unknown>;
}

export class MadeUpCamera {
  readonly #controls: Control[] = controls();
  readonly #began = performance.now();
  readonly #stream: Stream = {
    width: 1280,
    height: 720,
    fps: 30,
    bitrate_kbps: 2500,
    muted: false,
    published: true,
    watched: true,
    encoder: "openh264",
    sent: { width: 1280, height: 720, fps: 30, bitrate_kbps: 2310 },
    limits: { max_long_side: 1920, max_short_side: 1088, min_side: 64, min_fps: 1, max_fps: 120, min_bitrate_kbps: 50, max_bitrate_kbps: 20000 },
  };
  readonly #audio = { source: "Brio 100 Analog", rate: 48000, channels: 2, volume: 80, muted: false, published: true, mixer: true };
  readonly #board: BoardInfo = {
    name: "gate",
    profile: "gate",
    support: "tested",
    buttons: [],
    lines: [
      { name: "door", output: true, on: false, safe: false },
      { name: "bell", output: false, on: false },
    ],
    leds: [{ name: "red", shows: "off" }, { name: "green", shows: "on", owner: "status LED" }],
  };
  #private = false;
  #canvas: HTMLCanvasElement | undefined;
  #track: MediaStreamTrack | undefined;

  constructor(
    readonly state: string,
    readonly reply: (bytes: Uint8Array) => void,
    readonly sendFile: (name: string, bytes: Blob) => void,
    readonly muted: (muted: boolean) => void,
  ) {}

  picture(): MediaStreamTrack {
    if (this.#track) return this.#track;
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [1280, 720];
    this.#canvas = canvas;
    const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
    const draw = () => {
      const t = performance.now() / 1000;
      ["#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0", "#c00000", "#0000c0"].forEach((colour, i) => {
        pen.fillStyle = colour;
        pen.fillRect((i * 1280) / 7, 0, 1280 / 7 + 1, 720);
      });
      pen.fillStyle = "#000000b0";
      pen.fillRect(380, 290, 520, 130);
      pen.fillStyle = "#ffffff";
      pen.font = "600 76px system-ui";
      pen.fillText(new Date().toISOString().slice(11, 22), 428, 382);
      pen.beginPath();
      pen.arc(640 + 420 * Math.sin(t), 560, 46, 0, 7);
      pen.fill();
      requestAnimationFrame(draw);
    };
    draw();
    this.#track = canvas.captureStream(30).getVideoTracks()[0] as MediaStreamTrack;
    return this.#track;
  }

  sound(): MediaStreamTrack {
    return new AudioContext().createMediaStreamDestination().stream.getAudioTracks()[0] as MediaStreamTrack;
  }

  receive(bytes: Uint8Array): void {
    const request = JSON.parse(new TextDecoder().decode(bytes)) as Request;
    let answer: unknown;
    try {
      const forbidden = this.state === "forbidden" && `viewer-3f2a may not call ${request.method}`;
      if (forbidden) throw refusal(2001, forbidden, "not_allowed", "name the identity and the method under [control.allow] of the device's configuration");
      answer = { result: this.#carryOut(request) };
    } catch (error) {
      answer = { error };
    }
    const message = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id: request.id, ...(answer as object) }));
    setTimeout(() => this.reply(message), 2 + Math.random() * 3);
  }

  #carryOut({ method, params }: Request): unknown {
    switch (method) {
      case "device.info":
        return { name: "Front door", version: "0.1.0", board: "generic", architecture: "x86_64", kernel: "6.12.48", engine: "open", channel: "front-door", identity: "door-cam" };
      case "device.status":
        return this.#status();
      case "camera.modes":
        return { modes: modes(), current: { format: "MJPG", width: 1280, height: 720, fps: [30] } };
      case "camera.controls":
        return { controls: this.state === "bare" ? [] : this.#controls };
      case "camera.set_control":
        return this.#set(params["name"] as string, params["value"] as ControlValue | undefined);
      case "camera.privacy":
        this.#private = params["on"] === true;
        return { on: this.#private };
      case "board.info":
        return this.state === "bare" ? { ...this.#board, lines: [], leds: [] } : this.#board;
      case "board.set_line":
        return Object.assign(this.#board.lines.find(({ name }) => name === params["line"]) ?? {}, { on: params["on"] });
      case "board.set_led":
        return Object.assign(this.#board.leds.find(({ name }) => name === params["led"]) ?? {}, { shows: params["pattern"] });
      case "camera.snapshot":
        return this.#snapshot();
      case "stream.get":
        return this.#stream;
      case "stream.set":
        Object.assign(this.#stream, params);
        Object.assign(this.#stream.sent, params);
        return this.#stream;
      case "stream.mute":
        this.#stream.muted = params["muted"] as boolean;
        this.muted(this.#stream.muted);
        return this.#stream;
      case "audio.get":
        return this.#audio;
      case "audio.set_volume":
      case "audio.mute":
        return Object.assign(this.#audio, params);
      default:
        return {};
    }
  }

  #status(): DeviceStatus {
    const seconds = (performance.now() - this.#began) / 1000;
    const lost = this.state === "lost";
    const frames = Math.round(seconds * 30) + 1_204_551;
    return {
      uptime_s: 40_155 + Math.round(seconds),
      time_ms: Date.now(),
      connection: "connected",
      participants: 2,
      camera: { name: "Brio 100", state: lost ? "lost" : this.#private ? "private" : "live", ...(lost && { reason: "/dev/video0 was unplugged" }), grabbed: frames, broken: 3, dropped: 12, pushed: frames - 15, recovered: 1 },
      microphone: { name: "Brio 100 Analog", state: "live", grabbed: Math.round(seconds * 100), broken: 0, dropped: 0, pushed: Math.round(seconds * 100), recovered: 0 },
      room: {
        viewers: 2,
        tracks: 2,
        sent: { packets: Math.round(seconds * 540) + 912_000, bytes: Math.round(seconds * 580_000) + 960_400_000 },
        received: { packets: Math.round(seconds * 30) + 48_000, bytes: Math.round(seconds * 3_000) + 4_100_000 },
        dropped: 12,
        strangers: 0,
        refused: { "token: expired": 3 },
      },
      cpu_ms: 6_000_000 + seconds * 190,
      memory_kib: 27_900,
      temperature_c: 51.4,
    };
  }

  #set(name: string, value: ControlValue | undefined): unknown {
    const control = this.#controls.find((each) => each.name === name);
    if (!control) throw refusal(2011, `there is no control ${name}`, "unknown_name", "camera.controls tells the names");
    if (name === "sharpness" && Number(value) > 200) throw refusal(2007, `sharpness is ${control.min} to 200 in this mode, not ${value}`, "out_of_range", "camera.controls tells the ranges");
    if (value !== undefined) control.value = value;
    for (const other of this.#controls) if (other.name === "white_balance_temperature") other.inactive = this.#controls.find((each) => each.name === "white_balance_automatic")?.value === true;
    return control;
  }

  #snapshot(): unknown {
    const name = `snapshot-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.jpg`;
    this.#canvas?.toBlob((blob) => blob && this.sendFile(name, blob), "image/jpeg", 0.9);
    return { name, mime: "image/jpeg", bytes: 183_000 };
  }
}

function refusal(code: number, message: string, name: string, remedy: string): unknown {
  return { code, message, data: { name, remedy } };
}

function modes() {
  const sizes = [[1920, 1080], [1280, 720], [960, 540], [640, 480], [640, 360], [320, 240]];
  return ["MJPG", "YUYV"].flatMap((format) => sizes.map(([width, height]) => ({ format, width: width as number, height: height as number, fps: format === "MJPG" ? [60, 30, 24, 15] : [30, 15, 7.5] })));
}

function controls(): Control[] {
  const number = (id: number, name: string, label: string, value: number, min: number, max: number, normal: number, step = 1): Control => ({ id, name, label, kind: "integer", value, default: normal, min, max, step });
  return [
    number(0x980900, "brightness", "Brightness", 128, 0, 255, 128),
    number(0x980901, "contrast", "Contrast", 142, 0, 255, 128),
    number(0x980902, "saturation", "Saturation", 128, 0, 255, 128),
    { id: 0x98090c, name: "white_balance_automatic", label: "White Balance, Automatic", kind: "boolean", value: true, default: true, min: 0, max: 1, step: 1 },
    { ...number(0x98091a, "white_balance_temperature", "White Balance Temperature", 4600, 2000, 7500, 4000, 10), inactive: true },
    { id: 0x980918, name: "power_line_frequency", label: "Power Line Frequency", kind: "menu", value: 1, default: 2, min: 0, max: 2, step: 1, menu: [{ value: 0, label: "Disabled" }, { value: 1, label: "50 Hz" }, { value: 2, label: "60 Hz" }] },
    number(0x98091b, "sharpness", "Sharpness", 128, 0, 255, 128),
    { id: 0x9a0901, name: "auto_exposure", label: "Auto Exposure", kind: "menu", value: 3, default: 3, min: 0, max: 3, step: 1, menu: [{ value: 1, label: "Manual Mode" }, { value: 3, label: "Aperture Priority Mode" }] },
    number(0x9a0902, "exposure_time_absolute", "Exposure Time, Absolute", 250, 3, 2047, 250),
    number(0x9a0908, "pan_absolute", "Pan, Absolute", 0, -36000, 36000, 0, 3600),
    { id: 0x9a0911, name: "autofocus_now", label: "Auto Focus, Start", kind: "button", min: 0, max: 0, step: 0 },
    { id: 0x9a0998, name: "mask", label: "Region mask", kind: "bitmask", value: 5, default: 0, min: 0, max: 255, step: 1 },
    { id: 0x9a0997, name: "privacy", label: "Privacy", kind: "boolean", value: false, default: false, min: 0, max: 1, step: 1, read_only: true },
  ];
}
