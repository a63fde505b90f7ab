/**
 * The server's time on a device.
 *
 * Trusted time is that of the server's last answer, advanced by the monotonic clock (`performance.now`). After an offline
 * restart there is none: the device uses its wall clock with the last known offset, and the times of valid entry codes.
 */

const ROUND_TRIP_MAX_MS = 3_000;
/** A jump of the wall clock ends trust: it was set forward, or the device slept and the monotonic clock stopped. */
const JUMP_MS = 60_000;
/**
 * Phones that must agree on the time. Codes of a phone advance between two scans as fast as the monotonic clock; a still
 * picture never does. A recording does, but is always older than now, so the latest time with enough phones counts.
 * Recordings can delay it only until five real phones came, and must show five tickets of the same half minute.
 */
const CONSENSUS_MIN = 5;
/** Tolerance between phones with the right time: a code is valid for 30 s and scanned at any moment of them. */
const CONSENSUS_WITHIN_MS = 33_000;
/** The latest times are kept, so that old recordings do not displace real phones. */
const PHONES_KEPT = 20;
const CODES_KEPT = 200;
const CODE_KEPT_MS = 180_000;
/** As `compare` of web/src/features/access/gate/decide.ts: two pictures are shown at once, two codes never are. */
const APART_MIN_MS = 15_000;

/** Storage of a device. */
interface DeviceStorage {
  setting: <T>(name: string) => Promise<T | undefined>;
  keepSetting: (name: string, value: unknown) => Promise<unknown>;
}

export class DeviceClock {
  #offset = 0;
  /** The server's time, the wall clock and the monotonic clock at the last answer. */
  #synced: { server: number; wall: number; monotonic: number } | null = null;
  /** First recent code by pass: when it was made, and when it was scanned on the monotonic clock. */
  readonly #firstCodes = new Map<number, { madeAt: number; monotonic: number }>();
  /** Time of a code minus the monotonic clock, by pass whose code advanced. */
  readonly #phones = new Map<number, number>();
  /** Wall clock minus monotonic clock at the first of these codes. */
  #wallOffset = 0;
  readonly #storage: DeviceStorage;
  readonly #monotonic: () => number;
  readonly #wall: () => number;

  constructor(storage: DeviceStorage, monotonic = () => performance.now(), wall = () => Date.now()) {
    this.#storage = storage;
    this.#monotonic = monotonic;
    this.#wall = wall;
  }

  async restore(): Promise<void> {
    this.#offset = (await this.#storage.setting<number>("clock")) ?? 0;
  }

  /** Whether the time is the server's. A wall clock that was set back or is slow does not matter. */
  get trusted(): boolean {
    return this.#synced !== null && this.#wall() - this.#synced.wall - (this.#monotonic() - this.#synced.monotonic) <= JUMP_MS;
  }

  now(): number {
    if (this.trusted) return this.#synced!.server + (this.#monotonic() - this.#synced!.monotonic);
    const ahead = this.#consensus();
    return ahead === null ? this.#wall() + this.#offset : this.#monotonic() + ahead;
  }

  /** Milliseconds by which the server is ahead of the wall clock. */
  get offset(): number {
    return this.#offset;
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }

  /** Set the time from an answer of the server, taken as the middle of the round trip (monotonic clock). */
  setFromServer(serverNow: string | undefined, sentAt: number, receivedAt: number): void {
    const server = Date.parse(serverNow ?? "");
    if (Number.isNaN(server) || receivedAt < sentAt || receivedAt - sentAt > ROUND_TRIP_MAX_MS) return;
    const [monotonic, wall] = [this.#monotonic(), this.#wall()];
    const now = server + monotonic - (sentAt + receivedAt) / 2;
    this.#synced = { server: now, wall, monotonic };
    this.#forgetCodes();
    const previous = this.#offset;
    this.#offset = Math.round(now - wall);
    if (Math.abs(this.#offset - previous) > 250) void this.#storage.keepSetting("clock", this.#offset);
  }

  /** Add the time of a code signed by a phone. A pass counts once its code has advanced. */
  addCode(pass: number, madeAt: number): void {
    if (this.trusted) return;
    if (this.#jumped()) this.#forgetCodes();
    const monotonic = this.#monotonic();
    if (this.#firstCodes.size === 0) this.#wallOffset = this.#wall() - monotonic;
    const first = this.#firstCodes.get(pass);
    if (!first || monotonic - first.monotonic > CODE_KEPT_MS) {
      this.#firstCodes.delete(pass);
      this.#firstCodes.set(pass, { madeAt, monotonic });
      const [oldest] = this.#firstCodes.keys();
      if (this.#firstCodes.size > CODES_KEPT && oldest !== undefined) this.#firstCodes.delete(oldest);
      return;
    }
    const [advanced, waited] = [madeAt - first.madeAt, monotonic - first.monotonic];
    if (advanced <= 0 || waited < APART_MIN_MS || Math.abs(advanced - waited) > CONSENSUS_WITHIN_MS) return;
    this.#phones.set(pass, madeAt - monotonic);
    if (this.#phones.size <= PHONES_KEPT) return;
    const [earliest] = [...this.#phones].reduce((least, entry) => (entry[1] < least[1] ? entry : least));
    this.#phones.delete(earliest);
  }

  /** Corrected time of a moment on the wall clock (`own`) and the monotonic clock (`passed`; null if of another start). */
  corrected({ own, passed }: { own: number; passed: number | null }): number {
    return passed === null ? own + this.#offset : this.now() - (this.#monotonic() - passed);
  }

  #forgetCodes(): void {
    this.#firstCodes.clear();
    this.#phones.clear();
  }

  #jumped(): boolean {
    return this.#firstCodes.size > 0 && Math.abs(this.#wall() - this.#monotonic() - this.#wallOffset) > JUMP_MS;
  }

  /** The latest time on which enough phones agree, minus the monotonic clock; null without agreement. */
  #consensus(): number | null {
    if (this.#jumped()) return null;
    const sorted = [...this.#phones.values()].sort((first, second) => second - first);
    for (const [index, latest] of sorted.entries()) {
      const agreeing = sorted.slice(index).filter((time) => latest - time <= CONSENSUS_WITHIN_MS);
      if (agreeing.length >= CONSENSUS_MIN) return (latest + agreeing.at(-1)!) / 2;
    }
    return null;
  }
}
