/** A clip on the screen. It asks again and again whether it may be shown, so that nothing plays on once it may not. */
import { answered, type Answer, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { components } from "../../shared/api/schema";
import { angleOf } from "./addresses";
import { Ahead } from "./ahead";
import { engineFor, type Choice, type Engine, type Fault } from "./engine";

type Clip = components["schemas"]["ClipView"];
type Start = components["schemas"]["ClipStart"];
const SLOW = 0.25;
const CHECK_MS = 3000;
const AGAIN_MS = 500;
const TRIES = 5;
const STUCK_CHECKS = 7;

/** `ready`: it waits for whoever watches to press play; `gone`: taken down, `missing`: never there, `refused`: not for them. */
export type State = "loading" | "ready" | "playing" | "gone" | "missing" | "refused" | "failed";

export class Playback {
  state = $state<State>("loading");
  /** Why it may not be watched. */
  problem = $state.raw<Problem | null>(null);
  clip = $state.raw<Clip | null>(null);
  camera = $state("");
  slow = $state(false);
  choice = $state.raw<Choice>({ captions: null, described: null });
  readonly over = $derived(["gone", "missing", "refused"].includes(this.state));
  #video: HTMLVideoElement | null = null;
  #engine: Engine | null = null;
  /** The moment at which the next engine begins, until it shows it. */
  #wanted: number | null = null;
  #tries = 0;
  #idle = 0;
  #shown = 0;
  #opened = 0;
  #stop = new AbortController();
  #checks: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly id: string) {}

  get #path() {
    return { params: { path: { clip_id: this.id } } };
  }

  async open(video: HTMLVideoElement): Promise<void> {
    this.#video = video;
    void import("hls.js").catch(() => null); // while the clip is asked for
    const { signal } = this.#stop;
    const moved = (): void => this.#moved();
    for (const event of ["playing", "timeupdate", "canplay"]) video.addEventListener(event, moved, { signal });
    addEventListener("online", () => this.state === "failed" && void this.again(), { signal });
    this.#checks = setInterval(() => void this.#check(), CHECK_MS);
    await this.again();
  }

  /** Begin anew, after a failure. */
  async again(): Promise<void> {
    [this.state, this.#tries, this.#idle] = ["loading", 0, 0];
    const ahead = await this.#start();
    if (this.clip && this.state === "loading") await this.show(this.camera || this.clip.cameras[0]!, ahead);
  }

  /** Show an angle, at the instant that is shown now. */
  async show(camera: string, ahead: Ahead | null = null): Promise<void> {
    const video = this.#video!;
    this.#wanted = this.#engine?.instant() ?? this.#wanted;
    this.camera = camera;
    this.#drop();
    const opened = this.#opened;
    const { default: library } = await import("hls.js").catch(() => ({ default: null }));
    if (opened !== this.#opened || this.over) return;
    const open = library && engineFor(library, video);
    if (!open) return void (this.state = "failed");
    this.#engine = open(video, angleOf(this.id, camera), this.#wanted, (fault) => opened === this.#opened && this.#fault(fault), ahead);
    this.#engine.choose(this.choice);
    this.slower(this.slow);
    if (this.state === "ready") this.state = "loading";
    video.play().catch(() => undefined); // a phone that saves its battery waits for a hand
  }

  slower(slow: boolean): void {
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
    this.#drop();
  }

  #drop(): void {
    this.#opened += 1;
    clearTimeout(this.#again);
    this.#engine?.close();
    this.#engine = null;
  }

  #moved(): void {
    const video = this.#video!;
    if (!this.#engine || this.over || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
    if (video.paused && this.state === "loading") this.state = "ready";
    if (!video.paused && video.currentTime > 0) {
      this.state = "playing";
      [this.#tries, this.#wanted] = [0, null];
    }
  }

  /** Whether it may (still) be shown; what does not answer says nothing about it. */
  async #check(): Promise<void> {
    if (this.over || this.#stop.signal.aborted) return;
    this.#watch();
    this.#heard(await answered<Clip>(api.GET("/api/replay/clips/{clip_id}", this.#path)));
  }

  /** The clip, with what a player begins with. */
  async #start(): Promise<Ahead | null> {
    const answer = await answered<Start>(api.GET("/api/replay/clips/{clip_id}/start", this.#path));
    this.#heard(answer.ok ? { ...answer, data: answer.data.clip } : answer);
    return answer.ok ? new Ahead(answer.data.playlists) : null;
  }

  #heard(answer: Answer<Clip>): void {
    if (this.#stop.signal.aborted) return;
    if (answer.ok) this.clip = answer.data;
    else if (answer.problem.status === 410) this.#end("gone", answer.problem);
    else if (answer.problem.status === 404) this.#end("missing", answer.problem);
    else if (answer.problem.status > 0 && answer.problem.status < 500 && answer.problem.status !== 429) this.#end("refused", answer.problem);
    else if (!this.clip) this.state = "failed";
  }

  /** What loads and does not come for long has failed, and says so. */
  #watch(): void {
    const at = this.#video!.buffered.length + this.#video!.currentTime;
    this.#idle = this.state === "loading" && at === this.#shown ? this.#idle + 1 : 0;
    this.#shown = at;
    if (this.#idle >= STUCK_CHECKS) this.#fail();
  }

  #end(state: "gone" | "missing" | "refused", problem: Problem): void {
    [this.state, this.problem] = [state, problem];
    this.#video?.pause();
    this.#drop();
  }

  #fail(): void {
    this.state = "failed";
    this.#drop();
  }

  /** A playlist that is empty yet, a server that is away: again, a little later each time. What cannot be played fails. */
  #fault(fault: Fault): void {
    if (this.over) return;
    this.#tries += 1;
    if (fault === "broken" || this.#tries > TRIES) return this.#fail();
    this.#wanted = this.#engine?.instant() ?? this.#wanted;
    this.#drop();
    const opened = this.#opened;
    void this.#check().then(() => {
      if (this.over || opened !== this.#opened) return;
      this.#again = setTimeout(() => void this.show(this.camera), AGAIN_MS * this.#tries);
    });
  }
}
