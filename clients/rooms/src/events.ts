/** The events and their states. */

import type { ErrorCode } from "./errors";
import type { StreamInfo, User } from "./sight";

export type RoomState = "DISCONNECTED" | "CONNECTING" | "CONNECTED";
export type PublisherState = "NO_PUBLISH" | "PUBLISH_REQUESTING" | "PUBLISHING";
export type PlayerState = "NO_PLAY" | "PLAY_REQUESTING" | "PLAYING";
export type UpdateType = "ADD" | "DELETE";

export interface StreamState<S> {
  streamID: string;
  state: S;
  errorCode: ErrorCode;
  /** Why, in words; empty where nothing is wrong. */
  extendedData: string;
}

/** Each event with what its listeners get. `extendedData` says why in words, and is empty where nothing is wrong. */
export interface RoomEvents {
  roomStateUpdate: [roomID: string, state: RoomState, errorCode: ErrorCode, extendedData: string];
  /** Other users; the first one lists all that are there already. Only with `userUpdate: true` at the login. */
  roomUserUpdate: [roomID: string, updateType: UpdateType, userList: User[]];
  /** Streams of others; the first one lists all that are there already. */
  roomStreamUpdate: [roomID: string, updateType: UpdateType, streamList: StreamInfo[], extendedData: string];
  roomStreamExtraInfoUpdate: [roomID: string, streamList: StreamInfo[]];
  publisherStateUpdate: [result: StreamState<PublisherState>];
  playerStateUpdate: [result: StreamState<PlayerState>];
  /** The publisher of a stream that is played switched its camera or microphone. */
  remoteCameraStatusUpdate: [streamID: string, status: "OPEN" | "MUTE"];
  remoteMicStatusUpdate: [streamID: string, status: "OPEN" | "MUTE"];
}

type Listener = (...values: unknown[]) => void;

export class Listeners {
  readonly #all = new Map<keyof RoomEvents, Set<Listener>>();

  add<E extends keyof RoomEvents>(event: E, listener: (...values: RoomEvents[E]) => void): void {
    this.#all.set(event, (this.#all.get(event) ?? new Set()).add(listener as unknown as Listener));
  }

  remove<E extends keyof RoomEvents>(event: E, listener: (...values: RoomEvents[E]) => void): void {
    this.#all.get(event)?.delete(listener as unknown as Listener);
  }

  /** Tells them one after the other. A listener that throws is the page's fault: it is told there, and the others are told all the same. */
  tell<E extends keyof RoomEvents>(event: E, ...values: RoomEvents[E]): void {
    for (const listener of [...(this.#all.get(event) ?? [])]) {
      try {
        listener(...values);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
