/** Privacy, and what the board lets commands move: its lines and LEDs, each a switch. What the device moves by itself is shown, not moved. */

import { card, fill, freshId, h, set, setText, show } from "../dom";
import { words } from "../numbers";
import type { BoardInfo, Led, Line, Source } from "artc-edge-client/methods";

export interface BoardActions {
  setPrivacy: (on: boolean) => Promise<void>;
  setLine: (line: string, on: boolean) => Promise<void>;
  setLed: (led: string, on: boolean) => Promise<void>;
}

export class Board {
  readonly element: HTMLElement;
  readonly #privacy: Row;
  readonly #lines = h("div", { class: "group", role: "group", "aria-label": "Lines", hidden: true });
  readonly #leds = h("div", { class: "group", role: "group", "aria-label": "LEDs", hidden: true });
  readonly #actions: BoardActions;
  #rows = new Map<string, Row>();
  #enabled = false;

  constructor(actions: BoardActions) {
    this.#actions = actions;
    this.#privacy = new Row("Close camera and microphone", (on) => actions.setPrivacy(on));
    this.element = card("Privacy and board", "board-card", h("div", { class: "controls" }, this.#privacy.element, this.#lines, this.#leds));
    this.enabled(false);
  }

  enabled(enabled: boolean): void {
    this.#enabled = enabled;
    this.#privacy.enabled(enabled);
    for (const row of this.#rows.values()) row.enabled(enabled);
  }

  status({ state }: Source): void {
    this.#privacy.update(state === "private", state === "off" ? "The camera is switched off by the configuration." : undefined);
  }

  board({ lines, leds }: BoardInfo): void {
    // Rows are kept while the board stays the same, so that a refresh takes no focus away.
    const names = [...lines.map(({ name }) => `line ${name}`), ...leds.map(({ name }) => `led ${name}`)];
    if (names.join("\n") !== [...this.#rows.keys()].join("\n")) this.#build(lines, leds);
    for (const line of lines) this.#rows.get(`line ${line.name}`)?.update(line.on ?? false, lineFixed(line));
    for (const led of leds) this.#rows.get(`led ${led.name}`)?.update(led.shows !== "off", ledFixed(led));
  }

  /** The board could not be asked: what it has is not known. */
  unread(): void {
    this.#rows.clear();
    for (const group of [this.#lines, this.#leds]) {
      fill(group);
      show(group, false);
    }
  }

  #build(lines: Line[], leds: Led[]): void {
    const title = ({ name, relay }: Line) => (relay === undefined ? words(name) : `${words(relay)} (${name})`);
    const ofLines = lines.map((line) => [`line ${line.name}`, new Row(title(line), (on) => this.#actions.setLine(line.name, on))] as const);
    const ofLeds = leds.map((led) => [`led ${led.name}`, new Row(`LED ${led.name}`, (on) => this.#actions.setLed(led.name, on))] as const);
    this.#rows = new Map([...ofLines, ...ofLeds]);
    fill(this.#lines, ...ofLines.map(([, row]) => row.element));
    fill(this.#leds, ...ofLeds.map(([, row]) => row.element));
    show(this.#lines, lines.length > 0);
    show(this.#leds, leds.length > 0);
    this.enabled(this.#enabled);
  }
}

/** Why nobody moves a line, where nobody does. */
function lineFixed({ output, missing, owner }: Line): string | undefined {
  if (missing !== undefined) return `It cannot be used: ${missing}.`;
  if (!output) return "It is read, not driven.";
  return owner === undefined ? undefined : `The device itself drives it: ${owner}.`;
}

function ledFixed({ missing, owner }: Led): string | undefined {
  if (missing !== undefined) return `It cannot be used: ${missing}.`;
  return owner === undefined ? undefined : `The device itself shows something with it: ${owner}.`;
}

/** One switch with its name, and what was wrong with it. */
class Row {
  readonly element: HTMLElement;
  readonly #box = h("input", { type: "checkbox", role: "switch", class: "switch", id: freshId("switch") });
  readonly #note = h("p", { class: "note", id: freshId("note"), hidden: true });
  readonly #error = h("p", { class: "error", role: "alert" });
  readonly #act: (on: boolean) => Promise<void>;
  #on = false;
  #busy = false;
  #enabled = true;
  #fixed = false;

  constructor(title: string, act: (on: boolean) => Promise<void>) {
    this.#act = act;
    set(this.#box, "aria-describedby", this.#note.id);
    this.element = h("div", { class: "control kind-boolean" }, h("label", { for: this.#box.id }, title), this.#box, this.#note, this.#error);
    this.#box.addEventListener("change", () => void this.#send(this.#box.checked));
  }

  enabled(enabled: boolean): void {
    this.#enabled = enabled;
    this.#box.disabled = !enabled || this.#fixed;
  }

  /** How it is, and why nobody moves it. */
  update(on: boolean, fixed: string | undefined): void {
    this.#on = on;
    this.#fixed = fixed !== undefined;
    // What was just asked for must not jump back before it is answered.
    if (!this.#busy) this.#box.checked = on;
    setText(this.#note, fixed ?? "");
    show(this.#note, fixed !== undefined);
    this.enabled(this.#enabled);
  }

  async #send(on: boolean): Promise<void> {
    if (this.#busy) {
      this.#box.checked = !on;
      return;
    }
    this.#busy = true;
    try {
      await this.#act(on);
      this.#on = on;
      setText(this.#error, "");
    } catch (error) {
      setText(this.#error, error instanceof Error ? error.message : String(error));
    } finally {
      this.#busy = false;
      // What was refused goes back to what is true.
      this.#box.checked = this.#on;
    }
  }
}
