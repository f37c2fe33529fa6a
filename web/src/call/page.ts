/** The page of a call: who else is there, their picture and sound, one's own, and the switches. What a room is, is the library's business. */

import { RoomError, type ExpressEngine, type RoomState, type StreamInfo, type User } from "artc-edge-rooms";

import { card, fill, h, setText, show, toggle } from "../dom";
import { icon } from "../icons";
import { Header, type Standing } from "../view/header";
import { NoticeBox, type Notice } from "../view/notice";
import { endOf, sendingFault } from "./words";

/** What lets in, made anew for each joining. */
export interface Ticket {
  token: string;
  roomID: string;
  userID: string;
}

type Role = "publisher" | "viewer";

const STANDING: Record<RoomState, Standing> = {
  DISCONNECTED: { text: "Not in the call", tone: "idle" },
  CONNECTING: { text: "Connecting", tone: "busy" },
  CONNECTED: { text: "In the call", tone: "good" },
};

export class CallPage {
  readonly #engine: ExpressEngine;
  readonly #ticket: () => Promise<Ticket>;
  readonly #header: Header;
  readonly #announcer: HTMLElement;
  readonly #notice = new NoticeBox();
  readonly #other = h("video", { autoplay: true, playsinline: true, class: "other", "aria-label": "Picture of the other" });
  readonly #self = h("video", { autoplay: true, muted: true, playsinline: true, class: "self", "aria-label": "Your own picture", hidden: true });
  readonly #camera = toggle("Camera");
  readonly #microphone = toggle("Microphone");
  readonly #join = h("button", { type: "button", class: "primary" }, icon("picture"), "Join");
  readonly #watch = h("button", { type: "button" }, "Only watch");
  readonly #leave = h("button", { type: "button", hidden: true }, icon("close"), "Leave");
  readonly #fault = h("p", { class: "error", role: "alert" });
  readonly #people = h("ul", { class: "people" });
  #state: RoomState = "DISCONNECTED";
  /** Something is under way that a second press must not begin again. */
  #busy = false;
  #end: Notice | undefined;
  #users = new Map<string, User>();
  #streams = new Map<string, StreamInfo>();
  #playing: string | undefined;
  #dark = false;
  #own: string | undefined;

  /** Builds the page; `ticket` is asked at each press that joins. */
  constructor(engine: ExpressEngine, root: Document, room: string, ticket: () => Promise<Ticket>) {
    this.#engine = engine;
    this.#ticket = ticket;
    this.#header = new Header(root.getElementById("header") as HTMLElement);
    this.#header.name("Call");
    this.#header.channel(room);
    this.#announcer = root.getElementById("announcer") as HTMLElement;
    // The attribute alone does not silence a video made by script.
    this.#self.muted = true;
    this.#camera.box.checked = true;
    this.#microphone.box.checked = true;
    this.#join.addEventListener("click", () => void this.#enter("publisher"));
    this.#watch.addEventListener("click", () => void this.#enter("viewer"));
    this.#leave.addEventListener("click", () => void this.#go());
    this.#camera.box.addEventListener("change", () => void this.#switch("Video", this.#camera.box));
    this.#microphone.box.addEventListener("change", () => void this.#switch("Audio", this.#microphone.box));
    fill(
      root.getElementById("call") as HTMLElement,
      h("section", { class: "stage", "aria-label": "Picture" }, this.#other, this.#notice.element, this.#self),
      card("Your side", "own-card", h("div", { class: "toggles" }, this.#camera.element, this.#microphone.element), h("div", { class: "actions" }, this.#join, this.#watch, this.#leave), this.#fault),
      card("People", "people-card", this.#people),
    );
    this.#listen();
    this.#show();
  }

  /** Says that there can be no call with this address. */
  refuse(notice: Notice): void {
    this.#end = notice;
    this.#join.disabled = true;
    this.#watch.disabled = true;
    this.#show();
  }

  #listen(): void {
    const engine = this.#engine;
    engine.on("roomStateUpdate", (_room, state, code, why) => {
      this.#state = state;
      if (state === "DISCONNECTED") {
        if (code !== 0) this.#end = endOf(new RoomError(code, why));
        this.#users.clear();
        this.#streams.clear();
        this.#unplay();
        this.#preview(undefined);
      }
      this.#show();
    });
    engine.on("roomUserUpdate", (_room, type, list) => {
      for (const user of list) type === "ADD" ? this.#users.set(user.userID, user) : this.#users.delete(user.userID);
      this.#show();
    });
    engine.on("roomStreamUpdate", (_room, type, list) => {
      for (const stream of list) type === "ADD" ? this.#streams.set(stream.streamID, stream) : this.#streams.delete(stream.streamID);
      void this.#choose();
    });
    engine.on("publisherStateUpdate", ({ state, errorCode, extendedData }) => {
      if (state !== "NO_PUBLISH") return;
      this.#preview(undefined);
      if (errorCode !== 0 && this.#state !== "DISCONNECTED") setText(this.#fault, sendingFault(new RoomError(errorCode, extendedData)));
      this.#show();
    });
    engine.on("playerStateUpdate", () => this.#show());
    engine.on("remoteCameraStatusUpdate", (_stream, status) => {
      this.#dark = status === "MUTE";
      this.#show();
    });
  }

  async #enter(role: Role): Promise<void> {
    if (this.#busy || this.#state !== "DISCONNECTED") return;
    this.#busy = true;
    this.#end = undefined;
    setText(this.#fault, "");
    this.#show();
    try {
      const { token, roomID, userID } = await this.#ticket();
      await this.#engine.loginRoom(roomID, token, { userID }, { userUpdate: true });
      this.#leave.focus();
      if (role === "publisher") await this.#publish(userID);
    } catch (error) {
      this.#end ??= endOf(error instanceof RoomError ? error : new RoomError(2000001, String(error)));
    }
    this.#busy = false;
    this.#show();
  }

  async #publish(userID: string): Promise<void> {
    // Of letters that stream ids may have; the rest is chance, so that nobody else has it.
    const streamID = `${userID.replaceAll(/[^A-Za-z0-9_-]/g, "_")}-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? ""}`;
    const [camera, microphone] = [this.#camera.box.checked, this.#microphone.box.checked];
    this.#own = streamID;
    try {
      this.#preview((await this.#engine.startPublishingStream(streamID, { camera, microphone })).stream);
    } catch (error) {
      // Watching goes on; what is wrong is told by the event.
      this.#preview(undefined);
      if (!(error instanceof RoomError)) throw error;
    }
  }

  async #go(): Promise<void> {
    this.#end = undefined;
    await this.#engine.logoutRoom();
    this.#show();
    this.#join.focus();
  }

  async #switch(kind: "Video" | "Audio", box: HTMLInputElement): Promise<void> {
    const own = this.#own;
    if (own === undefined) return;
    setText(this.#fault, "");
    box.disabled = true;
    const mute = !box.checked;
    try {
      await (kind === "Video" ? this.#engine.mutePublishStreamVideo(own, mute) : this.#engine.mutePublishStreamAudio(own, mute));
    } catch (error) {
      box.checked = mute;
      setText(this.#fault, error instanceof Error ? error.message : String(error));
    }
    box.disabled = false;
    box.focus();
    this.#show();
  }

  /** Plays one stream at a time: the first that is there, and the next when that ends. */
  async #choose(): Promise<void> {
    if (this.#playing !== undefined && !this.#streams.has(this.#playing)) this.#unplay();
    const [next] = this.#streams.keys();
    if (this.#playing === undefined && next !== undefined) {
      this.#playing = next;
      this.#dark = false;
      try {
        this.#other.srcObject = (await this.#engine.startPlayingStream(next)).stream;
      } catch (error) {
        setText(this.#fault, error instanceof Error ? error.message : String(error));
      }
    }
    this.#show();
  }

  #unplay(): void {
    if (this.#playing !== undefined) this.#engine.stopPlayingStream(this.#playing);
    this.#playing = undefined;
    this.#other.srcObject = null;
  }

  #preview(stream: MediaStream | undefined): void {
    if (!stream) this.#own = undefined;
    this.#self.srcObject = stream ?? null;
  }

  #show(): void {
    const inside = this.#state !== "DISCONNECTED";
    this.#header.standing(STANDING[this.#state]);
    setText(this.#announcer, STANDING[this.#state].text);
    show(this.#join, !inside);
    show(this.#watch, !inside);
    show(this.#leave, inside);
    // Who watches has nothing to switch; before the call the switches say how one comes in.
    const watching = inside && this.#own === undefined && !this.#busy;
    for (const { box } of [this.#camera, this.#microphone]) box.disabled = watching || (inside && this.#self.srcObject === null);
    show(this.#self, this.#self.srcObject !== null && this.#camera.box.checked);
    this.#notice.show(this.#words());
    const rows = [...this.#users.values()].map(({ userID, userName }) => h("li", { class: "person", "data-user": userID }, h("span", { class: "who" }, h("span", { class: "name" }, userName))));
    fill(this.#people, ...(rows.length > 0 ? rows : [h("li", { class: "empty" }, inside ? "Nobody else yet" : "Shown when you are in the call")]));
  }

  #words(): Notice | undefined {
    if (this.#state === "CONNECTING") return { title: this.#users.size > 0 ? "The connection was lost" : "Connecting", advice: "The page goes on trying.", busy: true };
    if (this.#state === "DISCONNECTED") return this.#end ?? (this.#busy ? { title: "Connecting", busy: true } : { title: "Not in the call", advice: "Join with camera and microphone, or only watch." });
    const stream = this.#playing === undefined ? undefined : this.#streams.get(this.#playing);
    if (stream) return this.#dark ? { title: `${stream.user.userName} has the camera off` } : undefined;
    const [other] = this.#users.values();
    return other ? { title: `${other.userName} is here`, advice: "No picture or sound comes from there yet." } : { title: "Nobody else is here yet", advice: "The call begins when somebody comes." };
  }
}
