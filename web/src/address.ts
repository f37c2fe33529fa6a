/**
 * Where to go and with what: read from the page's address, whose fragment carries the token.
 *
 * A fragment never leaves the browser, so the token is in no server's log. It is taken out of the address bar at once, so that it
 * is in no screenshot and no bookmark either, and kept for a reload in the tab's own storage.
 */

export interface Address {
  /** The room's WebSocket address: the page's own origin and path. */
  server: string;
  token: string | undefined;
  /** The token under which this tab was let in last: a reload comes back as the same viewer and leaves no ghost behind. */
  session: string | undefined;
  /** The channel that the address names; the token decides. */
  channel: string | undefined;
  /** Identity of the camera to show first, when there are several. */
  camera: string | undefined;
  /** One peer connection for both directions, as current LiveKit clients try first, or the older two. */
  singlePeerConnection: boolean;
}

/** The claims of an access token that a page can use. Read without checking: only the room's word counts. */
export interface Claims {
  identity: string | undefined;
  channel: string | undefined;
  /** Milliseconds since 1970. */
  expires: number | undefined;
  /** Lets several viewers in, each under an identity of its own. */
  invitation: boolean;
}

const KEY = "artc.address";

/** Where the room is as a page sees it: beside the viewer page, above the pages in folders. */
export type Place = "." | "..";

/** Reads the address, takes the token out of it and remembers both for a reload. */
export function readAddress(
  location: Pick<Location, "href" | "hash" | "pathname" | "search">,
  storage: Pick<Storage, "getItem" | "setItem">,
  history: Pick<History, "replaceState">,
  place: Place = ".",
): Address {
  let fragment = location.hash.slice(1);
  if (hasToken(location.hash)) {
    // The same address once more is the same viewer once more.
    const before = new URLSearchParams(recall(storage));
    const given = new URLSearchParams(fragment);
    const session = before.get("session");
    if (session !== null && before.get("token") === given.get("token")) given.set("session", session);
    else given.delete("session");
    fragment = given.toString();
    remember(storage, fragment);
    history.replaceState(null, "", location.pathname + location.search);
  } else {
    fragment = recall(storage);
  }
  const values = new URLSearchParams(fragment);
  const value = (name: string) => values.get(name) || undefined;
  return {
    server: new URL(place, location.href.split("#")[0]).href.replace(/^http/, "ws").replace(/\/$/, ""),
    token: value("token"),
    session: value("session"),
    channel: value("room"),
    camera: value("camera"),
    singlePeerConnection: value("pc") !== "two",
  };
}

/** Whether a fragment is an address of ours and not, for example, a place within the page. */
export function hasToken(fragment: string): boolean {
  return new URLSearchParams(fragment.replace(/^#/, "")).has("token");
}

/** Keeps the token that this tab was let in with, so that a reload hours later still gets in, and as the same viewer. */
export function rememberSession(storage: Pick<Storage, "getItem" | "setItem">, token: string): void {
  const values = new URLSearchParams(recall(storage));
  values.set("session", token);
  remember(storage, values.toString());
}

/** What the token says about itself. */
export function readClaims(token: string): Claims {
  const none: Claims = { identity: undefined, channel: undefined, expires: undefined, invitation: false };
  try {
    const body = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(body), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown; exp?: unknown; invitation?: unknown; video?: { room?: unknown } };
    return {
      identity: typeof claims.sub === "string" ? claims.sub : undefined,
      channel: typeof claims.video?.room === "string" ? claims.video.room : undefined,
      expires: typeof claims.exp === "number" ? claims.exp * 1000 : undefined,
      invitation: claims.invitation === true,
    };
  } catch {
    return none;
  }
}

// Storage may be forbidden by the browser's settings; the page works without, it only forgets on a reload.
function remember(storage: Pick<Storage, "setItem">, fragment: string): void {
  try {
    storage.setItem(KEY, fragment);
  } catch {
    // see above
  }
}

function recall(storage: Pick<Storage, "getItem">): string {
  try {
    return storage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}
