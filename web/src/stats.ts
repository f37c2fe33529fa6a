/** What the browser measures about the incoming picture and sound, as rates over the time between two looks. Pure. */

/** Counters at one moment. */
export interface Look {
  /** ms of any clock that never goes back. */
  at: number;
  bytes: number;
  frames: number;
  dropped: number;
  packets: number;
  lost: number;
  freezes: number;
  /** Seconds of waiting in the jitter buffer, summed over `emitted` frames. */
  buffered: number;
  emitted: number;
  /** Seconds of decoding, summed over `frames`. */
  decoding: number;
  width: number | undefined;
  height: number | undefined;
  /** Seconds to the room and back. */
  roundTrip: number | undefined;
  decoder: string | undefined;
  /** The way the packets take, such as `udp` or `tcp`. */
  protocol: string | undefined;
}

export interface Rates {
  width: number | undefined;
  height: number | undefined;
  fps: number;
  kbps: number;
  /** Part of the packets that never came, 0 to 1. */
  loss: number;
  droppedPerSecond: number;
  freezes: number;
  /** Milliseconds in the jitter buffer, the decoder, and to the room and back. */
  buffer: number | undefined;
  decode: number | undefined;
  roundTrip: number | undefined;
  decoder: string | undefined;
  protocol: string | undefined;
}

/** Reads one report of a receiver; none when it has no incoming stream yet. */
export function look(report: RTCStatsReport, at: number): Look | undefined {
  let found: Look | undefined;
  const entries = [...report.values()] as Record<string, unknown>[];
  const number = (entry: Record<string, unknown>, name: string) => (typeof entry[name] === "number" ? (entry[name] as number) : undefined);
  for (const entry of entries) {
    if (entry["type"] !== "inbound-rtp") continue;
    const count = (name: string) => number(entry, name) ?? 0;
    found = {
      at,
      bytes: count("bytesReceived"),
      frames: count("framesDecoded"),
      dropped: count("framesDropped"),
      packets: count("packetsReceived"),
      lost: count("packetsLost"),
      freezes: count("freezeCount"),
      buffered: count("jitterBufferDelay"),
      emitted: count("jitterBufferEmittedCount"),
      decoding: count("totalDecodeTime"),
      width: number(entry, "frameWidth"),
      height: number(entry, "frameHeight"),
      roundTrip: undefined,
      decoder: typeof entry["decoderImplementation"] === "string" ? entry["decoderImplementation"] : undefined,
      protocol: undefined,
    };
  }
  if (!found) return undefined;
  for (const entry of entries) {
    if (entry["type"] !== "candidate-pair" || entry["nominated"] !== true) continue;
    found.roundTrip = number(entry, "currentRoundTripTime") ?? found.roundTrip;
    const local = entries.find((other) => other["id"] === entry["localCandidateId"]);
    if (typeof local?.["protocol"] === "string") found.protocol = local["protocol"];
  }
  return found;
}

/** What happened between two looks. */
export function rates(before: Look | undefined, now: Look): Rates {
  // A track that was taken away and came back starts counting afresh.
  const same = before !== undefined && now.frames >= before.frames && now.bytes >= before.bytes;
  const seconds = same ? (now.at - before.at) / 1000 : 0;
  const since = (pick: (look: Look) => number) => (same ? pick(now) - pick(before) : 0);
  const per = (part: number, whole: number) => (whole > 0 ? part / whole : 0);
  const packets = since(({ packets }) => packets);
  const lost = Math.max(0, since(({ lost }) => lost));
  const emitted = since(({ emitted }) => emitted);
  const frames = since(({ frames }) => frames);
  return {
    width: now.width,
    height: now.height,
    fps: per(frames, seconds),
    kbps: per(since(({ bytes }) => bytes) * 8, seconds * 1000),
    loss: per(lost, packets + lost),
    droppedPerSecond: per(since(({ dropped }) => dropped), seconds),
    freezes: now.freezes,
    buffer: emitted > 0 ? (since(({ buffered }) => buffered) / emitted) * 1000 : undefined,
    decode: frames > 0 ? (since(({ decoding }) => decoding) / frames) * 1000 : undefined,
    roundTrip: now.roundTrip === undefined ? undefined : now.roundTrip * 1000,
    decoder: now.decoder,
    protocol: now.protocol,
  };
}

/** The middle of some values. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
