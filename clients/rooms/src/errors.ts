/** What can go wrong, by number. Numbers below 2,000,000 are documented by the vendor; those above are ours, where it documents none. */

export const ErrorCode = {
  OK: 0,
  /** The server does not take the token: malformed, expired, forged, or for another room or user. */
  TOKEN: 1011,
  NOT_LOGGED_IN: 1000002,
  STREAM_ID_TOO_LONG: 1000014,
  STREAM_ID_EMPTY: 1000015,
  STREAM_ID_CHARACTERS: 1000016,
  /** The server cannot be reached, or the connection was lost. Once logged in it is tried again for ever. */
  NETWORK: 1000017,
  /** Camera or microphone cannot be had. */
  LOCAL_STREAM: 1000018,
  ANOTHER_ROOM: 1002001,
  /** The same user logged in elsewhere. */
  KICKED_OUT: 1002050,
  /** A room id, user id, name, token or extra info that is empty, too long or has characters that are not allowed. */
  ARGUMENT: 2000001,
  /** Another user publishes a stream of this id. */
  STREAM_ID_IN_USE: 2000002,
  /** The token does not allow it. */
  NOT_ALLOWED: 2000003,
  /** Room or server are full, or too many come at once. */
  FULL: 2000004,
  /** Somebody who manages the room removed this user. */
  REMOVED: 2000005,
  /** Somebody who manages the room closed it. */
  ROOM_CLOSED: 2000006,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export class RoomError extends Error {
  override readonly name = "RoomError";

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }
}
