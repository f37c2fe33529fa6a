// What a viewer is there for: picture and sound of the camera, at once and in time.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";
import { difference, frames, listen, percentile, readings, sight, stamps, videoSize } from "./lib/senses.mjs";

/** The built-in tone is a steady 440 Hz with a beep of 880 Hz each second (src/capture/audio/tone.rs). */
const [STEADY, BEEP] = [440, 880];

/** Listens until tone and beep were both heard; anything else that is louder is a failure. */
async function hearsTheTone(viewer) {
  const heard = new Set();
  await eventually(
    async () => {
      const { frequency, level } = await listen(viewer.page, 400);
      if (level < -60) return "silence";
      const tone = [STEADY, BEEP].find((each) => Math.abs(each - frequency) < 4);
      assert.ok(tone, `heard ${frequency} Hz at ${level} dBFS`);
      heard.add(tone);
      return [...heard];
    },
    () => heard.size === 2,
    "tone and beep are heard",
  );
}

let daemon;
let browser;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

for (const [name, more] of [
  ["over one connection, as current clients do", ""],
  ["over two connections, as older clients do", "&pc=two"],
]) {
  describe(`a viewer ${name}`, () => {
    let viewer;

    before(async () => {
      viewer = await Viewer.open(browser, daemon.viewer + more);
      await viewer.live();
    });
    after(() => viewer.close());

    it("sees a picture that moves", async () => {
      const [first, count] = [await sight(viewer.page), await frames(viewer.page)];
      const changed = await eventually(async () => difference(first, await sight(viewer.page)), (part) => part > 0.005, "the picture changes");
      assert.ok(changed < 0.9, "the picture changes as a whole: noise, not the pattern");
      assert.ok(Math.max(...first) - Math.min(...first) > 100, "the picture has neither light nor dark");
      await eventually(() => frames(viewer.page), (now) => now >= count + 30, "30 more frames are decoded");
      assert.equal(await videoSize(viewer.page), "640x360");
      await viewer.standing().getByText("Live").waitFor();
    });

    it("hears the tone", async () => {
      await hearsTheTone(viewer);
    });

    it("reads in the picture when it was captured", async () => {
      const seen = await stamps(viewer.page, 3000);
      const good = seen.filter(({ latency }) => latency !== null);
      assert.ok(seen.length >= 60, `only ${seen.length} frames were shown in 3 s`);
      assert.ok(good.length >= 0.98 * seen.length, `${seen.length - good.length} of ${seen.length} stamps could not be read`);
      const latencies = good.map(({ latency }) => latency);
      const [p50, p95] = [percentile(latencies, 0.5), percentile(latencies, 0.95)];
      console.log(`picture to picture: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms, least ${Math.min(...latencies).toFixed(1)} ms of ${good.length} frames`);
      assert.ok(Math.min(...latencies) > 0, "a frame was shown before it was captured");
      // Machines under test are busy: the number to keep is the benchmark's, this only catches a stream that lags.
      assert.ok(p50 < 250, `p50 is ${p50} ms`);
      for (let i = 1; i < good.length; i += 1) assert.ok(good[i].counter > good[i - 1].counter, "frames came out of order");
    });

    it("finds its numbers on the page", async () => {
      const stat = (name) => viewer.page.locator(`[data-stat=${name}]`).innerText();
      await eventually(() => stat("fps"), (text) => Number.parseFloat(text) > 20, "the page counts frames");
      assert.match(await stat("size"), /^640 × 360$/);
      const tile = viewer.page.locator(".tile", { has: viewer.page.locator("[data-stat=latency]") });
      await eventually(() => tile.innerText(), (text) => /camera to screen/i.test(text), "the page knows how old the picture is");
      // The stamp in the picture knows nothing of RTP or clocks; both are looked at in the same seconds.
      const [seen, told] = await Promise.all([stamps(viewer.page, 3000), readings(viewer.page, "[data-stat=latency]", 90)]);
      const [picture, page] = [percentile(seen.map(({ latency }) => latency).filter(Boolean), 0.5), percentile(told.map(Number.parseFloat), 0.5)];
      console.log(`latency: ${picture.toFixed(1)} ms by the stamps in the picture, ${page} ms by the page`);
      // The page adds the way to the screen's next refresh, and rounds.
      assert.ok(Math.abs(page - picture) < 60, `the page says ${page} ms where the picture says ${picture} ms`);
      assert.match(await stat("bitrate"), /bit\/s$/);
    });

    it("breaks no rule on the way", () => {
      assert.deepEqual(viewer.faults, []);
      const elsewhere = viewer.requests.filter((address) => new URL(address).host !== new URL(daemon.origin).host && !address.startsWith("blob:"));
      assert.deepEqual(elsewhere, [], "requests left the origin");
    });
  });
}

describe("a second viewer", () => {
  it("sees and hears the same, and each sees the other", async () => {
    const first = await Viewer.open(browser, daemon.viewer);
    await first.live();
    const began = Date.now();
    const second = await Viewer.open(browser, daemon.address("tester-second"));
    await second.live();
    console.log(`second viewer: ${Date.now() - began} ms from opening the page to its fourth frame`);
    const people = (viewer) => viewer.page.locator(".people .name").allInnerTexts();
    await eventually(() => people(first), (names) => names.length === 3 && names.includes("tester-second"), "the first viewer sees the second");
    await eventually(() => people(second), (names) => names.length === 3, "the second viewer sees the first");
    await hearsTheTone(second);
    await second.close();
    await eventually(() => people(first), (names) => names.length === 2, "the second viewer leaves");
    const count = await frames(first.page);
    await eventually(() => frames(first.page), (now) => now >= count + 30, "the first viewer still sees");
    await first.close();
  });
});

describe("where the browser holds sound back", () => {
  it("the page offers a press for it, and then it is heard", async () => {
    const strict = await startBrowser({ sound: false });
    // Whatever looks into the page from outside counts as a press for the browser. So the page itself says when it offers one.
    const viewer = await Viewer.open(strict, daemon.viewer, {
      early: () => {
        const look = setInterval(() => {
          const press = document.querySelector(".press-for-sound");
          if (!press || press.hidden) return;
          clearInterval(look);
          console.log(`offered, audio ${document.querySelector("audio").paused ? "silent" : "playing"}`);
        }, 20);
      },
    });
    const offer = await eventually(async () => viewer.said.find((text) => text.startsWith("offered")), Boolean, "a press is offered");
    assert.equal(offer, "offered, audio silent");
    const press = viewer.page.getByRole("button", { name: "Press for sound" });
    const playing = () => viewer.page.evaluate(() => !document.querySelector("audio").paused);
    await press.click();
    await press.waitFor({ state: "hidden" });
    assert.equal(await playing(), true);
    await strict.close();
  });
});
