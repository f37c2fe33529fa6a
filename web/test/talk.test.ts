import { beforeEach, describe, expect, it, vi } from "vitest";

import { Talk, troubleOf } from "../src/view/talk";
import type { Audio, DeviceStatus } from "artc-edge-client/methods";

const AUDIO: Audio = { source: "Cam", rate: 48000, channels: 1, volume: 80, muted: false, published: true, mixer: true };
const speaker = { volume: 100, muted: false, mixer: false };

describe("talking", () => {
  let asked: boolean[];
  let answer: () => Promise<void>;
  let talk: Talk;
  const now = vi.spyOn(performance, "now");

  beforeEach(() => {
    asked = [];
    answer = () => Promise.resolve();
    now.mockReturnValue(0);
    talk = new Talk((on) => {
      asked.push(on);
      return answer().then(() => talk.talking(on));
    });
    talk.may(true);
    talk.audio({ ...AUDIO, speaker });
  });

  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const press = () => talk.button.dispatchEvent(new KeyboardEvent("keydown", { key: " " }));
  const release = () => talk.button.dispatchEvent(new KeyboardEvent("keyup", { key: " " }));

  it("lasts as long as the button is held", async () => {
    press();
    expect(talk.element.textContent).toContain("Opening the microphone");
    await settle();
    expect([talk.button.getAttribute("aria-pressed"), talk.button.getAttribute("aria-label")]).toEqual(["true", "Stop talking"]);
    expect(talk.element.textContent).toContain("is played at the camera");
    talk.audio({ ...AUDIO, speaker, voice: { echo: false, noise: false, gain: false, half_duplex: true } });
    expect(talk.element.textContent).toContain("one side talks at a time");
    now.mockReturnValue(2000);
    release();
    await settle();
    expect(asked).toEqual([true, false]);
    expect([talk.button.getAttribute("aria-pressed"), talk.element.hidden]).toEqual(["false", true]);
  });

  it("stays open after a short press until the next one", async () => {
    press();
    now.mockReturnValue(100);
    release();
    // What else happens in the channel meanwhile tells that it is not open yet.
    talk.talking(false);
    await settle();
    expect(asked).toEqual([true]);
    press();
    release();
    await settle();
    expect(asked).toEqual([true, false]);
  });

  it("ends when the focus leaves the button that is held", async () => {
    press();
    await settle();
    now.mockReturnValue(5000);
    talk.button.dispatchEvent(new FocusEvent("blur"));
    await settle();
    expect(asked).toEqual([true, false]);
  });

  it("says what the browser says, and is closed", async () => {
    answer = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    press();
    await settle();
    expect(talk.element.textContent).toContain("Allow it beside the address");
    expect(talk.button.getAttribute("aria-pressed")).toBe("false");
    expect(troubleOf(new DOMException("", "NotFoundError"))).toContain("no microphone");
    expect(troubleOf(new DOMException("", "NotReadableError"))).toContain("another program has it");
    expect(troubleOf(new Error("odd"))).toContain("https");
  });

  it("says before anybody tries why it cannot be", () => {
    const why = () => [talk.button.disabled, talk.button.getAttribute("title")];
    expect(why()).toEqual([false, "Talk: hold, or press to stay open"]);
    const lost = { name: "USB", state: "lost" as const, reason: "USB: unplugged", taken: 0, played: 0, sounding: 0, dropped: 0, recovered: 0, drift_ppm: 0 };
    talk.status({ speaker: lost } as unknown as DeviceStatus);
    expect(why()).toEqual([true, "The speaker is gone: USB: unplugged"]);
    talk.audio(AUDIO);
    expect(why()).toEqual([true, "This device has no speaker"]);
    talk.audio({ ...AUDIO, speaker });
    talk.may(false);
    expect(why()).toEqual([true, "This address does not let you talk"]);
    talk.audio(AUDIO);
    expect(talk.button.hidden).toBe(true);
    press();
    expect(asked).toEqual([]);
  });
});
