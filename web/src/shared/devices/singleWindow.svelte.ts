/** Exclusive use of a device by one window: a second window would decide with outdated data. */

export class SingleWindow {
  /** Whether this window uses the device; null until known. */
  active = $state<boolean | null>(null);
  #release = (): void => undefined;
  readonly #name: string;
  readonly #restore: () => Promise<void>;

  /** `restore` reloads what the previous window stored. */
  constructor(name: string, restore: () => Promise<void>) {
    [this.#name, this.#restore] = [name, restore];
  }

  /** Use the device if no other window does; with `steal`, take it from the other window. */
  async acquire(steal = false): Promise<void> {
    this.active = null;
    await navigator.locks
      .request(this.#name, steal ? { steal: true } : { ifAvailable: true }, async (lock) => {
        if (lock && steal) await this.#restore();
        this.active = lock !== null;
        if (lock) await new Promise<void>((resolve) => (this.#release = resolve));
      })
      .catch(() => (this.active = false));
  }

  release(): void {
    this.#release();
  }
}
