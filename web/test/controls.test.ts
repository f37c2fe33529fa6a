import { beforeEach, describe, expect, it, vi } from "vitest";

import { Controls, type SetControl } from "../src/view/controls";
import type { Control } from "artc-edge-client/methods";

const BRIGHTNESS: Control = { id: 0x980900, name: "brightness", label: "Brightness", kind: "integer", value: 128, default: 128, min: 0, max: 255, step: 1 };
const AUTO: Control = { id: 0x98090c, name: "white_balance_automatic", label: "White Balance, Automatic", kind: "boolean", value: true, default: true, min: 0, max: 1, step: 1 };
const HUM: Control = {
  id: 0x980918,
  name: "power_line_frequency",
  label: "Power Line Frequency",
  kind: "menu",
  value: 1,
  default: 2,
  min: 0,
  max: 2,
  step: 1,
  menu: [
    { value: 0, label: "Disabled" },
    { value: 1, label: "50 Hz" },
    { value: 2, label: "60 Hz" },
  ],
};
const FOCUS: Control = { id: 0x9a0911, name: "auto_focus_start", label: "Auto Focus, Start", kind: "button", min: 0, max: 0, step: 0 };
const MASK: Control = { id: 0x9a0998, name: "mask", label: "Region mask", kind: "bitmask", value: 5, default: 0, min: 0, max: 255, step: 1 };
const HUGE: Control = { id: 0x9a0902, name: "huge", label: "huge_number", kind: "integer", value: 7, default: 7, min: 0, max: 2_147_483_647, step: 1 };

/** The element that carries a label, as a person or a screen reader would find it. */
function labelled<T extends HTMLElement>(root: HTMLElement, text: string): T {
  const label = [...root.querySelectorAll("label")].find((each) => each.textContent === text);
  const element = label ? root.querySelector(`[id="${label.htmlFor}"]`) : root.querySelector(`[aria-label="${text}"]`);
  if (!element) throw new Error(`nothing is labelled ${text}`);
  return element as T;
}

function fire(element: HTMLElement, type: string) {
  element.dispatchEvent(new Event(type, { bubbles: true }));
}

let set: ReturnType<typeof vi.fn<SetControl>>;
let view: Controls;

beforeEach(() => {
  set = vi.fn<SetControl>(() => Promise.resolve());
  view = new Controls(set);
  document.body.replaceChildren(view.element);
});

describe("a control is shown as what it is", () => {
  beforeEach(() => view.controls([BRIGHTNESS, AUTO, HUM, FOCUS, MASK, HUGE]));

  it("a slider with its range and an exact number beside it", () => {
    const slider = labelled<HTMLInputElement>(view.element, "Brightness");
    expect(slider).toMatchObject({ type: "range", min: "0", max: "255", step: "1", value: "128" });
    expect(labelled<HTMLInputElement>(view.element, "Brightness, number")).toMatchObject({ type: "number", value: "128" });
  });

  it("a switch", () => {
    const box = labelled<HTMLInputElement>(view.element, "White Balance, Automatic");
    expect(box).toMatchObject({ type: "checkbox", checked: true });
    box.checked = false;
    fire(box, "change");
    expect(set).toHaveBeenCalledWith("white_balance_automatic", false);
  });

  it("a menu with the driver's choices", () => {
    const menu = labelled<HTMLSelectElement>(view.element, "Power Line Frequency");
    expect([...menu.options].map(({ text }) => text)).toEqual(["Disabled", "50 Hz", "60 Hz"]);
    expect(menu.value).toBe("1");
    menu.value = "0";
    fire(menu, "change");
    expect(set).toHaveBeenCalledWith("power_line_frequency", 0);
  });

  it("a button, pressed without a value", () => {
    const button = view.element.querySelector<HTMLButtonElement>("[data-control=auto_focus_start] button");
    expect(button?.textContent).toBe("Auto Focus, Start");
    button?.click();
    expect(set).toHaveBeenCalledWith("auto_focus_start", undefined);
  });

  it("a number where a slider could not be aimed, under a readable name", () => {
    expect(labelled<HTMLInputElement>(view.element, "Huge number")).toMatchObject({ type: "number", value: "7" });
    expect(labelled<HTMLInputElement>(view.element, "Region mask")).toMatchObject({ type: "number", value: "5" });
  });

  it("under the driver's class", () => {
    expect([...view.element.querySelectorAll("h3")].map(({ textContent }) => textContent)).toEqual(["Picture", "Camera"]);
  });
});

it("a device's text never becomes markup", () => {
  view.controls([{ ...BRIGHTNESS, label: "<img src=x onerror=alert(1)>" }]);
  expect(view.element.querySelector("img")).toBeNull();
  expect(view.element.textContent).toContain("<img src=x");
});

describe("setting", () => {
  it("follows the slider and shows the number", () => {
    view.controls([BRIGHTNESS]);
    const slider = labelled<HTMLInputElement>(view.element, "Brightness");
    slider.value = "200";
    fire(slider, "input");
    expect(set).toHaveBeenCalledWith("brightness", 200);
    expect(labelled<HTMLInputElement>(view.element, "Brightness, number").value).toBe("200");
  });

  it("shows a refusal beside the control and goes back to the true value", async () => {
    set.mockRejectedValueOnce(new Error("brightness is 0 to 100 in this mode"));
    view.controls([BRIGHTNESS]);
    const slider = labelled<HTMLInputElement>(view.element, "Brightness");
    slider.value = "200";
    fire(slider, "input");
    await vi.waitFor(() => expect(view.element.querySelector(".error")?.textContent).toBe("brightness is 0 to 100 in this mode"));
    expect(slider.value).toBe("128");
    expect(slider.getAttribute("aria-describedby")).toBe(view.element.querySelector(".error")?.id);
  });

  it("does not jump back while the answer is under way, nor after it", async () => {
    let answer: () => void = () => undefined;
    set.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));
    view.controls([BRIGHTNESS]);
    const slider = labelled<HTMLInputElement>(view.element, "Brightness");
    slider.value = "200";
    fire(slider, "input");
    view.controls([BRIGHTNESS]);
    expect(slider.value).toBe("200");
    answer();
    await Promise.resolve();
    await Promise.resolve();
    expect(slider.value).toBe("200");
    view.controls([{ ...BRIGHTNESS, value: 196 }]);
    expect(slider.value).toBe("196");
  });

  it("to the default takes one press, for one or for all that differ", () => {
    view.controls([BRIGHTNESS, HUM, { ...AUTO, value: false }]);
    const resets = [...view.element.querySelectorAll<HTMLButtonElement>(".reset")];
    expect(resets.map(({ hidden }) => hidden)).toEqual([true, false, false]);
    expect(resets[1]?.getAttribute("aria-label")).toBe("Set Power Line Frequency to its default, 60 Hz");
    resets[1]?.click();
    expect(set).toHaveBeenLastCalledWith("power_line_frequency", 2);
    set.mockClear();
    const all = [...view.element.querySelectorAll("button")].find(({ textContent }) => textContent === "All to default");
    all?.click();
    expect(set.mock.calls).toEqual([
      ["power_line_frequency", 2],
      ["white_balance_automatic", true],
    ]);
  });
});

describe("a refresh", () => {
  it("keeps the elements, so that the focus stays", () => {
    view.controls([BRIGHTNESS, AUTO]);
    const slider = labelled<HTMLInputElement>(view.element, "Brightness");
    slider.focus();
    view.controls([{ ...BRIGHTNESS, value: 90 }, AUTO]);
    expect(document.activeElement).toBe(slider);
    expect(slider.value).toBe("90");
  });

  it("switches off what another control decides or what can only be read", () => {
    view.controls([BRIGHTNESS, AUTO]);
    view.controls([{ ...BRIGHTNESS, inactive: true }, { ...AUTO, read_only: true }]);
    expect(labelled<HTMLInputElement>(view.element, "Brightness").disabled).toBe(true);
    expect(labelled<HTMLInputElement>(view.element, "White Balance, Automatic").disabled).toBe(true);
    view.controls([BRIGHTNESS, AUTO]);
    expect(labelled<HTMLInputElement>(view.element, "Brightness").disabled).toBe(false);
  });

  it("builds afresh for another camera", () => {
    view.controls([BRIGHTNESS, AUTO]);
    view.controls([{ ...BRIGHTNESS, max: 64, value: 32 }]);
    expect(labelled<HTMLInputElement>(view.element, "Brightness")).toMatchObject({ max: "64", value: "32" });
    expect(view.element.textContent).not.toContain("White Balance");
  });

  it("says so when there are none, or when they could not be read", () => {
    view.controls([]);
    expect(view.element.textContent).toContain("This camera has no controls.");
    view.unread("They could not be read: no answer within 5 s");
    expect(view.element.textContent).toContain("no answer within 5 s");
  });
});
