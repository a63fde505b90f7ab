/** Monitors of the media desk: all cameras at the same instant, live or scrubbed back. */
import type Hls from "hls.js";
import { clock } from "../../../shared/runtime/clock.svelte";

/** Loaded when the desk opens; more is loaded on scrubbing. */
const FIRST_MS = 60_000;
const MARGIN_MS = 20_000;
/** Longer live playlists are reloaded from now. */
const LONG_MS = 15 * 60_000;
const DRIFT_S = 0.6;
const RETRY_MS = 2_000;
/** One frame at 25 per second, as in broadcasting. */
const FRAME_MS = 40;
/** Scrub range, and its zoomed part. */
const WINDOW_MS = 15 * 60_000;
export const CLOSE_MS = 2 * 60_000;
const SLOW = 0.25;

/** The player of one camera. `withAudio`: also loads its audio. */
export class Monitor {
  hasPicture = $state(false);
  #hls: Hls | null = null;
  #closed = false;
  #seekTo: number | null = null;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly camera: string,
    private readonly event: string,
    private readonly withAudio: boolean,
    private readonly video: HTMLVideoElement,
  ) {
    video.addEventListener("playing", () => (this.hasPicture = true));
    video.addEventListener("seeked", () => (this.hasPicture = true));
  }

  /** Load video from a time on; `instant`: time to show, null for live. */
  async load(from: number, instant: number | null): Promise<void> {
    this.#hls?.destroy();
    clearTimeout(this.#retryTimer);
    this.#seekTo = instant;
    const { default: Library } = await import("hls.js");
    if (this.#closed) return;
    const hls = new Library({ enableWorker: false, liveSyncDurationCount: 2, maxBufferLength: 12, backBufferLength: 90 });
    this.#hls = hls;
    hls.on(Library.Events.LEVEL_UPDATED, () => {
      if (this.#seekTo !== null) this.seek(this.#seekTo);
    });
    hls.on(Library.Events.ERROR, (_, { fatal }) => {
      if (!fatal) return;
      this.hasPicture = false;
      this.#retryTimer = setTimeout(() => void this.load(from, this.#seekTo), RETRY_MS); // the camera is silent, or the network is down
    });
    hls.loadSource(`/api/replay/events/${this.event}/cameras/${this.camera}/${Math.floor(from)}/${this.withAudio ? "main" : "video"}.m3u8`);
    hls.attachMedia(this.video);
  }

  get #fragments(): { start: number; duration: number; programDateTime: number | null }[] {
    return this.#hls?.latestLevelDetails?.fragments ?? [];
  }

  /** Show an instant as soon as it is loaded. */
  seek(instant: number): void {
    const found = this.#fragments.findLast(({ programDateTime }) => programDateTime !== null && programDateTime <= instant);
    this.#seekTo = found ? null : instant;
    if (!found) return;
    this.video.currentTime = found.start + Math.min((instant - found.programDateTime!) / 1000, found.duration - 0.001);
  }

  /** Recording time of the shown frame (Unix ms). */
  get instant(): number | null {
    const at = this.video.currentTime;
    const found = this.#fragments.findLast(({ start }) => start <= at + 0.001);
    return found?.programDateTime ? found.programDateTime + (at - found.start) * 1000 : null;
  }

  /** End of the loaded video (Unix ms). */
  get edge(): number | null {
    const last = this.#fragments.at(-1);
    return last?.programDateTime ? last.programDateTime + last.duration * 1000 : null;
  }

  run(paused: boolean, slow: boolean): void {
    this.video.playbackRate = slow ? SLOW : 1;
    if (paused) this.video.pause();
    else void this.video.play().catch(() => undefined); // nothing is loaded yet; it starts by itself
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#hls?.destroy();
  }
}

export class Monitors {
  /** The shown instant (Unix ms). */
  at = $state(clock.now());
  /** End of the video of the large monitor (Unix ms). */
  edge = $state(clock.now());
  live = $state(true);
  paused = $state(false);
  slow = $state(false);
  window = $state(CLOSE_MS);
  readonly windowStart = $derived(this.edge - this.window);
  #from = clock.now() - FIRST_MS;
  #front: Monitor | null = null;
  #others = new Set<Monitor>();

  /** Add a monitor; returns a function that removes it. */
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

  /** Follow the large monitor; returns a function that stops it. */
  watch(): () => void {
    let frame = requestAnimationFrame(function update(this: Monitors) {
      this.#update();
      frame = requestAnimationFrame(update.bind(this));
    }.bind(this));
    const timer = setInterval(() => this.#synchronise(), 1000);
    return () => {
      cancelAnimationFrame(frame);
      clearInterval(timer);
    };
  }

  #update(): void {
    const front = this.#front;
    if (!front?.hasPicture) return;
    this.at = front.instant ?? this.at;
    this.edge = Math.max(front.edge ?? this.edge, this.at);
  }

  #synchronise(): void {
    if (this.live && this.edge - this.#from > LONG_MS) this.goLive();
    if (!this.#front?.hasPicture || this.paused) return;
    for (const monitor of this.#others) {
      const at = monitor.instant;
      if (at !== null && Math.abs(at - this.at) > DRIFT_S * 1000) monitor.seek(this.at);
    }
  }

  #load(from: number, instant: number | null): void {
    this.#from = from;
    for (const monitor of this.#all()) void monitor.load(from, instant).then(() => monitor.run(this.paused, this.slow));
  }

  *#all(): Iterable<Monitor> {
    if (this.#front) yield this.#front;
    yield* this.#others;
  }

  /** Show an instant on every monitor. */
  seek(instant: number): void {
    const to = Math.min(Math.max(instant, this.edge - WINDOW_MS), this.edge);
    if (to < this.windowStart) this.window = WINDOW_MS;
    this.live = false;
    this.at = to;
    if (to < this.#from || to - this.#from > LONG_MS) this.#load(to - MARGIN_MS, to);
    else for (const monitor of this.#all()) monitor.seek(to);
  }

  /** Switch between the whole scrub range and its end. */
  zoom(): void {
    this.window = this.window === CLOSE_MS ? WINDOW_MS : CLOSE_MS;
  }

  goLive(): void {
    this.live = true;
    this.#run(false, false);
    this.#load(clock.now() - FIRST_MS, null);
  }

  /** Step by frames, backwards or forwards. */
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

  toggleSlow(): void {
    if (!this.slow) this.live = false;
    this.#run(this.paused, !this.slow);
  }

  #run(paused: boolean, slow: boolean): void {
    [this.paused, this.slow] = [paused, slow];
    for (const monitor of this.#all()) monitor.run(paused, slow);
  }
}
