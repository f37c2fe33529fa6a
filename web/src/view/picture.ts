/** The picture with what belongs to watching it: sound at this end, full screen, and what is wrong when there is nothing to see. */

import type { Media } from "../channel";
import { fill, h, set, setText, show } from "../dom";
import { icon } from "../icons";
import { NoticeBox, type Notice } from "./notice";

export class Picture {
  readonly element: HTMLElement;
  /** Public for statistics, which count frames as they are shown. */
  readonly video = h("video", { autoplay: true, muted: true, playsinline: true, "aria-label": "Live picture of the camera" });
  readonly #audio = h("audio", { autoplay: true });
  readonly #notice = new NoticeBox();
  readonly #unmute: HTMLButtonElement;
  readonly #sound: HTMLButtonElement;
  readonly #volume = h("input", { type: "range", min: 0, max: 100, value: 100, class: "volume", "aria-label": "Volume at this end" });
  readonly #whole: HTMLButtonElement;
  readonly #shutter: HTMLButtonElement;
  readonly #tools: HTMLElement;
  readonly #badge = h("span", { class: "badge", hidden: true });
  #picture: Media | undefined;
  #heard: Media | undefined;
  #silenced = false;

  constructor(playSound: () => Promise<void>, takeSnapshot: () => Promise<void>, talk?: HTMLElement) {
    // The attribute alone does not silence a video made by script, and only a silent one may start by itself.
    this.video.muted = true;
    this.#unmute = h("button", { type: "button", class: "press-for-sound", hidden: true }, icon("sound"), "Press for sound");
    this.#sound = h("button", { type: "button", class: "tool" });
    this.#whole = h("button", { type: "button", class: "tool" });
    this.#shutter = h("button", { type: "button", class: "tool", disabled: true, "aria-label": "Snapshot", title: "Snapshot" }, icon("shutter"));
    this.#shutter.addEventListener("click", () => void takeSnapshot());
    const float = h("button", { type: "button", class: "tool", "aria-label": "Floating window", title: "Floating window" }, icon("float"));
    this.#tools = h("div", { class: "tools", role: "group", "aria-label": "Watching" }, this.#sound, this.#volume, talk, h("span", { class: "gap" }), this.#shutter, float, this.#whole);
    this.element = h("section", { class: "stage", "aria-label": "Picture" }, this.video, this.#audio, this.#badge, this.#notice.element, this.#unmute, this.#tools);

    this.#unmute.addEventListener("click", () => void this.#play(playSound));
    this.#sound.addEventListener("click", () => {
      if (this.#silenced) void this.#play(playSound);
      else {
        this.#audio.muted = !this.#audio.muted;
        this.#showSound();
      }
    });
    this.#volume.addEventListener("input", () => {
      this.#audio.volume = this.#volume.valueAsNumber / 100;
      this.#audio.muted = this.#volume.valueAsNumber === 0;
      this.#showSound();
    });
    show(float, document.pictureInPictureEnabled === true);
    float.addEventListener("click", () => {
      const floating = document.pictureInPictureElement === this.video;
      // Refused when no frame has come yet: then there is nothing to float.
      (floating ? document.exitPictureInPicture() : this.video.requestPictureInPicture()).catch(() => undefined);
    });
    show(this.#whole, document.fullscreenEnabled === true);
    this.#whole.addEventListener("click", () => {
      void (document.fullscreenElement ? document.exitFullscreen() : this.element.requestFullscreen());
    });
    document.addEventListener("fullscreenchange", () => this.#showWhole());
    this.video.addEventListener("dblclick", () => this.#whole.click());
    this.#showWhole();
    this.#showSound();
    this.#showTools();
  }

  /** Whether the camera takes commands. */
  enabled(enabled: boolean): void {
    this.#shutter.disabled = !enabled;
  }

  picture(media: Media | undefined): void {
    if (media?.track !== this.#picture?.track) {
      this.#picture?.detach(this.video);
      media?.attach(this.video);
    }
    this.#picture = media;
    this.#showTools();
  }

  sound(media: Media | undefined): void {
    if (media?.track !== this.#heard?.track) {
      this.#heard?.detach(this.#audio);
      media?.attach(this.#audio);
    }
    this.#heard = media;
    this.#showSound();
    this.#showTools();
  }

  /** The browser plays nothing before a press. */
  silenced(silenced: boolean): void {
    this.#silenced = silenced;
    this.#showSound();
  }

  notice(notice: Notice | undefined): void {
    this.#notice.show(notice);
  }

  /** A word in the corner, such as that the picture is a built-in one. */
  badge(text: string | undefined, tone: "live" | "warn" = "live"): void {
    show(this.#badge, text !== undefined);
    setText(this.#badge, text ?? "");
    this.#badge.dataset["tone"] = tone;
  }

  async #play(playSound: () => Promise<void>): Promise<void> {
    this.#audio.muted = false;
    if (this.#volume.valueAsNumber === 0) {
      this.#volume.value = "100";
      this.#audio.volume = 1;
    }
    // Refused again: the channel says so by its own event, and the button stays.
    await playSound().catch(() => undefined);
    this.#showSound();
  }

  #showSound(): void {
    show(this.#unmute, this.#silenced && this.#heard !== undefined);
    const off = this.#silenced || this.#audio.muted;
    const text = off ? "Hear the sound" : "Silence at this end";
    fill(this.#sound, icon(off ? "silent" : "sound"));
    set(this.#sound, "aria-label", text);
    set(this.#sound, "title", text);
    this.#sound.disabled = this.#heard === undefined;
    this.#volume.disabled = this.#heard === undefined;
  }

  /** Without picture and sound there is nothing that they could act on. */
  #showTools(): void {
    show(this.#tools, this.#picture !== undefined || this.#heard !== undefined);
  }

  #showWhole(): void {
    const whole = document.fullscreenElement === this.element;
    const text = whole ? "Leave full screen" : "Full screen";
    fill(this.#whole, icon(whole ? "part" : "whole"));
    set(this.#whole, "aria-label", text);
    set(this.#whole, "title", text);
  }
}
