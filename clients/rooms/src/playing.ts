/** One stream that is played here: subscribed to while it is in the room, waited for while it is not. */

import type { RoomError } from "./errors";
import type { PlayerState } from "./events";
import type { Stream } from "./sight";

export interface Told {
  state(state: PlayerState, why?: RoomError): void;
  camera(status: "OPEN" | "MUTE"): void;
  microphone(status: "OPEN" | "MUTE"): void;
  /** Media has begun to come. */
  changed(): void;
}

export class Playing {
  /** The same one all the time, whatever tracks come and go in it. */
  readonly stream = new MediaStream();
  readonly #told: Told;
  #state: PlayerState = "NO_PLAY";
  #sends = { camera: true, microphone: true };
  #source: Stream | undefined;

  constructor(told: Told) {
    this.#told = told;
    this.#turn("PLAY_REQUESTING");
  }

  /** What is in the room of it now. */
  update(source: Stream | undefined): void {
    this.#source = source;
    const tracks: MediaStreamTrack[] = [];
    let comes = false;
    for (const publication of source?.publications ?? []) {
      if (!publication.isDesired) publication.setSubscribed(true);
      const track = publication.track?.mediaStreamTrack;
      if (!track) continue;
      tracks.push(track);
      // The browser's track is muted until its first packets are there; one that is switched off has none to wait for.
      if (track.muted && !publication.isMuted) track.addEventListener("unmute", () => this.#told.changed(), { once: true });
      else comes = true;
    }
    for (const track of this.stream.getTracks()) if (!tracks.includes(track)) this.stream.removeTrack(track);
    for (const track of tracks) this.stream.addTrack(track);
    // What plays and is silent for a moment, as the browser sees it, still plays.
    this.#turn(comes || (this.#state === "PLAYING" && tracks.length > 0) ? "PLAYING" : "PLAY_REQUESTING");
    if (source) this.#switches(source);
  }

  lost(why: RoomError): void {
    this.#turn("PLAY_REQUESTING", why);
  }

  end(why?: RoomError): void {
    for (const publication of this.#source?.publications ?? []) publication.setSubscribed(false);
    for (const track of this.stream.getTracks()) this.stream.removeTrack(track);
    this.#turn("NO_PLAY", why);
  }

  #switches({ camera, microphone }: Stream): void {
    const before = this.#sends;
    this.#sends = { camera, microphone };
    if (before.camera !== camera) this.#told.camera(camera ? "OPEN" : "MUTE");
    if (before.microphone !== microphone) this.#told.microphone(microphone ? "OPEN" : "MUTE");
  }

  #turn(state: PlayerState, why?: RoomError): void {
    if (state === this.#state && !why) return;
    this.#state = state;
    this.#told.state(state, why);
  }
}
