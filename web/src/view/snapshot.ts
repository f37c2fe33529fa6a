/** Still pictures: asked for, waited for, shown and saved. */

import type { IncomingFile } from "../channel";
import { card, fill, h, setText } from "../dom";
import { icon } from "../icons";
import { size } from "../numbers";
import type { Snapshot } from "artc-edge-client/methods";

/** The file follows its announcement within this time or never, in ms. */
const FILE_WITHIN = 10_000;
/** Older ones are let go, so that a long session does not fill the memory. */
const KEPT = 6;

export class Snapshots {
  readonly element: HTMLElement;
  readonly #button = h("button", { type: "button", disabled: true }, icon("shutter"), "Take a snapshot");
  readonly #answer = h("p", { class: "answer", role: "status" });
  readonly #list = h("ul", { class: "snapshots" });
  readonly #addresses: string[] = [];
  /** The name that is waited for, and what to do when it is there. */
  #awaited: { name: string; arrived: () => void } | undefined;
  readonly #early = new Set<string>();
  #reachable = false;
  readonly #ask: () => Promise<Snapshot>;
  readonly #whole = h("dialog", { class: "viewer", "aria-label": "Snapshot in full size" });
  readonly #large = h("img", { alt: "" });
  readonly #caption = h("span", { class: "name" });
  readonly #saveLarge = h("a", { class: "button small" }, icon("download"), "Save");

  constructor(take: () => Promise<Snapshot>) {
    this.#ask = take;
    const close = h("button", { type: "button", class: "tool", "aria-label": "Close", title: "Close" }, icon("close"));
    close.addEventListener("click", () => this.#whole.close());
    this.#whole.append(this.#large, h("div", { class: "bar" }, this.#caption, this.#saveLarge, close));
    // A press beside the picture is one on the dialog itself.
    this.#whole.addEventListener("click", ({ target }) => target === this.#whole && this.#whole.close());
    this.element = card("Snapshot", "snapshot-card", h("div", { class: "actions" }, this.#button), this.#answer, this.#list, this.#whole);
    this.#button.addEventListener("click", () => void this.take());
  }

  enabled(enabled: boolean): void {
    this.#reachable = enabled;
    this.#button.disabled = !enabled;
  }

  /** A file came in; it may be here before the answer that announces it. */
  file(file: IncomingFile): void {
    if (!file.mime.startsWith("image/")) return;
    const address = URL.createObjectURL(file.bytes);
    const picture = h("img", { src: address, alt: "" });
    const enlarge = h("button", { type: "button", class: "enlarge", "aria-label": `Show ${file.name} in full size`, title: "Full size" }, picture);
    enlarge.addEventListener("click", () => this.#show(file.name, address));
    const save = h("a", { href: address, download: file.name, class: "button small" }, icon("download"), "Save", h("span", { class: "unseen" }, ` ${file.name}`));
    const about = h("span", { class: "note" }, size(file.bytes.size));
    picture.addEventListener("load", () => setText(about, `${picture.naturalWidth} × ${picture.naturalHeight}, ${size(file.bytes.size)}`));
    this.#list.prepend(h("li", { class: "snapshot" }, enlarge, h("div", {}, h("span", { class: "name" }, file.name), about, save)));
    this.#addresses.unshift(address);
    for (const old of this.#addresses.splice(KEPT)) URL.revokeObjectURL(old);
    while (this.#list.children.length > KEPT) this.#list.lastElementChild?.remove();
    if (this.#awaited?.name === file.name) this.#awaited.arrived();
    else this.#early.add(file.name);
  }

  /** Asks the camera for one; while one is under way, nothing. */
  async take(): Promise<void> {
    if (this.#button.disabled) return;
    this.#button.disabled = true;
    this.#say("Waiting for the picture …");
    try {
      const { name, bytes } = await this.#ask();
      if (!(await this.#arrives(name))) throw new Error(`${name} was announced with ${size(bytes)}, but the picture did not come.`);
      this.#say(`${name} is here.`);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    } finally {
      this.#button.disabled = !this.#reachable;
      this.#early.clear();
    }
  }

  #show(name: string, address: string): void {
    this.#large.src = address;
    this.#large.alt = `Snapshot ${name}`;
    setText(this.#caption, name);
    this.#saveLarge.href = address;
    this.#saveLarge.download = name;
    this.#whole.showModal();
  }

  #arrives(name: string): Promise<boolean> {
    if (this.#early.has(name)) return Promise.resolve(true);
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), FILE_WITHIN);
      this.#awaited = {
        name,
        arrived: () => {
          clearTimeout(timer);
          this.#awaited = undefined;
          resolve(true);
        },
      };
    });
  }

  #say(text: string, bad = false): void {
    fill(this.#answer, text);
    this.#answer.classList.toggle("error", bad);
  }
}
