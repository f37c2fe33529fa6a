// The page itself: for everybody, on every width, by keyboard alone, and without a word to anybody but the daemon.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const POLICY = (await readFile(new URL("../../web/csp.txt", import.meta.url), "utf8")).trim();

let daemon;
let browser;

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), startBrowser()]);
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

async function axe(page) {
  // Through the debugger and not as a script of the page: the page's policy forbids scripts from elsewhere, and shall.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
}

for (const colorScheme of ["light", "dark"]) {
  for (const [width, height] of [
    [1440, 900],
    [768, 1024],
    [360, 740],
  ]) {
    it(`has no barriers that axe knows, ${colorScheme} at ${width} pixels, and needs no sideways scrolling`, async () => {
      const viewer = await Viewer.open(browser, daemon.viewer, { viewport: { width, height }, colorScheme });
      await viewer.live();
      await viewer.page.locator(".device-card .facts dd").first().waitFor();
      await viewer.page.getByRole("button", { name: "Key frame" }).click();
      await viewer.answer("stream.key_frame").waitFor();
      assert.deepEqual(await axe(viewer.page), []);
      const overflow = await viewer.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the screen`);
      await viewer.close();
    });
  }
}

it("has no barriers when something is wrong", async () => {
  const viewer = await Viewer.open(browser, daemon.address("tester", { seconds: -60 }));
  await viewer.notice().getByRole("heading", { name: "The token has expired" }).waitFor();
  assert.deepEqual(await axe(viewer.page), []);
  await viewer.close();
});

it("works by keyboard alone", async () => {
  const viewer = await Viewer.open(browser, daemon.viewer);
  await viewer.live();
  const { page } = viewer;
  await page.locator(".device-card .facts dd").first().waitFor();
  const focused = () =>
    page.evaluate(() => {
      const { activeElement: element } = document;
      const style = getComputedStyle(element);
      const name = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
      return { name: name.trim(), outlined: style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2 };
    });
  // The first stop leads past picture and log to the panel.
  await page.keyboard.press("Tab");
  assert.equal((await focused()).name, "Skip to the controls");
  await page.keyboard.press("Enter");
  const stops = [];
  for (let i = 0; i < 60; i += 1) {
    await page.keyboard.press("Tab");
    const stop = await focused();
    assert.ok(stop.outlined, `the focus on "${stop.name}" cannot be seen, after ${stops.join(", ")}`);
    assert.ok(stop.name.length > 0, "a stop has no name");
    stops.push(stop.name);
    if (stop.name === "Send sound") await page.keyboard.press("Space");
    if (stop.name === "Key frame") await page.keyboard.press("Enter");
    if (stop.name === "Refresh") break;
  }
  for (const name of ["Send picture", "Send sound", "Microphone level", "Size", "Frame rate", "Apply", "Key frame", "Take a snapshot", "Refresh"]) {
    assert.ok(stops.includes(name), `"${name}" was not reached: ${stops.join(", ")}`);
  }
  assert.ok(stops.indexOf("Send picture") < stops.indexOf("Apply") && stops.indexOf("Apply") < stops.indexOf("Take a snapshot"), "the order is not that of the eye");
  for (const method of ["audio.mute", "stream.key_frame"]) {
    await viewer.answer(method).and(page.locator("[data-state=good]")).waitFor();
  }
  const sound = page.getByRole("switch", { name: "Send sound" });
  assert.equal(await sound.isChecked(), false);
  await sound.press("Space");
  await eventually(() => daemon.call("audio.get"), ({ muted }) => !muted, "the sound is sent again");
  await viewer.close();
});

describe("the server", () => {
  it("sends the page under the strict policy", async () => {
    const response = await fetch(`${daemon.origin}/`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-security-policy"), POLICY);
    assert.equal(response.headers.get("x-content-type-options"), "nosniff");
    assert.equal(response.headers.get("referrer-policy"), "no-referrer");
    assert.match(response.headers.get("content-type"), /^text\/html/);
  });

  it("gives a token of one's own for an invitation, to nobody else and to no page from elsewhere", async () => {
    const ask = (token) => fetch(`${daemon.origin}/viewer/session`, { method: "POST", headers: { origin: "http://elsewhere.example", ...(token && { authorization: `Bearer ${token}` }) } });
    const tokenOf = (address) => new URLSearchParams(new URL(address).hash.slice(1)).get("token");
    const invitation = tokenOf(daemon.viewer);
    const answers = [await ask(invitation), await ask(invitation)];
    const made = await Promise.all(answers.map((answer) => answer.json()));
    for (const answer of answers) {
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.equal(answer.headers.get("access-control-allow-origin"), null);
    }
    for (const { identity } of made) assert.match(identity, /^local-viewer-[A-Za-z0-9]{6}$/);
    assert.notEqual(made[0].identity, made[1].identity);
    const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url").toString());
    assert.ok(claims(made[0].token).exp <= claims(invitation).exp, "not longer than the invitation");
    // What an invitation gave invites nobody else.
    assert.equal((await ask(made[0].token)).status, 403);
    assert.equal((await ask(tokenOf(daemon.address("tester")))).status, 403);
    assert.equal((await ask(tokenOf(daemon.address("tester", { seconds: -60 })))).status, 401);
    assert.equal((await ask(undefined)).status, 401);
    assert.equal((await fetch(`${daemon.origin}/viewer/session`)).status, 405);
  });

  it("sends a page that is small", async () => {
    const page = await (await fetch(`${daemon.origin}/`)).text();
    const parts = [...page.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, address]) => address);
    assert.ok(parts.length >= 3, `the page names only ${parts}`);
    let total = page.length;
    for (const part of parts) {
      const response = await fetch(new URL(part, `${daemon.origin}/`));
      assert.equal(response.status, 200, part);
      total += (await response.arrayBuffer()).byteLength;
    }
    assert.ok(total < 800_000, `${total} bytes`);
  });
});

it("really is under that policy: what it forbids is blocked and noticed", async () => {
  const viewer = await Viewer.open(browser, daemon.viewer);
  await viewer.live();
  assert.deepEqual(viewer.faults, []);
  await viewer.page.evaluate(() => {
    const image = document.createElement("img");
    image.src = "http://127.0.0.1:9/elsewhere.png";
    document.body.append(image);
  });
  await eventually(() => viewer.faults.length, (count) => count > 0, "the policy blocks an image from elsewhere");
  assert.match(viewer.faults[0], /img-src/);
  await viewer.close();
});
