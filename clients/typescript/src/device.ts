/**
 * A device in a LiveKit room: every command of it as a method, over livekit-client.
 */

import { RoomEvent, type ByteStreamReader, type RemoteParticipant, type Room } from "livekit-client";

import { Commands } from "./commands";
import { RPC_TOPIC, SNAPSHOT_TOPIC, type Method, type Methods, type Notifications, type Snapshot } from "./methods";
import { RpcClient, Unanswered, type CallOptions, type RpcOptions } from "./rpc";

/** A snapshot with its bytes. */
export interface Picture {
  name: string;
  mime: string;
  bytes: Uint8Array;
}

export interface DeviceOptions extends RpcOptions {
  /** Milliseconds that the bytes of a snapshot may take after its reply. */
  pictureTimeout?: number;
}

/** Pictures that came and were not asked for here are kept so long that the reply which names them can catch up. */
const KEPT_PICTURES = 4;

/** A snapshot may have to wait for the next frame and a JPEG encoder. */
const SNAPSHOT_TIMEOUT = 10_000;

/** Longest snapshot and longest reply in bytes: more is a mistake, and memory is not endless. */
const LONGEST = { [SNAPSHOT_TOPIC]: 32 * 1024 * 1024, [RPC_TOPIC]: 1024 * 1024 };

/** livekit-client takes one handler a topic and room; several devices of a room share it. */
const receivers = new WeakMap<Room, Map<string, (topic: string, reader: ByteStreamReader) => void>>();

export class Device extends Commands {
  readonly #room: Room;
  readonly #rpc: RpcClient;
  readonly #pictures = new Map<string, Promise<Picture>>();
  readonly #awaited = new Map<string, (picture: Promise<Picture>) => void>();
  readonly #told = new Map<string, Set<(params: never) => void>>();
  readonly #pictureTimeout: number;

  /** The device with this identity in a room that is connected, or will be. */
  constructor(
    room: Room,
    readonly identity: string,
    options: DeviceOptions = {},
  ) {
    super();
    this.#room = room;
    this.#pictureTimeout = options.pictureTimeout ?? 10_000;
    this.#rpc = new RpcClient(
      (bytes) =>
        room.localParticipant.publishData(bytes as Uint8Array<ArrayBuffer>, { reliable: true, topic: RPC_TOPIC, destinationIdentities: [identity] }),
      {
        again: 2000,
        ...options,
        notified: (notification) => {
          for (const told of this.#told.get(notification.method) ?? []) told(notification.params as never);
          options.notified?.(notification);
        },
      },
    );
    room.on(RoomEvent.DataReceived, this.#receive).on(RoomEvent.Reconnected, this.#resend).on(RoomEvent.Disconnected, this.#end);
    devicesOf(room).set(identity, this.#stream);
  }

  /** The only device in the room, or the one that comes within `within` milliseconds. Devices say what they are in their attributes. */
  static async find(room: Room, within = 10_000, options: DeviceOptions = {}): Promise<Device> {
    const devices = () => [...room.remoteParticipants.values()].filter(isDevice);
    if (devices().length === 0) {
      await new Promise<void>((resolve) => {
        const look = () => {
          if (devices().length === 0 && Date.now() < end) return;
          clearTimeout(timer);
          for (const event of EVENTS) room.off(event, look);
          resolve();
        };
        const end = Date.now() + within;
        const timer = setTimeout(look, within);
        for (const event of EVENTS) room.on(event, look);
      });
    }
    const [device, another] = devices();
    if (!device) throw new Unanswered("closed", `no device came into the room within ${within / 1000} s`);
    if (another) throw new Error(`several devices are in the room: ${devices().map(({ identity }) => identity).join(", ")}; name one: new Device(room, identity)`);
    return new Device(room, device.identity, options);
  }

  call<M extends Method>(method: M, params: Methods[M]["params"], options: CallOptions = {}): Promise<Methods[M]["result"]> {
    return this.#rpc.ask(method, params, options);
  }

  /** Takes a still picture and waits for its bytes. */
  async snapshot(options: CallOptions = {}): Promise<Picture> {
    const { name } = await this.call("camera.snapshot", {}, { timeout: SNAPSHOT_TIMEOUT, ...options });
    return this.picture(name);
  }

  /** The bytes of a snapshot whose reply named them so. */
  picture(name: Snapshot["name"]): Promise<Picture> {
    const there = this.#pictures.get(name);
    this.#pictures.delete(name);
    if (there) return there;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#awaited.delete(name);
        reject(new Unanswered("timeout", `the bytes of ${name} did not come within ${this.#pictureTimeout / 1000} s`));
      }, this.#pictureTimeout);
      this.#awaited.set(name, (picture) => {
        clearTimeout(timer);
        resolve(picture);
      });
    });
  }

  /** Calls `told` whenever the device sends this notification; answers what ends that. */
  on<N extends keyof Notifications>(notification: N, told: (params: Notifications[N]) => void): () => void {
    const all = this.#told.get(notification) ?? new Set();
    this.#told.set(notification, all.add(told as (params: never) => void));
    return () => void all.delete(told as (params: never) => void);
  }

  /** Ends calls that are under way and lets go of the room, which stays connected. */
  close(): void {
    this.#room.off(RoomEvent.DataReceived, this.#receive).off(RoomEvent.Reconnected, this.#resend).off(RoomEvent.Disconnected, this.#end);
    receivers.get(this.#room)?.delete(this.identity);
    this.#rpc.close("the device was closed here");
  }

  readonly #receive = (bytes: Uint8Array, from?: RemoteParticipant, _kind?: unknown, topic?: string): void => {
    if (topic === RPC_TOPIC && from?.identity === this.identity) this.#rpc.receive(bytes);
  };

  readonly #resend = (): void => this.#rpc.resend();

  readonly #end = (): void => this.#rpc.close("the connection to the room was lost");

  /** A snapshot, or a reply that is too long for a message. */
  readonly #stream = (topic: string, reader: ByteStreamReader): void => {
    const bytes = reader.readAll().then(joined);
    if (topic === RPC_TOPIC) {
      bytes.then(
        (reply) => this.#rpc.receive(reply),
        // It broke off: the call ends by its time limit.
        () => undefined,
      );
      return;
    }
    const { name, mimeType: mime } = reader.info;
    this.#picture(bytes.then((content) => ({ name, mime, bytes: content })), name);
  };

  #picture(picture: Promise<Picture>, name: string): void {
    const awaited = this.#awaited.get(name);
    this.#awaited.delete(name);
    if (awaited) return awaited(picture);
    // Nobody may ever ask for it, and then nobody shall hear that it broke off.
    picture.catch(() => undefined);
    this.#pictures.set(name, picture);
    const [oldest] = this.#pictures.keys();
    if (this.#pictures.size > KEPT_PICTURES && oldest !== undefined) this.#pictures.delete(oldest);
  }
}

const EVENTS = [RoomEvent.ParticipantConnected, RoomEvent.ParticipantAttributesChanged] as const;

/** Devices say what they are in their attributes; so does a program of the same engine that only watches, in the role `live`. */
export function isDevice({ attributes }: RemoteParticipant): boolean {
  return attributes["artc.profile"] !== undefined && attributes["artc.role"] !== "live";
}

function devicesOf(room: Room) {
  const known = receivers.get(room);
  if (known) return known;
  const made = new Map<string, (topic: string, reader: ByteStreamReader) => void>();
  receivers.set(room, made);
  for (const topic of [SNAPSHOT_TOPIC, RPC_TOPIC] as const) {
    room.registerByteStreamHandler(topic, (reader, { identity }) => {
      if ((reader.info.size ?? 0) <= LONGEST[topic]) made.get(identity)?.(topic, reader);
    });
  }
  return made;
}

function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
