/** Start of the page in a browser. */

import { hasToken, readAddress, rememberSession } from "./address";
import { startPage } from "./app";
import { askForCaptureTime } from "./capturetime";
import { LiveKitChannel } from "./livekit";
import { browserProblem } from "./problem";

// A new address pasted over the old one changes only the fragment, which loads nothing by itself.
globalThis.addEventListener("hashchange", () => {
  if (!hasToken(location.hash)) return;
  readAddress(location, sessionStorage, history);
  location.reload();
});

if ("RTCPeerConnection" in globalThis) askForCaptureTime(RTCPeerConnection.prototype);
const address = readAddress(location, sessionStorage, history);
const channel = new LiveKitChannel(address, (token) => rememberSession(sessionStorage, token));
startPage(channel, document, browserProblem(globalThis));
