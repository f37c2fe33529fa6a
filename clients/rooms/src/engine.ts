/** The documented calls: what may be asked when, and with which arguments. What they do is in `session.ts`. */

import { ErrorCode, RoomError } from "./errors";
import { Listeners, type RoomEvents } from "./events";
import { checkStreamID, checkText } from "./limits";
import type { PublishOption } from "./publishing";
import { Session } from "./session";
import { readToken } from "./token";

export class ExpressEngine {
  readonly #appID: string;
  readonly #server: string;
  readonly #listeners = new Listeners();
  #session: Session | undefined;

  /**
   * `server` is the address of the room, ws:// or wss://. `appID` is looked at with tokens of the vendor's rule, which name their app;
   * with LiveKit's it means nothing, and may be 0.
   */
  constructor(appID: number | string, server: string) {
    this.#appID = String(appID);
    this.#server = server;
  }

  on<E extends keyof RoomEvents>(event: E, listener: (...values: RoomEvents[E]) => void): void {
    this.#listeners.add(event, listener);
  }

  off<E extends keyof RoomEvents>(event: E, listener: (...values: RoomEvents[E]) => void): void {
    this.#listeners.remove(event, listener);
  }

  /**
   * Logs in to one room, which is made if there is none. Room and user are those that the token was made for. Ends in true once
   * connected; a lost connection is repaired from then on, until `logoutRoom` or something final, which `roomStateUpdate` tells.
   */
  async loginRoom(roomID: string, token: string, user: { userID: string; userName?: string }, config: { userUpdate?: boolean } = {}): Promise<true> {
    checkText("roomID", roomID);
    checkText("token", token);
    checkText("userID", user.userID);
    checkText("userName", user.userName ?? "", true);
    const bearer = readToken(token);
    const other = (what: string, said: string | undefined, wanted: string) => {
      if (said !== undefined && said !== wanted) throw new RoomError(ErrorCode.TOKEN, `the token is for the ${what} "${said}", not for "${wanted}"`);
    };
    other("room", bearer.room, roomID);
    other("user", bearer.user, user.userID);
    other("app", bearer.app, this.#appID);
    if (this.#session) throw new RoomError(ErrorCode.ANOTHER_ROOM, `logged in to the room "${this.#session.roomID}" already`);
    const login = { server: this.#server, roomID, token, userName: user.userName ?? "", userUpdate: config.userUpdate ?? false };
    const session: Session = new Session(login, this.#listeners, () => {
      if (this.#session === session) this.#session = undefined;
    });
    this.#session = session;
    await session.login();
    return true;
  }

  /** Ends publishing and playing, too. Without a login, or of another room, it does nothing. */
  async logoutRoom(roomID?: string): Promise<void> {
    const session = this.#session;
    if (!session || (roomID !== undefined && roomID !== session.roomID)) return;
    this.#session = undefined;
    await session.logout();
  }

  /** Publishes camera and microphone, or what `publishOption` says. Ends, once published, in the stream for a preview. */
  async startPublishingStream(streamID: string, publishOption: PublishOption = {}): Promise<{ stream: MediaStream }> {
    checkStreamID(streamID);
    checkText("extraInfo", publishOption.extraInfo ?? "", true);
    return this.#loggedIn().publish(streamID, publishOption);
  }

  stopPublishingStream(streamID: string): void {
    this.#session?.unpublish(streamID);
  }

  /**
   * Plays a stream. Its `stream`, the `srcObject` of a video or audio element, is there at once; tracks come into it when they come, and
   * again after a lost connection or when its publisher comes back.
   */
  async startPlayingStream(streamID: string): Promise<{ stream: MediaStream }> {
    if (streamID === "") checkStreamID(streamID);
    return { stream: this.#loggedIn().play(streamID) };
  }

  stopPlayingStream(streamID: string): void {
    this.#session?.unplay(streamID);
  }

  /** Switches the camera of a published stream off and on again; its light goes out. */
  async mutePublishStreamVideo(streamID: string, mute: boolean): Promise<void> {
    await this.#loggedIn().published(streamID).mute("video", mute);
  }

  async mutePublishStreamAudio(streamID: string, mute: boolean): Promise<void> {
    await this.#loggedIn().published(streamID).mute("audio", mute);
  }

  /** Says something about a published stream, which others get with it. Needs a token that lets its bearer change its own attributes. */
  async setStreamExtraInfo(streamID: string, extraInfo: string): Promise<void> {
    checkText("extraInfo", extraInfo, true);
    await this.#loggedIn().describe(streamID, extraInfo);
  }

  #loggedIn(): Session {
    if (!this.#session) throw new RoomError(ErrorCode.NOT_LOGGED_IN, "not logged in to a room");
    return this.#session;
  }
}
