/** Every command with the answer it got, newest first. */

import { card, fill, h, set, setText, show } from "../dom";
import { bitrate, rate, size } from "../numbers";
import { Refused, type Exchange, type Notification } from "artc-edge-client/rpc";
import type { Audio, Method, Methods, Snapshot, Stream } from "artc-edge-client/methods";

const KEPT = 100;

interface Line {
  element: HTMLElement;
  /** Of which calls: the same command sent over and over takes one line. */
  key: string;
  count: number;
  update: (exchange: Exchange, count: number) => void;
}

export class Log {
  readonly element: HTMLElement;
  readonly #list = h("ol", { class: "log", tabindex: 0, "aria-label": "Commands, newest first" });
  readonly #empty = h("p", { class: "empty" }, "Every command and its answer will be shown here.");
  readonly #clear = h("button", { type: "button", class: "small", hidden: true }, "Clear");
  readonly #lines: Line[] = [];
  readonly #open = new Map<number, Line>();

  constructor() {
    this.#clear.addEventListener("click", () => {
      this.#lines.length = 0;
      this.#open.clear();
      fill(this.#list);
      this.#show();
    });
    this.element = card("Commands", "log-card", this.#empty, this.#list, h("div", { class: "actions" }, this.#clear));
    this.#show();
  }

  /** Called when a command is sent, and again when its answer is there. */
  exchange(exchange: Exchange): void {
    const open = this.#open.get(exchange.id);
    if (open) {
      this.#open.delete(exchange.id);
      open.update(exchange, open.count);
      return;
    }
    // What the page asks by itself is of interest only when it goes wrong, which is shown where it is missing.
    if (exchange.quiet) return;
    const key = `${exchange.method} ${(exchange.params as { name?: string }).name ?? ""}`;
    const newest = this.#lines[0];
    if (newest?.key === key && ![...this.#open.values()].includes(newest)) {
      newest.count += 1;
      newest.update(exchange, newest.count);
      this.#open.set(exchange.id, newest);
      return;
    }
    const line = makeLine(key);
    line.update(exchange, 1);
    this.#open.set(exchange.id, line);
    this.#add(line);
  }

  notification({ method, params }: Notification): void {
    const line = makeLine("");
    const element = line.element;
    set(element, "data-state", "event");
    fill(element, h("time", {}, time()), h("code", { class: "method" }, method), h("code", { class: "params" }, brief(params)), h("span", { class: "outcome" }, "from the device"));
    this.#add(line);
  }

  #add(line: Line): void {
    this.#lines.unshift(line);
    this.#list.prepend(line.element);
    for (const old of this.#lines.splice(KEPT)) old.element.remove();
    this.#show();
  }

  #show(): void {
    show(this.#empty, this.#lines.length === 0);
    show(this.#list, this.#lines.length > 0);
    show(this.#clear, this.#lines.length > 0);
  }
}

function makeLine(key: string): Line {
  const when = h("time", {});
  const method = h("code", { class: "method" });
  const params = h("code", { class: "params" });
  const outcome = h("span", { class: "outcome" });
  const remedy = h("span", { class: "remedy" });
  const times = h("span", { class: "times" });
  const element = h("li", {}, when, method, params, times, outcome, remedy);
  const update = (exchange: Exchange, count: number) => {
    setText(when, time());
    setText(method, exchange.method);
    setText(params, brief(exchange.params));
    setText(times, count > 1 ? `× ${count}` : "");
    setText(outcome, said(exchange));
    setText(remedy, exchange.error instanceof Refused && exchange.error.remedy ? exchange.error.remedy : "");
    set(element, "data-state", exchange.error ? "bad" : exchange.took === undefined ? "open" : "good");
  };
  return { element, key, count: 1, update };
}

function said(exchange: Exchange): string {
  const { took, result, error } = exchange;
  if (took === undefined) return "…";
  const after = `${took < 10 ? took.toFixed(1) : Math.round(took)} ms`;
  if (error instanceof Refused) return `Refused (${error.code}) after ${after}: ${error.message}`;
  if (error) return `Unanswered: ${error.message}`;
  const answer = gist(exchange.method, result);
  return answer === "" ? `Done in ${after}` : `Done in ${after}: ${answer}`;
}

/** What a person wants to know of an answer. */
function gist(method: Method, result: unknown): string {
  switch (method) {
    case "camera.set_control": {
      const { value } = result as Methods["camera.set_control"]["result"];
      return value === undefined ? "" : `it is ${String(value)}`;
    }
    case "camera.snapshot": {
      const { name, bytes } = result as Snapshot;
      return `${name}, ${size(bytes)}`;
    }
    case "stream.set":
    case "stream.mute": {
      const { width, height, fps, bitrate_kbps, muted } = result as Stream;
      return `${width} × ${height}, ${rate(fps)} fps, ${bitrate(bitrate_kbps)}${muted ? ", muted" : ""}`;
    }
    case "audio.set_volume":
    case "audio.mute": {
      const { volume, muted } = result as Audio;
      return `level ${volume} %${muted ? ", muted" : ""}`;
    }
    default:
      return brief(result);
  }
}

/** JSON without the noise, cut where nobody reads on. */
function brief(value: unknown): string {
  if (value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0)) return "";
  if (typeof value !== "object") return String(value);
  const text = Object.entries(value)
    .map(([name, each]) => `${name}: ${typeof each === "string" ? each : JSON.stringify(each)}`)
    .join(", ");
  return text.length > 160 ? `${text.slice(0, 160)} …` : text;
}

function time(): string {
  return new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
}
