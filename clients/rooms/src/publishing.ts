/** One stream that is published here: its devices or given tracks, and its way into the room, the next room too. */

import {
  LocalAudioTrack,
  LocalVideoTrack,
  MediaDeviceFailure,
  Track,
  TrackEvent,
  createLocalTracks,
  type AudioCaptureOptions,
  type LocalTrack,
  type LocalTrackPublication,
  type Room,
  type VideoCaptureOptions,
} from "livekit-client";

import { ErrorCode, RoomError } from "./errors";
import type { PublisherState } from "./events";
import { EXTRA_INFO, isEarlier, type Sight } from "./sight";

export interface PublishOption {
  /** What is sent instead of camera and microphone. Its tracks stay the caller's: stopping the stream does not stop them. */
  stream?: MediaStream;
  /** Whether, and how, camera and microphone are taken; both are by default. */
  camera?: boolean | VideoCaptureOptions;
  microphone?: boolean | AudioCaptureOptions;
  /** What others are told about the stream; see `setStreamExtraInfo`. */
  extraInfo?: string;
  /** Sends the picture in several sizes, for rooms with many viewers of unlike connections. */
  simulcast?: boolean;
}

type Tell = (state: PublisherState, why?: RoomError) => void;

export class Publishing {
  readonly stream = new MediaStream();
  /** Fulfilled once it is published for the first time, rejected when it ends before. */
  readonly published: Promise<void>;
  readonly #streamID: string;
  readonly #option: PublishOption;
  readonly #tell: Tell;
  #state: PublisherState = "NO_PUBLISH";
  #tracks: LocalTrack[] = [];
  #room: Room | undefined;
  /** Its tracks have arrived in that room. */
  #sent = false;
  #ended: RoomError | undefined;
  #settle!: { resolve: () => void; reject: (why: RoomError) => void };

  constructor(streamID: string, option: PublishOption, tell: Tell) {
    this.#streamID = streamID;
    this.#option = option;
    this.#tell = tell;
    this.published = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Whoever only listens to events need not take this promise.
    this.published.catch(() => undefined);
    this.#turn("PUBLISH_REQUESTING");
  }

  /** Takes the devices, or the tracks that were given. */
  async capture(): Promise<void> {
    const { stream, camera = true, microphone = true } = this.#option;
    if (stream) {
      this.#take(stream.getTracks().map(given));
    } else {
      await this.#devices({ video: camera, audio: microphone });
    }
    if (this.#tracks.length === 0 && stream) throw new RoomError(ErrorCode.LOCAL_STREAM, "the stream that was given has no tracks");
  }

  /** Publishes into a room, the first one or one after a lost connection. Failing for good ends it. */
  async publish(room: Room): Promise<void> {
    if (this.#room === room) {
      // livekit-client itself publishes again in the room where it was; what is still on its way there tells when it has arrived.
      if (this.#sent) this.#turn("PUBLISHING");
      return;
    }
    this.#room = room;
    this.#sent = false;
    this.#turn("PUBLISH_REQUESTING");
    try {
      if (this.#option.extraInfo) await this.describe(room, this.#option.extraInfo);
      await Promise.all(this.#tracks.map((track) => this.#send(room, track)));
    } catch (error) {
      if (this.#room !== room) return;
      if (room.state === "connected") this.end(refusal(error));
      // Sent once more when the connection is repaired.
      else this.#room = undefined;
      return;
    }
    if (this.#room !== room || this.#ended) return;
    this.#sent = true;
    this.#turn("PUBLISHING");
  }

  async describe(room: Room, extraInfo: string): Promise<void> {
    await room.localParticipant.setAttributes({ [EXTRA_INFO + this.#streamID]: extraInfo });
    this.#option.extraInfo = extraInfo;
  }

  /** The connection is being repaired. */
  lost(why: RoomError): void {
    if (!this.#ended) this.#turn("PUBLISH_REQUESTING", why);
  }

  /** Why it must end, by what is in the room: another stream of its id came first, or the room has taken its tracks away. */
  fault(sight: Sight): RoomError | undefined {
    if (this.#state !== "PUBLISHING" || !this.#room) return undefined;
    const own = this.#publications(this.#room);
    const other = sight.streams.get(this.#streamID);
    if (other && isEarlier(other.publications, own)) return inUse(this.#streamID, other.user.userID);
    if (own.length === 0 && this.#tracks.length > 0) return new RoomError(ErrorCode.NOT_ALLOWED, "the room does not let this user publish any more");
    return undefined;
  }

  /** Switches camera or microphone off or on; one that was not taken at the start is taken now. */
  async mute(kind: "video" | "audio", mute: boolean): Promise<void> {
    const tracks = this.#tracks.filter((track) => (track.kind as string) === kind);
    for (const track of tracks) await (mute ? track.mute() : track.unmute()).catch(deviceFault);
    if (tracks.length > 0 || mute) return;
    const added = await this.#devices({ video: kind === "video", audio: kind === "audio" });
    const room = this.#room;
    if (!room) return;
    try {
      await Promise.all(added.map((track) => this.#send(room, track)));
    } catch (error) {
      throw refusal(error);
    }
  }

  /** Ends it, with a reason or because it was asked for. */
  end(why?: RoomError): void {
    if (this.#ended) return;
    this.#ended = why ?? new RoomError(ErrorCode.OK, "stopped before it was published");
    const room = this.#room;
    this.#room = undefined;
    for (const track of this.#tracks) {
      // Fails where the connection is gone, and the publication with it.
      if (room) void room.localParticipant.unpublishTrack(track, false).catch(() => undefined);
      if (!this.#option.stream) track.stop();
    }
    this.#turn("NO_PUBLISH", why);
    this.#settle.reject(this.#ended);
  }

  #send(room: Room, track: LocalTrack): Promise<LocalTrackPublication> {
    return room.localParticipant.publishTrack(track, { name: this.#streamID, stream: this.#streamID, simulcast: this.#option.simulcast ?? false });
  }

  #publications(room: Room): LocalTrackPublication[] {
    return [...room.localParticipant.trackPublications.values()]
      .map((each) => each as LocalTrackPublication)
      .filter(({ track }) => track !== undefined && this.#tracks.includes(track));
  }

  async #devices(wanted: { video: boolean | VideoCaptureOptions; audio: boolean | AudioCaptureOptions }): Promise<LocalTrack[]> {
    if (!wanted.video && !wanted.audio) return [];
    const made = await createLocalTracks(wanted).catch(deviceFault);
    if (this.#ended) {
      for (const track of made) track.stop();
      throw this.#ended;
    }
    this.#take(made);
    return made;
  }

  #take(tracks: LocalTrack[]): void {
    this.#tracks.push(...tracks);
    // A camera that is switched on again is another track of the browser.
    for (const track of tracks) track.on(TrackEvent.Restarted, this.#preview);
    this.#preview();
  }

  readonly #preview = (): void => {
    const now = this.#tracks.map(({ mediaStreamTrack }) => mediaStreamTrack);
    for (const track of this.stream.getTracks()) if (!now.includes(track)) this.stream.removeTrack(track);
    for (const track of now) this.stream.addTrack(track);
  };

  #turn(state: PublisherState, why?: RoomError): void {
    if (state === this.#state && !why) return;
    this.#state = state;
    this.#tell(state, why);
    if (state === "PUBLISHING") this.#settle.resolve();
  }
}

export function inUse(streamID: string, userID: string): RoomError {
  return new RoomError(ErrorCode.STREAM_ID_IN_USE, `the stream id "${streamID}" is in use by the user "${userID}"`);
}

function given(track: MediaStreamTrack): LocalTrack {
  if (track.kind === "audio") {
    const audio = new LocalAudioTrack(track, undefined, true);
    audio.source = Track.Source.Microphone;
    // The library's own types do not agree where optional properties are taken exactly.
    return audio as LocalTrack as never;
  }
  const video = new LocalVideoTrack(track, undefined, true);
  video.source = Track.Source.Camera;
  return video;
}

/** What kept camera or microphone from being taken. */
function deviceFault(error: unknown): never {
  const words: Partial<Record<MediaDeviceFailure, string>> = {
    [MediaDeviceFailure.PermissionDenied]: "the browser does not let this page use camera or microphone",
    [MediaDeviceFailure.NotFound]: "there is no such camera or microphone",
    [MediaDeviceFailure.DeviceInUse]: "camera or microphone are in use by another program",
  };
  const failure = MediaDeviceFailure.getFailure(error);
  const secure = globalThis.isSecureContext !== false;
  const told = (failure && words[failure]) ?? (secure ? String(error) : "browsers give camera and microphone to pages over https and on localhost only");
  throw new RoomError(ErrorCode.LOCAL_STREAM, told);
}

/** Why the room does not take a track. */
function refusal(error: unknown): RoomError {
  if (error instanceof RoomError) return error;
  const { name, message, status, reasonName } = error as { name?: string; message?: string; status?: number; reasonName?: string };
  if (status === 403 || reasonName === "NOT_ALLOWED") return new RoomError(ErrorCode.NOT_ALLOWED, message ?? "not allowed");
  return new RoomError(ErrorCode.NETWORK, `${name ?? "error"}: ${message ?? String(error)}`);
}
