/**
 * The page against a made-up camera: for working on its looks without a device (`npm run dev`, then /dev/).
 *
 * `/dev/?state=...` shows one of the states below; without it everything is well.
 */

import { startPage } from "../src/app";
import type { Channel, ChannelEvents, Media, Person } from "../src/channel";
import { Emitter } from "../src/emitter";
import { NO_TOKEN, leaveProblem } from "../src/problem";
import { MadeUpCamera } from "./camera";

const state = new URLSearchParams(location.search).get("state") ?? "live";

class MadeUpChannel extends Emitter<ChannelEvents> implements Channel {
  readonly name = "front-door";
  readonly #camera = new MadeUpCamera(
    state,
    (bytes) => this.emit("message", bytes),
    (name, bytes) => this.emit("file", { topic: "artc.snapshot", name, mime: "image/jpeg", bytes }),
    (muted) => this.#picture(muted),
  );

  start(): void {
    switch (state) {
      case "connecting":
        return;
      case "no-token":
        return this.emit("phase", { kind: "stopped", problem: NO_TOKEN });
      case "elsewhere":
        return this.emit("phase", { kind: "stopped", problem: leaveProblem(2) ?? NO_TOKEN });
      case "unreachable":
        return this.emit("phase", {
          kind: "waiting",
          wait: 4000,
          problem: {
            title: "The room cannot be reached",
            advice: "Is artc-edge running, and is this machine on its network? The page tries again by itself.",
            detail: "could not establish signal connection: Failed to fetch",
            final: false,
            action: "Try now",
          },
        });
    }
    this.emit("phase", { kind: "connected" });
    if (state === "empty") return this.emit("people", people().slice(0, 1));
    this.emit("mayCommand", state !== "watching");
    this.emit("camera", "door-cam");
    this.emit("people", people());
    this.#picture(false);
    this.emit("sound", media(this.#camera.sound(), false));
    if (state === "silenced") this.emit("silenced", true);
    if (state === "reconnecting") setTimeout(() => this.emit("phase", { kind: "reconnecting" }), 1500);
  }

  retry(): void {
    location.search = "";
  }

  choose(): void {
    // There is only one.
  }

  async talk(on: boolean): Promise<void> {
    this.emit("talking", on);
  }

  async playSound(): Promise<void> {
    this.emit("silenced", false);
  }

  async send(bytes: Uint8Array): Promise<void> {
    this.#camera.receive(bytes);
  }

  #picture(muted: boolean): void {
    this.emit("picture", media(this.#camera.picture(), muted));
  }
}

function media(track: MediaStreamTrack, muted: boolean): Media {
  const began = performance.now();
  return {
    muted,
    track,
    attach: (element) => {
      element.srcObject = new MediaStream([track]);
      void element.play().catch(() => undefined);
    },
    detach: (element) => (element.srcObject = null),
    stats: async () => {
      const s = (performance.now() - began) / 1000;
      const wave = 1 + Math.sin(s / 3) / 8;
      return new Map<string, unknown>([
        ["in", { type: "inbound-rtp", bytesReceived: s * 285_000 * wave, framesDecoded: Math.round(s * 30), packetsReceived: s * 300, packetsLost: 0, frameWidth: 1280, frameHeight: 720, jitterBufferDelay: s * 0.9, jitterBufferEmittedCount: s * 30, totalDecodeTime: s * 0.07, freezeCount: 0, decoderImplementation: "FFmpeg" }],
        ["pair", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.0021, localCandidateId: "l" }],
        ["l", { id: "l", type: "local-candidate", protocol: "udp" }],
      ]) as unknown as RTCStatsReport;
    },
    receiver: undefined,
  };
}

function people(): Person[] {
  const person = { self: false, camera: false, chosen: false, picture: "none", sound: "none", speaking: false, quality: "excellent" } as const;
  return [
    { ...person, identity: "viewer-3f2a", name: "viewer-3f2a", self: true },
    { ...person, identity: "door-cam", name: "Front door", camera: true, chosen: true, picture: "sending", sound: "sending", speaking: true },
    { ...person, identity: "viewer-91bc", name: "Ada in the workshop", quality: "poor" },
  ];
}

startPage(new MadeUpChannel(), document, undefined);
