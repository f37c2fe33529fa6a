// When something is wrong the page says what, and comes back by itself where that can be.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";
import { Proxy } from "./lib/proxy.mjs";
import { frames, longestGap } from "./lib/senses.mjs";

let daemon;
let browser;
const open = [];

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start(), startBrowser()]);
});
afterEach(async () => {
  for (const viewer of open.splice(0)) await viewer.close();
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

async function visit(address) {
  const viewer = await Viewer.open(browser, address);
  open.push(viewer);
  return viewer;
}

/** Waits for the words in the place of the picture. */
async function told(viewer, title) {
  await viewer.notice().getByRole("heading", { name: title }).waitFor();
  return viewer.notice().innerText();
}

describe("an address", () => {
  it("loses its token at once, and a reload still works", async () => {
    const viewer = await visit(daemon.viewer);
    await viewer.live();
    assert.equal(viewer.page.url(), `${daemon.origin}/`);
    await viewer.page.reload();
    await viewer.live();
  });

  it("without a token says so", async () => {
    assert.match(await told(await visit(`${daemon.origin}/`), "This address has no token"), /artc-edge token/);
  });

  it("whose token has expired says so", async () => {
    const viewer = await visit(daemon.address("tester", { seconds: -60 }));
    await told(viewer, "The token has expired");
    assert.equal(await viewer.page.locator("#announcer").innerText(), "The token has expired");
    assert.equal(await viewer.notice().locator("code").innerText(), "artc-edge token --viewer");
  });

  it("with a forged token says so", async () => {
    const forged = daemon.address("tester").replace(/\.[\w-]+&room/, ".Zm9yZ2Vk&room");
    await told(await visit(forged), "The room refused the token");
  });

  it("pasted over a bad one takes its place", async () => {
    const viewer = await visit(daemon.address("tester", { seconds: -60 }));
    await told(viewer, "The token has expired");
    await viewer.page.evaluate((address) => (location.href = address), daemon.viewer);
    await viewer.live();
  });

  it("of another channel finds no camera there, and says so", async () => {
    await told(await visit(daemon.address("tester", { room: "elsewhere" })), "No camera is in the channel");
  });

  it("that the daemon made serves several browsers and tabs, and a reload leaves no ghost", async () => {
    const others = [await visit(daemon.viewer), await visit(daemon.viewer)];
    for (const viewer of others) await viewer.live();
    const inside = () => daemon.call("device.status").then(({ participants }) => participants);
    await eventually(inside, (now) => now === 2, "both are in the channel");
    for (let turn = 0; turn < 3; turn += 1) {
      await others[0].page.reload();
      await others[0].live();
    }
    assert.equal(await inside(), 2, "the same viewer came back");
    for (const viewer of others) assert.deepEqual(viewer.faults, []);

    // A duplicated tab begins with a copy of what the tab has stored, and so under its identity.
    const [first] = others;
    const stored = await first.page.evaluate(() => sessionStorage.getItem("artc.address"));
    const copy = await Viewer.open(browser, `${daemon.origin}/`, { early: `sessionStorage.getItem("artc.address") ?? sessionStorage.setItem("artc.address", ${JSON.stringify(stored)})` });
    open.push(copy);
    await copy.live();
    await eventually(inside, (now) => now === 3, "the tab and its copy are both in the channel");
    await first.standing().getByText("Live").waitFor();
    await first.page.getByRole("button", { name: "Key frame" }).click();
    await first.answer("stream.key_frame").waitFor();
  });

  it("is made anew by the running daemon, and only for who is on the device", async () => {
    const { address, expires_in_s } = await daemon.call("viewer.address");
    assert.equal(expires_in_s, 3600);
    assert.notEqual(address, daemon.viewer);
    const viewer = await visit(address);
    await viewer.live();
  });

  it("opened twice moves the picture to the newer window, and back on a press", async () => {
    const first = await visit(daemon.address("tester-twice"));
    await first.live();
    const second = await visit(daemon.address("tester-twice"));
    await second.live();
    await told(first, "Opened somewhere else");
    await first.page.getByRole("button", { name: "Watch here" }).click();
    await first.notice().waitFor({ state: "hidden" });
    await told(second, "Opened somewhere else");
  });
});

describe("signalling that is cut", () => {
  it("is found again, and the picture never stands still", async () => {
    const proxy = await Proxy.start(daemon.port);
    try {
      const viewer = await visit(daemon.viewer.replace(`:${daemon.port}/`, `:${proxy.port}/`));
      await viewer.live();
      // From before the cut until long after the resume: six seconds of pictures.
      const watched = longestGap(viewer.page, 180);
      assert.ok(proxy.cut() >= 1, "there was a connection to cut");
      const longest = await watched;
      console.log(`longest gap between pictures ${Math.round(longest)} ms`);
      assert.ok(longest < 500, `the picture stood still for ${longest} ms`);
      await viewer.standing().getByText("Live").waitFor();
      assert.deepEqual(viewer.faults, []);
    } finally {
      await proxy.stop();
    }
  });
});

describe("a daemon that ends", () => {
  it("is noticed, and seen again when it is back", async () => {
    const viewer = await visit(daemon.viewer);
    await viewer.live();
    assert.equal(await daemon.stop(), 0);
    await told(viewer, /reconnecting|cannot be reached/);
    await told(viewer, "The room cannot be reached");
    assert.match(await viewer.standing().innerText(), /Not connected|Connecting/);
    await daemon.run();
    await viewer.notice().waitFor({ state: "hidden", timeout: 30_000 });
    await viewer.standing().getByText("Live").waitFor();
    const count = await frames(viewer.page);
    await eventually(() => frames(viewer.page), (now) => now > count + 15, "frames come again");
    assert.deepEqual(viewer.faults, []);
  });

  it("and is back at once costs only moments", async () => {
    const viewer = await visit(daemon.viewer);
    await viewer.live();
    await daemon.stop();
    await daemon.run();
    const began = Date.now();
    const count = await frames(viewer.page);
    await eventually(() => frames(viewer.page), (now) => now > count + 15, "frames come again", 30_000);
    console.log(`picture back ${Date.now() - began} ms after the daemon was`);
    await viewer.standing().getByText("Live").waitFor();
  });
});
