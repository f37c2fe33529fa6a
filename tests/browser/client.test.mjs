// The TypeScript client (clients/typescript) in Chromium at the daemon: its example as it stands in docs/control.md, and what that does
// not show.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startBrowser } from "./lib/browser.mjs";
import { bundle } from "./lib/bundle.mjs";
import { Daemon } from "./lib/daemon.mjs";

let daemon;
let browser;
let page;

before(async () => {
  let code;
  [daemon, browser, code] = await Promise.all([Daemon.start(), startBrowser(), bundle(new URL("client.ts", import.meta.url))]);
  page = await browser.newPage();
  await page.evaluate(async (text) => {
    globalThis.client = await import(`data:text/javascript;base64,${text}`);
    /** What a call ends in, in words that can leave the page. */
    globalThis.outcome = (call) =>
      call.then(
        (value) => ({ value }),
        ({ name, message, code: number, remedy, reason }) => ({ name, message, code: number, remedy, reason }),
      );
    globalThis.join = async ([url, token]) => {
      const room = new client.Room();
      await room.connect(url, token);
      return room;
    };
  }, Buffer.from(code).toString("base64"));
});
after(async () => {
  await browser?.close();
  await daemon?.remove();
});

/** Address and token for an identity. */
const way = (identity) => [daemon.origin.replace("http", "ws"), new URLSearchParams(new URL(daemon.address(identity)).hash.slice(1)).get("token")];

describe("the TypeScript client", () => {
  it("does what the example says", async () => {
    const said = await page.evaluate(([url, token]) => client.command(url, token), way("tester-example"));
    assert.match(said, /^\d+x\d+, snapshot\S*: \d{4,} bytes$/);
    const { fps } = await daemon.call("stream.get");
    assert.equal(fps, 15, "the device has taken it");
  });

  it("gives typed replies, and a snapshot with its bytes", async () => {
    const seen = await page.evaluate(async (to) => {
      const room = await join(to);
      const device = await client.Device.find(room);
      const { engine } = await device.deviceInfo();
      const { mime, bytes } = await device.snapshot();
      await room.disconnect();
      return { engine, mime, begins: [...bytes.slice(0, 2)] };
    }, way("tester-1"));
    assert.deepEqual(seen, { engine: "open", mime: "image/jpeg", begins: [0xff, 0xd8] });
  });

  it("tells what was refused, with the device's words", async () => {
    const seen = await page.evaluate(async (to) => {
      const room = await join(to);
      const device = await client.Device.find(room);
      const refused = await outcome(device.audioSetVolume({ volume: 101 }));
      await room.disconnect();
      return refused;
    }, way("tester-2"));
    assert.equal(seen.name, "Refused");
    assert.equal(seen.code, 2007);
    assert.match(seen.message, /^volume 101 is not between 0 and 100/);
    assert.ok(seen.remedy);
  });

  it("sends again under the same id what was lost on the way", async () => {
    const { muted, sent } = await page.evaluate(async (to) => {
      const room = await join(to);
      const { identity } = await client.Device.find(room);
      const sent = [];
      const publish = room.localParticipant.publishData.bind(room.localParticipant);
      room.localParticipant.publishData = async (bytes, options) => {
        sent.push(new TextDecoder().decode(bytes));
        if (sent.length > 1) await publish(bytes, options);
      };
      const { muted } = await new client.Device(room, identity, { again: 300 }).streamMute({ muted: false });
      await room.disconnect();
      return { muted, sent };
    }, way("tester-3"));
    assert.equal(muted, false);
    assert.ok(sent.length > 1);
    assert.equal(new Set(sent).size, 1, "under its id, and otherwise as it was");
  });

  it("says when nobody answers, when there is no device, and when the room ends", async () => {
    const seen = await page.evaluate(async (to) => {
      const room = await join(to);
      const silent = await outcome(new client.Device(room, "nobody", { timeout: 500 }).deviceInfo());
      const underWay = outcome(new client.Device(room, "nobody-else").deviceInfo());
      await room.disconnect();
      return { silent, missing: await outcome(client.Device.find(room, 200)), ended: await underWay };
    }, way("tester-4"));
    assert.equal(seen.silent.reason, "timeout");
    assert.match(seen.missing.message, /no device came into the room/);
    assert.equal(seen.ended.reason, "closed");
  });
});
