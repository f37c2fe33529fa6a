/** What ids and texts may be, as documented. */

import { ErrorCode, RoomError } from "./errors";

/** Longest ids and texts, in bytes of UTF-8. */
export const LIMITS = { roomID: 128, userID: 64, userName: 256, streamID: 256, token: 2048, extraInfo: 1024 } as const;

const ID = /^[A-Za-z0-9_-]+$/;

export function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Throws what is wrong with a stream's id. */
export function checkStreamID(streamID: string): void {
  if (streamID === "") throw new RoomError(ErrorCode.STREAM_ID_EMPTY, "the stream id is empty");
  if (bytes(streamID) > LIMITS.streamID) throw new RoomError(ErrorCode.STREAM_ID_TOO_LONG, `the stream id has ${bytes(streamID)} bytes; at most ${LIMITS.streamID} are allowed`);
  if (!ID.test(streamID)) throw new RoomError(ErrorCode.STREAM_ID_CHARACTERS, `the stream id "${streamID}" has other characters than A-Z, a-z, 0-9, "-" and "_"`);
}

/** Throws what is wrong with anything else. Room and user ids are the server's to judge but for their length. */
export function checkText(name: Exclude<keyof typeof LIMITS, "streamID">, text: string, mayBeEmpty = false): void {
  if (text === "" && !mayBeEmpty) throw new RoomError(ErrorCode.ARGUMENT, `${name} is empty`);
  if (bytes(text) > LIMITS[name]) throw new RoomError(ErrorCode.ARGUMENT, `${name} has ${bytes(text)} bytes; at most ${LIMITS[name]} are allowed`);
}
