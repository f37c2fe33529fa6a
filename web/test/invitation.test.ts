import { ConnectionErrorReason } from "livekit-client";
import { afterEach, describe, expect, it, vi } from "vitest";

import { readAddress, rememberSession } from "../src/address";
import { accept } from "../src/invitation";

afterEach(() => vi.unstubAllGlobals());

function room(answer: () => Response | Promise<Response>) {
  const fetch = vi.fn((_address: string, _init: RequestInit) => Promise.resolve(answer()));
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

describe("an invitation", () => {
  it("is exchanged at the page's own origin, below the path of a proxy, and travels in a header", async () => {
    const fetch = room(() => Response.json({ token: "mine", identity: "local-viewer-x" }));
    expect(await accept("wss://cams.example/door", "invited")).toBe("mine");
    const [address, init] = fetch.mock.calls[0] ?? [];
    expect(address).toBe("https://cams.example/door/viewer/session");
    expect(init).toMatchObject({ method: "POST", headers: { authorization: "Bearer invited" } });
  });

  it("serves as it is where the server knows no invitations", async () => {
    room(() => new Response("not found", { status: 404 }));
    expect(await accept("ws://h", "invited")).toBe("invited");
  });

  it("that is refused or finds no room is told as a join would be", async () => {
    room(() => new Response("access token expired 7 s ago", { status: 401 }));
    await expect(accept("ws://h", "old")).rejects.toMatchObject({ reason: ConnectionErrorReason.NotAllowed, message: "access token expired 7 s ago" });
    room(() => new Response("busy", { status: 503 }));
    await expect(accept("ws://h", "x")).rejects.toMatchObject({ reason: ConnectionErrorReason.ServerUnreachable });
    room(() => Promise.reject(new TypeError("Failed to fetch")));
    await expect(accept("ws://h", "x")).rejects.toMatchObject({ reason: ConnectionErrorReason.ServerUnreachable });
  });

  it("opened once more in the same tab is the same viewer; another one is another", () => {
    const values = new Map<string, string>();
    const storage = { getItem: (key: string) => values.get(key) ?? null, setItem: (key: string, value: string) => void values.set(key, value) };
    const open = (token: string) => readAddress({ href: `http://h/#token=${token}`, hash: `#token=${token}`, pathname: "/", search: "" }, storage, { replaceState: vi.fn() });
    open("a");
    rememberSession(storage, "mine");
    expect(open("a").session).toBe("mine");
    expect(open("b").session).toBeUndefined();
  });
});
