// The panel: every command acts on the stream that is seen and heard, and shows its reply or why it was refused.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";
import { brightestGreen, difference, frames, listen, sight, steady, still, videoSize } from "./lib/senses.mjs";

let daemon;
let browser;
let viewer;
let page;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), startBrowser()]);
  viewer = await Viewer.open(browser, daemon.viewer);
  await viewer.live();
  page = viewer.page;
  await page.getByLabel("Size", { exact: true }).and(page.locator(":enabled")).waitFor();
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

/** Waits for the log line of a command, and gives its text once it has ended. */
async function reply(method, state = "good") {
  const line = viewer.answer(method).and(page.locator(`[data-state=${state}]`));
  await line.waitFor();
  return line.innerText();
}

async function clearLog() {
  const clear = page.getByRole("button", { name: "Clear" });
  if (await clear.isVisible()) await clear.click();
}

describe("the stream", () => {
  it("changes size and frame rate in what is seen", async () => {
    const size = page.getByLabel("Size", { exact: true });
    const offered = await size.locator("option").allInnerTexts();
    assert.ok(offered.length >= 2, `only ${offered} is offered`);
    await size.selectOption({ label: "320 × 240" }).catch(() => size.selectOption({ index: offered.length - 1 }));
    const wanted = (await size.inputValue()).replace("×", "x");
    await page.getByLabel("Bitrate, kbit/s").fill("900");
    await page.getByRole("button", { name: "Apply" }).click();
    assert.match(await reply("stream.set"), /Done in/);
    await eventually(() => videoSize(page), (now) => now === wanted, `the picture becomes ${wanted}`);
    const count = await frames(page);
    await eventually(() => frames(page), (now) => now > count + 15, "frames go on in the new size");
    assert.equal(await page.getByLabel("Bitrate, kbit/s").inputValue(), "900");
  });

  it("tells what cannot be, before it is sent and when the device refuses", async () => {
    await clearLog();
    const bitrate = page.getByLabel("Bitrate, kbit/s");
    const before = await bitrate.inputValue();
    await bitrate.fill("1");
    await page.getByRole("button", { name: "Apply" }).click();
    await page.locator(".stream-card .answer.error", { hasText: "The bitrate is" }).waitFor();
    assert.equal(await viewer.answer("stream.set").count(), 0);
    await bitrate.fill(before);
  });

  it("is muted and comes back, picture and sound apart", async () => {
    const picture = page.getByLabel("Send picture");
    await picture.uncheck();
    assert.match(await reply("stream.mute"), /muted: true.*Done in/s);
    await viewer.notice().getByText("The picture is muted").waitFor();
    // What was under way when it was muted may still arrive.
    assert.ok(await still(page, 700), "no more frames come");
    await picture.check();
    await viewer.notice().waitFor({ state: "hidden" });
    const before = await sight(page);
    await eventually(async () => difference(before, await sight(page)), (part) => part > 0.005, "the picture moves again");

    await eventually(() => listen(page, 400), ({ level }) => level > -60, "sound is there before");
    const sound = page.getByLabel("Send sound");
    await sound.uncheck();
    assert.match(await reply("audio.mute"), /muted: true.*Done in/s);
    await eventually(() => listen(page, 600), ({ level }) => level < -90, "it is silent");
    await sound.check();
    await eventually(() => listen(page, 400), ({ level }) => level > -60, "sound is back");
  });

  it("is as loud as the microphone's level", async () => {
    const level = page.getByLabel("Microphone level");
    assert.equal(await level.inputValue(), "100");
    const loud = await steady(page);
    await level.fill("10");
    assert.match(await reply("audio.set_volume"), /Done in/);
    await eventually(() => listen(page, 600), (now) => now.level < loud.level - 12, "it is quieter");
    await level.fill("100");
    await eventually(() => listen(page, 600), (now) => now.level > loud.level - 3, "it is loud again");
  });

  it("gives a key frame when asked", async () => {
    const decoded = () => page.evaluate(async () => document.querySelector("video").getVideoPlaybackQuality().totalVideoFrames);
    await page.getByRole("button", { name: "Key frame" }).click();
    assert.match(await reply("stream.key_frame"), /Done in/);
    const count = await decoded();
    await eventually(decoded, (now) => now > count + 5, "the picture goes on");
  });
});

describe("camera controls", () => {
  it("are menus and switches too", async () => {
    const speed = page.getByLabel("Block Speed", { exact: true });
    await speed.selectOption("Fast");
    await page.locator(".log [data-state=good]", { hasText: "block_speed" }).first().waitFor();
    assert.equal((await daemon.call("camera.controls")).controls.find(({ name }) => name === "block_speed").value, 2);
    const clock = page.getByRole("switch", { name: "Show Clock" });
    await clock.uncheck();
    await page.locator(".log [data-state=good]", { hasText: "show_clock" }).first().waitFor();
    assert.equal((await daemon.call("camera.controls")).controls.find(({ name }) => name === "show_clock").value, false);
    await page.getByRole("button", { name: "All to default" }).click();
    await eventually(() => daemon.call("camera.controls"), ({ controls }) => controls.every(({ value, default: normal }) => value === normal), "all go back");
    await eventually(() => clock.isChecked(), (on) => on, "the switch shows it");
  });

  it("are sliders, menus and switches that change the camera", async () => {
    const sliders = page.locator(".controls .kind-integer input[type=range]:enabled");
    await sliders.first().waitFor();
    await clearLog();
    const slider = sliders.first();
    const [min, max] = [Number(await slider.getAttribute("min")), Number(await slider.getAttribute("max"))];
    const wanted = String(Math.round(min + (max - min) * 0.9));
    const green = () => brightestGreen(page);
    const dark = String(min);
    for (const [value, seen] of [[wanted, (luma) => luma > 150], [dark, (luma) => luma < 100]]) {
      await slider.fill(value);
      await page.locator(".log [data-state=good]", { hasText: `value: ${value}` }).first().waitFor();
      await eventually(() => slider.inputValue(), (now) => now === value, "the slider keeps its value");
      await eventually(green, seen, `the block's brightness follows ${value}`);
    }
    await slider.fill(wanted);
    const number = page.locator(".controls .kind-integer input[type=number]:enabled").first();
    assert.equal(await number.inputValue(), wanted);
    await page.getByRole("button", { name: /^Set .* to its default/ }).first().click();
    await eventually(() => slider.inputValue(), (value) => value !== wanted, "the slider goes back to its default");
  });

  it("keep to the camera's own speed when a slider is dragged", async () => {
    const slider = page.locator(".controls .kind-integer input[type=range]:enabled").first();
    await clearLog();
    await slider.focus();
    for (let i = 0; i < 40; i += 1) await page.keyboard.press("ArrowRight");
    const value = await slider.inputValue();
    await page.locator(".log [data-state=good]", { hasText: `value: ${value}` }).first().waitFor();
    assert.equal(await slider.inputValue(), value);
    assert.equal(await page.locator(".log [data-state=bad]").count(), 0, "a command of the drag was refused");
  });
});

describe("a snapshot", () => {
  it("arrives as a JPEG of the picture's size, is shown and can be saved", async () => {
    await page.getByRole("button", { name: "Take a snapshot" }).click();
    assert.match(await reply("camera.snapshot"), /Done in .*\.jpe?g, .*B/);
    const shot = page.locator(".snapshot").first();
    await shot.locator("img").waitFor();
    const seen = await eventually(() => shot.locator("img").evaluate((img) => [img.naturalWidth, img.naturalHeight]), ([width]) => width > 0, "the JPEG is decoded");
    assert.ok(seen[0] >= 160 && seen[1] >= 120, `it is ${seen}`);
    const download = page.waitForEvent("download");
    await shot.getByRole("link", { name: /^Save/ }).click();
    const file = await download;
    const bytes = await readFile(await file.path());
    assert.match(file.suggestedFilename(), /\.jpe?g$/);
    assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    assert.deepEqual([...bytes.subarray(-2)], [0xff, 0xd9]);
  });

  it("is shown in full size, and the keyboard leads out again to where it was", async () => {
    const small = page.getByRole("button", { name: /^Show snapshot-1\.jpg in full size$/ });
    await small.focus();
    await page.keyboard.press("Enter");
    const large = page.getByRole("dialog", { name: "Snapshot in full size" });
    await large.getByRole("img", { name: "Snapshot snapshot-1.jpg" }).waitFor();
    assert.match(await large.getByRole("link", { name: "Save" }).getAttribute("download"), /^snapshot-1\.jpg$/);
    await page.keyboard.press("Escape");
    await large.waitFor({ state: "hidden" });
    assert.equal(await small.evaluate((element) => element === document.activeElement), true);
  });

  it("is taken from the picture's own tools as well", async () => {
    await page.getByRole("button", { name: "Snapshot", exact: true }).press("Enter");
    await page.getByRole("button", { name: /^Show snapshot-2\.jpg in full size$/ }).waitFor();
  });
});

describe("the device", () => {
  it("tells who and how it is, and that again", async () => {
    const card = page.locator(".device-card");
    await card.getByText("Test camera").waitFor();
    const grabbed = async () => Number((await card.locator("dt:text-is('Frames') + dd").innerText()).replace(/\D/g, ""));
    const first = await grabbed();
    assert.ok(first > 0);
    await eventually(grabbed, (now) => now > first, "the counters go on by themselves");
    assert.match(await card.locator("dt:text-is('Camera') + dd").innerText(), /built-in/);
    assert.match(await card.locator("dt:text-is('Running for') + dd").innerText(), /\d+ s/);
    assert.match(await card.locator("dt:text-is('Viewers') + dd").innerText(), /^1, 2 tracks$/);
    const sent = async () => Number((await card.locator("dt:text-is('Sent') + dd").innerText()).replace(/^.* in |\D/g, ""));
    const before = await sent();
    await eventually(sent, (now) => now > before, "packets go to the viewer");
  });
});

describe("somebody who may not command", () => {
  it("sees the picture and is told so", async () => {
    const other = await Viewer.open(browser, daemon.address("stranger"));
    await other.live();
    await other.page.getByText("You can watch, but not command this camera.").waitFor();
    assert.equal(await other.page.locator("h1").innerText(), "Test camera", "its name in the channel");
    await other.page.getByRole("button", { name: "Take a snapshot" }).click();
    const line = other.answer("camera.snapshot").and(other.page.locator("[data-state=bad]"));
    await line.waitFor();
    assert.match(await line.innerText(), /Refused \(2001\)/);
    await other.close();
  });
});

describe("somebody whose token allows no messages", () => {
  it("sees the picture and is told so", async () => {
    const other = await Viewer.open(browser, daemon.address("tester-mute", { grant: { canPublish: false, canPublishData: false } }));
    await other.live();
    await other.page.getByText("This address lets nobody send messages.").waitFor();
    assert.equal(await other.page.getByRole("button", { name: "Take a snapshot" }).isDisabled(), true);
    await other.close();
  });
});

it("all that broke no rule", () => {
  assert.deepEqual(viewer.faults, []);
});
