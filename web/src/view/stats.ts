/** How well picture and sound arrive: numbers every second, with the last minute as a line. */

import { capturedAt } from "../capturetime";
import type { Media } from "../channel";
import { latency, type Clock } from "../clock";
import { h, set, setText } from "../dom";
import { Sparkline } from "../icons";
import { bitrate, rate } from "../numbers";
import { look, median, rates, type Look, type Rates } from "../stats";

const EVERY = 1000;

interface Tile {
  element: HTMLElement;
  value: HTMLElement;
  note: HTMLElement;
  line: Sparkline | undefined;
}

type TileName = "latency" | "fps" | "bitrate" | "size" | "network" | "loss";

export class Stats {
  readonly element: HTMLElement;
  readonly #tiles: Record<TileName, Tile> = {
    latency: tile("Latency", "latency", true),
    fps: tile("Frames", "fps", true),
    bitrate: tile("Bitrate", "bitrate", true),
    size: tile("Picture", "size"),
    network: tile("Network", "network"),
    loss: tile("Loss", "loss"),
  };
  readonly #video: HTMLVideoElement;
  #media: Media | undefined;
  #before: Look | undefined;
  #latencies: number[] = [];
  #watching: number | undefined;

  readonly #clock: Clock;
  readonly #seen: (fps: number) => void;

  /** Tells after every look how many frames a second were new. */
  constructor(video: HTMLVideoElement, clock: Clock, seen: (fps: number) => void = () => undefined) {
    this.#clock = clock;
    this.#video = video;
    this.#seen = seen;
    const heading = h("h2", { class: "unseen", id: "stats-heading" }, "Quality of the stream");
    const tiles = h("dl", { class: "tiles" }, ...Object.values(this.#tiles).map(({ element }) => element));
    this.element = h("section", { class: "stats", "aria-labelledby": "stats-heading" }, heading, tiles);
    this.#clear();
    setInterval(() => void this.#look(), EVERY);
  }

  picture(media: Media | undefined): void {
    if (media?.track === this.#media?.track) {
      this.#media = media;
      return;
    }
    this.#media = media;
    this.#before = undefined;
    this.#clear();
    if (this.#watching !== undefined) this.#video.cancelVideoFrameCallback(this.#watching);
    this.#watching = undefined;
    if (media) this.#watch();
  }

  /** Collects, frame by frame, the time from the camera's shutter to the screen, where sender and browser tell it. */
  #watch(): void {
    if (!("requestVideoFrameCallback" in this.#video)) return;
    this.#watching = this.#video.requestVideoFrameCallback((_now, frame) => {
      const captured = capturedAt(this.#media?.receiver?.getSynchronizationSources()[0], frame.rtpTimestamp);
      // Not from the page's first moment on: the clock may have been set since.
      const shown = Date.now() + frame.expectedDisplayTime - performance.now();
      const found = captured === undefined ? undefined : latency(captured, shown, this.#clock.ahead);
      if (found !== undefined) this.#latencies.push(found);
      if (this.#latencies.length > 300) this.#latencies.shift();
      this.#watch();
    });
  }

  async #look(): Promise<void> {
    const media = this.#media;
    if (!media || document.hidden) {
      this.#before = undefined;
      this.#latencies = [];
      return;
    }
    const report = await media.stats().catch(() => undefined);
    const now = report && look(report, performance.now());
    if (media !== this.#media) return;
    if (!now) {
      this.#seen(media.muted ? 1 : 0);
      return;
    }
    const before = this.#before;
    this.#before = now;
    if (!before) return;
    const since = rates(before, now);
    this.#show(since, this.#latencies.splice(0));
    // A muted picture is not missed.
    this.#seen(media.muted ? 1 : since.fps);
  }

  #show(now: Rates, latencies: number[]): void {
    const measured = median(latencies);
    // Without the sender's clock: what can be seen from here. The camera's and encoder's part is missing.
    const seen = now.buffer === undefined ? undefined : now.buffer + (now.decode ?? 0) + (now.roundTrip ?? 0) / 2;
    const latest = measured ?? seen;
    const { latency: first, fps, bitrate: bits, size, network, loss } = this.#tiles;
    put(first, latest === undefined ? "–" : `${Math.round(latest)} ms`, measured === undefined ? "buffer and network" : "camera to screen");
    put(fps, `${rate(Math.round(now.fps * 10) / 10)} fps`, now.droppedPerSecond >= 0.5 ? `${Math.round(now.droppedPerSecond)} a second dropped here` : "decoded");
    put(bits, bitrate(now.kbps), now.decoder === undefined ? "H.264" : `decoder ${now.decoder}`);
    put(size, now.width === undefined ? "–" : `${now.width} × ${now.height}`, now.decode === undefined ? "" : `decoded in ${now.decode.toFixed(1)} ms`);
    put(network, now.roundTrip === undefined ? "–" : `${now.roundTrip.toFixed(now.roundTrip < 10 ? 1 : 0)} ms`, now.protocol === undefined ? "round trip" : `round trip by ${now.protocol.toUpperCase()}`);
    put(loss, `${(now.loss * 100).toFixed(now.loss > 0 && now.loss < 0.1 ? 1 : 0)} %`, now.freezes === 1 ? "1 freeze" : `${now.freezes} freezes`);
    set(loss.element, "data-tone", now.loss > 0.02 ? "warn" : undefined);
    first.line?.push(latest);
    fps.line?.push(now.fps);
    bits.line?.push(now.kbps);
  }

  #clear(): void {
    for (const each of Object.values(this.#tiles)) {
      put(each, "–", "");
      each.line?.clear();
    }
  }
}

function tile(title: string, name: TileName, drawn = false): Tile {
  const line = drawn ? new Sparkline() : undefined;
  const value = h("span", { class: "value", "data-stat": name });
  const note = h("span", { class: "note" });
  const element = h("div", { class: "tile" }, h("dt", {}, title), h("dd", {}, value, note, line?.element));
  return { element, value, note, line };
}

function put({ value, note }: Tile, text: string, small: string): void {
  setText(value, text);
  setText(note, small);
}
