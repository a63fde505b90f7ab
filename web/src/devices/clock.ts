/** The server's clock as a device knows it, kept over restarts: a device whose own clock is wrong decides by this one. */

const TRIP_MAX_MS = 3_000;

/** Where a device keeps what it has learned. */
interface Shelf {
  setting: <T>(name: string) => Promise<T | undefined>;
  keepSetting: (name: string, value: unknown) => Promise<unknown>;
}

export class DeviceClock {
  #offset = 0;
  readonly #shelf: Shelf;

  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  async restore(): Promise<void> {
    this.#offset = (await this.#shelf.setting<number>("clock")) ?? 0;
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  /** Milliseconds that the server's clock is ahead of the device's. */
  get offset(): number {
    return this.#offset;
  }

  iso(): string {
    return new Date(this.now()).toISOString();
  }

  /** Learn from an answer that says the server's time, taken as the middle of its way there and back. */
  learn(serverNow: string | undefined, sentAt: number, gotAt: number): void {
    const server = Date.parse(serverNow ?? "");
    if (Number.isNaN(server) || gotAt < sentAt || gotAt - sentAt > TRIP_MAX_MS) return;
    const before = this.#offset;
    this.#offset = Math.round(server - (sentAt + gotAt) / 2);
    if (Math.abs(this.#offset - before) > 250) void this.#shelf.keepSetting("clock", this.#offset);
  }
}
