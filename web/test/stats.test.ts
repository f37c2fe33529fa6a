import { describe, expect, it } from "vitest";

import { look, median, rates } from "../src/stats";

function report(inbound: object | undefined): RTCStatsReport {
  const entries = new Map<string, object>([
    ["pair-old", { type: "candidate-pair", nominated: false, currentRoundTripTime: 9, localCandidateId: "tcp" }],
    ["pair", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.004, localCandidateId: "udp" }],
    ["udp", { id: "udp", type: "local-candidate", protocol: "udp" }],
    ["tcp", { id: "tcp", type: "local-candidate", protocol: "tcp" }],
  ]);
  if (inbound) entries.set("in", { type: "inbound-rtp", ...inbound });
  return entries as unknown as RTCStatsReport;
}

const EARLY = { bytesReceived: 1000, framesDecoded: 10, framesDropped: 0, packetsReceived: 100, packetsLost: 2, jitterBufferDelay: 1, jitterBufferEmittedCount: 10, totalDecodeTime: 0.1 };
const LATE = { bytesReceived: 501_000, framesDecoded: 70, framesDropped: 4, packetsReceived: 295, packetsLost: 7, jitterBufferDelay: 4, jitterBufferEmittedCount: 70, totalDecodeTime: 0.28, frameWidth: 1280, frameHeight: 720, freezeCount: 1, decoderImplementation: "FFmpeg" };

function seen(inbound: object, at: number) {
  const found = look(report(inbound), at);
  if (!found) throw new Error("no inbound stream in the report");
  return found;
}

describe("rates", () => {
  it("are differences over time", () => {
    const now = rates(seen(EARLY, 5000), seen(LATE, 7000));
    expect(now.fps).toBe(30);
    expect(now.kbps).toBe(2000);
    expect(now.loss).toBeCloseTo(5 / 200);
    expect(now.droppedPerSecond).toBe(2);
    expect(now.buffer).toBeCloseTo(50);
    expect(now.decode).toBeCloseTo(3);
    expect(now).toMatchObject({ width: 1280, height: 720, freezes: 1, roundTrip: 4, protocol: "udp", decoder: "FFmpeg" });
  });

  it("are nothing at the first look, and when the counters began afresh", () => {
    for (const before of [undefined, seen(LATE, 5000)]) {
      expect(rates(before, seen(EARLY, 7000))).toMatchObject({ fps: 0, kbps: 0, loss: 0, buffer: undefined });
    }
  });

  it("never lose less than nothing when late packets turn up after all", () => {
    expect(rates(seen(EARLY, 0), seen({ ...LATE, packetsLost: 0 }, 1000)).loss).toBe(0);
  });
});

it("no inbound stream is no look", () => {
  expect(look(report(undefined), 0)).toBeUndefined();
});

it("the median is the middle", () => {
  expect(median([])).toBeUndefined();
  expect(median([9, 1, 5])).toBe(5);
});
