/** Who is in the channel, what they send, and which camera is shown. */

import type { Person, Quality } from "../channel";
import { card, fill, h, setText } from "../dom";
import { icon } from "../icons";

const QUALITY: Record<Quality, string> = {
  excellent: "Excellent connection",
  good: "Good connection",
  poor: "Poor connection",
  lost: "Connection lost",
  unknown: "",
};

export class People {
  readonly element: HTMLElement;
  readonly #list = h("ul", { class: "people" });
  readonly #count = h("span", { class: "count" });
  readonly #choose: (identity: string) => void;
  #shown = "";

  constructor(choose: (identity: string) => void) {
    this.#choose = choose;
    this.element = card("People", "people-card", this.#list);
    this.element.querySelector("h2")?.append(this.#count);
    this.people([]);
  }

  people(people: Person[]): void {
    // Rebuilding only on a change keeps the focus on a button that somebody is about to press.
    const key = JSON.stringify(people);
    if (key === this.#shown) return;
    this.#shown = key;
    setText(this.#count, people.length > 0 ? ` ${people.length}` : "");
    const cameras = people.filter(({ camera }) => camera).length;
    const rows = people.map((person) => this.#row(person, cameras > 1));
    fill(this.#list, ...(rows.length > 0 ? rows : [h("li", { class: "empty" }, "Nobody yet")]));
  }

  #row(person: Person, choice: boolean): HTMLElement {
    const { name, identity, self, camera, chosen, picture, sound, speaking, quality } = person;
    const row = h(
      "li",
      { class: speaking ? "person speaking" : "person" },
      h("span", { class: `avatar ${camera ? "camera" : "viewer"}`, "aria-hidden": "true" }, camera ? icon("picture") : name.charAt(0).toUpperCase()),
      h("span", { class: "who" }, h("span", { class: "name" }, name), h("span", { class: "note" }, role(person))),
      name !== identity && h("span", { class: "unseen" }, identity),
    );
    const sends = h("span", { class: "sends" });
    if (picture !== "none") sends.append(...mark(icon(picture === "muted" ? "pictureOff" : "picture"), picture === "muted" ? "Picture muted" : "Sends picture"));
    if (sound !== "none") sends.append(...mark(icon(sound === "muted" ? "microphoneOff" : "microphone"), sound === "muted" ? "Sound muted" : speaking ? "Sends sound, is heard now" : "Sends sound"));
    row.append(sends);
    if (QUALITY[quality] !== "") {
      row.append(h("span", { class: "bars", "data-quality": quality, title: QUALITY[quality] }, h("i"), h("i"), h("i"), h("span", { class: "unseen" }, QUALITY[quality])));
    }
    if (camera && choice && !chosen) {
      const button = h("button", { type: "button", class: "small" }, "Show", h("span", { class: "unseen" }, ` ${name}`));
      button.addEventListener("click", () => this.#choose(identity));
      row.append(button);
    }
    if (self) row.classList.add("self");
    return row;
  }
}

function role({ self, camera, chosen }: Person): string {
  if (self) return "You";
  if (camera) return chosen ? "Camera, shown here" : "Camera";
  return "Viewer";
}

function mark(symbol: SVGSVGElement, text: string): Node[] {
  const box = h("span", { class: "mark", title: text }, symbol, h("span", { class: "unseen" }, text));
  return [box];
}
