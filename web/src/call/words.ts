/** What can go wrong with a call, in words for the person in front of the page. */

import { ErrorCode, type RoomError } from "artc-edge-rooms";

import type { Notice } from "../view/notice";

const NEW_ADDRESS = "Whoever runs the room makes a new address with this command, and no address lets in without one.";
const COMMAND = "artc-edge token --identity NAME --call ADDRESS";

export const NO_TOKEN: Notice = { title: "This address has no token", advice: `The room lets nobody in without one. ${NEW_ADDRESS}`, command: COMMAND };

/** Why there is no call, or no more. */
export function endOf({ code, message: detail }: RoomError): Notice {
  switch (code) {
    case ErrorCode.TOKEN:
      return { title: /expired/i.test(detail) ? "The token has expired" : "The room refused the token", advice: NEW_ADDRESS, command: COMMAND, detail };
    case ErrorCode.KICKED_OUT:
      return { title: "Joined somewhere else", advice: "The same address was opened in another window or on another machine, which ended the call here." };
    case ErrorCode.REMOVED:
      return { title: "Removed from the call", advice: "Somebody who manages the room ended it for you." };
    case ErrorCode.ROOM_CLOSED:
      return { title: "The call was closed", advice: "Somebody who manages the room closed it." };
    case ErrorCode.FULL:
      return { title: "The room is full", advice: "Wait until somebody has left, and join again.", detail };
    case ErrorCode.NETWORK:
      return { title: "The room cannot be reached", advice: "Is its server running, and is this machine on its network? Join again to try once more.", detail };
    default:
      return { title: "The call did not begin", advice: "The room's server says why.", detail };
  }
}

/** Why the call goes on without one's own picture or sound. */
export function sendingFault({ code, message }: RoomError): string {
  switch (code) {
    case ErrorCode.NOT_ALLOWED:
      return "This address lets you watch only: the others do not see or hear you.";
    case ErrorCode.LOCAL_STREAM:
      return `The others do not see or hear you: ${message}.`;
    default:
      return `The others do not see or hear you: ${message}`;
  }
}
