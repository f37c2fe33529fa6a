// The library for rooms (clients/rooms) in Chromium: users who call one another through the real room, each in a browser context of
// its own, with Chromium's made-up camera and microphone.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";

import { eventually, startBrowser } from "./lib/browser.mjs";
import { bundle } from "./lib/bundle.mjs";
import { Daemon } from "./lib/daemon.mjs";
import { Proxy } from "./lib/proxy.mjs";
import { User, WITHIN } from "./lib/user.mjs";

let daemon;
let browser;
let code;
let proxy;
let count = 0;
let users = [];

before(async () => {
  [daemon, browser, code] = await Promise.all([Daemon.start({ room: { max_participants: 3 } }), startBrowser({ devices: true }), bundle(new URL("rooms.ts", import.meta.url))]);
  proxy = await Proxy.start(daemon.port);
});
afterEach(async () => {
  await Promise.all(users.map((user) => user.close()));
  users = [];
});
after(async () => {
  await proxy?.stop();
  await browser?.close();
  await daemon?.remove();
});

/** A room that no test used before. */
const freshRoom = () => `call-${(count += 1)}`;

/** A user with a page of its own, not logged in. */
async function user(roomID, userID, { grant, seconds, server } = {}) {
  const way = daemon.way(userID, { room: roomID, grant, seconds });
  const opened = await User.open(browser, code, { origin: daemon.origin, server: server ?? way.server, token: way.token, roomID, userID });
  users.push(opened);
  return opened;
}

async function loggedIn(...asked) {
  const one = await user(...asked);
  assert.deepEqual(await one.login(), { value: true });
  return one;
}

describe("two users", () => {
  it("call one another, see and hear, and part", async () => {
    const room = freshRoom();
    const alice = await loggedIn(room, "alice");
    assert.deepEqual(await alice.call("startPublishingStream", "from-alice"), { value: ["audio", "video"] });
    assert.deepEqual(await alice.states("publisherStateUpdate", "from-alice"), ["PUBLISH_REQUESTING", "PUBLISHING"]);
    assert.deepEqual(await alice.events("roomUserUpdate"), [], "oneself is no news");

    const bob = await loggedIn(room, "bob");
    assert.deepEqual((await bob.events("roomStateUpdate")).map(([id, state, error]) => [id, state, error]), [[room, "CONNECTING", 0], [room, "CONNECTED", 0]]);
    // The first updates list what was there already.
    await bob.heard("roomStreamUpdate", (id, type) => id === room && type === "ADD");
    assert.deepEqual(await bob.events("roomUserUpdate"), [[room, "ADD", [{ userID: "alice", userName: "alice" }]]]);
    assert.deepEqual(await bob.events("roomStreamUpdate"), [[room, "ADD", [{ streamID: "from-alice", user: { userID: "alice", userName: "alice" }, extraInfo: "" }], ""]]);
    await alice.heard("roomUserUpdate", (_, type, [{ userID }]) => type === "ADD" && userID === "bob");

    await bob.call("startPublishingStream", "from-bob");
    await alice.heard("roomStreamUpdate", (_, type, [{ streamID }]) => type === "ADD" && streamID === "from-bob");
    await Promise.all([alice.call("startPlayingStream", "from-bob"), bob.call("startPlayingStream", "from-alice")]);
    await Promise.all([alice.sees(), bob.sees()]);
    await alice.hears("from-bob");
    await bob.hears("from-alice");
    assert.deepEqual(await alice.states("playerStateUpdate", "from-bob"), ["PLAY_REQUESTING", "PLAYING"]);

    await alice.call("mutePublishStreamVideo", "from-alice", true);
    await bob.heard("remoteCameraStatusUpdate", (id, status) => id === "from-alice" && status === "MUTE");
    await alice.call("mutePublishStreamVideo", "from-alice", false);
    await bob.heard("remoteCameraStatusUpdate", (id, status) => id === "from-alice" && status === "OPEN");
    await bob.sees();

    await bob.page.evaluate(() => engine.stopPublishingStream("from-bob"));
    await alice.heard("roomStreamUpdate", (_, type, [{ streamID }]) => type === "DELETE" && streamID === "from-bob");
    assert.equal((await bob.states("publisherStateUpdate", "from-bob")).at(-1), "NO_PUBLISH");
    await bob.call("logoutRoom", room);
    await alice.heard("roomUserUpdate", (_, type, [{ userID }]) => type === "DELETE" && userID === "bob");
    assert.deepEqual((await bob.events("roomStateUpdate")).at(-1), [room, "DISCONNECTED", 0, ""]);
    assert.equal((await bob.states("playerStateUpdate", "from-alice")).at(-1), "NO_PLAY");
  });
});

describe("a user id", () => {
  it("that logs in again elsewhere ends the earlier login, with all it published and played", async () => {
    const room = freshRoom();
    const [earlier, other] = [await loggedIn(room, "twice"), await loggedIn(room, "other")];
    await earlier.call("startPublishingStream", "mine", { camera: false });
    await other.call("startPublishingStream", "others", { camera: false });
    await earlier.call("startPlayingStream", "others");
    const later = await loggedIn(room, "twice");
    await earlier.heard("roomStateUpdate", (id, state, error) => id === room && state === "DISCONNECTED" && error === 1002050);
    assert.equal((await earlier.states("publisherStateUpdate", "mine")).at(-1), "NO_PUBLISH");
    assert.equal((await earlier.states("playerStateUpdate", "others")).at(-1), "NO_PLAY");
    await other.heard("roomStreamUpdate", (_, type, [{ streamID }]) => type === "DELETE" && streamID === "mine");
    assert.equal((await earlier.call("startPlayingStream", "others")).code, 1000002, "it is logged in no more");
    assert.deepEqual((await later.events("roomStateUpdate")).at(-1), [room, "CONNECTED", 0, ""], "and does not come back to push the later one out");
  });
});

describe("a stream id", () => {
  it("that is in use is refused, and the first one keeps it", async () => {
    const room = freshRoom();
    const [first, second] = [await loggedIn(room, "first"), await loggedIn(room, "second")];
    await first.call("startPublishingStream", "one-id", { camera: false });
    await second.heard("roomStreamUpdate", (_, type) => type === "ADD");
    const refused = await second.call("startPublishingStream", "one-id", { camera: false });
    assert.deepEqual([refused.error, refused.code], ["RoomError", 2000002]);
    assert.match(refused.message, /in use by the user "first"/);
    await second.heard("publisherStateUpdate", ({ state, errorCode }) => state === "NO_PUBLISH" && errorCode === 2000002);
    assert.equal((await first.states("publisherStateUpdate", "one-id")).at(-1), "PUBLISHING");
    await first.page.evaluate(() => engine.stopPublishingStream("one-id"));
    await second.heard("roomStreamUpdate", (_, type) => type === "DELETE");
    assert.deepEqual(await second.call("startPublishingStream", "one-id", { camera: false }), { value: ["audio"] }, "free again");
  });

  it("that two take in the same moment stays with exactly one of them", async () => {
    const room = freshRoom();
    const pair = [await loggedIn(room, "left"), await loggedIn(room, "right")];
    await Promise.all(pair.map((each) => each.call("startPublishingStream", "contested", { camera: false })));
    const last = () => Promise.all(pair.map(async (each) => (await each.states("publisherStateUpdate", "contested")).at(-1)));
    await eventually(last, (states) => states.toSorted().join() === "NO_PUBLISH,PUBLISHING", "one gives way", WITHIN);
    const third = await loggedIn(room, "third");
    await third.heard("roomStreamUpdate", (_, type) => type === "ADD");
    const winner = ["left", "right"][(await last()).indexOf("PUBLISHING")];
    assert.deepEqual((await third.events("roomStreamUpdate")).flatMap(([, , list]) => list.map(({ streamID, user: { userID } }) => [streamID, userID])).at(-1), ["contested", winner]);
  });

  it("may be 256 bytes of letters, digits, - and _, and nothing else", async () => {
    const one = await loggedIn(freshRoom(), "one");
    const longest = "a-Z_0".repeat(51) + "x";
    assert.deepEqual(await one.call("startPublishingStream", longest, { camera: false }), { value: ["audio"] });
    for (const [id, code] of [["", 1000015], [`${longest}x`, 1000014], ["with space", 1000016], ["straße", 1000016]]) {
      assert.equal((await one.call("startPublishingStream", id, { camera: false })).code, code, id);
    }
  });
});

it("a camera without this library is a stream of its user id", async () => {
  const viewer = await loggedIn("test-channel", "viewer");
  await viewer.heard("roomStreamUpdate", (_, type, list) => type === "ADD" && list.some(({ streamID, user: { userID } }) => streamID === "camera" && userID === "camera"));
  await viewer.call("startPlayingStream", "camera");
  await viewer.sees();
});

it("what a publisher says about its stream comes with it, and again when it changes", async () => {
  const room = freshRoom();
  const grant = { canUpdateOwnMetadata: true };
  const [one, other] = [await loggedIn(room, "one", { grant }), await loggedIn(room, "other", { grant: { canPublish: false } })];
  await one.call("startPublishingStream", "told", { camera: false, extraInfo: "front" });
  await other.heard("roomStreamUpdate", (_, type, [{ streamID, extraInfo }]) => type === "ADD" && streamID === "told" && extraInfo === "front");
  assert.deepEqual(await one.call("setStreamExtraInfo", "told", "back"), { value: undefined });
  await other.heard("roomStreamExtraInfoUpdate", (_, [{ streamID, extraInfo }]) => streamID === "told" && extraInfo === "back");
  const refused = await other.call("startPublishingStream", "mine");
  assert.equal(refused.code, 2000003, "its token does not let it publish");
});

describe("a lost connection", () => {
  it("is repaired: CONNECTING, CONNECTED, and streams go on", async () => {
    const room = freshRoom();
    const server = `ws://127.0.0.1:${proxy.port}`;
    const [near, far] = [await loggedIn(room, "near"), await loggedIn(room, "far", { server })];
    await far.call("startPublishingStream", "far");
    await near.call("startPlayingStream", "far");
    await near.sees();
    const before = (await far.events("roomStateUpdate")).length;
    assert.ok(proxy.cut() > 0);
    const states = async () => (await far.events("roomStateUpdate")).slice(before).map(([, state, error]) => `${state} ${error}`);
    await eventually(states, (seen) => seen.at(-1) === "CONNECTED 0", "it is back", WITHIN);
    assert.equal((await states())[0], "CONNECTING 1000017");
    await eventually(() => far.states("publisherStateUpdate", "far"), (seen) => seen.at(-1) === "PUBLISHING" && seen.length > 2, "it publishes again", WITHIN);
    await near.sees();
  });

  it("with a server that starts again is repaired, too", async () => {
    const room = freshRoom();
    const [one, other] = [await loggedIn(room, "one"), await loggedIn(room, "other")];
    await one.call("startPublishingStream", "steady");
    await other.call("startPlayingStream", "steady");
    await other.sees();
    await daemon.stop();
    await one.heard("roomStateUpdate", (_, state, error) => state === "CONNECTING" && error === 1000017);
    await daemon.run();
    for (const each of [one, other]) await eventually(() => each.events("roomStateUpdate"), (seen) => seen.at(-1)[1] === "CONNECTED" && seen.length > 3, `${each.userID} is back`, WITHIN);
    await other.sees();
    assert.equal((await other.states("playerStateUpdate", "steady")).at(-1), "PLAYING");
  });

  it("of a user whose page is gone is told to the others", async () => {
    const room = freshRoom();
    const [one, leaver] = [await loggedIn(room, "one"), await loggedIn(room, "leaver")];
    await leaver.call("startPublishingStream", "last", { camera: false });
    await one.heard("roomStreamUpdate", (_, type) => type === "ADD");
    await leaver.close();
    users.splice(users.indexOf(leaver), 1);
    await one.heard("roomStreamUpdate", (_, type, [{ streamID }]) => type === "DELETE" && streamID === "last");
    await one.heard("roomUserUpdate", (_, type, [{ userID }]) => type === "DELETE" && userID === "leaver");
  });
});

describe("a login", () => {
  it("is refused without a good token, for another room or user, and with texts that are too long", async () => {
    const room = freshRoom();
    const expired = await user(room, "late", { seconds: -60 });
    const refused = await expired.login();
    assert.equal(refused.code, 1011);
    assert.match(refused.message, /expired/);
    assert.deepEqual((await expired.events("roomStateUpdate")).map(([, state, error]) => [state, error]), [["CONNECTING", 0], ["DISCONNECTED", 1011]]);
    const one = await user(room, "one");
    const login = (id, token, user, config) => one.call("loginRoom", id, token, user, config);
    assert.equal((await login(room, "no token at all", { userID: "one" })).code, 1011);
    assert.match((await login("elsewhere", one.token, { userID: "one" })).message, /for the room "call-\d+", not for "elsewhere"/);
    assert.match((await login(room, one.token, { userID: "two" })).message, /for the user "one", not for "two"/);
    for (const [id, token, who] of [["r".repeat(129), one.token, { userID: "one" }], [room, "t".repeat(2049), { userID: "one" }], [room, one.token, { userID: "u".repeat(65) }], [room, one.token, { userID: "one", userName: "ü".repeat(129) }], ["", one.token, { userID: "one" }]]) {
      assert.equal((await login(id, token, who)).code, 2000001);
    }
    assert.deepEqual(await login(room, one.token, { userID: "one" }), { value: true }, "nothing of that is in the way of a good one");
    assert.equal((await login(room, one.token, { userID: "one" })).code, 1002001, "one room at a time");
  });

  it("is refused by a full room, and says so", async () => {
    const room = freshRoom();
    for (const each of ["one", "two", "three"]) await loggedIn(room, each);
    const fourth = await (await user(room, "four")).login();
    assert.equal(fourth.code, 2000004);
    assert.match(fourth.message, /limit of 3 participants/, "in the server's words");
  });

  it("is needed for everything else", async () => {
    const one = await user(freshRoom(), "one");
    assert.equal((await one.call("startPublishingStream", "x")).code, 1000002);
    assert.equal((await one.call("startPlayingStream", "x")).code, 1000002);
    assert.equal((await (await user(freshRoom(), "nowhere", { server: "ws://127.0.0.1:9" })).login()).code, 1000017, "and a server");
  });
});
