/** A clip on the screen: HLS by hls.js where there are media source extensions, else by the browser itself. */
import type Hls from "hls.js";
import { answered } from "../api/answer";
import { api } from "../api/client";
import type { components } from "../api/schema";
import { expectedBits } from "./network";

type Clip = components["schemas"]["ClipShown"];
const NATIVE = "application/vnd.apple.mpegurl";
const SLOW = 0.25;

export class Playback {
  state = $state<"loading" | "playing" | "gone" | "failed">("loading");
  cameras = $state.raw<string[]>([]);
  camera = $state("");
  slow = $state(false);
  #video: HTMLVideoElement | null = null;
  #hls: Hls | null = null;
  #closed = false;

  constructor(private readonly clip: string) {}

  async open(video: HTMLVideoElement): Promise<void> {
    this.#video = video;
    void import("hls.js").catch(() => null); // while the clip is asked for
    video.addEventListener("playing", () => (this.state = "playing"));
    const answer = await answered<Clip>(api.GET("/api/replay/clips/{clip_id}", { params: { path: { clip_id: this.clip } } }));
    if (this.#closed) return;
    if (!answer.ok) {
      this.state = answer.problem.status === 404 ? "gone" : "failed";
      return;
    }
    this.cameras = answer.data.cameras;
    await this.show(this.cameras[0]!);
  }

  /** Show an angle, at the instant that is shown now. */
  async show(camera: string): Promise<void> {
    const video = this.#video!;
    const instant = this.#instant();
    this.camera = camera;
    this.#hls?.destroy();
    this.#hls = null;
    const address = `/api/replay/clips/${this.clip}/${camera}/main.m3u8`;
    const { default: Library } = await import("hls.js");
    if (this.#closed || this.camera !== camera) return;
    if (Library.isSupported()) this.#play(new Library({ enableWorker: false, startPosition: 0, abrEwmaDefaultEstimate: expectedBits() }), Library, address, instant);
    else if (video.canPlayType(NATIVE)) video.src = address;
    else this.state = "failed";
  }

  slower(slow: boolean): void {
    this.slow = slow;
    if (this.#video) this.#video.playbackRate = slow ? SLOW : 1;
  }

  close(): void {
    this.#closed = true;
    this.#hls?.destroy();
    if (this.#video) this.#video.removeAttribute("src");
  }

  #play(hls: Hls, Library: typeof Hls, address: string, instant: number | null): void {
    this.#hls = hls;
    hls.on(Library.Events.LEVEL_LOADED, (_, { details }) => {
      const first = details.fragments[0]?.programDateTime;
      if (instant === null || !first) return;
      this.#video!.currentTime = Math.max(0, (instant - first) / 1000);
      instant = null;
    });
    hls.on(Library.Events.ERROR, (_, { fatal, response }) => {
      if (!fatal) return;
      this.state = response?.code === 404 ? "gone" : "failed";
      hls.destroy();
    });
    hls.loadSource(address);
    hls.attachMedia(this.#video!);
    this.slower(this.slow);
  }

  /** The wall clock of what is shown, milliseconds; null before anything is. */
  #instant(): number | null {
    return this.#hls?.playingDate?.getTime() ?? null;
  }
}
