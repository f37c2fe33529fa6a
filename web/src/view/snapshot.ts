/** Still pictures: asked for, waited for, shown and saved. */

import type { IncomingFile } from "../channel";
import { card, fill, h, setText } from "../dom";
import { icon } from "../icons";
import { size } from "../numbers";
import type { Snapshot } from "../wire";

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

  constructor(take: () => Promise<Snapshot>) {
    this.element = card("Snapshot", "snapshot-card", h("div", { class: "actions" }, this.#button), this.#answer, this.#list);
    this.#button.addEventListener("click", () => void this.#take(take));
  }

  enabled(enabled: boolean): void {
    this.#reachable = enabled;
    this.#button.disabled = !enabled;
  }

  /** A file came in; it may be here before the answer that announces it. */
  file(file: IncomingFile): void {
    if (!file.mime.startsWith("image/")) return;
    const address = URL.createObjectURL(file.bytes);
    const picture = h("img", { src: address, alt: `Snapshot ${file.name}` });
    const save = h("a", { href: address, download: file.name, class: "button small" }, icon("download"), "Save", h("span", { class: "unseen" }, ` ${file.name}`));
    const about = h("span", { class: "note" }, size(file.bytes.size));
    picture.addEventListener("load", () => setText(about, `${picture.naturalWidth} × ${picture.naturalHeight}, ${size(file.bytes.size)}`));
    this.#list.prepend(h("li", { class: "snapshot" }, picture, h("div", {}, h("span", { class: "name" }, file.name), about, save)));
    this.#addresses.unshift(address);
    for (const old of this.#addresses.splice(KEPT)) URL.revokeObjectURL(old);
    while (this.#list.children.length > KEPT) this.#list.lastElementChild?.remove();
    if (this.#awaited?.name === file.name) this.#awaited.arrived();
    else this.#early.add(file.name);
  }

  async #take(take: () => Promise<Snapshot>): Promise<void> {
    this.#button.disabled = true;
    this.#say("Waiting for the picture …");
    try {
      const { name, bytes } = await take();
      if (!(await this.#arrives(name))) throw new Error(`${name} was announced with ${size(bytes)}, but the picture did not come.`);
      this.#say(`${name} is here.`);
    } catch (error) {
      this.#say(error instanceof Error ? error.message : String(error), true);
    } finally {
      this.#button.disabled = !this.#reachable;
      this.#early.clear();
    }
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
