/** Start of the call page in a browser. */

import { ExpressEngine, readToken, refusalOf } from "artc-edge-rooms";
import { setLogLevel } from "livekit-client";

import { hasToken, readAddress, readClaims, rememberSession } from "../address";
import { accept } from "../invitation";
import { CallPage, type Ticket } from "./page";
import { NO_TOKEN } from "./words";

// A new address pasted over the old one changes only the fragment, which loads nothing by itself.
globalThis.addEventListener("hashchange", () => {
  if (!hasToken(location.hash)) return;
  readAddress(location, sessionStorage, history, "..");
  location.reload();
});

setLogLevel("warn");
const address = readAddress(location, sessionStorage, history, "..");
const { token } = address;
let session = address.session;

/** An invitation is exchanged once for a token of one's own, so that those who share the address do not replace one another. */
async function ticket(): Promise<Ticket> {
  let own = token ?? "";
  if (readClaims(own).invitation) {
    session ??= await accept(address.server, own).catch((error: unknown) => {
      throw refusalOf(error);
    });
    rememberSession(sessionStorage, session);
    own = session;
  }
  const { room = "", user = "" } = readToken(own);
  return { token: own, roomID: room, userID: user };
}

const { room, app } = readToken(token ?? "");
const page = new CallPage(new ExpressEngine(app ?? 0, address.server), document, room ?? "", ticket);
if (token === undefined) page.refuse(NO_TOKEN);
