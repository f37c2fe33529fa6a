/**
 * The channel as the page sees it: who is in it, what the camera sends, and messages both ways. Says nothing about LiveKit, so
 * that the page also runs against a made-up channel (dev/).
 */

import type { Emitter } from "./emitter";
import type { Problem } from "./problem";

/** Where the connection stands. */
export type Phase =
  | { kind: "connecting" }
  | { kind: "connected" }
  /** Was connected, and the connection is being repaired. */
  | { kind: "reconnecting" }
  /** Did not work; comes again by itself in `wait` ms. */
  | { kind: "waiting"; problem: Problem; wait: number }
  /** Does not come again by itself. */
  | { kind: "stopped"; problem: Problem };

export type Quality = "excellent" | "good" | "poor" | "lost" | "unknown";

export interface Person {
  identity: string;
  name: string;
  self: boolean;
  /** Sends a picture that can be chosen. */
  camera: boolean;
  /** The one whose picture is shown and who gets the commands. */
  chosen: boolean;
  picture: "none" | "sending" | "muted";
  sound: "none" | "sending" | "muted";
  speaking: boolean;
  quality: Quality;
}

/** A picture or sound that comes in. */
export interface Media {
  readonly muted: boolean;
  /** The browser's raw track. */
  readonly track: MediaStreamTrack;
  attach(element: HTMLMediaElement): void;
  detach(element: HTMLMediaElement): void;
  stats(): Promise<RTCStatsReport | undefined>;
  /** When the frames that play now were captured and what the jitter buffer plays, where the browser tells. */
  readonly receiver: RTCRtpReceiver | undefined;
}

/** A file that the camera sends, such as a snapshot. */
export interface IncomingFile {
  topic: string;
  name: string;
  mime: string;
  bytes: Blob;
}

export interface ChannelEvents {
  phase: Phase;
  people: Person[];
  /** The token lets us send messages, and so commands. */
  mayCommand: boolean;
  /** The token lets us publish a microphone. */
  mayTalk: boolean;
  /** What we say goes out, or no more. */
  talking: boolean;
  /** Another camera was chosen, or the camera came or left: its identity. */
  camera: string | undefined;
  picture: Media | undefined;
  sound: Media | undefined;
  /** The browser plays no sound before a press. */
  silenced: boolean;
  /** From the chosen camera, on the topic of commands. */
  message: Uint8Array;
  file: IncomingFile;
}

export interface Channel extends Emitter<ChannelEvents> {
  /** The channel's name. */
  readonly name: string;
  start(): void;
  /** Tries again at once. */
  retry(): void;
  choose(identity: string): void;
  /** Plays sound; to be called from a press. */
  playSound(): Promise<void>;
  /** Opens our microphone and lets the channel hear it, or closes it; rejects as the browser does when there is none or it may not. */
  talk(on: boolean): Promise<void>;
  /** To the chosen camera, on the topic of commands. */
  send(bytes: Uint8Array): Promise<void>;
}
