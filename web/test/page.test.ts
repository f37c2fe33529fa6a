import { ConnectionError, DisconnectReason } from "livekit-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { bannerFor, noticeFor, startPage } from "../src/app";
import type { Channel, ChannelEvents, Media, Person } from "../src/channel";
import { Emitter } from "../src/emitter";
import { browserProblem, joinProblem, leaveProblem } from "../src/problem";
import { offeredRates, offeredSizes } from "../src/view/stream";
import type { Stream } from "artc-edge-client/methods";

const CLAIMS = { identity: "v", channel: "c", expires: undefined, invitation: false };
const STREAM: Stream = {
  width: 1280,
  height: 720,
  fps: 30,
  bitrate_kbps: 2500,
  muted: false,
  published: true,
  watched: true,
  encoder: "openh264",
  sent: { width: 1280, height: 720, fps: 30, bitrate_kbps: 2400 },
  limits: { max_long_side: 1920, max_short_side: 1088, min_side: 64, min_fps: 1, max_fps: 120, min_bitrate_kbps: 50, max_bitrate_kbps: 20000 },
};

describe("what is wrong is said", () => {
  it("when the token has expired, by the room's word or by its own", () => {
    const refused = ConnectionError.notAllowed("token is expired", 401);
    expect(joinProblem(refused, CLAIMS, 0)).toMatchObject({ title: "The token has expired", final: true, detail: "token is expired" });
    const vague = ConnectionError.notAllowed("invalid token", 401);
    expect(joinProblem(vague, { ...CLAIMS, expires: 1000 }, 2000).title).toBe("The token has expired");
    expect(joinProblem(vague, { ...CLAIMS, expires: 3000 }, 2000)).toMatchObject({ title: "The room refused the token", final: true });
  });

  it("when the room is out of reach, and then the page tries again", () => {
    const gone = ConnectionError.serverUnreachable("Failed to fetch");
    expect(joinProblem(gone, CLAIMS, 0)).toMatchObject({ title: "The room cannot be reached", final: false });
    expect(joinProblem(new Error("could not establish pc connection"), CLAIMS, 0).title).toBe("No way for picture and sound");
  });

  it("when the room sent us away, and then it does not", () => {
    expect(leaveProblem(DisconnectReason.DUPLICATE_IDENTITY)).toMatchObject({ title: "Opened somewhere else", final: true });
    expect(leaveProblem(DisconnectReason.PARTICIPANT_REMOVED)?.final).toBe(true);
    expect(leaveProblem(undefined)).toBeUndefined();
  });

  it("when the browser lacks WebRTC or H.264", () => {
    const codecs = (...mimeTypes: string[]) => ({ RTCPeerConnection: {}, RTCRtpReceiver: { getCapabilities: () => ({ codecs: mimeTypes.map((mimeType) => ({ mimeType })) }) } });
    expect(browserProblem({})).toMatchObject({ title: "This browser has no WebRTC", final: true });
    expect(browserProblem(codecs("video/VP8", "video/AV1"))?.title).toBe("This browser cannot decode H.264");
    expect(browserProblem(codecs("video/VP8", "video/H264"))).toBeUndefined();
    expect(browserProblem(codecs())).toBeUndefined();
  });

  it("in the place of the picture, the nearest cause first", () => {
    const retry = vi.fn();
    const muted = { muted: true } as Media;
    expect(noticeFor({ phase: { kind: "connecting" }, camera: undefined, picture: undefined }, undefined, retry)?.busy).toBe(true);
    expect(noticeFor({ phase: { kind: "connected" }, camera: undefined, picture: undefined }, undefined, retry)?.title).toBe("No camera is in the channel");
    expect(noticeFor({ phase: { kind: "connected" }, camera: "c", picture: undefined }, undefined, retry)?.title).toBe("Waiting for the picture");
    expect(noticeFor({ phase: { kind: "connected" }, camera: "c", picture: muted }, undefined, retry)?.title).toBe("The picture is muted");
    expect(noticeFor({ phase: { kind: "connected" }, camera: "c", picture: { muted: false } as Media }, undefined, retry)).toBeUndefined();
  });

  it("beside a picture that is not the camera's", () => {
    const source = { name: "Cam", grabbed: 0, broken: 0, dropped: 0, pushed: 0, recovered: 0 };
    const status = (state: "lost" | "no_signal" | "live", reason?: string) => ({
      status: { uptime_s: 0, time_ms: 0, connection: "connected" as const, participants: 1, camera: { ...source, state, ...(reason && { reason }) }, microphone: { ...source, state }, cpu_ms: 0, memory_kib: 0 },
      still: 0,
    });
    expect(bannerFor(status("lost", "unplugged"))).toBe("The camera is gone: unplugged. Its picture comes back by itself when it is plugged in again.");
    expect(bannerFor(status("no_signal"))).toContain("gives no picture");
    expect(bannerFor(status("live"))).toBeUndefined();
    expect(bannerFor({ ...status("live"), still: 4 })).toBe("No new picture has come for 4 seconds.");
  });
});

describe("modes that are offered", () => {
  const modes = [
    { format: "MJPG", width: 3840, height: 2160, fps: [30] },
    { format: "MJPG", width: 1920, height: 1080, fps: [60, 30] },
    { format: "YUYV", width: 1920, height: 1080, fps: [5] },
    { format: "YUYV", width: 640, height: 480, fps: [29.97, 29.970003] },
    { format: "YUYV", width: 32, height: 32, fps: [30] },
  ];

  it("are those that the engine takes, with the one in use", () => {
    expect(offeredSizes(modes, STREAM).map(({ width }) => width)).toEqual([1920, 1280, 640]);
  });

  it("have the rates of their size from every format, once", () => {
    expect(offeredRates(modes, { width: 1920, height: 1080 }, STREAM)).toEqual([60, 30, 5]);
    expect(offeredRates(modes, { width: 640, height: 480 }, STREAM)).toEqual([29.97]);
    expect(offeredRates(modes, { width: 1280, height: 720 }, { ...STREAM, fps: 12.5 })).toContain(12.5);
  });
});

interface Request {
  id: number;
  method: string;
  params: Record<string, unknown>;
}

class TestChannel extends Emitter<ChannelEvents> implements Channel {
  readonly name = "front";
  readonly asked: Request[] = [];
  answer: (request: Request) => object = () => ({ error: { code: 2005, message: "not now" } });

  start = vi.fn();
  retry = vi.fn();
  choose = vi.fn();
  playSound = vi.fn(() => Promise.resolve());
  talk = vi.fn(() => Promise.resolve());

  async send(bytes: Uint8Array): Promise<void> {
    const request = JSON.parse(new TextDecoder().decode(bytes)) as Request;
    this.asked.push(request);
    this.says({ jsonrpc: "2.0", id: request.id, ...this.answer(request) });
  }

  says(message: unknown): void {
    this.emit("message", new TextEncoder().encode(JSON.stringify(message)));
  }

  tell<K extends keyof ChannelEvents>(event: K, value: ChannelEvents[K]): void {
    this.emit(event, value);
  }
}

describe("the page", () => {
  let channel: TestChannel;

  beforeEach(() => {
    vi.useFakeTimers();
    document.body.innerHTML = '<header id="header"></header><div id="watch"></div><div id="panel"></div><p id="announcer"></p>';
    channel = new TestChannel();
    startPage(channel, document, undefined);
  });

  afterEach(() => {
    vi.clearAllTimers();
    vi.useRealTimers();
  });

  const text = () => document.body.textContent ?? "";
  const button = (name: string) => [...document.querySelectorAll("button")].find(({ textContent, hidden }) => textContent === name && !hidden);
  const join = async () => {
    channel.tell("phase", { kind: "connected" });
    channel.tell("camera", "door-cam");
    await vi.advanceTimersByTimeAsync(0);
  };

  const source = { name: "Cam", state: "live", grabbed: 1, broken: 0, dropped: 0, pushed: 1, recovered: 0 };
  const answers: Record<string, object> = {
    "device.info": { name: "Front door", version: "1", board: "b", architecture: "a", kernel: "k", engine: "open", channel: "front", identity: "door-cam" },
    "device.status": { uptime_s: 1, connection: "connected", participants: 1, camera: source, microphone: source, cpu_ms: 1, memory_kib: 1 },
    "stream.get": STREAM,
    "audio.get": { source: "Mic", rate: 48000, channels: 1, volume: 50, muted: false, published: true, mixer: false },
    "camera.modes": { modes: [] },
    "camera.controls": { controls: [] },
    "board.info": { name: "b", profile: "b", support: "tested", buttons: [], lines: [], leds: [] },
  };
  const withDoor = { ...answers["board.info"], lines: [{ name: "door", output: true, on: false }] };

  it("asks again for what got no answer, and for what a camera that came back may have changed", async () => {
    let state = "lost";
    channel.answer = ({ method }) => {
      if (method === "camera.modes" && state === "lost") return { error: { code: 2005, message: "no camera" } };
      if (method === "device.status") return { result: { ...answers[method], camera: { ...source, state } } };
      return { result: answers[method] };
    };
    await join();
    channel.asked.length = 0;
    await vi.advanceTimersByTimeAsync(2600);
    expect(channel.asked.map(({ method }) => method).sort()).toEqual(["audio.get", "camera.modes", "device.status", "stream.get"]);
    state = "live";
    channel.asked.length = 0;
    await vi.advanceTimersByTimeAsync(2600);
    expect(channel.asked.map(({ method }) => method)).toContain("camera.controls");
  });

  it("asks a camera everything once it is there, and then looks again only at what changes", async () => {
    channel.answer = ({ method }) => ({ result: answers[method] });
    await join();
    const first = channel.asked.map(({ method }) => method).sort();
    expect(first).toEqual(["audio.get", "board.info", "camera.controls", "camera.modes", "device.info", "device.status", "device.status", "stream.get"]);
    channel.asked.length = 0;
    await vi.advanceTimersByTimeAsync(2600);
    expect(channel.asked.map(({ method }) => method).sort()).toEqual(["audio.get", "device.status", "stream.get"]);
  });

  it("shows a board's lines, sends what is pressed and looks again at them", async () => {
    channel.answer = ({ method }) => {
      if (method === "board.info") return { result: withDoor };
      if (method === "board.set_line") return { error: { code: 2006, message: "line `door` is held by another process" } };
      return { result: answers[method] };
    };
    await join();
    const door = [...document.querySelectorAll("label")].find(({ textContent }) => textContent === "Door");
    channel.asked.length = 0;
    document.getElementById(door?.htmlFor ?? "")?.click();
    await vi.advanceTimersByTimeAsync(0);
    expect(channel.asked).toMatchObject([{ method: "board.set_line", params: { line: "door", on: true } }]);
    expect(text()).toContain("is held by another process");
    await vi.advanceTimersByTimeAsync(2600);
    expect(channel.asked.map(({ method }) => method)).toContain("board.info");
  });

  it("sends no command before the camera has answered once", async () => {
    channel.answer = () => ({});
    await join();
    await vi.advanceTimersByTimeAsync(3000);
    expect(text()).toContain("Asking the camera");
    expect(new Set(channel.asked.map(({ method }) => method))).toEqual(new Set(["device.status"]));
    expect(button("Take a snapshot")?.disabled).toBe(true);
    channel.answer = ({ method }) => ({ result: answers[method] });
    await vi.advanceTimersByTimeAsync(5000);
    expect(button("Take a snapshot")?.disabled).toBe(false);
    expect(text()).toContain("Front door");
  });

  it("says when this viewer may not command, and stops asking", async () => {
    channel.answer = ({ method }) => ({ error: { code: 2001, message: `v may not call ${method}`, data: { name: "not_allowed", remedy: "ask the owner" } } });
    await join();
    expect(text()).toContain("You can watch, but not command this camera. Its answer: v may not call");
    channel.asked.length = 0;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(channel.asked).toEqual([]);
  });

  it("shows every command of a person with its answer, and its own questions only where they fail", async () => {
    channel.answer = ({ method }) => (method === "stream.get" ? { result: STREAM } : method === "stream.mute" ? { result: STREAM } : { error: { code: 2005, message: "not now" } });
    await join();
    const lines = () => [...document.querySelectorAll(".log li")].map(({ textContent }) => textContent);
    expect(lines()).toEqual([]);
    const box = [...document.querySelectorAll("label")].find(({ textContent }) => textContent === "Send picture");
    const toggle = document.getElementById(box?.htmlFor ?? "") as HTMLInputElement;
    toggle.click();
    await vi.advanceTimersByTimeAsync(0);
    expect(channel.asked.find(({ method }) => method === "stream.mute")?.params).toEqual({ muted: true });
    button("Key frame")?.click();
    await vi.advanceTimersByTimeAsync(0);
    expect(lines()[0]).toContain("stream.key_frame");
    expect(lines()[0]).toContain("Refused (2005)");
    expect(lines()[0]).toContain("not now");
    expect(lines()[1]).toMatch(/stream\.mutemuted: true.*Done in/);
  });

  it("takes a lost connection as the end of all that was asked, and comes back", async () => {
    await join();
    channel.tell("phase", { kind: "waiting", wait: 1000, problem: { title: "The room cannot be reached", advice: "Wait.", final: false, action: "Try now" } });
    expect(text()).toContain("The room cannot be reached");
    expect(document.getElementById("announcer")?.textContent).toBe("The room cannot be reached");
    button("Try now")?.click();
    expect(channel.retry).toHaveBeenCalledOnce();
    channel.asked.length = 0;
    channel.tell("phase", { kind: "connected" });
    await vi.advanceTimersByTimeAsync(0);
    expect(channel.asked.map(({ method }) => method)).toContain("device.info");
  });

  it("offers a press for sound only while the browser holds it back", () => {
    const track = {} as MediaStreamTrack;
    const sound: Media = { muted: false, track, receiver: undefined, attach: vi.fn(), detach: vi.fn(), stats: () => Promise.resolve(undefined) };
    channel.tell("sound", sound);
    expect(button("Press for sound")).toBeUndefined();
    channel.tell("silenced", true);
    button("Press for sound")?.click();
    expect(channel.playSound).toHaveBeenCalledOnce();
    channel.tell("silenced", false);
    expect(button("Press for sound")).toBeUndefined();
  });

  it("lets a person choose among several cameras", () => {
    const person: Person = { identity: "a", name: "A", self: false, camera: true, chosen: true, picture: "sending", sound: "none", speaking: false, quality: "unknown" };
    channel.tell("people", [person]);
    expect(document.querySelector(".people button")).toBeNull();
    channel.tell("people", [person, { ...person, identity: "b", name: "Backyard", chosen: false }]);
    document.querySelector<HTMLButtonElement>(".people button")?.click();
    expect(channel.choose).toHaveBeenCalledWith("b");
  });
});
