/**
 * The chosen camera as the page knows it: what it told, refreshed while somebody looks, and the commands to change it.
 */

import type { Channel } from "./channel";
import { Emitter } from "./emitter";
import { Refused, RpcClient, Unanswered, type Exchange, type Notification } from "./rpc";
import { Code, type Audio, type Control, type ControlValue, type DeviceInfo, type DeviceStatus, type Methods, type Mode, type Snapshot, type Stream } from "./wire";

/** Milliseconds between two looks at the device while the page is visible. */
const LOOK_AGAIN = 2500;
/** A snapshot may have to wait for the next frame and a JPEG encoder. */
const SNAPSHOT_TIMEOUT = 10_000;

export interface CameraEvents {
  /** The camera is there and in reach of commands, or not. */
  reachable: boolean;
  info: DeviceInfo;
  status: DeviceStatus;
  modes: { modes: Mode[]; current?: Mode };
  controls: Control[];
  stream: Stream;
  audio: Audio;
  /** A part was asked for: why it could not be read, if it could not. */
  read: { part: Part; error: Refused | Unanswered | undefined };
  exchange: Exchange;
  notification: Notification;
}

export type Part = "info" | "status" | "modes" | "controls" | "stream" | "audio";
type Empty = Record<string, never>;
type Question = { [M in keyof Methods]: Methods[M]["params"] extends Empty ? M : never }[keyof Methods];

const QUESTIONS: Record<Part, Question> = {
  info: "device.info",
  status: "device.status",
  stream: "stream.get",
  audio: "audio.get",
  modes: "camera.modes",
  controls: "camera.controls",
};

export class CameraModel extends Emitter<CameraEvents> {
  readonly #rpc: RpcClient;
  #present = false;
  #connected = false;
  #reachable = false;
  /** Newest wanted value of each control whose command is under way. */
  readonly #wanted = new Map<string, { value: ControlValue | undefined; fresh: boolean }>();
  /** Parts that this viewer may not read; asking over and over would only fill the device's log. */
  readonly #forbidden = new Set<Part>();
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(channel: Channel) {
    super();
    this.#rpc = new RpcClient((bytes) => channel.send(bytes), {
      observe: (exchange) => this.emit("exchange", exchange),
      notified: (notification) => {
        this.emit("notification", notification);
        this.refresh("status", "stream", "controls");
      },
    });
    channel.on("message", (bytes) => this.#rpc.receive(bytes));
    channel.on("camera", (identity) => {
      // Answers of the one before must not be taken for those of the new one.
      this.#rpc.close("the camera left the channel");
      this.#present = identity !== undefined;
      this.#reachable = false;
      this.#reach();
    });
    channel.on("phase", ({ kind }) => {
      this.#connected = kind === "connected";
      if (kind !== "connected" && kind !== "reconnecting") this.#rpc.close("the connection to the room was lost");
      this.#reach();
    });
  }

  /** Asks the device again for these parts, or for all. */
  refresh(...parts: Part[]): void {
    if (!this.#reachable) return;
    for (const part of parts.length > 0 ? parts : (Object.keys(QUESTIONS) as Part[])) void this.#read(part);
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
    await this.#thenRefresh(this.#rpc.call("stream.set", params), "stream", "modes");
  }

  async mutePicture(muted: boolean): Promise<void> {
    await this.#thenRefresh(this.#rpc.call("stream.mute", { muted }), "stream");
  }

  async muteSound(muted: boolean): Promise<void> {
    await this.#thenRefresh(this.#rpc.call("audio.mute", { muted }), "audio");
  }

  async setVolume(volume: number): Promise<void> {
    await this.#thenRefresh(this.#rpc.call("audio.set_volume", { volume }), "audio");
  }

  async keyFrame(): Promise<void> {
    await this.#rpc.call("stream.key_frame");
  }

  snapshot(): Promise<Snapshot> {
    return this.#rpc.call("camera.snapshot", {}, { timeout: SNAPSHOT_TIMEOUT });
  }

  async #thenRefresh(command: Promise<unknown>, ...parts: Part[]): Promise<void> {
    try {
      await command;
    } finally {
      this.refresh(...parts);
    }
  }

  #reach(): void {
    const reachable = this.#present && this.#connected;
    if (reachable === this.#reachable) {
      this.emit("reachable", reachable);
      return;
    }
    this.#reachable = reachable;
    this.#forbidden.clear();
    this.emit("reachable", reachable);
    clearTimeout(this.#again);
    if (!reachable) return;
    this.refresh();
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#again = setTimeout(() => {
      const parts = (["status", "stream", "audio"] as const).filter((part) => !this.#forbidden.has(part));
      if (!document.hidden && parts.length > 0) this.refresh(...parts);
      this.#lookAgain();
    }, LOOK_AGAIN);
  }

  async #read(part: Part): Promise<void> {
    try {
      const answer = await this.#rpc.call(QUESTIONS[part], {}, { quiet: true });
      this.emit("read", { part, error: undefined });
      if (part === "controls") this.emit("controls", (answer as Methods["camera.controls"]["result"]).controls);
      else this.emit(part, answer as never);
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unanswered)) throw error;
      if (error instanceof Unanswered && error.reason === "closed") return;
      if (error instanceof Refused && error.code === Code.NotAllowed) this.#forbidden.add(part);
      this.emit("read", { part, error });
    }
  }
}
