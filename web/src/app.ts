/** The page: puts the views in their places and carries what happens in the channel and at the camera to them. */

import { CameraModel, type Part } from "./camera";
import type { Channel, Media, Phase } from "./channel";
import { fill, h, show } from "./dom";
import type { Problem } from "./problem";
import { Refused, type Unanswered } from "artc-edge-client/rpc";
import { Board } from "./view/board";
import { Controls } from "./view/controls";
import { Device } from "./view/device";
import { Header, phaseStanding, type Standing } from "./view/header";
import { Log } from "./view/log";
import { People } from "./view/people";
import type { Notice } from "./view/notice";
import { Picture } from "./view/picture";
import { Snapshots } from "./view/snapshot";
import { Stats } from "./view/stats";
import { StreamPanel } from "./view/stream";
import { Talk } from "./view/talk";
import { Code, type DeviceStatus } from "artc-edge-client/methods";

/** Looks without a single new frame before the page says that the picture stands still. */
const STILL_AFTER = 3;

/** What the page knows, from which follows what it says about it. */
interface State {
  phase: Phase;
  camera: string | undefined;
  picture: Media | undefined;
  status: DeviceStatus | undefined;
  /** Seconds without a new frame. */
  still: number;
}

export function startPage(channel: Channel, document: Document, browser: Problem | undefined): void {
  const place = (id: string) => document.getElementById(id) as HTMLElement;
  const state: State = { phase: { kind: "connecting" }, camera: undefined, picture: undefined, status: undefined, still: 0 };
  const camera = new CameraModel(channel);

  const header = new Header(place("header"));
  const talk = new Talk((on) => channel.talk(on));
  const picture = new Picture(() => channel.playSound(), () => snapshots.take(), talk.button);
  const banner = h("p", { class: "banner", hidden: true });
  const stats = new Stats(picture.video, camera.clock, (fps) => {
    state.still = fps > 0 ? 0 : state.still + 1;
    tell();
  });
  const log = new Log();
  const people = new People((identity) => channel.choose(identity));
  const stream = new StreamPanel({
    setStream: (params) => camera.setStream(params),
    mutePicture: (muted) => camera.mutePicture(muted),
    muteSound: (muted) => camera.muteSound(muted),
    setVolume: (volume) => camera.setVolume(volume),
    keyFrame: () => camera.keyFrame(),
  });
  const controls = new Controls((name, value) => camera.setControl(name, value));
  const board = new Board({
    setPrivacy: (on) => camera.setPrivacy(on),
    setLine: (line, on) => camera.setLine(line, on),
    setLed: (led, on) => camera.setLed(led, on),
  });
  const snapshots = new Snapshots(() => camera.snapshot());
  const device = new Device(() => camera.refresh());
  const forbidden = h("p", { class: "banner", hidden: true });

  fill(place("watch"), picture.element, talk.element, banner, stats.element, log.element);
  fill(place("panel"), forbidden, stream.element, board.element, controls.element, snapshots.element, people.element, device.element);

  let announced = "";
  const announce = (text: string) => {
    if (text === announced) return;
    announced = text;
    place("announcer").textContent = text;
  };

  const tell = () => {
    const notice = noticeFor(state, browser, () => channel.retry());
    const standing = standingFor(state);
    const trouble = notice ? undefined : bannerFor(state);
    picture.notice(notice);
    picture.badge(...badgeFor(state));
    header.standing(standing);
    show(banner, trouble !== undefined);
    if (trouble !== undefined) fill(banner, trouble);
    announce(notice?.title ?? trouble ?? standing.text);
  };

  channel.on("phase", (phase) => {
    state.phase = phase;
    tell();
  });
  channel.on("camera", (identity) => {
    state.camera = identity;
    state.status = undefined;
    tell();
  });
  channel.on("picture", (media) => {
    state.picture = media;
    state.still = 0;
    picture.picture(media);
    stats.picture(media);
    tell();
  });
  channel.on("sound", (media) => picture.sound(media));
  channel.on("mayTalk", (may) => talk.may(may));
  channel.on("talking", (talking) => talk.talking(talking));
  channel.on("silenced", (silenced) => picture.silenced(silenced));
  channel.on("people", (all) => {
    people.people(all);
    // Who may not ask the camera itself still sees the name that it has in the channel.
    const chosen = all.find((person) => person.chosen);
    if (chosen) header.name(chosen.name);
  });
  channel.on("file", (file) => snapshots.file(file));

  let mayCommand = true;
  const troubles = new Map<Part, Refused | Unanswered>();
  const tellForbidden = () => {
    const refusal = [...troubles.values()].find((trouble) => trouble instanceof Refused && trouble.code === Code.NotAllowed);
    show(forbidden, !mayCommand || refusal !== undefined);
    const watching = h("strong", {}, "You can watch, but not command this camera. ");
    if (!mayCommand) fill(forbidden, watching, "This address lets nobody send messages.");
    else if (refusal instanceof Refused) fill(forbidden, watching, `Its answer: ${refusal.message}`, refusal.remedy ? `; ${refusal.remedy}.` : ".");
  };
  channel.on("mayCommand", (may) => {
    mayCommand = may;
    tellForbidden();
  });
  camera.on("reach", (reach) => {
    for (const part of [stream, board, snapshots, device, picture]) part.enabled(reach === "answers");
    troubles.clear();
    tellForbidden();
    if (reach === "answers") return;
    const why = reach === "asking" ? "Asking the camera …" : mayCommand ? "No camera is in reach." : "Only for who may command.";
    controls.unread(why);
    board.unread();
    device.unread(why);
  });
  camera.on("read", ({ part, error }) => {
    if (error) troubles.set(part, error);
    else troubles.delete(part);
    if (part === "stream") stream.enabled(error === undefined);
    if (part === "controls" && error) controls.unread(`They could not be read: ${error.message}`);
    if (part === "board" && error) board.unread();
    if (part === "info" && error) device.unread(`It could not be read: ${error.message}`);
    tellForbidden();
  });
  camera.on("info", (info) => {
    header.name(info.name || info.identity);
    header.channel(info.channel);
    device.info(info);
  });
  camera.on("status", (status) => {
    state.status = status;
    device.status(status, performance.now());
    board.status(status.camera);
    talk.status(status);
    tell();
  });
  camera.on("modes", ({ modes }) => stream.modes(modes));
  camera.on("stream", (now) => stream.stream(now));
  camera.on("audio", (now) => {
    stream.audio(now);
    talk.audio(now);
  });
  camera.on("controls", (all) => controls.controls(all));
  camera.on("board", (info) => board.board(info));
  camera.on("exchange", (exchange) => log.exchange(exchange));
  camera.on("notification", (notification) => log.notification(notification));

  header.name("Camera");
  header.channel(channel.name);
  tell();
  channel.start();
}

/** What stands in the place of the picture, when there is none to see. */
export function noticeFor({ phase, camera, picture }: Pick<State, "phase" | "camera" | "picture">, browser: Problem | undefined, retry: () => void): Notice | undefined {
  if (browser?.final) return ofProblem(browser, retry);
  switch (phase.kind) {
    case "connecting":
      return { title: "Connecting to the room", busy: true };
    case "reconnecting":
      return { title: "Connection lost, reconnecting", advice: "Picture and commands come back by themselves.", busy: true };
    case "waiting":
    case "stopped":
      return ofProblem(phase.problem, retry);
    case "connected":
      break;
  }
  if (camera === undefined) return { title: "No camera is in the channel", advice: "The picture starts by itself as soon as one joins.", busy: true };
  if (!picture) return { title: "Waiting for the picture", advice: "The camera is in the channel and sends no picture yet.", busy: true };
  if (picture.muted) return { title: "The picture is muted", advice: "Somebody switched it off at the camera. Switch “Send picture” on to see it again." };
  return browser && ofProblem(browser, retry);
}

function ofProblem({ title, advice, command, detail, action }: Problem, retry: () => void): Notice {
  return { title, advice, ...(command !== undefined && { command }), ...(detail !== undefined && { detail }), ...(action !== undefined && { action: { text: action, press: retry } }) };
}

/** What is wrong while there is a picture. */
export function bannerFor({ status, still }: Pick<State, "status" | "still">): string | undefined {
  const { camera } = status ?? {};
  const reason = camera?.reason ? `: ${camera.reason}` : "";
  if (camera?.state === "lost") return `The camera is gone${reason}. Its picture comes back by itself when it is plugged in again.`;
  if (camera?.state === "no_signal") return `The camera gives no picture${reason}. It comes back by itself.`;
  if (still >= STILL_AFTER) return `No new picture has come for ${still} seconds.`;
  return undefined;
}

function standingFor(state: State): Standing {
  if (state.phase.kind !== "connected") return phaseStanding(state.phase);
  if (state.camera === undefined) return { text: "No camera", tone: "busy" };
  if (!state.picture) return { text: "No picture yet", tone: "busy" };
  if (state.picture.muted) return { text: "Picture muted", tone: "idle" };
  switch (state.status?.camera.state) {
    case "lost":
      return { text: "Camera lost", tone: "bad" };
    case "no_signal":
      return { text: "No signal", tone: "bad" };
    case "off":
      return { text: "Camera off", tone: "idle" };
    case "resting":
      return { text: "Camera resting", tone: "idle" };
    case "private":
      return { text: "Closed for privacy", tone: "idle" };
    default:
      return state.still >= STILL_AFTER ? { text: "Picture stands still", tone: "bad" } : { text: "Live", tone: "good" };
  }
}

function badgeFor({ phase, picture, status }: State): [string | undefined, "live" | "warn"] {
  if (phase.kind !== "connected" || !picture || picture.muted) return [undefined, "live"];
  switch (status?.camera.state) {
    case "live":
      return ["Live", "live"];
    case "built_in":
      return ["Built-in picture", "warn"];
    case "lost":
      return ["Camera lost", "warn"];
    case "no_signal":
      return ["No signal", "warn"];
    default:
      return [undefined, "live"];
  }
}
