/** Periodic work of a device: every few seconds and on reconnection, never twice at once. */

const EVERY_MS = 5_000;

export class Heartbeat {
  #running = false;
  readonly #work: () => Promise<unknown>;

  constructor(work: () => Promise<unknown>) {
    this.#work = work;
  }

  /** Begin; return a function that stops it. */
  begin(): () => void {
    const run = (): void => void this.#run();
    const timer = setInterval(run, EVERY_MS);
    addEventListener("online", run);
    run();
    return () => {
      removeEventListener("online", run);
      clearInterval(timer);
    };
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      await this.#work();
    } finally {
      this.#running = false;
    }
  }
}
