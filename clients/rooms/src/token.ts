/** What a login token says about itself, by LiveKit's rule or the vendor's. Read without checking: only the server's word counts. */

export interface Bearer {
  room: string | undefined;
  user: string | undefined;
  /** Id of the app, by the vendor's rule. */
  app: string | undefined;
}

export function readToken(token: string): Bearer {
  const text = (value: unknown) => (typeof value === "string" ? value : undefined);
  const claims = parse(token.includes(".") ? (token.split(".")[1] ?? "") : token);
  const { room } = (claims["video"] ?? {}) as { room?: unknown };
  return { room: text(room ?? claims["channelid"]), user: text(claims["sub"] ?? claims["userid"]), app: text(claims["appid"]) };
}

function parse(base64: string): Record<string, unknown> {
  try {
    const bytes = Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
