import { beforeEach, describe, expect, it, vi } from "vitest";

import { Board, type BoardActions } from "../src/view/board";
import type { BoardInfo, Source } from "artc-edge-client/methods";

const GATE: BoardInfo = {
  name: "gate",
  profile: "gate",
  support: "tested",
  buttons: [],
  lines: [
    { name: "door", output: true, on: false, safe: false },
    { name: "out1", output: true, on: true, relay: "lamp" },
    { name: "bell", output: false, on: true },
    { name: "fan", output: true, on: true, owner: "fan" },
    { name: "gone", output: true, missing: "no line of this name" },
  ],
  leds: [{ name: "red", shows: "off" }, { name: "green", shows: [100, 900] }, { name: "status", shows: "on", owner: "status" }],
};
const SOURCE: Source = { name: "cam", state: "live", grabbed: 0, broken: 0, dropped: 0, pushed: 0, recovered: 0 };

let actions: { [A in keyof BoardActions]: ReturnType<typeof vi.fn<BoardActions[A]>> };
let view: Board;

/** The switch that carries a label, as a person or a screen reader would find it. */
function labelled(text: string): HTMLInputElement {
  const label = [...view.element.querySelectorAll("label")].find((each) => each.textContent === text);
  const box = label && view.element.querySelector<HTMLInputElement>(`[id="${label.htmlFor}"]`);
  if (!box) throw new Error(`nothing is labelled ${text}`);
  return box;
}

/** Pressed as by the space bar. */
async function press(box: HTMLInputElement) {
  box.click();
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
}

function said(box: HTMLInputElement): string {
  return box.parentElement?.querySelector("[role=alert]")?.textContent ?? "";
}

beforeEach(() => {
  const done = () => vi.fn(() => Promise.resolve());
  actions = { setPrivacy: done(), setLine: done(), setLed: done() };
  view = new Board(actions);
  document.body.replaceChildren(view.element);
  view.enabled(true);
  view.status(SOURCE);
});

describe("the board", () => {
  it("has a switch for each line and LED that it declares, as they are", () => {
    view.board(GATE);
    expect(labelled("Door")).toMatchObject({ checked: false, disabled: false, type: "checkbox" });
    expect(labelled("Lamp (out1)")).toMatchObject({ checked: true, disabled: false });
    expect(labelled("LED red")).toMatchObject({ checked: false, disabled: false });
    expect(labelled("LED green").checked).toBe(true);
    for (const name of ["Bell", "Fan", "Gone", "LED status"]) expect(labelled(name).disabled).toBe(true);
    const why = (name: string) => document.getElementById(labelled(name).getAttribute("aria-describedby") ?? "")?.textContent;
    expect(why("Gone")).toBe("It cannot be used: no line of this name.");
    expect(why("Bell")).toBe("It is read, not driven.");
    expect(why("Fan")).toBe("The device itself drives it: fan.");
  });

  it("shows nothing of a board that has nothing, or that could not be asked", () => {
    const groups = () => [...view.element.querySelectorAll<HTMLElement>("[role=group]")].filter((group) => !group.hidden);
    view.board({ ...GATE, lines: [], leds: [] });
    expect(groups()).toEqual([]);
    view.board(GATE);
    expect(groups().map((group) => group.getAttribute("aria-label"))).toEqual(["Lines", "LEDs"]);
    view.unread();
    expect(groups()).toEqual([]);
  });

  it("moves what is pressed, and keeps the focus over a refresh", async () => {
    view.board(GATE);
    const door = labelled("Door");
    door.focus();
    await press(door);
    expect(actions.setLine).toHaveBeenCalledWith("door", true);
    view.board({ ...GATE, lines: GATE.lines.map((line) => (line.name === "door" ? { ...line, on: true } : line)) });
    expect(document.activeElement).toBe(door);
    expect(door.checked).toBe(true);
    await press(labelled("LED green"));
    expect(actions.setLed).toHaveBeenCalledWith("green", false);
  });

  it("says why something was refused, and goes back to what is true", async () => {
    view.board(GATE);
    actions.setLine.mockRejectedValueOnce(new Error("line `door` is held by another process"));
    const door = labelled("Door");
    await press(door);
    expect(said(door)).toBe("line `door` is held by another process");
    expect(door.checked).toBe(false);
    await press(door);
    expect(said(door)).toBe("");
  });
});

describe("privacy", () => {
  it("is a switch that follows the device", async () => {
    const privacy = labelled("Close camera and microphone");
    expect(privacy).toMatchObject({ checked: false, disabled: false });
    await press(privacy);
    expect(actions.setPrivacy).toHaveBeenCalledWith(true);
    view.status({ ...SOURCE, state: "private" });
    expect(privacy.checked).toBe(true);
    view.status({ ...SOURCE, state: "off" });
    expect(privacy.disabled).toBe(true);
    view.status(SOURCE);
    view.enabled(false);
    expect(privacy.disabled).toBe(true);
  });
});
