// The card of the board on the viewer page: its switches move what the board has, here the board that is made up (`backend = "fake"`),
// and close camera and microphone.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";
import { listen } from "./lib/senses.mjs";

const WITHIN = 180_000;
const PROFILE = `
[board]
id = "desk"
name = "Desk"
support = "untested"

[lines.door]
line = "D1"
direction = "output"
safe = false

[lines.bell]
line = "D2"
direction = "input"

[lines.cooler]
line = "D3"
direction = "output"
safe = true

[lines.red]
line = "D4"
direction = "output"
safe = false

[relays.gate]
line = "door"

[leds.warning]
line = "red"

[fan]
line = "cooler"
on_above_c = 70.0
off_below_c = 60.0
`;

let folder;
let daemon;
let browser;
let viewer;
let page;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "artc-edge-board-"));
  const profile = join(folder, "desk.toml");
  await writeFile(profile, PROFILE);
  [daemon, browser] = await Promise.all([Daemon.start({ board: { profile, backend: "fake" } }), startBrowser()]);
  viewer = await Viewer.open(browser, daemon.address("tester"));
  await viewer.live();
  page = viewer.page;
  page.setDefaultTimeout(WITHIN);
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
});

const box = (name) => page.locator(".board-card").getByRole("switch", { name, exact: true });
const line = async (name) => (await daemon.call("board.info")).lines.find((each) => each.name === name);

it("a line is moved by its switch, which shows after a look what others have moved", async () => {
  const door = box("Gate (door)");
  await door.waitFor();
  assert.equal(await door.isChecked(), false);
  await door.press("Space");
  await eventually(() => line("door"), ({ on }) => on === true, "the line is on", WITHIN);
  assert.equal(await door.isChecked(), true);
  await door.press("Space");
  await eventually(() => line("door"), ({ on }) => on === false, "the line is off", WITHIN);
  await daemon.call("board.set_line", { line: "gate", on: true });
  await page.getByRole("button", { name: "Refresh" }).click();
  await eventually(() => door.isChecked(), Boolean, "the page has looked", WITHIN);
});

it("what is read and what the device drives itself is shown and not moved", async () => {
  const cooler = box("Cooler");
  assert.deepEqual([await cooler.isEnabled(), await box("Bell").isEnabled()], [false, false]);
  const why = (each) => page.locator(`[id="${each}"]`).innerText();
  assert.match(await why(await box("Bell").getAttribute("aria-describedby")), /read, not driven/);
  assert.match(await why(await cooler.getAttribute("aria-describedby")), /The device itself drives it: the fan/);
});

it("an LED is switched", async () => {
  const warning = box("LED warning");
  const led = async () => (await daemon.call("board.info")).leds.find(({ name }) => name === "warning").shows;
  assert.equal(await led(), "off");
  await warning.click();
  await eventually(led, (shows) => shows === "on", "it shines", WITHIN);
  await warning.click();
  await eventually(led, (shows) => shows === "off", "it is dark", WITHIN);
});

it("privacy closes camera and microphone, says so, and opens them again", async () => {
  const privacy = box("Close camera and microphone");
  assert.equal(await privacy.isChecked(), false);
  await eventually(() => listen(page, 400), ({ level }) => level > -60, "the tone is heard", WITHIN);
  await privacy.press("Space");
  await eventually(() => daemon.call("device.status"), ({ camera, microphone }) => camera.state === "private" && microphone.state === "private", "both are closed", WITHIN);
  await viewer.standing().getByText("Closed for privacy").waitFor();
  await eventually(() => listen(page, 400), ({ level }) => level < -90, "it is silent", WITHIN);
  assert.equal(await privacy.isChecked(), true);
  await privacy.press("Space");
  await eventually(() => daemon.call("device.status"), ({ camera }) => camera.state === "built_in", "the camera is open", WITHIN);
  await viewer.standing().getByText("Live").waitFor();
  await eventually(() => listen(page, 400), ({ level }) => level > -60, "the tone is back", WITHIN);
});

it("whom the device does not let command presses in vain, and is told", async () => {
  const guest = await Viewer.open(browser, daemon.address("reader-not-listed"));
  await guest.live();
  const refused = guest.page.locator(".board-card").getByRole("switch", { name: "Close camera and microphone" });
  await refused.click({ timeout: WITHIN });
  await guest.page.locator(".board-card").getByRole("alert").filter({ hasText: /./ }).first().waitFor({ timeout: WITHIN });
  assert.equal(await refused.isChecked(), false, "it goes back to what is true");
  assert.equal((await daemon.call("device.status")).camera.state, "built_in");
  await guest.close();
});
