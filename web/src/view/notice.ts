/** Words over a picture, or over the lack of one: what goes on or is wrong, and what can be done about it. */

import { fill, h, show } from "../dom";

/** Covers the picture, or the lack of one, with words. */
export interface Notice {
  title: string;
  advice?: string;
  /** What to type on the device. */
  command?: string;
  detail?: string;
  /** Shows that something is going on. */
  busy?: boolean;
  action?: { text: string; press: () => void };
}

export class NoticeBox {
  readonly element = h("div", { class: "notice", hidden: true });
  #shown = "";

  show(notice: Notice | undefined): void {
    const key = JSON.stringify(notice ?? null);
    if (key === this.#shown) return;
    this.#shown = key;
    show(this.element, notice !== undefined);
    if (!notice) {
      fill(this.element);
      return;
    }
    const button = notice.action && h("button", { type: "button", class: "primary" }, notice.action.text);
    button?.addEventListener("click", notice.action?.press ?? (() => undefined));
    fill(
      this.element,
      notice.busy && h("span", { class: "spinner", "aria-hidden": "true" }),
      h("h2", {}, notice.title),
      notice.advice !== undefined && h("p", {}, notice.advice),
      notice.command !== undefined && h("p", { class: "command" }, h("code", {}, notice.command)),
      notice.detail !== undefined && h("p", { class: "detail" }, notice.detail),
      button,
    );
  }
}
