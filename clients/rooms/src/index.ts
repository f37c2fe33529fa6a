/** Rooms, users and streams by the documented names of ZEGO's Express SDK, over a LiveKit room. The manual is README.md. */

export { ExpressEngine, ExpressEngine as ZegoExpressEngine } from "./engine";
export { refusalOf } from "./connection";
export { ErrorCode, RoomError } from "./errors";
export type { PublisherState, PlayerState, RoomEvents, RoomState, StreamState, UpdateType } from "./events";
export { LIMITS } from "./limits";
export type { PublishOption } from "./publishing";
export type { StreamInfo, User } from "./sight";
export { readToken, type Bearer } from "./token";
