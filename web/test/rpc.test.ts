import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { MAX_MESSAGE, Refused, RpcClient, Unanswered, type Exchange, type RpcOptions } from "artc-edge-client/rpc";

interface Request {
  jsonrpc: string;
  id: number;
  method: string;
  params: Record<string, unknown>;
}

/** A client and the other end of its wire. */
function wired(options: RpcOptions = {}) {
  const sent: Request[] = [];
  const log: Exchange[] = [];
  const client = new RpcClient((bytes) => void sent.push(JSON.parse(new TextDecoder().decode(bytes)) as Request), {
    lastId: 0,
    observe: (exchange) => log.push({ ...exchange }),
    ...options,
  });
  const answer = (message: unknown) => client.receive(new TextEncoder().encode(JSON.stringify(message)));
  return { client, sent, log, answer };
}

/** Lets everything run that waits only for promises. */
const settle = async () => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a call", () => {
  it("sends one JSON-RPC 2.0 request and gives its result", async () => {
    const { client, sent, answer } = wired();
    const call = client.call("stream.set", { fps: 15 });
    await settle();
    expect(sent).toEqual([{ jsonrpc: "2.0", id: 1, method: "stream.set", params: { fps: 15 } }]);
    answer({ jsonrpc: "2.0", id: 1, result: { fps: 15 } });
    await expect(call).resolves.toEqual({ fps: 15 });
  });

  it("tells answers apart that come in another order", async () => {
    const { client, sent, answer } = wired();
    const info = client.call("device.info");
    const modes = client.call("camera.modes");
    await settle();
    expect(sent.map((request) => request.method)).toEqual(["device.info", "camera.modes"]);
    answer({ jsonrpc: "2.0", id: 2, result: { modes: [] } });
    answer({ jsonrpc: "2.0", id: 1, result: { name: "door" } });
    await expect(modes).resolves.toEqual({ modes: [] });
    await expect(info).resolves.toEqual({ name: "door" });
  });

  it("is refused with the device's code, words and remedy", async () => {
    const { client, answer } = wired();
    const call = client.call("camera.set_control", { name: "brightness", value: 999 });
    const refused = call.catch((error: unknown) => error);
    await settle();
    answer({
      jsonrpc: "2.0",
      id: 1,
      error: { code: 2007, message: "brightness is 0 to 255", data: { name: "out_of_range", remedy: "ask camera.controls" } },
    });
    const error = await refused;
    expect(error).toBeInstanceOf(Refused);
    expect(error).toMatchObject({ code: 2007, message: "brightness is 0 to 255", remedy: "ask camera.controls" });
  });

  it("ends with a time-out, and a late answer changes nothing", async () => {
    const { client, log, answer } = wired({ timeout: 3000, now: () => Date.now() });
    const failed = client.call("device.info").catch((error: unknown) => error);
    await settle();
    vi.advanceTimersByTime(2999);
    expect(log).toHaveLength(1);
    vi.advanceTimersByTime(1);
    const error = await failed;
    expect(error).toBeInstanceOf(Unanswered);
    expect(error).toMatchObject({ reason: "timeout", message: "no answer within 3 s" });
    answer({ jsonrpc: "2.0", id: 1, result: {} });
    expect(log).toHaveLength(2);
    expect(log[1]).toMatchObject({ took: 3000, error });
  });

  it("is sent again under its id when no answer comes, and the refusal of the repetition is not its answer", async () => {
    const { client, sent, answer } = wired({ again: 1000 });
    const call = client.call("stream.key_frame");
    await settle();
    vi.advanceTimersByTime(2000);
    await settle();
    client.resend();
    await settle();
    expect(sent.map(({ id }) => id)).toEqual([1, 1, 1, 1]);
    answer({ jsonrpc: "2.0", id: 1, error: { code: 2008, message: "id 1 is that of a request that is still unanswered" } });
    answer({ jsonrpc: "2.0", id: 1, result: {} });
    await expect(call).resolves.toEqual({});
    vi.advanceTimersByTime(5000);
    await settle();
    expect(sent).toHaveLength(4);
  });

  it("has an id that no client before it has had", async () => {
    const ids = [0, 1, 2].map(() => {
      const { client, sent } = wired({ lastId: undefined as never });
      void client.call("device.info").catch(() => undefined);
      return sent;
    });
    await settle();
    const first = ids.map(([request]) => request?.id ?? NaN);
    expect(new Set(first).size).toBe(3);
    expect(first.every(Number.isSafeInteger)).toBe(true);
  });

  it("says why it could not be sent", async () => {
    const client = new RpcClient(() => Promise.reject(new Error("no data channel")));
    await expect(client.call("device.info")).rejects.toMatchObject({ reason: "unsent", message: "not sent: no data channel" });
  });

  it("is not sent when it is longer than a device takes", async () => {
    const { client, sent } = wired();
    const value = "x".repeat(MAX_MESSAGE);
    await expect(client.call("camera.set_control", { name: "text", value })).rejects.toMatchObject({ reason: "unsent" });
    expect(sent).toEqual([]);
  });

  it("is seen by the observer when it is sent and when it has ended", async () => {
    const { client, log, answer } = wired();
    const call = client.call("device.status", {}, { quiet: true });
    await settle();
    expect(log).toMatchObject([{ id: 1, method: "device.status", quiet: true }]);
    expect(log[0]?.took).toBeUndefined();
    answer({ jsonrpc: "2.0", id: 1, result: { uptime_s: 4 } });
    await call;
    expect(log[1]).toMatchObject({ id: 1, result: { uptime_s: 4 } });
    expect(log[1]?.took).toBeTypeOf("number");
  });
});

describe("many calls", () => {
  it("keep under the bound, wait in order, and go on when an answer comes", async () => {
    const { client, sent, answer } = wired({ inFlight: 2 });
    const calls = [1, 2, 3, 4].map((fps) => client.call("stream.set", { fps }));
    await settle();
    expect(sent.map((request) => request.params["fps"])).toEqual([1, 2]);
    answer({ jsonrpc: "2.0", id: 2, result: {} });
    await settle();
    expect(sent.map((request) => request.params["fps"])).toEqual([1, 2, 3]);
    for (const id of [1, 3, 4]) {
      answer({ jsonrpc: "2.0", id, result: {} });
      await settle();
    }
    await expect(Promise.all(calls)).resolves.toHaveLength(4);
  });

  it("are turned away when too many wait", async () => {
    const { client } = wired({ inFlight: 1, waiting: 1 });
    const first = client.call("device.info").catch((error: unknown) => error);
    const second = client.call("device.info").catch((error: unknown) => error);
    await expect(client.call("device.info")).rejects.toMatchObject({ reason: "overflow" });
    client.close();
    await expect(first).resolves.toMatchObject({ reason: "closed" });
    await expect(second).resolves.toMatchObject({ reason: "closed" });
  });

  it("all end when the connection does, and new ones work afterwards", async () => {
    const { client, answer } = wired({ inFlight: 1 });
    const calls = [client.call("device.info"), client.call("device.status")].map((call) => call.catch((error: unknown) => error));
    await settle();
    client.close("the camera left");
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ reason: "closed", message: "the camera left" });
    const again = client.call("device.info");
    await settle();
    answer({ jsonrpc: "2.0", id: 2, result: { name: "door" } });
    await expect(again).resolves.toEqual({ name: "door" });
  });
});

describe("what comes in", () => {
  it("is ignored when it is no answer of ours, whatever it is", async () => {
    const { client, answer } = wired();
    const call = client.call("device.info");
    await settle();
    client.receive(new Uint8Array([0xff, 0xfe, 0x00]));
    client.receive(new TextEncoder().encode("{"));
    for (const message of [
      null,
      7,
      [],
      "text",
      {},
      { id: 1, result: 1 },
      { jsonrpc: "1.0", id: 1, result: 1 },
      { jsonrpc: "2.0", id: "1", result: 1 },
      { jsonrpc: "2.0", id: 99, result: 1 },
      { jsonrpc: "2.0", id: 1 },
      { jsonrpc: "2.0", id: 1, error: "no" },
      { jsonrpc: "2.0", id: null, error: { code: -32700, message: "no JSON" } },
      { jsonrpc: "2.0", id: 1, method: "device.info" },
    ]) {
      answer(message);
    }
    answer({ jsonrpc: "2.0", id: 1, result: { name: "door" } });
    await expect(call).resolves.toEqual({ name: "door" });
  });

  it("may be a notification", () => {
    const notified = vi.fn();
    const { answer } = wired({ notified });
    answer({ jsonrpc: "2.0", method: "event", params: { camera: "lost" } });
    expect(notified).toHaveBeenCalledWith({ method: "event", params: { camera: "lost" } });
  });
});
