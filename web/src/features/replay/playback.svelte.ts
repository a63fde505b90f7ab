/** Playback of a clip. It checks access regularly, so that playback stops when access ends. */
import { answered, type Answer, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { components } from "../../shared/api/schema";
import { angleOf } from "./addresses";
import { Preloaded } from "./preloaded";
import { engineFor, type Choice, type Engine, type Fault } from "./engine";

type Clip = components["schemas"]["ClipView"];
type Start = components["schemas"]["ClipStart"];
const SLOW = 0.25;
const CHECK_MS = 3000;
const RETRY_MS = 500;
const TRIES = 5;
const STUCK_CHECKS = 7;

/** `ready`: waiting for the play button; `gone`: withdrawn; `missing`: unknown; `refused`: no access. */
export type State = "loading" | "ready" | "playing" | "gone" | "missing" | "refused" | "failed";

export class Playback {
  state = $state<State>("loading");
  /** The reason for `gone`, `missing` or `refused`. */
  problem = $state.raw<Problem | null>(null);
  clip = $state.raw<Clip | null>(null);
  camera = $state("");
  slow = $state(false);
  choice = $state.raw<Choice>({ captions: null, described: null });
  readonly stopped = $derived(["gone", "missing", "refused"].includes(this.state));
  #video: HTMLVideoElement | null = null;
  #engine: Engine | null = null;
  /** Recording time at which the next engine starts, until it is shown. */
  #startAt: number | null = null;
  #tries = 0;
  #stalledChecks = 0;
  #lastProgress = 0;
  #generation = 0;
  #stop = new AbortController();
  #checks: ReturnType<typeof setInterval> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly id: string) {}

  get #path() {
    return { params: { path: { clip_id: this.id } } };
  }

  async open(video: HTMLVideoElement): Promise<void> {
    this.#video = video;
    void import("hls.js").catch(() => null); // in parallel with the request of the clip
    const { signal } = this.#stop;
    const progressed = (): void => this.#progressed();
    for (const event of ["playing", "timeupdate", "canplay"]) video.addEventListener(event, progressed, { signal });
    addEventListener("online", () => this.state === "failed" && void this.retry(), { signal });
    this.#checks = setInterval(() => void this.#check(), CHECK_MS);
    await this.retry();
  }

  /** Start again after an error. */
  async retry(): Promise<void> {
    [this.state, this.#tries, this.#stalledChecks] = ["loading", 0, 0];
    const preloaded = await this.#start();
    if (this.clip && this.state === "loading") await this.show(this.camera || this.clip.cameras[0]!, preloaded);
  }

  /** Switch to an angle at the shown instant. */
  async show(camera: string, preloaded: Preloaded | null = null): Promise<void> {
    const video = this.#video!;
    this.#startAt = this.#engine?.instant() ?? this.#startAt;
    this.camera = camera;
    this.#closeEngine();
    const generation = this.#generation;
    const { default: library } = await import("hls.js").catch(() => ({ default: null }));
    if (generation !== this.#generation || this.stopped) return;
    const open = library && engineFor(library, video);
    if (!open) return void (this.state = "failed");
    this.#engine = open(video, angleOf(this.id, camera), this.#startAt, (fault) => generation === this.#generation && this.#fault(fault), preloaded);
    this.#engine.choose(this.choice);
    this.setSlow(this.slow);
    if (this.state === "ready") this.state = "loading";
    video.play().catch(() => undefined); // phones in power-saving mode wait for a tap
  }

  setSlow(slow: boolean): void {
    this.slow = slow;
    if (this.#video) this.#video.defaultPlaybackRate = this.#video.playbackRate = slow ? SLOW : 1;
  }

  choose(choice: Partial<Choice>): void {
    this.choice = { ...this.choice, ...choice };
    this.#engine?.choose(this.choice);
    if (choice.described && this.#video) this.#video.muted = false;
  }

  close(): void {
    this.#stop.abort();
    clearInterval(this.#checks);
    this.#closeEngine();
  }

  #closeEngine(): void {
    this.#generation += 1;
    clearTimeout(this.#retryTimer);
    this.#engine?.close();
    this.#engine = null;
  }

  #progressed(): void {
    const video = this.#video!;
    if (!this.#engine || this.stopped || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (video.paused && this.state === "loading") this.state = "ready";
    if (!video.paused && video.currentTime > 0) {
      this.state = "playing";
      [this.#tries, this.#startAt] = [0, null];
    }
  }

  /** Check access; network errors change nothing. */
  async #check(): Promise<void> {
    if (this.stopped || this.#stop.signal.aborted) return;
    this.#detectStall();
    this.#apply(await answered<Clip>(api.GET("/api/replay/clips/{clip_id}", this.#path)));
  }

  /** Load the clip with the first responses for the player. */
  async #start(): Promise<Preloaded | null> {
    const answer = await answered<Start>(api.GET("/api/replay/clips/{clip_id}/start", this.#path));
    this.#apply(answer.ok ? { ...answer, data: answer.data.clip } : answer);
    return answer.ok ? new Preloaded(answer.data.playlists) : null;
  }

  #apply(answer: Answer<Clip>): void {
    if (this.#stop.signal.aborted) return;
    if (answer.ok) this.clip = answer.data;
    else if (answer.problem.status === 410) this.#end("gone", answer.problem);
    else if (answer.problem.status === 404) this.#end("missing", answer.problem);
    else if (answer.problem.status > 0 && answer.problem.status < 500 && answer.problem.status !== 429) this.#end("refused", answer.problem);
    else if (!this.clip) this.state = "failed";
  }

  /** Fail when loading makes no progress for a long time. */
  #detectStall(): void {
    const at = this.#video!.buffered.length + this.#video!.currentTime;
    this.#stalledChecks = this.state === "loading" && at === this.#lastProgress ? this.#stalledChecks + 1 : 0;
    this.#lastProgress = at;
    if (this.#stalledChecks >= STUCK_CHECKS) this.#fail();
  }

  #end(state: "gone" | "missing" | "refused", problem: Problem): void {
    [this.state, this.problem] = [state, problem];
    this.#video?.pause();
    this.#closeEngine();
  }

  #fail(): void {
    this.state = "failed";
    this.#closeEngine();
  }

  /** Retry lost requests with growing delays: the playlist may still be empty, or the server unavailable. */
  #fault(fault: Fault): void {
    if (this.stopped) return;
    this.#tries += 1;
    if (fault === "broken" || this.#tries > TRIES) return this.#fail();
    this.#startAt = this.#engine?.instant() ?? this.#startAt;
    this.#closeEngine();
    const generation = this.#generation;
    void this.#check().then(() => {
      if (this.stopped || generation !== this.#generation) return;
      this.#retryTimer = setTimeout(() => void this.show(this.camera), RETRY_MS * this.#tries);
    });
  }
}
