/** The monitors of the media desk: every camera at the same instant, live or scrubbed back, over what it has sent. */
import type Hls from "hls.js";
import { clock } from "../../../shared/runtime/clock.svelte";

/** A desk that opens sees the last minute at once, and more when it is scrubbed. */
const FIRST_MS = 60_000;
const MARGIN_MS = 20_000;
/** A playlist that has grown so long is begun anew at the present. */
const LONG_MS = 15 * 60_000;
const DRIFT_S = 0.6;
const AGAIN_MS = 2_000;
/** A frame of 25 a second, as cameras of broadcasters have. */
const FRAME_MS = 40;
/** How far back a desk scrubs, and the stretch that it shows closer. */
const WINDOW_MS = 15 * 60_000;
export const CLOSE_MS = 2 * 60_000;
const SLOW = 0.25;

/** One camera's picture. `whole`: with its sound. */
export class Monitor {
  shows = $state(false);
  #hls: Hls | null = null;
  #closed = false;
  #wanted: number | null = null;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly camera: string,
    private readonly event: string,
    private readonly whole: boolean,
    private readonly video: HTMLVideoElement,
  ) {
    video.addEventListener("playing", () => (this.shows = true));
    video.addEventListener("seeked", () => (this.shows = true));
  }

  /** Load what was sent since then; `instant` null: show what is sent now. */
  async load(from: number, instant: number | null): Promise<void> {
    this.#hls?.destroy();
    clearTimeout(this.#again);
    this.#wanted = instant;
    const { default: Library } = await import("hls.js");
    if (this.#closed) return;
    const hls = new Library({ enableWorker: false, liveSyncDurationCount: 2, maxBufferLength: 12, backBufferLength: 90 });
    this.#hls = hls;
    hls.on(Library.Events.LEVEL_UPDATED, () => {
      if (this.#wanted !== null) this.seek(this.#wanted);
    });
    hls.on(Library.Events.ERROR, (_, { fatal }) => {
      if (!fatal) return;
      this.shows = false;
      this.#again = setTimeout(() => void this.load(from, this.#wanted), AGAIN_MS); // the camera sends nothing, or there is no network
    });
    hls.loadSource(`/api/replay/events/${this.event}/cameras/${this.camera}/${Math.floor(from)}/${this.whole ? "main" : "video"}.m3u8`);
    hls.attachMedia(this.video);
  }

  get #fragments(): { start: number; duration: number; programDateTime: number | null }[] {
    return this.#hls?.latestLevelDetails?.fragments ?? [];
  }

  /** Show an instant, at once or as soon as it is loaded. */
  seek(instant: number): void {
    const found = this.#fragments.findLast(({ programDateTime }) => programDateTime !== null && programDateTime <= instant);
    this.#wanted = found ? null : instant;
    if (!found) return;
    this.video.currentTime = found.start + Math.min((instant - found.programDateTime!) / 1000, found.duration - 0.001);
  }

  /** The wall clock of what is shown, milliseconds. */
  get instant(): number | null {
    const at = this.video.currentTime;
    const found = this.#fragments.findLast(({ start }) => start <= at + 0.001);
    return found?.programDateTime ? found.programDateTime + (at - found.start) * 1000 : null;
  }

  /** The end of what has come in. */
  get edge(): number | null {
    const last = this.#fragments.at(-1);
    return last?.programDateTime ? last.programDateTime + last.duration * 1000 : null;
  }

  run(paused: boolean, slow: boolean): void {
    this.video.playbackRate = slow ? SLOW : 1;
    if (paused) this.video.pause();
    else void this.video.play().catch(() => undefined); // it has nothing to play yet, and begins by itself
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#hls?.destroy();
  }
}

export class Monitors {
  /** The instant that is shown, milliseconds. */
  at = $state(clock.now());
  /** Until when the camera in front has sent. */
  edge = $state(clock.now());
  live = $state(true);
  paused = $state(false);
  slow = $state(false);
  window = $state(CLOSE_MS);
  readonly begins = $derived(this.edge - this.window);
  #from = clock.now() - FIRST_MS;
  #front: Monitor | null = null;
  #others = new Set<Monitor>();

  /** Take a monitor in; returns the way to take it out. */
  add(monitor: Monitor, front: boolean): () => void {
    if (front) this.#front = monitor;
    else this.#others.add(monitor);
    void monitor.load(this.#from, this.live ? null : this.at);
    monitor.run(this.paused, this.slow);
    return () => {
      this.#others.delete(monitor);
      if (this.#front === monitor) this.#front = null;
      monitor.close();
    };
  }

  /** Keep the screen at what is shown; returns the way to stop. */
  watch(): () => void {
    let frame = requestAnimationFrame(function look(this: Monitors) {
      this.#look();
      frame = requestAnimationFrame(look.bind(this));
    }.bind(this));
    const together = setInterval(() => this.#together(), 1000);
    return () => {
      cancelAnimationFrame(frame);
      clearInterval(together);
    };
  }

  #look(): void {
    const front = this.#front;
    if (!front?.shows) return;
    this.at = front.instant ?? this.at;
    this.edge = Math.max(front.edge ?? this.edge, this.at);
  }

  #together(): void {
    if (this.live && this.edge - this.#from > LONG_MS) this.goLive();
    if (!this.#front?.shows || this.paused) return;
    for (const one of this.#others) {
      const at = one.instant;
      if (at !== null && Math.abs(at - this.at) > DRIFT_S * 1000) one.seek(this.at);
    }
  }

  #load(from: number, instant: number | null): void {
    this.#from = from;
    for (const one of this.#all()) void one.load(from, instant).then(() => one.run(this.paused, this.slow));
  }

  *#all(): Iterable<Monitor> {
    if (this.#front) yield this.#front;
    yield* this.#others;
  }

  /** Show an instant on every monitor. */
  seek(instant: number): void {
    const to = Math.min(Math.max(instant, this.edge - WINDOW_MS), this.edge);
    if (to < this.begins) this.window = WINDOW_MS;
    this.live = false;
    this.at = to;
    if (to < this.#from || to - this.#from > LONG_MS) this.#load(to - MARGIN_MS, to);
    else for (const one of this.#all()) one.seek(to);
  }

  /** See all that may be scrubbed, or the last of it closer. */
  zoom(): void {
    this.window = this.window === CLOSE_MS ? WINDOW_MS : CLOSE_MS;
  }

  goLive(): void {
    this.live = true;
    this.#run(false, false);
    this.#load(clock.now() - FIRST_MS, null);
  }

  /** One frame, back or on. */
  step(frames: number): void {
    this.#run(true, this.slow);
    this.seek(this.at + frames * FRAME_MS);
  }

  jump(seconds: number): void {
    this.seek(this.at + seconds * 1000);
  }

  toggle(): void {
    if (!this.paused) this.live = false;
    this.#run(!this.paused, this.slow);
  }

  slower(): void {
    if (!this.slow) this.live = false;
    this.#run(this.paused, !this.slow);
  }

  #run(paused: boolean, slow: boolean): void {
    [this.paused, this.slow] = [paused, slow];
    for (const one of this.#all()) one.run(paused, slow);
  }
}
