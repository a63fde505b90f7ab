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
/** The time of proved passes is the median of the last ones, one a pass: two or three films among them move nothing. */
const PROVED_KEPT = 20;
const PROVED_LEAST = 5;

/** Where a device keeps what it has learned. */
interface Shelf {
  setting: <T>(name: string) => Promise<T | undefined>;
  keepSetting: (name: string, value: unknown) => Promise<unknown>;
}

export class DeviceClock {
  #offset = 0;
  /** The server's time and the device's own at a moment of the clock that nobody sets. */
  #learned: { server: number; own: number; passed: number } | null = null;
  /** By pass: how far the time that its code proves is ahead of the clock that nobody sets. */
  readonly #proved = new Map<number, number>();
  /** The device's own clock less the one that nobody sets, when the first of them was proved. */
  #provedAt = 0;
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
    const proved = this.#medianProved();
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
    this.#proved.clear();
    const before = this.#offset;
    this.#offset = Math.round(now - own);
    if (Math.abs(this.#offset - before) > 250) void this.#shelf.keepSetting("clock", this.#offset);
  }

  /** A pass was proved by a code of its phone that was made about this time. */
  prove(pass: number, at: number): void {
    if (this.trusted) return;
    if (this.#jumped()) this.#proved.clear();
    if (this.#proved.size === 0) this.#provedAt = this.#own() - this.#passed();
    if (this.#proved.has(pass)) return;
    this.#proved.set(pass, at - this.#passed());
    const [oldest] = this.#proved.keys();
    if (this.#proved.size > PROVED_KEPT && oldest !== undefined) this.#proved.delete(oldest);
  }

  /** When something happened that the device noted by its own clock and by the one that nobody sets, of the same start or not. */
  corrected({ own, passed }: { own: number; passed: number | null }): number {
    return passed === null ? own + this.#offset : this.now() - (this.#passed() - passed);
  }

  #jumped(): boolean {
    return this.#proved.size > 0 && Math.abs(this.#own() - this.#passed() - this.#provedAt) > JUMP_MS;
  }

  #medianProved(): number | null {
    if (this.#proved.size < PROVED_LEAST || this.#jumped()) return null;
    const sorted = [...this.#proved.values()].sort((one, other) => one - other);
    return sorted[sorted.length >> 1]!;
  }
}
