/** What the device says about itself and how it is. */

import { card, fill, h, setText } from "../dom";
import { count, duration, size } from "../numbers";
import type { DeviceInfo, DeviceStatus, RoomStatus, Source, Traffic } from "artc-edge-client/methods";

type Tone = "good" | "busy" | "bad" | "idle";

const CONNECTION: Record<DeviceStatus["connection"], [string, Tone]> = {
  idle: ["not connected", "idle"],
  connecting: ["connecting", "busy"],
  connected: ["connected", "good"],
  reconnecting: ["reconnecting", "busy"],
  failed: ["failed, tries again", "bad"],
};

const SOURCE: Record<Source["state"], [string, Tone]> = {
  off: ["off", "idle"],
  resting: ["resting", "idle"],
  private: ["closed for privacy", "idle"],
  live: ["live", "good"],
  built_in: ["built-in", "idle"],
  no_signal: ["no signal", "bad"],
  lost: ["lost", "bad"],
};

export class Device {
  readonly element: HTMLElement;
  readonly #status = h("dl", { class: "facts" });
  readonly #info = h("dl", { class: "facts" });
  readonly #answer = h("p", { class: "empty" }, "Shown as soon as a camera answers.");
  readonly #refresh = h("button", { type: "button", class: "small", disabled: true }, "Refresh");
  /** Processor use needs two looks. */
  #before: { at: number; cpu: number } | undefined;

  constructor(refresh: () => void) {
    this.#refresh.addEventListener("click", refresh);
    this.element = card("Device", "device-card", this.#answer, this.#status, this.#info, h("div", { class: "actions" }, this.#refresh));
  }

  enabled(enabled: boolean): void {
    this.#refresh.disabled = !enabled;
  }

  unread(why: string): void {
    setText(this.#answer, why);
    fill(this.#status);
    fill(this.#info);
    this.#before = undefined;
  }

  info(info: DeviceInfo): void {
    setText(this.#answer, "");
    fill(
      this.#info,
      ...fact("Name", info.name),
      ...fact("Identity", info.identity),
      ...fact("Version", info.version),
      ...fact("Board", info.board),
      ...fact("System", [info.architecture, info.kernel].filter(Boolean).join(", Linux ")),
      ...fact("Engine", info.engine),
    );
  }

  status(status: DeviceStatus, now: number): void {
    setText(this.#answer, "");
    const before = this.#before;
    this.#before = { at: now, cpu: status.cpu_ms };
    const cpu = before && now > before.at && status.cpu_ms >= before.cpu ? `${Math.round(((status.cpu_ms - before.cpu) / (now - before.at)) * 100)} % of a core` : "";
    fill(
      this.#status,
      ...fact("Camera", source(status.camera)),
      ...fact("Frames", counters(status.camera)),
      ...fact("Microphone", source(status.microphone)),
      ...fact("Sound blocks", counters(status.microphone)),
      ...fact("Room", standing(CONNECTION[status.connection], status.connection_reason)),
      ...fact("Others", String(status.participants)),
      ...(status.room ? room(status.room) : []),
      ...fact("Running for", duration(status.uptime_s)),
      ...fact("Processor", cpu),
      ...fact("Memory", size(status.memory_kib * 1024)),
      ...fact("Temperature", status.temperature_c === undefined ? "" : `${status.temperature_c.toFixed(1)} °C`),
    );
  }
}

function fact(title: string, value: string | Node): HTMLElement[] {
  return value === "" ? [] : [h("div", {}, h("dt", {}, title), h("dd", {}, value))];
}

/** What goes through the device's own room. */
function room({ viewers, tracks, sent, received, dropped, refused = {} }: RoomStatus): HTMLElement[] {
  const refusals = Object.entries(refused);
  return [
    ...fact("Viewers", `${count(viewers)}, ${count(tracks)} ${tracks === 1 ? "track" : "tracks"}`),
    ...fact("Sent", traffic(sent)),
    ...fact("Received", traffic(received)),
    ...fact("Dropped", dropped > 0 ? `${count(dropped)} ${dropped === 1 ? "packet" : "packets"}` : ""),
    ...fact("Refused", refusals.map(([what, times]) => `${what} × ${count(times)}`).join(", ")),
  ];
}

function traffic({ packets, bytes }: Traffic): string {
  return `${size(bytes)} in ${count(packets)} ${packets === 1 ? "packet" : "packets"}`;
}

function source({ name, state, reason }: Source): Node {
  return standing(SOURCE[state], [name, reason].filter(Boolean).join(": "));
}

function standing([text, tone]: [string, Tone], more: string | undefined): Node {
  return h("span", {}, h("span", { class: "pill small", "data-tone": tone }, text), more ? ` ${more}` : "");
}

function counters({ grabbed, broken, dropped, recovered }: Source): string {
  const parts = [`${count(grabbed)} taken`];
  if (broken > 0) parts.push(`${count(broken)} broken`);
  if (dropped > 0) parts.push(`${count(dropped)} dropped`);
  if (recovered > 0) parts.push(`came back ${recovered} ${recovered === 1 ? "time" : "times"}`);
  return parts.join(", ");
}
