// Talking through the box: what a viewer says is played by the speaker, and who may not or cannot is told why.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";

const PATIENCE = 60_000;

let daemon;
let browser;

before(async () => {
  // ALSA's own device without hardware: what it is given is counted.
  const speaker = { device: "null", viewers_talk: true };
  [daemon, browser] = await Promise.all([Daemon.start({ speaker }), startBrowser({ devices: "asked" })]);
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

const speaker = async () => (await daemon.call("device.status")).speaker;
const sounding = async () => (await speaker()).sounding;

async function open(address, permissions = []) {
  const viewer = await Viewer.open(browser, address, { permissions });
  await viewer.live();
  return viewer;
}

const talk = ({ page }) => page.getByRole("button", { name: "Talk", exact: true });
const stop = ({ page }) => page.getByRole("button", { name: "Stop talking" });

/** Waits until the speaker plays something that can be heard. */
async function heard() {
  const before = await sounding();
  await eventually(sounding, (now) => now > before + 5, "nothing is heard", PATIENCE);
}

/** Waits until 2.5 seconds of silence in a row have been played. */
async function silent() {
  for (;;) {
    const before = await speaker();
    await eventually(speaker, ({ taken }) => taken > before.taken + 250, "no more blocks come", PATIENCE);
    if ((await sounding()) === before.sounding) return;
  }
}

it("plays what is said while the button is held, by keyboard, and no longer", async () => {
  const viewer = await open(daemon.viewer, ["microphone"]);
  await talk(viewer).and(viewer.page.locator(":enabled")).waitFor({ timeout: PATIENCE });
  await talk(viewer).focus();
  await viewer.page.keyboard.down("Space");
  await stop(viewer).waitFor({ timeout: PATIENCE });
  await viewer.page.getByText("what you say is played at the camera").waitFor();
  await heard();
  await viewer.page.keyboard.up("Space");
  await talk(viewer).waitFor({ timeout: PATIENCE });
  await silent();
  assert.deepEqual(viewer.faults, []);
  await viewer.close();
});

it("stays open after a short press, until the next one", async () => {
  const viewer = await open(daemon.viewer, ["microphone"]);
  await talk(viewer).and(viewer.page.locator(":enabled")).waitFor({ timeout: PATIENCE });
  await viewer.page.locator(".stage").hover();
  await talk(viewer).click();
  await stop(viewer).waitFor({ timeout: PATIENCE });
  await heard();
  await stop(viewer).click();
  await talk(viewer).waitFor({ timeout: PATIENCE });
  await silent();
  await viewer.close();
});

it("says so when the browser gives no microphone", async () => {
  const viewer = await open(daemon.viewer);
  await talk(viewer).and(viewer.page.locator(":enabled")).waitFor({ timeout: PATIENCE });
  await talk(viewer).focus();
  await viewer.page.keyboard.press("Enter");
  await viewer.page.getByText("The browser does not let this page use a microphone").waitFor({ timeout: PATIENCE });
  await viewer.close();
});

it("lets nobody talk whose token does not", async () => {
  const viewer = await open(daemon.address("tester", { grant: { canPublish: false, canPublishData: true } }), ["microphone"]);
  const button = talk(viewer);
  await button.and(viewer.page.locator(":disabled")).waitFor({ timeout: PATIENCE });
  assert.equal(await button.getAttribute("title"), "This address does not let you talk");
  await viewer.close();
});
