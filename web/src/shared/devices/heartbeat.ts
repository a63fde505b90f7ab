/** What a device does every few seconds and as soon as there is network: once at a time, however long it takes. */

const EVERY_MS = 5_000;

export class Heartbeat {
  #beating = false;
  readonly #work: () => Promise<unknown>;

  constructor(work: () => Promise<unknown>) {
    this.#work = work;
  }

  /** Begin; returns the way to stop. */
  begin(): () => void {
    const now = (): void => void this.#once();
    const timer = setInterval(now, EVERY_MS);
    addEventListener("online", now);
    now();
    return () => {
      removeEventListener("online", now);
      clearInterval(timer);
    };
  }

  async #once(): Promise<void> {
    if (this.#beating) return;
    this.#beating = true;
    try {
      await this.#work();
    } finally {
      this.#beating = false;
    }
  }
}
