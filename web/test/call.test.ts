import { beforeEach, describe, expect, it } from "vitest";

import { ErrorCode, RoomError, type ExpressEngine } from "artc-edge-rooms";
import { CallPage } from "../src/call/page";
import { NO_TOKEN, endOf, sendingFault } from "../src/call/words";

/** An engine that lets the test say what happens: what a room does is tested at a real one, in tests/browser. */
class Told {
  readonly listeners = new Map<string, (...values: never[]) => void>();
  readonly asked: string[] = [];
  login: () => Promise<true> = () => Promise.resolve(true);

  on(event: string, listener: (...values: never[]) => void) {
    this.listeners.set(event, listener);
  }

  tell(event: string, ...values: unknown[]) {
    (this.listeners.get(event) as ((...values: unknown[]) => void) | undefined)?.(...values);
  }

  loginRoom() {
    this.asked.push("login");
    return this.login();
  }

  startPlayingStream(streamID: string) {
    this.asked.push(`play ${streamID}`);
    return Promise.resolve({ stream: null });
  }

  stopPlayingStream(streamID: string) {
    this.asked.push(`stop ${streamID}`);
  }
}

let engine: Told;
let page: CallPage;

const press = async (name: string) => {
  [...document.querySelectorAll("button")].find((each) => each.textContent === name && !each.hidden)?.click();
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};
const heading = () => document.querySelector(".notice:not([hidden]) h2")?.textContent;
const stream = (streamID: string, userName: string) => ({ streamID, user: { userID: userName, userName }, extraInfo: "" });

beforeEach(() => {
  document.body.innerHTML = '<header id="header"></header><main id="call"></main><p id="announcer"></p>';
  engine = new Told();
  page = new CallPage(engine as unknown as ExpressEngine, document, "desk", () => Promise.resolve({ token: "t", roomID: "desk", userID: "me" }));
});

describe("the call page", () => {
  it("plays one stream at a time, and the next when that ends", async () => {
    await press("Only watch");
    engine.tell("roomStateUpdate", "desk", "CONNECTED", 0, "");
    engine.tell("roomStreamUpdate", "desk", "ADD", [stream("a", "Ann"), stream("b", "Ben")], "");
    engine.tell("roomStreamUpdate", "desk", "ADD", [stream("c", "Cid")], "");
    engine.tell("roomStreamUpdate", "desk", "DELETE", [stream("b", "Ben")], "");
    engine.tell("roomStreamUpdate", "desk", "DELETE", [stream("a", "Ann")], "");
    expect(engine.asked).toEqual(["login", "play a", "stop a", "play c"]);
    engine.tell("remoteCameraStatusUpdate", "c", "MUTE");
    expect(heading()).toBe("Cid has the camera off");
  });

  it("says why a call ended, and offers to join again", () => {
    engine.tell("roomStateUpdate", "desk", "CONNECTED", 0, "");
    engine.tell("roomStateUpdate", "desk", "DISCONNECTED", 2000005, "removed");
    expect(heading()).toBe("Removed from the call");
    expect(document.querySelector<HTMLButtonElement>("button.primary")?.hidden).toBe(false);
  });

  it("joins once, however often it is pressed", async () => {
    let done: (value: true) => void = () => undefined;
    engine.login = () => new Promise((resolve) => (done = resolve));
    await press("Only watch");
    await press("Only watch");
    expect(engine.asked).toEqual(["login"]);
    done(true);
  });

  it("offers nothing where nothing can come of it", () => {
    page.refuse(NO_TOKEN);
    expect([...document.querySelectorAll("button")].filter((each) => !each.hidden).every((each) => each.disabled)).toBe(true);
    expect(heading()).toBe("This address has no token");
  });

  it("shows names as text, whatever is in them", () => {
    engine.tell("roomStateUpdate", "desk", "CONNECTED", 0, "");
    engine.tell("roomUserUpdate", "desk", "ADD", [{ userID: "x", userName: "<img src=x>" }]);
    expect(document.querySelector(".people img")).toBeNull();
    expect(document.querySelector(".people .name")?.textContent).toBe("<img src=x>");
  });
});

it("there are words for whatever goes wrong", () => {
  for (const code of Object.values(ErrorCode)) {
    const { title, advice } = endOf(new RoomError(code, "the server's words"));
    expect(title.length, String(code)).toBeGreaterThan(8);
    expect(advice?.length, String(code)).toBeGreaterThan(8);
    expect(sendingFault(new RoomError(code, "w"))).toMatch(/not see or hear you/);
  }
  expect(endOf(new RoomError(ErrorCode.TOKEN, "access token expired 9 s ago")).title).toBe("The token has expired");
});
