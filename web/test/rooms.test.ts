import { describe, expect, it, vi } from "vitest";

import { ErrorCode, ExpressEngine, LIMITS, RoomError, ZegoExpressEngine } from "artc-edge-rooms";
import { Listeners } from "../../clients/rooms/src/events";
import { checkStreamID, checkText } from "../../clients/rooms/src/limits";
import { changes, isEarlier, look, type Seen } from "../../clients/rooms/src/sight";
import { readToken } from "../../clients/rooms/src/token";

type Track = { sid: string; kind?: "audio" | "video"; name?: string; stream?: string; source?: string; muted?: boolean; at?: number; ticks?: number };

function publication({ sid, kind = "video", name = "", stream = "", source = "camera", muted = false, at, ticks = 0 }: Track) {
  const version = at === undefined ? undefined : { unixMicro: BigInt(at), ticks };
  return { trackSid: sid, kind, trackName: name, source, isMuted: muted, trackInfo: { stream, version } };
}

/** A room as it is looked at, of participants with their tracks. */
function room(participants: Record<string, { name?: string; attributes?: Record<string, string>; tracks?: Track[] }>): Seen {
  const remoteParticipants = Object.entries(participants).map(([identity, { name = "", attributes = {}, tracks = [] }]) => {
    const trackPublications = new Map(tracks.map((track) => [track.sid, publication(track)]));
    return [identity, { identity, name, attributes, trackPublications }] as const;
  });
  return { remoteParticipants: new Map(remoteParticipants) } as unknown as Seen;
}

const code = (act: () => void) => {
  try {
    act();
  } catch (error) {
    return (error as RoomError).code;
  }
  return ErrorCode.OK;
};

describe("a room seen as users and streams", () => {
  it("groups the tracks of a stream by the id that they bear twice", () => {
    const both = { name: "s1", stream: "s1" };
    const seen = look(room({ alice: { name: "Alice", attributes: { "artc.stream.s1": "hello" }, tracks: [{ sid: "a", kind: "audio", muted: true, ...both }, { sid: "v", ...both }] }, bob: {} }));
    expect([...seen.users.values()]).toEqual([{ userID: "alice", userName: "Alice" }, { userID: "bob", userName: "bob" }]);
    const stream = seen.streams.get("s1");
    expect(stream).toMatchObject({ streamID: "s1", user: { userID: "alice" }, extraInfo: "hello", camera: true, microphone: false });
    expect(stream?.publications).toHaveLength(2);
  });

  it("takes what others send for a stream of their user id, and their screen for another", () => {
    // Devices name all their tracks as one stream; two of them must not be one.
    const camera = (sid: string): Track => ({ sid, name: "camera", stream: "artc" });
    const seen = look(room({ yard: { tracks: [camera("1"), { sid: "2", source: "screen_share" }] }, gate: { tracks: [camera("3")] } }));
    expect([...seen.streams.keys()].sort()).toEqual(["gate", "yard", "yard-screen"]);
  });

  it("shows of two streams of one id the earlier, whoever is looked at first", () => {
    const track = (sid: string, at: number, ticks = 0): Track => ({ sid, name: "s", stream: "s", at, ticks });
    for (const [early, late] of [[track("b", 1), track("a", 2)], [track("b", 5, 1), track("a", 5, 2)]] as const) {
      for (const order of [{ first: early, second: late }, { second: late, first: early }]) {
        const participants = Object.fromEntries(Object.entries(order).map(([identity, each]) => [identity, { tracks: [each] }]));
        expect(look(room(participants)).streams.get("s")?.user.userID).toBe("first");
      }
    }
  });

  it("of two without versions all see the same one, and something comes before nothing", () => {
    const [a, b] = [publication({ sid: "a" }), publication({ sid: "b" })] as never[];
    expect([isEarlier([a] as never, [b] as never), isEarlier([b] as never, [a] as never)]).toEqual([true, false]);
    expect([isEarlier([a] as never, []), isEarlier([], [a] as never)]).toEqual([true, false]);
  });

  it("tells what is new, gone and different", () => {
    const before = new Map([["a", 1], ["b", 1], ["c", 1]]);
    const now = new Map([["b", 1], ["c", 2], ["d", 1]]);
    expect(changes(before, now, (x, y) => x !== y)).toEqual({ added: [1], gone: [1], other: [2] });
  });
});

describe("ids and texts", () => {
  it("are measured in bytes", () => {
    expect(code(() => checkStreamID("x".repeat(256)))).toBe(0);
    expect(code(() => checkStreamID("x".repeat(257)))).toBe(1000014);
    expect(code(() => checkStreamID(""))).toBe(1000015);
    for (const id of ["a b", "a/b", "ä", "a\n"]) expect(code(() => checkStreamID(id)), id).toBe(1000016);
    for (const [name, most] of Object.entries(LIMITS)) {
      if (name === "streamID") continue;
      const key = name as Exclude<keyof typeof LIMITS, "streamID">;
      expect(code(() => checkText(key, "ü".repeat(most / 2)))).toBe(0);
      expect(code(() => checkText(key, `${"ü".repeat(most / 2)}x`))).toBe(2000001);
      expect([code(() => checkText(key, "")), code(() => checkText(key, "", true))]).toEqual([2000001, 0]);
    }
  });
});

describe("a token", () => {
  const base64 = (value: unknown) => btoa(JSON.stringify(value));

  it("says for whom it is, by either rule", () => {
    expect(readToken(`x.${base64({ sub: "alice", video: { room: "yard" } })}.y`)).toEqual({ room: "yard", user: "alice", app: undefined });
    expect(readToken(base64({ appid: "4711", channelid: "yard", userid: "alice" }))).toEqual({ room: "yard", user: "alice", app: "4711" });
  });

  it("that cannot be read says nothing, and is the server's to refuse", () => {
    for (const text of ["", "x", "a.b.c", "....", base64(null), base64([1]), `x.${base64("text")}.y`, base64({ appid: 3, channelid: {}, userid: [] })]) {
      expect(readToken(text), text).toEqual({ room: undefined, user: undefined, app: undefined });
    }
  });

  it("for another app is refused before anything is asked", async () => {
    const token = base64({ appid: "4711", channelid: "yard", userid: "alice" });
    await expect(new ExpressEngine(12, "ws://unused").loginRoom("yard", token, { userID: "alice" })).rejects.toMatchObject({ code: 1011, message: 'the token is for the app "4711", not for "12"' });
  });
});

it("nothing goes without a login, and a logout without one is none", async () => {
  const engine = new ZegoExpressEngine(0, "ws://unused");
  await expect(engine.startPublishingStream("s")).rejects.toMatchObject({ name: "RoomError", code: 1000002 });
  await expect(engine.startPlayingStream("s")).rejects.toMatchObject({ code: 1000002 });
  engine.stopPublishingStream("s");
  engine.stopPlayingStream("s");
  await engine.logoutRoom();
});

it("a listener that throws does not keep the others from being told", async () => {
  const thrown: unknown[] = [];
  vi.stubGlobal("queueMicrotask", (act: () => void) => {
    try {
      act();
    } catch (error) {
      thrown.push(error);
    }
  });
  const listeners = new Listeners();
  const told = vi.fn();
  const gone = vi.fn();
  listeners.add("remoteMicStatusUpdate", () => {
    throw new Error("the page's");
  });
  listeners.add("remoteMicStatusUpdate", told);
  listeners.add("remoteMicStatusUpdate", gone);
  listeners.remove("remoteMicStatusUpdate", gone);
  listeners.tell("remoteMicStatusUpdate", "s", "MUTE");
  vi.unstubAllGlobals();
  expect(told).toHaveBeenCalledWith("s", "MUTE");
  expect(gone).not.toHaveBeenCalled();
  expect(thrown).toHaveLength(1);
});
