/**
 * The server's clock as a device knows it.
 *
 * Trusted is the time of the server's last answer, carried on by a clock that nobody sets (`performance.now`). After a
 * restart without network there is none: the device goes by its own clock, put right by what it learned before, and by
 * the codes of passes that it proves meanwhile.
 */

const TRIP_MAX_MS = 3_000;
/** A device that slept, or whose clock was set forward, cannot tell which: from then on its time is not trusted. */
const JUMP_MS = 60_000;
/**
 * What proves the time: phones whose code advances between two scans as fast as the clock that nobody sets. A still picture
 * never does. A film does, but it is older than now, as every code is: nobody films what comes. So the latest time on
 * which enough phones agree counts, and films can at most hold it back until so many real phones have come. Enough are
 * five: whoever shows films then needs those of five tickets, made in the same half minute.
 */
const AGREE_LEAST = 5;
/** By how much phones of the right time differ: each code serves for half a minute, and is seen at any moment of it. */
const AGREE_WITHIN_MS = 33_000;
/** The youngest are kept: whoever shows many old films drives no real phone out. */
const PROVED_KEPT = 20;
const SEEN_KEPT = 200;
const SEEN_FOR_MS = 180_000;
/** As `compare` of web/src/features/access/gate/decide.ts: two pictures are shown in one moment, two codes never are. */
const APART_MIN_MS = 15_000;

/** Where a device keeps what it has learned. */
interface Shelf {
  setting: <T>(name: string) => Promise<T | undefined>;
  keepSetting: (name: string, value: unknown) => Promise<unknown>;
}

export class DeviceClock {
  #offset = 0;
  /** The server's time and the device's own at a moment of the clock that nobody sets. */
  #learned: { server: number; own: number; passed: number } | null = null;
  /** By pass: the first code of it that was seen lately, when it was made and when it was seen. */
  readonly #seen = new Map<number, { at: number; passed: number }>();
  /** By pass that moved: how far the time of its code is ahead of the clock that nobody sets. */
  readonly #proved = new Map<number, number>();
  /** The device's own clock less the one that nobody sets, when the first of them was seen. */
  #seenAt = 0;
  readonly #shelf: Shelf;
  readonly #passed: () => number;
  readonly #own: () => number;

  constructor(shelf: Shelf, passed = () => performance.now(), own = () => Date.now()) {
    this.#shelf = shelf;
    this.#passed = passed;
    this.#own = own;
  }

  async restore(): Promise<void> {
    this.#offset = (await this.#shelf.setting<number>("clock")) ?? 0;
  }

  /** Whether the time is the server's. One that was put back or runs slow is outvoted by the clock that nobody sets. */
  get trusted(): boolean {
    return this.#learned !== null && this.#own() - this.#learned.own - (this.#passed() - this.#learned.passed) <= JUMP_MS;
  }

  now(): number {
    if (this.trusted) return this.#learned!.server + (this.#passed() - this.#learned!.passed);
    const proved = this.#agreed();
    return proved === null ? this.#own() + this.#offset : this.#passed() + proved;
  }

  /** Milliseconds that the server's clock is ahead of the device's. */
  get offset(): number {
    return this.#offset;
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }

  /** Learn from an answer that says the server's time, taken as the middle of its way there and back (`performance.now`). */
  learn(serverNow: string | undefined, sentAt: number, gotAt: number): void {
    const server = Date.parse(serverNow ?? "");
    if (Number.isNaN(server) || gotAt < sentAt || gotAt - sentAt > TRIP_MAX_MS) return;
    const [passed, own] = [this.#passed(), this.#own()];
    const now = server + passed - (sentAt + gotAt) / 2;
    this.#learned = { server: now, own, passed };
    this.#forget();
    const before = this.#offset;
    this.#offset = Math.round(now - own);
    if (Math.abs(this.#offset - before) > 250) void this.#shelf.keepSetting("clock", this.#offset);
  }

  /** A code of a pass whose phone signed it, made about this time. It counts from the second code on that moves. */
  prove(pass: number, at: number): void {
    if (this.trusted) return;
    if (this.#jumped()) this.#forget();
    const passed = this.#passed();
    if (this.#seen.size === 0) this.#seenAt = this.#own() - passed;
    const first = this.#seen.get(pass);
    if (!first || passed - first.passed > SEEN_FOR_MS) {
      this.#seen.delete(pass);
      this.#seen.set(pass, { at, passed });
      const [oldest] = this.#seen.keys();
      if (this.#seen.size > SEEN_KEPT && oldest !== undefined) this.#seen.delete(oldest);
      return;
    }
    const [advanced, waited] = [at - first.at, passed - first.passed];
    if (advanced <= 0 || waited < APART_MIN_MS || Math.abs(advanced - waited) > AGREE_WITHIN_MS) return;
    this.#proved.set(pass, at - passed);
    if (this.#proved.size <= PROVED_KEPT) return;
    const [earliest] = [...this.#proved].reduce((one, other) => (other[1] < one[1] ? other : one));
    this.#proved.delete(earliest);
  }

  /** When something happened that the device noted by its own clock and by the one that nobody sets, of the same start or not. */
  corrected({ own, passed }: { own: number; passed: number | null }): number {
    return passed === null ? own + this.#offset : this.now() - (this.#passed() - passed);
  }

  #forget(): void {
    this.#seen.clear();
    this.#proved.clear();
  }

  #jumped(): boolean {
    return this.#seen.size > 0 && Math.abs(this.#own() - this.#passed() - this.#seenAt) > JUMP_MS;
  }

  /** The latest time on which enough phones agree, ahead of the clock that nobody sets; null where none do. */
  #agreed(): number | null {
    if (this.#jumped()) return null;
    const sorted = [...this.#proved.values()].sort((one, other) => other - one);
    for (const [index, latest] of sorted.entries()) {
      const agreeing = sorted.slice(index).filter((one) => latest - one <= AGREE_WITHIN_MS);
      if (agreeing.length >= AGREE_LEAST) return (latest + agreeing.at(-1)!) / 2;
    }
    return null;
  }
}
