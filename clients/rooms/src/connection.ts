/**
 * The connection to one room, from the login until it ends for good. livekit-client resumes a lost one within seconds; when it
 * gives up, this joins afresh with a growing pause, for ever. Not for what is in the room.
 */

import {
  ConnectionError,
  ConnectionErrorReason,
  DisconnectReason,
  EngineEvent,
  Room,
  RoomEvent,
  type ReconnectContext,
} from "livekit-client";

import { ErrorCode, RoomError } from "./errors";

/** Pauses before joining again, in ms; the last one stays. */
const PAUSES = [500, 1000, 2000, 4000, 8000];
/** How long livekit-client may try to resume before we join afresh, in ms. */
const RESUME_FOR = 12_000;

const LOGGED_OUT = new RoomError(ErrorCode.NOT_LOGGED_IN, "logged out before the login was done");

/** Events of a room after which it is to be looked at again. */
const CHANGES = [
  RoomEvent.ParticipantConnected,
  RoomEvent.ParticipantDisconnected,
  RoomEvent.ParticipantNameChanged,
  RoomEvent.ParticipantAttributesChanged,
  RoomEvent.ParticipantPermissionsChanged,
  RoomEvent.TrackPublished,
  RoomEvent.TrackUnpublished,
  RoomEvent.TrackSubscribed,
  RoomEvent.TrackUnsubscribed,
  RoomEvent.TrackMuted,
  RoomEvent.TrackUnmuted,
  RoomEvent.LocalTrackPublished,
  RoomEvent.LocalTrackUnpublished,
] as const;

export interface Hears {
  /** Connected, for the first time or again; `room` may be another one than before. */
  connected(room: Room): void;
  /** The connection is being repaired. */
  lost(why: RoomError): void;
  /** It does not come back. */
  ended(why: RoomError): void;
  /** Something in the room has changed. */
  changed(): void;
}

/** A room that was joined: why it will have ended. */
interface Joined {
  ended: Promise<DisconnectReason | undefined>;
}

export class Connection {
  readonly #server: string;
  readonly #hears: Hears;
  #token: string;
  #room: Room | undefined;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(server: string, token: string, hears: Hears) {
    this.#server = server;
    this.#token = token;
    this.#hears = hears;
  }

  /** Joins, once. Throws why it did not work; afterwards everything is told. */
  async open(): Promise<void> {
    void this.#stay(await this.#join());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    globalThis.removeEventListener?.("online", this.#wakeUp);
    await this.#room?.disconnect();
    this.#room = undefined;
  }

  readonly #wakeUp = (): void => this.#wake();

  async #stay({ ended }: Joined): Promise<void> {
    globalThis.addEventListener?.("online", this.#wakeUp);
    for (;;) {
      const reason = await ended;
      if (this.#closed) return;
      this.#room = undefined;
      const farewell = farewellOf(reason);
      if (farewell) return this.#end(farewell);
      let why = new RoomError(ErrorCode.NETWORK, "the connection was lost");
      for (let attempt = 0; ; attempt += 1) {
        this.#hears.lost(why);
        // A little chance keeps many clients from coming back in the same moment.
        const pause = (PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 0) * (0.75 + Math.random() / 2);
        await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), new Promise((resolve) => setTimeout(resolve, pause))]);
        if (this.#closed) return;
        try {
          ({ ended } = await this.#join());
          break;
        } catch (error) {
          if (this.#closed) return;
          why = error as RoomError;
          if (why.code !== ErrorCode.NETWORK && why.code !== ErrorCode.FULL) return this.#end(why);
        }
      }
    }
  }

  #end(why: RoomError): void {
    this.#closed = true;
    globalThis.removeEventListener?.("online", this.#wakeUp);
    this.#hears.ended(why);
  }

  async #join(): Promise<Joined> {
    // Local tracks outlive a room, so that they can be published in the next one.
    const room = new Room({ stopLocalTrackOnUnpublish: false, reconnectPolicy: { nextRetryDelayInMs } });
    this.#room = room;
    const ended = new Promise<DisconnectReason | undefined>((resolve) => room.once(RoomEvent.Disconnected, resolve));
    for (const event of CHANGES) room.on(event, this.#hears.changed);
    const lost = () => this.#hears.lost(new RoomError(ErrorCode.NETWORK, "the connection was lost"));
    room
      .on(RoomEvent.SignalReconnecting, lost)
      .on(RoomEvent.Reconnecting, lost)
      .on(RoomEvent.Reconnected, () => this.#hears.connected(room));
    try {
      await room.connect(this.#server, this.#token, { autoSubscribe: false, maxRetries: 0 });
    } catch (error) {
      await room.disconnect();
      if (this.#closed) throw LOGGED_OUT;
      throw (await fullness(error, this.#server, this.#token)) ?? refusalOf(error);
    }
    if (this.#closed) {
      await room.disconnect();
      throw LOGGED_OUT;
    }
    // Rooms send newer tokens to who stays; with the newest one it gets in again long after the first has expired. The engine is
    // public but not in the library's documents, so its absence must not break anything.
    room.engine?.on(EngineEvent.TokenRefreshed, (token) => (this.#token = token));
    this.#hears.connected(room);
    return { ended };
  }
}

function nextRetryDelayInMs({ retryCount, elapsedMs }: ReconnectContext): number | null {
  return elapsedMs > RESUME_FOR ? null : ([0, 300, 700, 1500][retryCount] ?? 2000) * (0.75 + Math.random() / 2);
}

/** Why the room sent us away for good; none when the connection just broke. */
function farewellOf(reason: DisconnectReason | undefined): RoomError | undefined {
  switch (reason) {
    case DisconnectReason.DUPLICATE_IDENTITY:
      return new RoomError(ErrorCode.KICKED_OUT, "the same user logged in elsewhere");
    case DisconnectReason.PARTICIPANT_REMOVED:
      return new RoomError(ErrorCode.REMOVED, "somebody who manages the room removed this user");
    case DisconnectReason.ROOM_DELETED:
    case DisconnectReason.ROOM_CLOSED:
      return new RoomError(ErrorCode.ROOM_CLOSED, "somebody who manages the room closed it");
    default:
      return undefined;
  }
}

/** Why a room does not let in, by an error of livekit-client. */
export function refusalOf(error: unknown): RoomError {
  const words = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionError) {
    if (error.reason === ConnectionErrorReason.NotAllowed) return new RoomError(ErrorCode.TOKEN, words);
    if (error.reason === ConnectionErrorReason.LeaveRequest) {
      const farewell = farewellOf(error.context as DisconnectReason | undefined);
      if (farewell) return farewell;
    }
  }
  return new RoomError(ErrorCode.NETWORK, words);
}

/** How long the server may take to say why, in ms. */
const PATIENCE = 8000;

/** Browsers do not tell why a websocket was refused, and livekit-client asks the server only about tokens: whether it was full is asked here. */
async function fullness(error: unknown, server: string, token: string): Promise<RoomError | undefined> {
  if (!(error instanceof ConnectionError) || error.reason !== ConnectionErrorReason.WebSocket) return undefined;
  const address = `${server.replace(/^ws/, "http").replace(/\/$/, "")}/rtc/validate?access_token=${encodeURIComponent(token)}`;
  try {
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
    if (answer.status === 429 || answer.status === 503) return new RoomError(ErrorCode.FULL, (await answer.text()) || `the server takes nobody in now (status ${answer.status})`);
  } catch {
    // It cannot be reached, which is what the error says.
  }
  return undefined;
}
