// A real browser: Debian's Chromium, without a display.

import { once } from "node:events";

import { chromium } from "playwright-core";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
// No sandbox: tests run as root in containers. The rest keeps Chromium from talking to anybody but the daemon.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/**
 * A camera that shows a moving disk, and a microphone that beeps every second. Few pictures a second, because several browsers encode and
 * decode them beside the server.
 */
const DEVICES = ["--use-fake-device-for-media-stream=fps=10"];
/** A person who lets every page use them; without, a page is let by its context's permissions. */
const WILLING = ["--use-fake-ui-for-media-stream"];

/**
 * Starts Chromium with a fresh profile. `sound` lets pages play without a press, which people's browsers do not; `devices` gives it
 * camera and microphone, to all pages or, `"asked"`, to those that are let.
 */
export function startBrowser({ sound = true, devices = false } = {}) {
  const autoplay = sound ? "no-user-gesture-required" : "document-user-activation-required";
  const there = devices === false ? [] : devices === "asked" ? DEVICES : [...DEVICES, ...WILLING];
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, `--autoplay-policy=${autoplay}`, ...there] });
}

/** The viewer page in a context of its own, with everything written down that must not happen. */
export class Viewer {
  /** Addresses of all requests and WebSockets. */
  requests = [];
  /** Uncaught errors, and what the content security policy forbade. */
  faults = [];
  /** What the page wrote to its console. */
  said = [];

  /** Opens it; `early` is run in the page before anything else. */
  static async open(browser, address, { early, ...options } = {}) {
    const viewer = new Viewer();
    viewer.context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    viewer.page = await viewer.context.newPage();
    const { page } = viewer;
    page.setDefaultTimeout(15_000);
    page.on("request", (request) => viewer.requests.push(request.url()));
    page.on("websocket", (socket) => viewer.requests.push(socket.url()));
    page.on("console", (message) => viewer.said.push(message.text()));
    page.on("pageerror", (error) => viewer.faults.push(`uncaught: ${error.message}`));
    await page.exposeFunction("reportViolation", (text) => viewer.faults.push(text));
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => {
        globalThis.reportViolation(`policy: ${event.effectiveDirective} forbids ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    if (early) await page.addInitScript(early);
    await page.goto(address);
    return viewer;
  }

  /** Waits until frames of the camera are decoded. */
  async live() {
    await this.page.waitForFunction(() => (document.querySelector("video")?.getVideoPlaybackQuality().totalVideoFrames ?? 0) > 3);
    return this;
  }

  /** The state that the page's head shows. */
  standing() {
    return this.page.locator("header .pill");
  }

  notice() {
    return this.page.locator(".notice");
  }

  /** The newest line of the command log for a method. */
  answer(method) {
    return this.page.locator(".log li", { hasText: method }).first();
  }

  async close() {
    await this.context.close();
  }
}

/** Repeats a look until it satisfies, and gives what it saw; the error tells the last sight. */
export async function eventually(look, satisfied, what, within = 15_000) {
  const end = Date.now() + within;
  for (;;) {
    const seen = await look();
    if (satisfied(seen)) return seen;
    if (Date.now() > end) throw new Error(`${what}: not within ${within} ms, the last sight was ${JSON.stringify(seen)}`);
    await pause(50);
  }
}

async function pause(ms) {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), ms);
  await once(stop.signal, "abort");
}
