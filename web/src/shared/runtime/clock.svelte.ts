/** The server's clock as known by this browser, so that countdowns do not depend on the phone's clock. */
class ServerClock {
  #offset = $state(0);
  #best = Number.POSITIVE_INFINITY;
  /** Ticks once a second while the page is visible. */
  tick = $state(Date.now());
  #watchers = 0;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** Milliseconds by which the server's clock is ahead. */
  get offset(): number {
    return this.#offset;
  }

  now(): number {
    return Date.now() + this.#offset;
  }

  /** Set the clock from an answer with the server's time; the fastest answers are the most exact. */
  learn(serverNow: number, sentAt: number, gotAt: number): void {
    const trip = gotAt - sentAt;
    if (!Number.isFinite(serverNow) || trip > this.#best + 500) return;
    this.#best = Math.min(this.#best, trip);
    const offset = serverNow - (sentAt + trip / 2);
    if (Math.abs(offset - this.#offset) > 400) this.#offset = offset;
  }

  /** Start ticking; return a function that stops it. Use it in an effect. */
  watch(): () => void {
    this.#watchers += 1;
    this.tick = this.now();
    this.#timer ??= setInterval(() => (this.tick = this.now()), 1000);
    return () => {
      this.#watchers -= 1;
      if (this.#watchers === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
    };
  }
}

export const clock = new ServerClock();
