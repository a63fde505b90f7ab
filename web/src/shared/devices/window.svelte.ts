/** One window at a time stands for a device: a second one would decide by what the first has changed since. */

export class OneWindow {
  /** Whether it is this one; null until that is known. */
  mine = $state<boolean | null>(null);
  #release = (): void => undefined;
  readonly #name: string;
  readonly #restore: () => Promise<void>;

  /** `restore` learns what the window before kept on the disk. */
  constructor(name: string, restore: () => Promise<void>) {
    [this.#name, this.#restore] = [name, restore];
  }

  /** Take the device's place if it is free, or with `steal` from the window that has it. */
  async take(steal = false): Promise<void> {
    this.mine = null;
    await navigator.locks
      .request(this.#name, steal ? { steal: true } : { ifAvailable: true }, async (lock) => {
        if (lock && steal) await this.#restore();
        this.mine = lock !== null;
        if (lock) await new Promise<void>((resolve) => (this.#release = resolve));
      })
      .catch(() => (this.mine = false));
  }

  leave(): void {
    this.#release();
  }
}
