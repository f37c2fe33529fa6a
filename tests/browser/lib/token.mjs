// Access tokens as the room takes them: JWT, HS256 (RFC 7519), with LiveKit's video grant.

import { createHmac } from "node:crypto";

const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token for `identity` in `room`, valid for `seconds` from now on; a negative time makes one that has expired. */
export function mint({ key, secret }, identity, room, seconds = 3600, grant = {}) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: key,
    sub: identity,
    name: identity,
    // A margin for an expired token, so that no leeway of the checker's clock lets it in.
    nbf: now - 7200,
    exp: now + seconds,
    video: { room, roomJoin: true, canPublish: true, canSubscribe: true, canPublishData: true, ...grant },
  };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}
