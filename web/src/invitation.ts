/**
 * Invitations: the device's address lets several viewers in. Its token is exchanged at the room, which has the page's own origin, for
 * one with an identity that nobody else has, so that viewers do not replace one another.
 */

import { ConnectionError } from "livekit-client";

/** How long the room may take to answer, in ms. */
const PATIENCE = 8000;

/** Asks the room behind the page for a token of one's own; errors are those of joining, so that they are told alike. */
export async function accept(server: string, invitation: string): Promise<string> {
  const address = `${server.replace(/^ws/, "http")}/viewer/session`;
  let answer: Response;
  try {
    answer = await fetch(address, { method: "POST", headers: { authorization: `Bearer ${invitation}` }, cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
  } catch (error) {
    throw ConnectionError.serverUnreachable(error instanceof Error ? error.message : String(error));
  }
  if (answer.ok) {
    const { token } = (await answer.json()) as { token?: unknown };
    if (typeof token === "string") return token;
    throw ConnectionError.serverUnreachable("the answer of the room holds no token");
  }
  // Another server than ours: it takes the token as it is.
  if (answer.status === 404 || answer.status === 405) return invitation;
  const words = await answer.text().catch(() => "");
  if (answer.status === 401 || answer.status === 403) throw ConnectionError.notAllowed(words, answer.status);
  throw ConnectionError.serverUnreachable(words || `status ${answer.status}`, answer.status);
}
