/** How far the device's clock is ahead of this machine's, from questions and answers, as NTP does it. Pure. */

/** Looks that count: clocks drift apart, so an old look must not rule for ever. */
const KEPT = 20;

export class Clock {
  readonly #looks: { ahead: number; doubt: number }[] = [];

  /** A question was sent at `sent`, the device wrote `device` into its answer, which came at `received`: all in ms since 1970. */
  look(sent: number, device: number, received: number): void {
    this.#looks.push({ ahead: device - (sent + received) / 2, doubt: (received - sent) / 2 });
    if (this.#looks.length > KEPT) this.#looks.shift();
  }

  /** Milliseconds by which the device is ahead, from the quickest answer; undefined while there was none. */
  get ahead(): number | undefined {
    return this.#looks.reduce<{ ahead: number; doubt: number } | undefined>((best, look) => (best && best.doubt <= look.doubt ? best : look), undefined)?.ahead;
  }

  forget(): void {
    this.#looks.length = 0;
  }
}

/** From 1900, where NTP's time begins, to 1970, in ms. */
const NTP_BEGINS = 2_208_988_800_000;

/**
 * Milliseconds from the capture of a frame to `shown` (ms since 1970 on this machine), when the sender stamped it with
 * abs-capture-time: `captured` counts from 1900 on the device's clock. Without a compared clock the two are taken for equal, and
 * what cannot be a latency then is none.
 */
export function latency(captured: number, shown: number, ahead: number | undefined): number | undefined {
  const found = shown - (captured - NTP_BEGINS - (ahead ?? 0));
  return found > 0 && found < (ahead === undefined ? 5000 : 60_000) ? found : undefined;
}
