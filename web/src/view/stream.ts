/** What the camera sends: size, frame rate and bitrate of its picture, and whether picture and sound are sent at all. */

import { card, fill, freshId, h, setText, show, toggle } from "../dom";
import { bitrate, rate } from "../numbers";
import type { Audio, Methods, Mode, Stream } from "artc-edge-client/methods";

export interface StreamActions {
  setStream: (params: Methods["stream.set"]["params"]) => Promise<void>;
  mutePicture: (muted: boolean) => Promise<void>;
  muteSound: (muted: boolean) => Promise<void>;
  setVolume: (volume: number) => Promise<void>;
  keyFrame: () => Promise<void>;
}

interface Size {
  width: number;
  height: number;
}

/** Frame rates that are offered where the camera's own list says nothing. */
const USUAL_RATES = [5, 10, 15, 20, 25, 30, 50, 60];

export class StreamPanel {
  readonly element: HTMLElement;
  readonly #form: HTMLFormElement;
  readonly #size: HTMLSelectElement;
  readonly #fps: HTMLSelectElement;
  readonly #bitrate = h("input", { type: "number", min: 50, max: 20000, step: 50, inputmode: "numeric", required: true });
  readonly #apply = h("button", { type: "submit", class: "primary" }, "Apply");
  readonly #keyFrame = h("button", { type: "button" }, "Key frame");
  readonly #answer = h("p", { class: "answer", role: "status" });
  readonly #now = h("p", { class: "note" });
  readonly #picture = toggle("Send picture");
  readonly #sound = toggle("Send sound");
  readonly #volume = h("input", { type: "range", min: 0, max: 100, step: 1 });
  readonly #volumeValue = h("output", { class: "exact" });
  readonly #actions: StreamActions;
  readonly #fields: (HTMLInputElement | HTMLSelectElement | HTMLButtonElement)[];
  #modes: Mode[] = [];
  #stream: Stream | undefined;
  #audio: Audio | undefined;
  /** The person has chosen something and not applied it yet. */
  #touched = false;
  #volumeBusy = 0;
  /** The level to send when the answer to the one before has come. */
  #volumeNext: number | undefined;

  constructor(actions: StreamActions) {
    this.#actions = actions;
    const field = (title: string, control: HTMLElement) => {
      control.id = freshId("field");
      return h("div", { class: "field" }, h("label", { for: control.id }, title), control);
    };
    this.#size = h("select", { name: "size" });
    this.#fps = h("select", { name: "fps" });
    this.#volume.id = freshId("field");
    this.#volumeValue.setAttribute("for", this.#volume.id);
    this.#form = h(
      "form",
      { class: "mode", novalidate: true, "aria-label": "Mode" },
      h("div", { class: "fields" }, field("Size", this.#size), field("Frame rate", this.#fps), field("Bitrate, kbit/s", this.#bitrate)),
      h("div", { class: "actions" }, this.#apply, this.#keyFrame),
      this.#answer,
      this.#now,
    );
    this.#keyFrame.title = "Asks the encoder for a picture that needs no earlier one";
    this.element = card(
      "Stream",
      "stream-card",
      h("div", { class: "toggles" }, this.#picture.element, this.#sound.element),
      h("div", { class: "control" }, h("label", { for: this.#volume.id }, "Microphone level"), this.#volumeValue, this.#volume),
      this.#form,
    );
    this.#fields = [this.#size, this.#fps, this.#bitrate, this.#apply, this.#keyFrame, this.#picture.box, this.#sound.box, this.#volume];

    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    for (const input of [this.#size, this.#fps, this.#bitrate]) input.addEventListener("input", () => (this.#touched = true));
    this.#size.addEventListener("change", () => this.#offerRates());
    this.#keyFrame.addEventListener("click", () => void this.#try(this.#actions.keyFrame(), "The camera sends a key frame."));
    this.#picture.box.addEventListener("change", () => void this.#try(this.#actions.mutePicture(!this.#picture.box.checked), this.#picture.box.checked ? "The picture is sent." : "The picture is muted for everybody."));
    this.#sound.box.addEventListener("change", () => void this.#try(this.#actions.muteSound(!this.#sound.box.checked), this.#sound.box.checked ? "The sound is sent." : "The sound is muted for everybody."));
    this.#volume.addEventListener("input", () => void this.#sendVolume(this.#volume.valueAsNumber));
    this.enabled(false);
  }

  enabled(enabled: boolean): void {
    for (const field of this.#fields) field.disabled = !enabled;
    if (!enabled) setText(this.#now, "");
  }

  modes(modes: Mode[]): void {
    this.#modes = modes;
    if (this.#stream) this.#offer(this.#stream);
  }

  stream(stream: Stream): void {
    this.#stream = stream;
    this.#picture.box.checked = !stream.muted;
    this.#bitrate.min = String(stream.limits.min_bitrate_kbps);
    this.#bitrate.max = String(stream.limits.max_bitrate_kbps);
    if (!this.#touched) {
      this.#offer(stream);
      this.#bitrate.value = String(stream.bitrate_kbps);
    }
    const { sent } = stream;
    const encoder = stream.encoder === "" ? "" : ` by ${stream.encoder}`;
    const sends = sent.width === 0 || !stream.published ? "Nothing is sent at the moment." : `Sends ${sent.width} × ${sent.height} at ${rate(sent.fps)} fps, ${bitrate(sent.bitrate_kbps)}${encoder}.`;
    setText(this.#now, stream.muted ? "The picture is muted." : sends);
  }

  audio(audio: Audio): void {
    this.#audio = audio;
    this.#sound.box.checked = !audio.muted;
    if (this.#volumeBusy === 0) this.#showVolume(audio.volume);
  }

  #offer(stream: Stream): void {
    const sizes = offeredSizes(this.#modes, stream);
    options(this.#size, sizes.map(({ width, height }) => ({ value: `${width}x${height}`, text: `${width} × ${height}` })), `${stream.width}x${stream.height}`);
    this.#offerRates(stream.fps);
  }

  #offerRates(chosen = Number(this.#fps.value)): void {
    if (!this.#stream) return;
    const rates = offeredRates(this.#modes, this.#chosenSize(), this.#stream);
    // A rate that the new size does not have gives way to the nearest one.
    const nearest = rates.reduce((best, each) => (Math.abs(each - chosen) < Math.abs(best - chosen) ? each : best), rates[0] ?? chosen);
    options(this.#fps, rates.map((fps) => ({ value: String(fps), text: rate(fps) })), String(nearest));
  }

  #chosenSize(): Size {
    const [width, height] = this.#size.value.split("x").map(Number);
    return { width: width ?? 0, height: height ?? 0 };
  }

  async #submit(): Promise<void> {
    const bits = this.#bitrate.valueAsNumber;
    if (!this.#bitrate.checkValidity()) {
      this.#say(`The bitrate is ${this.#bitrate.min} to ${this.#bitrate.max} kbit/s.`, true);
      this.#bitrate.focus();
      return;
    }
    const params = { ...this.#chosenSize(), fps: Number(this.#fps.value), bitrate_kbps: Math.round(bits) };
    this.#apply.disabled = true;
    try {
      const done = await this.#try(this.#actions.setStream(params), `Set to ${params.width} × ${params.height}, ${rate(params.fps)} fps, ${bitrate(params.bitrate_kbps)}.`);
      if (done) this.#touched = false;
    } finally {
      this.#apply.disabled = this.#size.disabled;
    }
  }

  async #sendVolume(volume: number): Promise<void> {
    this.#showVolume(volume);
    this.#volumeNext = volume;
    if (this.#volumeBusy > 0) return;
    this.#volumeBusy += 1;
    try {
      while (this.#volumeNext !== undefined) {
        const next: number = this.#volumeNext;
        this.#volumeNext = undefined;
        await this.#try(this.#actions.setVolume(next), `The microphone's level is ${next} %.`);
      }
    } finally {
      this.#volumeBusy -= 1;
    }
  }

  #showVolume(volume: number): void {
    this.#volume.value = String(volume);
    setText(this.#volumeValue, `${volume} %`);
  }

  /** Waits for the camera's word and shows it. */
  async #try(command: Promise<unknown>, done: string): Promise<boolean> {
    try {
      await command;
      this.#say(done);
      return true;
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
      // What was refused goes back to what is true.
      if (this.#stream) this.stream(this.#stream);
      if (this.#audio) this.audio(this.#audio);
      return false;
    }
  }

  #say(text: string, bad = false): void {
    setText(this.#answer, text);
    this.#answer.classList.toggle("error", bad);
    show(this.#answer, text !== "");
  }
}

/** Every size of the camera that the engine takes, largest first, with the one in use even if the camera does not name it. */
export function offeredSizes(modes: Mode[], { width, height, limits }: Stream): Size[] {
  const sizes = new Map<string, Size>();
  const fits = (size: Size) => {
    const [long, short] = [Math.max(size.width, size.height), Math.min(size.width, size.height)];
    return long <= limits.max_long_side && short <= limits.max_short_side && short >= limits.min_side;
  };
  for (const size of [...modes, { width, height }]) {
    if (fits(size)) sizes.set(`${size.width}x${size.height}`, { width: size.width, height: size.height });
  }
  return [...sizes.values()].sort((a, b) => b.width * b.height - a.width * a.height);
}

/** The frame rates for a size, highest first. */
export function offeredRates(modes: Mode[], size: Size, { fps, width, height, limits }: Stream): number[] {
  const rates = new Set(modes.filter((mode) => mode.width === size.width && mode.height === size.height).flatMap((mode) => mode.fps));
  if (rates.size === 0) for (const usual of USUAL_RATES) rates.add(usual);
  if (size.width === width && size.height === height) rates.add(fps);
  // A driver may offer 30 and 30.00003; both read as 30.
  const rounded = new Set([...rates].filter((each) => each >= limits.min_fps && each <= limits.max_fps).map((each) => Number(each.toFixed(2))));
  return [...rounded].sort((a, b) => b - a);
}

function options(select: HTMLSelectElement, wanted: { value: string; text: string }[], chosen: string): void {
  const before = [...select.options].map(({ value }) => value).join();
  if (before !== wanted.map(({ value }) => value).join()) {
    fill(select, ...wanted.map(({ value, text }) => h("option", { value }, text)));
  }
  select.value = chosen;
}
