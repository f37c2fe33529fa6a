import { expect, it } from "vitest";

import { Clock, latency } from "../src/clock";

const SINCE_1900 = 2_208_988_800_000;

it("the quickest answer tells best how far the device is ahead", () => {
  const clock = new Clock();
  expect(clock.ahead).toBeUndefined();
  clock.look(1000, 6300, 1400);
  clock.look(2000, 7001, 2004);
  clock.look(3000, 8400, 3500);
  expect(clock.ahead).toBe(4999);
  clock.forget();
  expect(clock.ahead).toBeUndefined();
});

it("an old answer, however quick, does not count for ever", () => {
  const clock = new Clock();
  clock.look(0, 100, 0);
  for (let i = 1; i <= 20; i += 1) clock.look(i * 1000, i * 1000 + 205, i * 1000 + 10);
  expect(clock.ahead).toBe(200);
});

it("the latency is the device's time taken off ours", () => {
  expect(latency(SINCE_1900 + 5000, 5080, 0)).toBe(80);
  expect(latency(SINCE_1900 + 65_000, 5080, 60_000)).toBe(80);
});

it("clocks that were never compared give a latency only where it can be one", () => {
  expect(latency(SINCE_1900 + 5000, 5080, undefined)).toBe(80);
  expect(latency(SINCE_1900 + 5000, 50_000, undefined)).toBeUndefined();
  expect(latency(SINCE_1900 + 5000, 4000, undefined)).toBeUndefined();
});
