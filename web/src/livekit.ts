/**
 * The channel over LiveKit: joins the room of the page's own origin, comes back for ever, and follows one camera in it.
 *
 * Two loops repair the connection. livekit-client's own resumes within seconds without losing picture or tokens; when it gives
 * up, ours joins afresh with a growing pause, cut short when the network comes back or a person asks.
 */

import {
  ConnectionQuality,
  ConnectionState,
  EngineEvent,
  Room,
  RoomEvent,
  Track,
  setLogLevel,
  type DisconnectReason,
  type Participant,
  type ReconnectContext,
  type RemoteParticipant,
  type RemoteTrack,
  type RemoteTrackPublication,
} from "livekit-client";

import { readClaims, type Address } from "./address";
import type { Channel, ChannelEvents, Media, Person, Phase, Quality } from "./channel";
import { Emitter } from "./emitter";
import { accept } from "./invitation";
import { NO_TOKEN, joinProblem, leaveProblem } from "./problem";
import { isDevice } from "artc-edge-client/device";
import { RPC_TOPIC, SNAPSHOT_TOPIC } from "artc-edge-client/methods";

/** A microphone, as permissions name it (`livekit.TrackSource`). */
const MICROPHONE = 2;
/** Pauses before joining again, in ms; the last one stays. */
const PAUSES = [500, 1000, 2000, 4000, 8000];
/** How long livekit-client may try to resume before we join afresh, in ms. */
const RESUME_FOR = 12_000;
/** A camera's snapshot is at most some MB; more is a mistake, and memory is not endless. */
const MAX_FILE = 32 * 1024 * 1024;
/** Longest reply that a device gives, in bytes. */
const MAX_REPLY = 1024 * 1024;

export class LiveKitChannel extends Emitter<ChannelEvents> implements Channel {
  readonly name: string;
  readonly #address: Address;
  readonly #keepSession: (token: string) => void;
  /** What lets this tab in under its own identity; none before an invitation was accepted. */
  #session: string | undefined;
  #room: Room | undefined;
  #wanted: string | undefined;
  #camera: string | undefined;
  #picture: RemoteTrack | undefined;
  #sound: RemoteTrack | undefined;
  #told = { picture: "", sound: "" };
  #refreshing = false;
  #wake: () => void = () => undefined;

  constructor(address: Address, keepSession: (token: string) => void) {
    super();
    this.#address = address;
    this.#keepSession = keepSession;
    this.#session = address.session ?? (this.#invitation === undefined ? address.token : undefined);
    this.#wanted = address.camera;
    this.name = (address.token && readClaims(address.token).channel) ?? address.channel ?? "";
  }

  start(): void {
    setLogLevel("warn");
    globalThis.addEventListener("online", () => this.#wake());
    void this.#live();
  }

  retry(): void {
    this.#wake();
  }

  choose(identity: string): void {
    this.#wanted = identity;
    this.#refresh();
  }

  async playSound(): Promise<void> {
    await this.#room?.startAudio();
  }

  async talk(on: boolean): Promise<void> {
    const me = this.#room?.localParticipant;
    if (!me) throw new Error("not connected to the room");
    // The browser's own processing, so that the camera's sound, which this end plays, does not go back.
    await me.setMicrophoneEnabled(on, { echoCancellation: true, noiseSuppression: true, autoGainControl: true });
    this.emit("talking", me.isMicrophoneEnabled);
  }

  async send(bytes: Uint8Array): Promise<void> {
    if (this.#room?.state !== ConnectionState.Connected) throw new Error("not connected to the room");
    if (this.#camera === undefined) throw new Error("no camera is in the channel");
    await this.#room.localParticipant.publishData(bytes as Uint8Array<ArrayBuffer>, {
      reliable: true,
      topic: RPC_TOPIC,
      destinationIdentities: [this.#camera],
    });
  }

  async #live(): Promise<never> {
    for (let attempt = 0, renewed = false; ; ) {
      const joined = () => {
        attempt = 0;
        renewed = false;
      };
      const problem = this.#session || this.#invitation ? await this.#once(joined) : NO_TOKEN;
      this.#forget();
      if (problem.another && !renewed && (await this.#renew())) {
        renewed = true;
        continue;
      }
      const woken = new Promise<void>((resolve) => (this.#wake = resolve));
      if (problem.final) {
        this.emit("phase", { kind: "stopped", problem });
        await woken;
        attempt = 0;
      } else {
        // A little chance keeps many viewers from coming back in the same moment.
        const wait = (PAUSES[Math.min(attempt, PAUSES.length - 1)] ?? 0) * (0.75 + Math.random() / 2);
        attempt += 1;
        this.emit("phase", { kind: "waiting", problem, wait });
        await Promise.race([woken, new Promise((resolve) => setTimeout(resolve, wait))]);
      }
    }
  }

  /** The token of the address, when it lets in several viewers. */
  get #invitation(): string | undefined {
    const { token } = this.#address;
    return token !== undefined && readClaims(token).invitation ? token : undefined;
  }

  /** Makes this tab a viewer of its own, where another has taken its place or its token is no good any more. */
  async #renew(): Promise<boolean> {
    const invitation = this.#invitation;
    if (invitation === undefined || this.#session === undefined) return false;
    try {
      this.#keep(await accept(this.#address.server, invitation));
      return true;
    } catch {
      // The problem that led here says more.
      return false;
    }
  }

  #keep(session: string): void {
    this.#session = session;
    this.#keepSession(session);
  }

  /** Joins and stays until the connection is lost for good; says why it ended. */
  async #once(joined: () => void) {
    this.emit("phase", { kind: "connecting" });
    const invitation = this.#invitation;
    if (this.#session === undefined && invitation !== undefined) {
      try {
        this.#keep(await accept(this.#address.server, invitation));
      } catch (error) {
        return joinProblem(error, readClaims(invitation), Date.now());
      }
    }
    const token = this.#session ?? "";
    const room = new Room({
      adaptiveStream: true,
      singlePeerConnection: this.#address.singlePeerConnection,
      reconnectPolicy: { nextRetryDelayInMs },
      // Whoever does not talk is not listened to by his own browser either.
      publishDefaults: { stopMicTrackOnMute: true, dtx: false, red: false },
    });
    this.#room = room;
    const ended = new Promise<DisconnectReason | undefined>((resolve) => room.once(RoomEvent.Disconnected, resolve));
    this.#listen(room);
    try {
      await room.connect(this.#address.server, token, { maxRetries: 0 });
    } catch (error) {
      await room.disconnect();
      return joinProblem(error, readClaims(token), Date.now());
    }
    joined();
    this.#phase({ kind: "connected" });
    this.#tell();
    return leaveProblem(await ended) ?? joinProblem(new Error("the connection was lost"), readClaims(token), Date.now());
  }

  #listen(room: Room): void {
    const refresh = () => this.#refresh();
    for (const event of [
      RoomEvent.ParticipantConnected,
      RoomEvent.ParticipantDisconnected,
      RoomEvent.ParticipantNameChanged,
      RoomEvent.ParticipantAttributesChanged,
      RoomEvent.TrackPublished,
      RoomEvent.TrackUnpublished,
      RoomEvent.TrackSubscribed,
      RoomEvent.TrackUnsubscribed,
      RoomEvent.TrackMuted,
      RoomEvent.TrackUnmuted,
      RoomEvent.ActiveSpeakersChanged,
      RoomEvent.ConnectionQualityChanged,
      RoomEvent.ParticipantPermissionsChanged,
    ] as const) {
      room.on(event, refresh);
    }
    room
      .on(RoomEvent.SignalReconnecting, () => this.#phase({ kind: "reconnecting" }))
      .on(RoomEvent.Reconnecting, () => this.#phase({ kind: "reconnecting" }))
      .on(RoomEvent.Reconnected, () => {
        this.#phase({ kind: "connected" });
        refresh();
      })
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.emit("silenced", !room.canPlaybackAudio))
      .on(RoomEvent.DataReceived, (bytes, from, _kind, topic) => {
        if (topic === RPC_TOPIC && from !== undefined && from.identity === this.#camera) this.emit("message", bytes);
      });
    // Rooms send newer tokens to who stays; with the newest one the page gets in again long after the address's own has expired.
    // The engine is public but not in the library's documents, so its absence must not break the page.
    room.engine?.on(EngineEvent.TokenRefreshed, (token) => {
      this.#keep(token);
    });
    room.registerByteStreamHandler(SNAPSHOT_TOPIC, (reader, from) => {
      const { name, mimeType, size } = reader.info;
      if (from.identity !== this.#camera || (size ?? 0) > MAX_FILE) return;
      reader.readAll().then(
        (parts) => {
          const bytes = new Blob(parts as Uint8Array<ArrayBuffer>[], { type: mimeType });
          this.emit("file", { topic: SNAPSHOT_TOPIC, name, mime: mimeType, bytes });
        },
        // A stream that breaks off is told by the command that asked for it: its file never comes.
        () => undefined,
      );
    });
    // A reply that is too long for a message.
    room.registerByteStreamHandler(RPC_TOPIC, (reader, from) => {
      if (from.identity !== this.#camera || (reader.info.size ?? 0) > MAX_REPLY) return;
      reader.readAll().then(
        async (parts) => this.emit("message", new Uint8Array(await new Blob(parts as Uint8Array<ArrayBuffer>[]).arrayBuffer())),
        () => undefined,
      );
    });
  }

  #phase(phase: Phase): void {
    this.emit("phase", phase);
  }

  #forget(): void {
    this.#room = undefined;
    this.#tell();
  }

  /** Looks at the room afresh, once for any number of events of one moment. */
  #refresh(): void {
    if (this.#refreshing) return;
    this.#refreshing = true;
    queueMicrotask(() => {
      this.#refreshing = false;
      this.#tell();
    });
  }

  #tell(): void {
    const room = this.#room;
    const others = room ? [...room.remoteParticipants.values()] : [];
    const cameras = others.filter(isCamera).sort((a, b) => (a.joinedAt?.getTime() ?? 0) - (b.joinedAt?.getTime() ?? 0));
    // Before the camera, so that nothing is asked of it that could not be sent.
    if (room?.state === ConnectionState.Connected) this.emit("mayCommand", room.localParticipant.permissions?.canPublishData !== false);
    this.emit("mayTalk", room?.state === ConnectionState.Connected && mayTalk(room.localParticipant));
    this.emit("talking", room?.localParticipant.isMicrophoneEnabled === true);
    const camera = cameras.find(({ identity }) => identity === this.#wanted) ?? cameras[0];
    if (camera?.identity !== this.#camera) {
      this.#camera = camera?.identity;
      this.emit("camera", this.#camera);
    }
    // Several cameras would send several pictures; only one is shown. And who talks to the camera is heard there.
    for (const other of others) {
      for (const publication of other.trackPublications.values()) {
        const wanted = other === camera;
        const remote = publication as RemoteTrackPublication;
        if (remote.isDesired !== wanted) remote.setSubscribed(wanted);
      }
    }
    this.#picture = this.#follow("picture", this.#picture, camera?.getTrackPublication(Track.Source.Camera)?.track);
    this.#sound = this.#follow("sound", this.#sound, camera?.getTrackPublication(Track.Source.Microphone)?.track);
    const people: Person[] = others.map((other) => describe(other, other === camera));
    if (room && room.state !== ConnectionState.Disconnected) people.unshift(describe(room.localParticipant, false));
    this.emit("people", people);
  }

  #follow(event: "picture" | "sound", before: RemoteTrack | undefined, now: Track | undefined) {
    const track = now as RemoteTrack | undefined;
    const told = track ? `${track.sid ?? ""} ${track.isMuted}` : "";
    if (track !== before || told !== this.#told[event]) {
      this.#told[event] = told;
      this.emit(event, track && new TrackMedia(track));
    }
    return track;
  }
}

class TrackMedia implements Media {
  readonly muted: boolean;
  readonly #track: RemoteTrack;

  constructor(track: RemoteTrack) {
    this.#track = track;
    this.muted = track.isMuted;
  }

  get track(): MediaStreamTrack {
    return this.#track.mediaStreamTrack;
  }

  get receiver(): RTCRtpReceiver | undefined {
    return this.#track.receiver;
  }

  attach(element: HTMLMediaElement): void {
    this.#track.attach(element);
  }

  detach(element: HTMLMediaElement): void {
    this.#track.detach(element);
  }

  stats(): Promise<RTCStatsReport | undefined> {
    return this.#track.getRTCStatsReport();
  }
}

function nextRetryDelayInMs({ retryCount, elapsedMs }: ReconnectContext): number | null {
  return elapsedMs > RESUME_FOR ? null : ([0, 300, 700, 1500][retryCount] ?? 2000) * (0.75 + Math.random() / 2);
}

function mayTalk(me: Participant): boolean {
  const { canPublish, canPublishSources } = me.permissions ?? {};
  return canPublish === true && (canPublishSources === undefined || canPublishSources.length === 0 || canPublishSources.includes(MICROPHONE));
}

/** Devices say so in their attributes; other publishers are known by what they send. */
function isCamera(participant: RemoteParticipant): boolean {
  return isDevice(participant) || participant.getTrackPublication(Track.Source.Camera) !== undefined;
}

function describe(participant: Participant, chosen: boolean): Person {
  const state = (source: Track.Source) => {
    const publication = participant.getTrackPublication(source);
    if (!publication) return "none";
    return publication.isMuted ? "muted" : "sending";
  };
  return {
    identity: participant.identity,
    name: participant.name || participant.identity,
    self: participant.isLocal,
    camera: !participant.isLocal && isCamera(participant as RemoteParticipant),
    chosen,
    picture: state(Track.Source.Camera),
    sound: state(Track.Source.Microphone),
    speaking: participant.isSpeaking,
    quality: quality(participant.connectionQuality),
  };
}

function quality(value: ConnectionQuality): Quality {
  switch (value) {
    case ConnectionQuality.Excellent:
      return "excellent";
    case ConnectionQuality.Good:
      return "good";
    case ConnectionQuality.Poor:
      return "poor";
    case ConnectionQuality.Lost:
      return "lost";
    default:
      return "unknown";
  }
}
