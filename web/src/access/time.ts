/** The server's clock as this device knows it, kept over restarts: a device whose own clock is wrong decides by this one. */
import { shelf } from "./shelf";

const TRIP_MAX_MS = 3_000;

class GateClock {
  #offset = 0;

  async restore(): Promise<void> {
    this.#offset = (await shelf.setting<number>("clock")) ?? 0;
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
    if (Math.abs(this.#offset - before) > 250) void shelf.keepSetting("clock", this.#offset);
  }
}

export const time = new GateClock();
