/**
 * Talking to whoever is at the camera: a button that is held while one talks, or pressed shortly to talk until it is pressed again;
 * by pointer or by keyboard. Says why one cannot.
 */

import type { Audio, DeviceStatus } from "artc-edge-client/methods";
import { fill, h, set, setText, show } from "../dom";
import { icon } from "../icons";

/** A press that is longer was a hold. */
const HOLD_MS = 400;

export class Talk {
  readonly button = h("button", { type: "button", class: "tool talk", hidden: true, "aria-pressed": "false" });
  /** Why one cannot talk, or what to know while one does. */
  readonly element = h("p", { class: "banner", role: "status", hidden: true });
  readonly #talk: (on: boolean) => Promise<void>;
  #may = false;
  #speaker: Audio["speaker"];
  #half = false;
  #status: DeviceStatus["speaker"];
  #talking = false;
  #wanted = false;
  #trouble: string | undefined;
  /** When the press began that is still going on. */
  #pressed: number | undefined;

  constructor(talk: (on: boolean) => Promise<void>) {
    this.#talk = talk;
    const { button } = this;
    button.addEventListener("pointerdown", (event) => {
      if (event.button === 0) this.#press();
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave", "blur"]) button.addEventListener(end, () => this.#release());
    button.addEventListener("keydown", (event) => {
      if (event.key !== " " && event.key !== "Enter") return;
      // No click of the browser's own beside ours.
      event.preventDefault();
      if (!event.repeat) this.#press();
    });
    button.addEventListener("keyup", (event) => {
      if (event.key === " " || event.key === "Enter") this.#release();
    });
    this.#show();
  }

  /** The token lets us talk. */
  may(may: boolean): void {
    this.#may = may;
    this.#show();
  }

  talking(talking: boolean): void {
    // Closed from elsewhere; while it opens, it is said to be closed, too.
    if (this.#talking && !talking && this.#pressed === undefined) this.#wanted = false;
    this.#talking = talking;
    this.#show();
  }

  audio({ speaker, voice }: Audio): void {
    this.#speaker = speaker;
    this.#half = voice?.half_duplex === true;
    this.#show();
  }

  status({ speaker }: DeviceStatus): void {
    this.#status = speaker;
    this.#show();
  }

  #press(): void {
    if (this.button.disabled) return;
    this.#pressed = performance.now();
    // Pressed while open: it closes when the press ends.
    if (!this.#wanted) this.#want(true);
    else this.#pressed = -Infinity;
  }

  #release(): void {
    if (this.#pressed === undefined) return;
    const held = performance.now() - this.#pressed >= HOLD_MS;
    this.#pressed = undefined;
    if (held) this.#want(false);
  }

  #want(on: boolean): void {
    this.#wanted = on;
    this.#trouble = undefined;
    this.#show();
    this.#talk(on).then(
      () => {
        // Let go while the browser still asked.
        if (on && !this.#wanted) this.#want(false);
      },
      (error: unknown) => {
        this.#wanted = false;
        this.#trouble = troubleOf(error);
        this.#show();
      },
    );
  }

  #show(): void {
    const reason = this.#reason();
    show(this.button, this.#may || this.#speaker !== undefined);
    this.button.disabled = reason !== undefined;
    const text = reason ?? (this.#talking ? "Talking; press to stop" : "Talk: hold, or press to stay open");
    fill(this.button, icon(this.#talking ? "microphone" : "microphoneOff"));
    set(this.button, "aria-label", this.#talking ? "Stop talking" : "Talk");
    set(this.button, "aria-pressed", String(this.#talking));
    set(this.button, "title", text);
    const note = this.#trouble ?? (this.#wanted && !this.#talking ? "Opening the microphone …" : this.#talking ? this.#hint() : undefined);
    show(this.element, note !== undefined);
    setText(this.element, note ?? "");
  }

  /** Why nobody can talk, before anybody tries. */
  #reason(): string | undefined {
    if (!this.#may) return "This address does not let you talk";
    if (this.#speaker === undefined) return "This device has no speaker";
    if (this.#status?.state === "lost") return `The speaker is gone: ${this.#status.reason ?? "no reason told"}`;
    return undefined;
  }

  #hint(): string {
    if (this.#speaker?.muted) return "You are talking, and the speaker is muted.";
    if (this.#half) return "You are talking, and do not hear the camera meanwhile: one side talks at a time.";
    return "You are talking: what you say is played at the camera.";
  }
}

/** What the browser says, in words that help. */
export function troubleOf(error: unknown): string {
  const { name } = Object(error) as { name?: string };
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "The browser does not let this page use a microphone. Allow it beside the address, and press again.";
    case "NotFoundError":
      return "This computer has no microphone.";
    case "NotReadableError":
      return "The microphone cannot be opened: another program has it.";
    default:
      if (globalThis.navigator.mediaDevices === undefined) return "Browsers give microphones only to pages that come by https, or from this machine itself.";
      return `You cannot be heard: ${error instanceof Error ? error.message : String(error)}`;
  }
}
