/**
 * The chosen camera as the page knows it: what it told, refreshed while somebody looks, and the commands to change it.
 */

import type { Channel } from "./channel";
import { Clock } from "./clock";
import { Emitter } from "./emitter";
import { Refused, RpcClient, Unanswered, type Exchange, type Notification } from "artc-edge-client/rpc";
import { Code, type Audio, type BoardInfo, type Control, type ControlValue, type DeviceInfo, type DeviceStatus, type Methods, type Mode, type Snapshot, type Source, type Stream } from "artc-edge-client/methods";

/** Milliseconds between two looks at the device while the page is visible. */
const LOOK_AGAIN = 2500;
/** What the page asks by itself is asked again soon, so there is no point in waiting long. */
const READ_TIMEOUT = 2000;
/** How long the first questions wait, in ms; the last one stays. */
const HELLO_TIMEOUTS = [400, 800, 1600, 3000];
/** A snapshot may have to wait for the next frame and a JPEG encoder. */
const SNAPSHOT_TIMEOUT = 10_000;

export interface CameraEvents {
  /** The camera answers commands, is being asked for the first time, or is not there to be asked. */
  reach: Reach;
  info: DeviceInfo;
  status: DeviceStatus;
  modes: { modes: Mode[]; current?: Mode };
  controls: Control[];
  stream: Stream;
  audio: Audio;
  board: BoardInfo;
  /** A part was asked for: why it could not be read, if it could not. */
  read: { part: Part; error: Refused | Unanswered | undefined };
  exchange: Exchange;
  notification: Notification;
}

export type Reach = "none" | "asking" | "answers";
export type Part = "info" | "status" | "modes" | "controls" | "stream" | "audio" | "board";
type Empty = Record<string, never>;
type Question = { [M in keyof Methods]: Methods[M]["params"] extends Empty ? M : never }[keyof Methods];

const QUESTIONS: Record<Part, Question> = {
  info: "device.info",
  status: "device.status",
  stream: "stream.get",
  audio: "audio.get",
  modes: "camera.modes",
  controls: "camera.controls",
  board: "board.info",
};

const PARTS = Object.keys(QUESTIONS) as Part[];

export class CameraModel extends Emitter<CameraEvents> {
  /** How the device's clock goes against this machine's. */
  readonly clock = new Clock();
  readonly #rpc: RpcClient;
  #present = false;
  #allowed = true;
  #connected = false;
  #reach: Reach = "none";
  /** Counts the times that the camera came in reach, so that a late answer of an earlier time changes nothing. */
  #round = 0;
  /** Newest wanted value of each control whose command is under way. */
  readonly #wanted = new Map<string, { value: ControlValue | undefined; fresh: boolean }>();
  /** Parts that could not be read yet. */
  readonly #missing = new Set<Part>();
  /** Parts that this viewer may not read; asking over and over would only fill the device's log. */
  readonly #forbidden = new Set<Part>();
  #source: string | undefined;
  /** The board has something that may have moved since it was asked. */
  #boardMoves = false;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: Channel) {
    super();
    this.#rpc = new RpcClient((bytes) => channel.send(bytes), {
      observe: (exchange) => this.emit("exchange", exchange),
      notified: (notification) => {
        this.emit("notification", notification);
        this.refresh("status", "stream", "controls", ...this.#boardToo());
      },
    });
    channel.on("message", (bytes) => this.#rpc.receive(bytes));
    channel.on("camera", (identity) => {
      // Answers of the one before must not be taken for those of the new one.
      this.#rpc.close("the camera left the channel");
      this.#present = identity !== undefined;
      this.#change(true);
    });
    channel.on("mayCommand", (may) => {
      this.#allowed = may;
      this.#change(false);
    });
    channel.on("phase", ({ kind }) => {
      this.#connected = kind === "connected";
      if (kind !== "connected" && kind !== "reconnecting") this.#rpc.close("the connection to the room was lost");
      this.#change(false);
    });
  }

  /** Asks the device again for these parts, or for all. */
  refresh(...parts: Part[]): void {
    if (this.#reach !== "answers") return;
    for (const part of parts.length > 0 ? parts : PARTS) void this.#read(part);
  }

  /**
   * Sets a control. While one command for it is under way only the newest value waits: dragging a slider sends as fast as the
   * camera answers and not faster.
   */
  async setControl(name: string, value: ControlValue | undefined): Promise<void> {
    const waiting = this.#wanted.get(name);
    if (waiting) {
      Object.assign(waiting, { value, fresh: true });
      return;
    }
    const wanted = { value, fresh: true };
    this.#wanted.set(name, wanted);
    try {
      while (wanted.fresh) {
        wanted.fresh = false;
        try {
          await this.#rpc.call("camera.set_control", wanted.value === undefined ? { name } : { name, value: wanted.value });
        } catch (error) {
          // A newer value may still be right where this one was refused.
          if (!wanted.fresh || error instanceof Unanswered) throw error;
        }
      }
    } finally {
      this.#wanted.delete(name);
      // One control may switch another one on or off, or round what was asked for; refused values must go back.
      this.refresh("controls");
    }
  }

  async setStream(params: Methods["stream.set"]["params"]): Promise<void> {
    this.emit("stream", await this.#rpc.call("stream.set", params));
    // Encoder and camera take a moment; what is really sent comes with the next looks.
    this.refresh("modes");
  }

  async mutePicture(muted: boolean): Promise<void> {
    this.emit("stream", await this.#rpc.call("stream.mute", { muted }));
  }

  async muteSound(muted: boolean): Promise<void> {
    this.emit("audio", await this.#rpc.call("audio.mute", { muted }));
  }

  async setVolume(volume: number): Promise<void> {
    this.emit("audio", await this.#rpc.call("audio.set_volume", { volume }));
  }

  async setPrivacy(on: boolean): Promise<void> {
    await this.#rpc.call("camera.privacy", { on });
    this.refresh("status");
  }

  async setLine(line: string, on: boolean): Promise<void> {
    await this.#rpc.call("board.set_line", { line, on });
    this.refresh("board");
  }

  async setLed(led: string, on: boolean): Promise<void> {
    await this.#rpc.call("board.set_led", { led, pattern: on ? "on" : "off" });
    this.refresh("board");
  }

  async keyFrame(): Promise<void> {
    await this.#rpc.call("stream.key_frame");
  }

  snapshot(): Promise<Snapshot> {
    return this.#rpc.call("camera.snapshot", {}, { timeout: SNAPSHOT_TIMEOUT });
  }

  /** Follows channel and connection; `other` when it is another camera than before. */
  #change(other: boolean): void {
    const there = this.#present && this.#connected && this.#allowed;
    if (!other && there === (this.#reach !== "none")) return;
    this.#round += 1;
    clearTimeout(this.#again);
    this.#tell(there ? "asking" : "none");
    if (there) void this.#hello(this.#round);
  }

  /**
   * Asks until the first answer. Messages may get lost while the data channels behind a connection are still being opened on the
   * way; a question may be repeated, a person's command may not, so none is sent before.
   */
  async #hello(round: number): Promise<void> {
    for (let i = 0; round === this.#round; i += 1) {
      const timeout = HELLO_TIMEOUTS[Math.min(i, HELLO_TIMEOUTS.length - 1)] ?? READ_TIMEOUT;
      try {
        await this.#rpc.call("device.status", {}, { quiet: true, timeout });
        break;
      } catch (error) {
        // No is an answer too.
        if (error instanceof Refused) break;
        if (error instanceof Unanswered && error.reason !== "timeout") await new Promise((resolve) => setTimeout(resolve, timeout));
      }
    }
    if (round !== this.#round) return;
    this.clock.forget();
    this.#source = undefined;
    this.#boardMoves = false;
    this.#forbidden.clear();
    for (const part of PARTS) this.#missing.add(part);
    this.#tell("answers");
    this.refresh();
    this.#lookAgain();
  }

  #boardToo(): Part[] {
    return this.#boardMoves ? ["board"] : [];
  }

  #tell(reach: Reach): void {
    this.#reach = reach;
    this.emit("reach", reach);
  }

  #lookAgain(): void {
    this.#again = setTimeout(() => {
      const due = new Set<Part>(["status", "stream", "audio", ...this.#boardToo(), ...this.#missing]);
      const parts = [...due].filter((part) => !this.#forbidden.has(part));
      if (!document.hidden && parts.length > 0) this.refresh(...parts);
      this.#lookAgain();
    }, LOOK_AGAIN);
  }

  /** Another camera, or one that came back, has other modes and controls. */
  #compare({ name, state }: Source): void {
    const now = `${name} ${state}`;
    const before = this.#source;
    this.#source = now;
    if (before !== undefined && before !== now) this.refresh("modes", "controls");
  }

  async #read(part: Part): Promise<void> {
    const now = () => performance.timeOrigin + performance.now();
    const sent = now();
    try {
      const answer = await this.#rpc.call(QUESTIONS[part], {}, { quiet: true, timeout: READ_TIMEOUT });
      this.#missing.delete(part);
      this.emit("read", { part, error: undefined });
      if (part === "controls") this.emit("controls", (answer as Methods["camera.controls"]["result"]).controls);
      else this.emit(part, answer as never);
      if (part === "board") {
        const { lines, leds } = answer as BoardInfo;
        this.#boardMoves = lines.length + leds.length > 0;
      }
      if (part === "status") {
        const { camera, time_ms: device } = answer as DeviceStatus;
        if (device !== undefined) this.clock.look(sent, device, now());
        this.#compare(camera);
      }
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unanswered)) throw error;
      if (error instanceof Unanswered && error.reason === "closed") return;
      if (error instanceof Refused && error.code === Code.NotAllowed) this.#forbidden.add(part);
      this.emit("read", { part, error });
    }
  }
}
