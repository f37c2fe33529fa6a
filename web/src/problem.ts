/**
 * What is wrong, in words for the person in front of the page: what happened, and what to do about it.
 */

import { ConnectionError, ConnectionErrorReason, DisconnectReason } from "livekit-client";

import type { Claims } from "./address";

export interface Problem {
  title: string;
  advice: string;
  /** The other side's own words. */
  detail?: string;
  /** What to type on the device, word for word. */
  command?: string;
  /** Trying again by itself makes no sense; a person has to act first. */
  final: boolean;
  /** What the button says that tries again; without it there is no button. */
  action?: string;
  /** Another token from the same address may help, when that is an invitation. */
  another?: true;
}

const NEW_ADDRESS = "Whoever can reach the device makes a new address at any time, with this command; it also prints one when it starts.";
const COMMAND = "artc-edge token --viewer";

export const NO_TOKEN: Problem = {
  title: "This address has no token",
  advice: `The room lets nobody in without one. ${NEW_ADDRESS}`,
  command: COMMAND,
  final: true,
};

/** Why this browser cannot show the picture, if it cannot. */
export function browserProblem(scope: {
  RTCPeerConnection?: unknown;
  RTCRtpReceiver?: { getCapabilities?: (kind: string) => { codecs: { mimeType: string }[] } | null };
}): Problem | undefined {
  if (!scope.RTCPeerConnection) {
    return {
      title: "This browser has no WebRTC",
      advice: "Picture and sound come by WebRTC. Switch it on, or use a current Chromium, Firefox or Safari.",
      final: true,
    };
  }
  const codecs = scope.RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  // An empty list means that the browser does not tell, not that it cannot.
  if (codecs?.length && !codecs.some(({ mimeType }) => mimeType.toLowerCase() === "video/h264")) {
    return {
      title: "This browser cannot decode H.264",
      advice: "The camera sends H.264. Use a browser that has it; on Linux some builds leave it out. Sound and commands work here.",
      final: false,
    };
  }
  return undefined;
}

/** Why the room did not let us in. */
export function joinProblem(error: unknown, claims: Claims, now: number): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionError) {
    if (error.reason === ConnectionErrorReason.NotAllowed) return refusedProblem(detail, claims, now);
    if (error.reason === ConnectionErrorReason.LeaveRequest) {
      return leaveProblem(error.context as DisconnectReason | undefined) ?? unreachable(detail);
    }
    if (error.reason === ConnectionErrorReason.InternalError && error.message.includes("pc connection")) return noMedia(detail);
  }
  return detail.includes("pc connection") ? noMedia(detail) : unreachable(detail);
}

/** Why the room sent us away; none when the connection just broke. */
export function leaveProblem(reason: DisconnectReason | undefined): Problem | undefined {
  switch (reason) {
    case DisconnectReason.DUPLICATE_IDENTITY:
      return {
        title: "Opened somewhere else",
        advice: "The same address was opened in another window or on another machine, and each address lets one viewer in.",
        final: true,
        action: "Watch here",
        another: true,
      };
    case DisconnectReason.PARTICIPANT_REMOVED:
      return { title: "Removed from the channel", advice: "Somebody who manages the room ended this view.", final: true, action: "Join again" };
    case DisconnectReason.ROOM_DELETED:
      return { title: "The channel was closed", advice: "Somebody who manages the room closed it.", final: true, action: "Join again" };
    default:
      return undefined;
  }
}

function refusedProblem(detail: string, { expires }: Claims, now: number): Problem {
  if (/expired/i.test(detail) || (expires !== undefined && expires <= now)) {
    const when = expires === undefined ? "" : ` at ${new Date(expires).toLocaleTimeString()}`;
    return { title: "The token has expired", advice: `This address let viewers in for a while, and that while is over${when && `: it ended${when}`}. ${NEW_ADDRESS}`, command: COMMAND, detail, final: true, action: "Try again", another: true };
  }
  return {
    title: "The room refused the token",
    advice: `It was made for another channel, or by a device that has new keys since it was started again. ${NEW_ADDRESS}`,
    command: COMMAND,
    detail,
    final: true,
    action: "Try again",
    another: true,
  };
}

function unreachable(detail: string): Problem {
  return {
    title: "The room cannot be reached",
    advice: "Is artc-edge running, and is this machine on its network? The page tries again by itself.",
    detail,
    final: false,
    action: "Try now",
  };
}

function noMedia(detail: string): Problem {
  return {
    title: "No way for picture and sound",
    advice: "The room answers, but media packets do not get through. A firewall may block its UDP and TCP media ports.",
    detail,
    final: false,
    action: "Try now",
  };
}
