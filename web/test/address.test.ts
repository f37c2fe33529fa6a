import { describe, expect, it, vi } from "vitest";

import { readAddress, readClaims, rememberSession } from "../src/address";

function store(): Pick<Storage, "getItem" | "setItem"> {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => void values.set(key, value) };
}

function page(href: string) {
  const { hash, pathname, search } = new URL(href);
  return { href, hash, pathname, search };
}

function token(claims: object): string {
  const body = btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(claims))));
  return `h.${body.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}.s`;
}

describe("the address", () => {
  it("gives token, channel and the room at its own origin, and loses its fragment", () => {
    const history = { replaceState: vi.fn() };
    const address = readAddress(page("http://127.0.0.1:7880/?a=1#token=abc&room=front"), store(), history);
    expect(address).toEqual({ server: "ws://127.0.0.1:7880", token: "abc", session: undefined, channel: "front", camera: undefined, singlePeerConnection: true });
    expect(history.replaceState).toHaveBeenCalledWith(null, "", "/?a=1");
  });

  it("keeps TLS and the path of a reverse proxy", () => {
    const { server } = readAddress(page("https://cams.example/door/#token=abc"), store(), { replaceState: vi.fn() });
    expect(server).toBe("wss://cams.example/door");
  });

  it("is remembered for a reload, with the newest token", () => {
    const storage = store();
    readAddress(page("http://h/#token=abc&room=front&camera=c&pc=two"), storage, { replaceState: vi.fn() });
    rememberSession(storage, "newer");
    const history = { replaceState: vi.fn() };
    expect(readAddress(page("http://h/"), storage, history)).toMatchObject({ token: "abc", session: "newer", channel: "front", camera: "c", singlePeerConnection: false });
    expect(history.replaceState).not.toHaveBeenCalled();
  });

  it("is not what a link within the page leaves behind", () => {
    const storage = store();
    readAddress(page("http://h/#token=abc"), storage, { replaceState: vi.fn() });
    expect(readAddress(page("http://h/#panel"), storage, { replaceState: vi.fn() }).token).toBe("abc");
  });

  it("may have no token", () => {
    expect(readAddress(page("http://h/"), store(), { replaceState: vi.fn() }).token).toBeUndefined();
  });

  it("works where the browser forbids storage", () => {
    const denied = () => {
      throw new DOMException("denied", "SecurityError");
    };
    const storage = { getItem: denied, setItem: denied };
    expect(readAddress(page("http://h/#token=abc"), storage, { replaceState: vi.fn() }).token).toBe("abc");
  });
});

describe("a token", () => {
  it("tells identity, channel and end", () => {
    expect(readClaims(token({ sub: "zoë", exp: 1_700_000_000, video: { room: "front ✓" } }))).toEqual({
      identity: "zoë",
      channel: "front ✓",
      expires: 1_700_000_000_000,
      invitation: false,
    });
  });

  it("that is none tells nothing", () => {
    const nothing = { identity: undefined, channel: undefined, expires: undefined, invitation: false };
    for (const bad of ["", "abc", "a.b.c", token({ sub: 7, exp: "x", video: 1 })]) expect(readClaims(bad)).toEqual(nothing);
  });
});
