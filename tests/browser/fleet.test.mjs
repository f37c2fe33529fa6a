// The fleet's page in Chromium: the real app server, a real broker, and real devices at it.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { eventually, startBrowser, Viewer } from "./lib/browser.mjs";
import { Daemon } from "./lib/daemon.mjs";
import { Fleet } from "./lib/fleet.mjs";

const WITHIN = 60_000;
const [WILLING, OTHER] = ["gate", "yard"];
const client = (device) => `GID_ALIRTC_CTRL_DOWN@@@${device}`;

let browser;
let fleet;
let devices = [];

before(async () => {
  [browser, fleet] = await Promise.all([startBrowser(), Fleet.start()]);
  devices = await Promise.all([
    Daemon.start({ device: { name: "Front gate" }, control: { broker_role: "operate" }, calls: fleet.calls(WILLING) }),
    Daemon.start({ device: { name: "Back yard" }, calls: fleet.calls(OTHER) }),
  ]);
});
after(async () => {
  await browser?.close();
  await Promise.all(devices.map((device) => device.remove()));
  await fleet?.stop();
});

it("lists devices, sends commands to many, and shows what became of each and the last picture", async () => {
  const viewer = await Viewer.open(browser, `${fleet.origin}/fleet`);
  const { page } = viewer;
  page.setDefaultTimeout(WITHIN);
  await page.getByLabel("Key of the API").fill("none of its keys");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("the key is none of").waitFor();
  await page.getByLabel("Key of the API").fill(fleet.key);
  await page.getByRole("button", { name: "Show" }).click();

  const row = (device) => page.locator("#devices tr", { hasText: client(device) });
  const cells = (device) => row(device).locator("td").allInnerTexts();
  const ready = (texts) => texts[3] !== "" && texts[4] === "online";
  const [, , , name, state, firmware] = await eventually(() => cells(WILLING), ready, "the device and what it is", WITHIN);
  assert.deepEqual([name, state], ["Front gate", "online"]);
  assert.match(firmware, /^\d+\.\d+\.\d+/);
  await eventually(() => cells(OTHER), ready, "the other one", WITHIN);

  await page.getByRole("button", { name: "Send" }).isVisible();
  await page.getByLabel("Method").fill("device.info");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("Choose devices first.").waitFor();

  // The page draws its rows anew now and then; what is chosen stays.
  await row(WILLING).getByRole("checkbox").check();
  await row(OTHER).getByRole("checkbox").check();
  await page.getByRole("button", { name: "Send" }).click();
  const result = (device) => page.locator("#results tbody tr", { hasText: client(device) });
  await result(WILLING).getByText("answered").waitFor();
  await result(WILLING).getByText('"name": "Front gate"').waitFor();
  await result(OTHER).getByText("refused").waitFor();
  await result(OTHER).getByText("`the broker` may not call device.info").waitFor();

  // A camera that has only begun has no picture yet, and says so.
  const picture = row(WILLING).locator("img");
  const taken = async () => {
    await page.getByRole("button", { name: "Take pictures" }).click();
    await page.getByText("camera.snapshot: asked 2").waitFor();
    return result(WILLING).locator("td").nth(1).innerText();
  };
  await eventually(taken, (outcome) => outcome === "answered", "a picture", WITHIN);
  const width = () => picture.evaluate((image) => (image.complete ? image.naturalWidth : 0));
  await eventually(width, (pixels) => pixels === 320, "it is shown, small", WITHIN);
  assert.equal(await row(OTHER).locator("img").isVisible(), false);

  // A new page has it as well: the server keeps it.
  await page.reload();
  await page.getByLabel("Key of the API").fill(fleet.key);
  await page.getByRole("button", { name: "Show" }).click();
  await eventually(width, (pixels) => pixels === 320, "it is there again", WITHIN);
  const elsewhere = viewer.requests.filter((address) => !address.startsWith(fleet.origin) && !address.startsWith("blob:"));
  assert.deepEqual([elsewhere, viewer.faults], [[], []]);
  await viewer.close();
});
