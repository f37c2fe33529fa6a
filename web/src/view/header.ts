/** The head of the page: whose picture this is and how the connection stands. */

import type { Phase } from "../channel";
import { fill, h, setText } from "../dom";
import logo from "../logo.svg";

/** How things stand in a word, and how bad that is. */
export interface Standing {
  text: string;
  tone: "good" | "busy" | "bad" | "idle";
}

export function phaseStanding(phase: Phase): Standing {
  switch (phase.kind) {
    case "connecting":
      return { text: "Connecting", tone: "busy" };
    case "connected":
      return { text: "Connected", tone: "good" };
    case "reconnecting":
      return { text: "Reconnecting", tone: "busy" };
    case "waiting":
      return { text: "Not connected", tone: "bad" };
    case "stopped":
      return { text: "Stopped", tone: "bad" };
  }
}

export class Header {
  readonly #title = h("h1", {}, "Camera");
  readonly #channel = h("p", { class: "channel" });
  readonly #state = h("span", { class: "pill", "data-tone": "busy" }, "Connecting");

  constructor(root: HTMLElement) {
    fill(
      root,
      h("img", { src: logo, alt: "", width: 32, height: 32, class: "logo" }),
      h("div", { class: "names" }, this.#title, this.#channel),
      this.#state,
    );
  }

  name(name: string): void {
    setText(this.#title, name);
    document.title = `${name} · artc-edge`;
  }

  channel(name: string): void {
    setText(this.#channel, name === "" ? "" : `Channel ${name}`);
  }

  standing({ text, tone }: Standing): void {
    setText(this.#state, text);
    this.#state.dataset["tone"] = tone;
  }
}
