/**
 * Commands to a device: JSON-RPC 2.0 with types, time limits and a bound on what is under way.
 *
 * Knows no transport: give it a function that sends bytes and hand it the bytes that come back. `Device` does that over a LiveKit
 * room; by hand it is:
 *
 * ```ts
 * const rpc = new RpcClient((bytes) =>
 *   room.localParticipant.publishData(bytes, { reliable: true, topic: RPC_TOPIC, destinationIdentities: ["camera"] }));
 * room.on(RoomEvent.DataReceived, (bytes, from, _kind, topic) => {
 *   if (topic === RPC_TOPIC && from?.identity === "camera") rpc.receive(bytes);
 * });
 * const { modes } = await rpc.call("camera.modes");
 * ```
 */

import { Code, type ErrorObject, type Method, type Methods } from "./methods";

/** The device answered, and the answer is no. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: number;
  /** What the caller can do about it, in the device's words. */
  readonly remedy: string | undefined;

  constructor(readonly error: ErrorObject) {
    super(error.message);
    this.code = error.code;
    this.remedy = error.data?.remedy;
  }
}

/** No answer came: it took too long, the connection went away, or the request could not be sent. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";

  constructor(
    readonly reason: "timeout" | "closed" | "unsent" | "overflow",
    message: string,
  ) {
    super(message);
  }
}

/** How a call went, for a log. */
export interface Exchange {
  id: number;
  method: Method;
  params: unknown;
  /** Asked for by the page itself and not by a person. */
  quiet: boolean;
  /** Milliseconds from sending to the answer; undefined while there is none. */
  took?: number;
  result?: unknown;
  error?: Refused | Unanswered;
}

/** A message of the device that nobody asked for. */
export interface Notification {
  method: string;
  params?: unknown;
}

export interface RpcOptions {
  /** Milliseconds to wait for an answer. */
  timeout?: number;
  /** Milliseconds after which an unanswered request is sent again, under its id: the device runs it once and answers it twice. 0: never. */
  again?: number;
  /** The id before that of the first request. Left out, it is drawn, because a device remembers the ids of clients that were here before. */
  lastId?: number;
  /** Requests under way at once; the device refuses more than 16 of one sender. */
  inFlight?: number;
  /** Requests that may wait for their turn; one more is turned away here. */
  waiting?: number;
  /** Sees every call twice: when it is sent and when it has ended. */
  observe?: (exchange: Exchange) => void;
  notified?: (notification: Notification) => void;
  /** Milliseconds of a clock that never goes back. */
  now?: () => number;
}

export interface CallOptions {
  timeout?: number;
  quiet?: boolean;
}

interface Pending {
  exchange: Exchange;
  sentAt: number;
  bytes: Uint8Array;
  /** How often it was sent. */
  sent: number;
  timer: ReturnType<typeof setTimeout>;
  again: ReturnType<typeof setInterval> | undefined;
  resolve: (result: unknown) => void;
  reject: (error: Refused | Unanswered) => void;
}

/** Longest request that a device takes, in bytes. */
export const MAX_MESSAGE = 15 * 1024;

export class RpcClient {
  readonly #send: (bytes: Uint8Array) => Promise<unknown> | unknown;
  readonly #options: Required<Pick<RpcOptions, "timeout" | "again" | "inFlight" | "waiting" | "now">> & RpcOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #turns: { go: () => void; giveUp: (error: Unanswered) => void }[] = [];
  #underWay = 0;
  #lastId: number;

  constructor(send: (bytes: Uint8Array) => Promise<unknown> | unknown, options: RpcOptions = {}) {
    this.#send = send;
    this.#options = { timeout: 5000, again: 0, inFlight: 12, waiting: 64, now: () => performance.now(), ...options };
    // 2^20 requests, and 2^32 clients before one meets the ids of another; all of it is exact in a number.
    this.#lastId = options.lastId ?? crypto.getRandomValues(new Uint32Array(1))[0]! * 2 ** 20;
  }

  /** Asks the device. Rejects with `Refused` when it says no and with `Unanswered` when it says nothing. */
  call<M extends Method>(
    method: M,
    ...[params, options]: Methods[M]["params"] extends Record<string, never>
      ? [params?: Methods[M]["params"], options?: CallOptions]
      : [params: Methods[M]["params"], options?: CallOptions]
  ): Promise<Methods[M]["result"]> {
    return this.ask(method, params ?? {}, options ?? {});
  }

  /** The same for callers that do not know which method it is. */
  async ask<M extends Method>(method: M, params: Methods[M]["params"], options: CallOptions): Promise<Methods[M]["result"]> {
    await this.#turn(method);
    try {
      return (await this.#exchange(method, params, options)) as Methods[M]["result"];
    } finally {
      // The place goes to the one that waits longest, or is free again.
      const next = this.#turns.shift();
      if (next) next.go();
      else this.#underWay -= 1;
    }
  }

  /** Takes a message of the device. Whatever is no answer to one of our requests, and no notification, is ignored. */
  receive(bytes: Uint8Array): void {
    let message: unknown;
    try {
      message = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      return;
    }
    if (typeof message !== "object" || message === null) return;
    const { jsonrpc, id, method, params, result, error } = message as Record<string, unknown>;
    if (jsonrpc !== "2.0") return;
    if (typeof method === "string") {
      if (id === undefined) this.#options.notified?.({ method, params });
      return;
    }
    if (typeof id !== "number") return;
    if (isErrorObject(error)) {
      // The answer to the first sending is still on its way.
      if (error.code === Code.DuplicateId && (this.#pending.get(id)?.sent ?? 0) > 1) return;
      this.#settle(id, { error: new Refused(error) });
    }
    else if (result !== undefined) this.#settle(id, { result });
  }

  /** Sends every unanswered request again, under its id: the connection is back, and some may have been lost with the one before. */
  resend(): void {
    for (const pending of this.#pending.values()) this.#sendAgain(pending);
  }

  /** Ends every call that is under way or waits: the connection is gone, no answer can come any more. */
  close(reason = "the connection was lost"): void {
    const error = new Unanswered("closed", reason);
    for (const turn of this.#turns.splice(0)) turn.giveUp(error);
    for (const id of [...this.#pending.keys()]) this.#settle(id, { error });
  }

  async #turn(method: Method): Promise<void> {
    const { inFlight, waiting } = this.#options;
    if (this.#underWay >= inFlight) {
      if (this.#turns.length >= waiting) {
        throw new Unanswered("overflow", `${method} was not sent: ${waiting} commands are waiting already`);
      }
      await new Promise<void>((go, giveUp) => this.#turns.push({ go, giveUp }));
    } else {
      this.#underWay += 1;
    }
  }

  #exchange(method: Method, params: unknown, { timeout, quiet }: CallOptions): Promise<unknown> {
    const id = ++this.#lastId;
    const limit = timeout ?? this.#options.timeout;
    const exchange: Exchange = { id, method, params, quiet: quiet ?? false };
    const bytes = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#settle(id, { error: new Unanswered("timeout", `no answer within ${limit / 1000} s`) });
      }, limit);
      const pending: Pending = { exchange, sentAt: this.#options.now(), bytes, sent: 1, timer, again: undefined, resolve, reject };
      this.#pending.set(id, pending);
      if (this.#options.again > 0) pending.again = setInterval(() => this.#sendAgain(pending), this.#options.again);
      this.#options.observe?.(exchange);
      const unsent = (why: string) => this.#settle(id, { error: new Unanswered("unsent", `not sent: ${why}`) });
      if (bytes.length > MAX_MESSAGE) {
        unsent(`${bytes.length} bytes are more than the ${MAX_MESSAGE} that a device takes`);
        return;
      }
      Promise.resolve()
        .then(() => this.#send(bytes))
        .catch((error: unknown) => unsent(error instanceof Error ? error.message : String(error)));
    });
  }

  #sendAgain(pending: Pending): void {
    pending.sent += 1;
    // What does not go out now may go out the next time; in the end it is a time-out.
    Promise.resolve()
      .then(() => this.#send(pending.bytes))
      .catch(() => undefined);
  }

  #settle(id: number, outcome: { result: unknown } | { error: Refused | Unanswered }): void {
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    clearInterval(pending.again);
    const { exchange, sentAt, resolve, reject } = pending;
    exchange.took = this.#options.now() - sentAt;
    if ("error" in outcome) {
      exchange.error = outcome.error;
      this.#options.observe?.(exchange);
      reject(outcome.error);
    } else {
      exchange.result = outcome.result;
      this.#options.observe?.(exchange);
      resolve(outcome.result);
    }
  }
}

function isErrorObject(error: unknown): error is ErrorObject {
  if (typeof error !== "object" || error === null) return false;
  const { code, message } = error as Partial<ErrorObject>;
  return typeof code === "number" && typeof message === "string";
}
