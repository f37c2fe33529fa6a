/** One login: what the room tells, as events; what is published and played in it, over every lost connection until it ends. */

import { ConnectionState, type Room } from "livekit-client";

import { Connection } from "./connection";
import { ErrorCode, RoomError } from "./errors";
import type { Listeners, RoomState } from "./events";
import { Playing } from "./playing";
import { Publishing, inUse, type PublishOption } from "./publishing";
import { NOTHING, changes, look, type Sight, type Stream, type StreamInfo } from "./sight";

export interface Login {
  server: string;
  roomID: string;
  token: string;
  /** Shown to others where the token lets its bearer change it; otherwise they see the token's name. */
  userName: string;
  userUpdate: boolean;
}

export class Session {
  readonly roomID: string;
  readonly #login: Login;
  readonly #listeners: Listeners;
  readonly #connection: Connection;
  readonly #publishings = new Map<string, Publishing>();
  readonly #playings = new Map<string, Playing>();
  readonly #ended: () => void;
  #state: RoomState = "DISCONNECTED";
  #room: Room | undefined;
  #told: Sight = NOTHING;
  #looking = false;

  /** `ended` is called when it does not come back by itself. */
  constructor(login: Login, listeners: Listeners, ended: () => void) {
    this.roomID = login.roomID;
    this.#login = login;
    this.#listeners = listeners;
    this.#ended = ended;
    this.#connection = new Connection(login.server, login.token, {
      connected: (room) => this.#connected(room),
      lost: (why) => this.#lost(why),
      ended: (why) => this.#end(why),
      changed: () => this.#changed(),
    });
  }

  async login(): Promise<void> {
    this.#turn("CONNECTING");
    try {
      await this.#connection.open();
    } catch (error) {
      this.#end(error as RoomError);
      throw error;
    }
  }

  async logout(): Promise<void> {
    this.#endStreams();
    await this.#connection.close();
    this.#turn("DISCONNECTED");
  }

  async publish(streamID: string, option: PublishOption): Promise<{ stream: MediaStream }> {
    const mine = this.#publishings.has(streamID);
    if (mine) throw new RoomError(ErrorCode.STREAM_ID_IN_USE, `the stream "${streamID}" is published here already`);
    const publishing = new Publishing(streamID, { ...option }, (state, why) => {
      if (state === "NO_PUBLISH") this.#publishings.delete(streamID);
      this.#listeners.tell("publisherStateUpdate", { streamID, state, ...reason(why) });
    });
    this.#publishings.set(streamID, publishing);
    const refused = this.#refusal(streamID);
    if (refused) publishing.end(refused);
    else await publishing.capture().catch((error: RoomError) => publishing.end(error));
    if (this.#state === "CONNECTED" && this.#room && this.#publishings.has(streamID)) {
      await publishing.publish(this.#room);
      this.#changed();
    }
    await publishing.published;
    return { stream: publishing.stream };
  }

  unpublish(streamID: string): void {
    this.#publishings.get(streamID)?.end();
  }

  published(streamID: string): Publishing {
    const publishing = this.#publishings.get(streamID);
    if (!publishing) throw new RoomError(ErrorCode.LOCAL_STREAM, `the stream "${streamID}" is not published here`);
    return publishing;
  }

  async describe(streamID: string, extraInfo: string): Promise<void> {
    const publishing = this.published(streamID);
    if (!this.#room) throw new RoomError(ErrorCode.NETWORK, "not connected to the room");
    if (this.#room.localParticipant.permissions?.canUpdateMetadata === false) throw new RoomError(ErrorCode.NOT_ALLOWED, "the token does not let this user say anything about itself");
    await publishing.describe(this.#room, extraInfo);
  }

  play(streamID: string): MediaStream {
    const known = this.#playings.get(streamID);
    if (known) return known.stream;
    const tell = this.#listeners;
    const playing: Playing = new Playing({
      state: (state, why) => tell.tell("playerStateUpdate", { streamID, state, ...reason(why) }),
      camera: (status) => tell.tell("remoteCameraStatusUpdate", streamID, status),
      microphone: (status) => tell.tell("remoteMicStatusUpdate", streamID, status),
      changed: () => this.#changed(),
    });
    if (this.#room?.localParticipant.permissions?.canSubscribe === false) {
      const why = new RoomError(ErrorCode.NOT_ALLOWED, "the token does not allow to play streams");
      playing.end(why);
      throw why;
    }
    this.#playings.set(streamID, playing);
    this.#changed();
    return playing.stream;
  }

  unplay(streamID: string): void {
    const playing = this.#playings.get(streamID);
    this.#playings.delete(streamID);
    playing?.end();
  }

  /** Why a stream of this id cannot be published now. */
  #refusal(streamID: string): RoomError | undefined {
    const other = this.#told.streams.get(streamID);
    if (other) return inUse(streamID, other.user.userID);
    if (this.#room?.localParticipant.permissions?.canPublish === false) return new RoomError(ErrorCode.NOT_ALLOWED, "the token does not allow to publish");
    return undefined;
  }

  #connected(room: Room): void {
    const another = room !== this.#room;
    this.#room = room;
    this.#turn("CONNECTED");
    const { userName } = this.#login;
    const { localParticipant: self } = room;
    if (another && userName && self.name !== userName && self.permissions?.canUpdateMetadata) void self.setName(userName).catch(() => undefined);
    // What is there first, so that nothing is published under an id that was taken meanwhile.
    this.#look();
    for (const [streamID, publishing] of this.#publishings) {
      const other = this.#told.streams.get(streamID);
      if (another && other) publishing.end(inUse(streamID, other.user.userID));
      else void publishing.publish(room).then(() => this.#changed());
    }
  }

  #lost(why: RoomError): void {
    this.#turn("CONNECTING", why);
    for (const publishing of this.#publishings.values()) publishing.lost(why);
    for (const playing of this.#playings.values()) playing.lost(why);
  }

  #end(why: RoomError): void {
    this.#ended();
    this.#endStreams(why);
    this.#turn("DISCONNECTED", why);
  }

  #endStreams(why?: RoomError): void {
    for (const publishing of [...this.#publishings.values()]) publishing.end(why);
    for (const playing of this.#playings.values()) playing.end(why);
    this.#playings.clear();
    this.#room = undefined;
  }

  #turn(state: RoomState, why?: RoomError): void {
    if (state === this.#state && state !== "CONNECTING") return;
    this.#state = state;
    const { errorCode, extendedData } = reason(why);
    this.#listeners.tell("roomStateUpdate", this.roomID, state, errorCode, extendedData);
  }

  /** Looks at the room afresh, once for any number of events of one moment. */
  #changed(): void {
    if (this.#looking) return;
    this.#looking = true;
    queueMicrotask(() => {
      this.#looking = false;
      this.#look();
    });
  }

  #look(): void {
    // While the connection is repaired nobody knows; what has changed by then is told afterwards.
    if (this.#state !== "CONNECTED" || this.#room?.state !== ConnectionState.Connected) return;
    const [before, now] = [this.#told, look(this.#room)];
    this.#told = now;
    this.#tellUsers(before, now, "ADD");
    this.#tellStreams(before, now);
    this.#tellUsers(before, now, "DELETE");
    for (const [streamID, playing] of this.#playings) playing.update(now.streams.get(streamID));
    for (const publishing of [...this.#publishings.values()]) {
      const fault = publishing.fault(now);
      if (fault) publishing.end(fault);
    }
  }

  #tellUsers(before: Sight, now: Sight, type: "ADD" | "DELETE"): void {
    if (!this.#login.userUpdate) return;
    const { added, gone } = changes(before.users, now.users, () => false);
    const list = type === "ADD" ? added : gone;
    if (list.length > 0) this.#listeners.tell("roomUserUpdate", this.roomID, type, list);
  }

  #tellStreams(before: Sight, now: Sight): void {
    const owner = ({ user }: Stream) => user.userID;
    const { added, gone, other } = changes(before.streams, now.streams, (a, b) => owner(a) !== owner(b) || a.extraInfo !== b.extraInfo);
    const handed = other.filter((each) => owner(each) !== owner(before.streams.get(each.streamID) as Stream));
    const tell = (type: "ADD" | "DELETE", list: Stream[]) => {
      if (list.length > 0) this.#listeners.tell("roomStreamUpdate", this.roomID, type, list.map(plain), "");
    };
    tell("DELETE", [...gone, ...handed.map(({ streamID }) => before.streams.get(streamID) as Stream)]);
    tell("ADD", [...added, ...handed]);
    const described = other.filter((each) => !handed.includes(each));
    if (described.length > 0) this.#listeners.tell("roomStreamExtraInfoUpdate", this.roomID, described.map(plain));
  }
}

function plain({ streamID, user, extraInfo }: Stream): StreamInfo {
  return { streamID, user, extraInfo };
}

function reason(why: RoomError | undefined) {
  return { errorCode: why?.code ?? ErrorCode.OK, extendedData: why?.message ?? "" };
}
