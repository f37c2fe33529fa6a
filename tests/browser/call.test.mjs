// The call page: two people in two browsers who were given addresses by `artc-edge token --call`, with Chromium's made-up devices.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, afterEach, before, describe, it } from "node:test";

import { Viewer, eventually, startBrowser } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const POLICY = (await readFile(new URL("../../web/csp.txt", import.meta.url), "utf8")).trim();
const WITHIN = 180_000;

let daemon;
let browser;
let open = [];

before(async () => {
  [daemon, browser] = await Promise.all([Daemon.start({ room: { max_participants: 3 } }), startBrowser({ devices: true })]);
});
afterEach(async () => {
  await Promise.all(open.map(({ viewer }) => viewer.close()));
  open = [];
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

/** Somebody in front of the page. */
class Person {
  constructor(viewer) {
    this.viewer = viewer;
    this.page = viewer.page;
    this.page.setDefaultTimeout(WITHIN);
  }

  static async open(address, options, chromium = browser) {
    const person = new Person(await Viewer.open(chromium, address, options));
    open.push(person);
    return person;
  }

  button(name) {
    return this.page.getByRole("button", { name, exact: true });
  }

  switch(name) {
    return this.page.getByRole("switch", { name });
  }

  notice(title) {
    return this.page.locator(".notice").getByRole("heading", { name: title });
  }

  async join(name = "Join") {
    await this.button(name).click();
    await this.stands("In the call");
    return this;
  }

  async stands(text) {
    await this.page.locator("header .pill", { hasText: new RegExp(`^${text}$`) }).waitFor();
  }

  /** Waits until pictures of the other go on coming. */
  async sees() {
    const decoded = () => this.page.evaluate(() => document.querySelector("video.other").getVideoPlaybackQuality().totalVideoFrames);
    const before = await decoded();
    await eventually(decoded, (count) => count > before + 5, "pictures come", WITHIN);
  }

  async people() {
    return this.page.locator(".people .name").allInnerTexts();
  }

  async axe() {
    await this.page.evaluate(AXE);
    const { violations } = await this.page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    return violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`);
  }
}

describe("two people with addresses of their own", () => {
  it("call one another, switch cameras off and on, and part; nothing leaves the origin and no policy is broken", async () => {
    const [alice, bob] = [await Person.open(await daemon.invite("alice", "desk")), await Person.open(await daemon.invite("bob", "desk"))];
    assert.doesNotMatch(alice.page.url(), /token/, "the token is out of the address bar");
    await alice.notice("Not in the call").waitFor();
    await alice.join();
    await alice.notice("Nobody else is here yet").waitFor();
    await bob.join();
    await Promise.all([alice.sees(), bob.sees()]);
    assert.deepEqual(await alice.people(), ["bob"]);
    assert.deepEqual(await alice.axe(), []);

    await bob.switch("Camera").click();
    await alice.notice("bob has the camera off").waitFor();
    await bob.switch("Camera").click();
    await alice.notice("bob has the camera off").waitFor({ state: "hidden" });
    await alice.sees();
    await bob.switch("Microphone").click();
    await eventually(() => bob.switch("Microphone").isEnabled(), Boolean, "it is switched", WITHIN);
    assert.equal(await bob.switch("Microphone").isChecked(), false);

    await bob.button("Leave").click();
    await bob.stands("Not in the call");
    await alice.notice("Nobody else is here yet").waitFor();
    await bob.join();
    await alice.sees();
    for (const { viewer } of [alice, bob]) {
      assert.deepEqual(viewer.faults, []);
      assert.deepEqual(viewer.requests.filter((address) => new URL(address).host !== new URL(daemon.origin).host && !address.startsWith("blob:")), []);
    }
  });

  it("may only watch: by choice, and by an address that allows no more", async () => {
    const [sender, watcher, guest] = [await Person.open(await daemon.invite("sender", "stage")), await Person.open(await daemon.invite("watcher", "stage")), await Person.open(await daemon.invite("guest", "stage", "--watch"))];
    await sender.join();
    await watcher.join("Only watch");
    await watcher.sees();
    assert.equal(await watcher.switch("Camera").isEnabled(), false, "who watches has nothing to switch");
    await guest.join();
    await guest.page.getByText("This address lets you watch only").waitFor();
    await guest.sees();
    await sender.notice("is here").waitFor();
  });

  it("can do all of it by keyboard", async () => {
    const one = await Person.open(await daemon.invite("keys", "keys"));
    const { page } = one;
    const focused = () =>
      page.evaluate(() => {
        const { activeElement: element } = document;
        const style = getComputedStyle(element);
        return { name: (element.labels?.[0]?.textContent ?? element.textContent).trim(), outlined: style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2 };
      });
    const to = async (name) => {
      for (let i = 0; i < 10; i += 1) {
        await page.keyboard.press("Tab");
        const stop = await focused();
        assert.ok(stop.outlined, `the focus on "${stop.name}" cannot be seen`);
        if (stop.name === name) return;
      }
      assert.fail(`"${name}" was not reached`);
    };
    await to("Camera");
    await page.keyboard.press("Space");
    await to("Join");
    await page.keyboard.press("Enter");
    await one.stands("In the call");
    await eventually(focused, ({ name }) => name === "Leave", "the focus goes on", WITHIN);
    await eventually(() => one.switch("Camera").isEnabled(), Boolean, "the switches are there", WITHIN);
    assert.equal(await one.switch("Camera").isChecked(), false, "as it was before");
    await one.switch("Camera").press("Space");
    await page.locator("video.self").waitFor();
    await one.button("Leave").press("Enter");
    await one.stands("Not in the call");
    assert.equal((await focused()).name, "Join");
  });
});

describe("what is wrong is said", () => {
  it("without a token, with an old one, and in a room that is full", async () => {
    const without = await Person.open(`${daemon.origin}/call/`);
    await without.notice("This address has no token").waitFor();
    assert.equal(await without.button("Join").isEnabled(), false);
    assert.deepEqual(await without.axe(), []);
    const late = await Person.open(daemon.address("late", { seconds: -60 }).replace("/#", "/call/#"));
    await late.button("Only watch").click();
    await late.notice("The token has expired").waitFor();
    for (const each of ["a", "b", "c"]) await (await Person.open(await daemon.invite(each, "small"))).join("Only watch");
    const fourth = await Person.open(await daemon.invite("d", "small"));
    await fourth.button("Only watch").click();
    await fourth.notice("The room is full").waitFor();
    await fourth.page.getByText("holds its limit of 3 participants").waitFor();
  });

  it("when the same address is opened once more, and when the connection is lost", async () => {
    const address = await daemon.invite("twice", "again");
    const earlier = await (await Person.open(address)).join();
    const later = await (await Person.open(address)).join();
    await earlier.notice("Joined somewhere else").waitFor();
    const other = await (await Person.open(await daemon.invite("other", "again"))).join("Only watch");
    await other.sees();
    await daemon.stop();
    await later.stands("Connecting");
    await later.notice("The connection was lost").waitFor();
    await daemon.run();
    await Promise.all([later.stands("In the call"), other.stands("In the call")]);
    await other.sees();
  });

  it("where the browser gives no camera: watching goes on", async () => {
    const strict = await startBrowser();
    try {
      const one = await Person.open(await daemon.invite("bare", "bare"), {}, strict);
      await one.join();
      await one.page.getByRole("alert").getByText("The others do not see or hear you").waitFor();
      await one.stands("In the call");
    } finally {
      open = [];
      await strict.close();
    }
  });
});

it("the page comes under the same strict policy, and its folder without a slash leads there", async () => {
  const answer = await fetch(`${daemon.origin}/call`);
  assert.equal(new URL(answer.url).pathname, "/call/");
  assert.equal(answer.headers.get("content-security-policy"), POLICY);
  assert.match(await answer.text(), /<main class="call"/);
});
