/** The media desk of an event: its cameras, its clips, what the crowd suggests, and the mark that is being made. */
import { answered, type Answer, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { clock } from "../../../shared/runtime/clock.svelte";
import { newId } from "../../../shared/runtime/ids";

type Schemas = components["schemas"];
export type Camera = Schemas["CameraStatus"];
export type ClipLine = Schemas["DeskClip"];
export type Suggestion = Schemas["DeskSuggestion"];
type Shown = Schemas["MediaDesk"];
const EVERY_MS = 1_000;
const BEFORE_MS = 12_000;
const AFTER_MS = 8_000;
export const LONGEST_MS = 300_000;

export class Pictures {
  cameras = $state.raw<Camera[]>([]);
  clips = $state.raw<ClipLine[]>([]);
  suggestions = $state.raw<Suggestion[]>([]);
  /** Whether what cameras see now is this match's. */
  near = $state(true);
  fourEyes = $state(false);
  loaded = $state(false);
  /** Why the desk is not what it was: no network, or a refusal. */
  problem = $state.raw<Problem | null>(null);
  /** Why the last thing that was asked for was not done. */
  refused = $state.raw<Problem | null>(null);
  /** The camera in front. */
  front = $state<string | null>(null);
  from = $state<number | null>(null);
  to = $state<number | null>(null);
  /** Cameras that are left out of the next clip. */
  left = $state.raw<ReadonlySet<string>>(new Set());
  busy = $state(false);
  /** The clip that was published last. */
  done = $state.raw<{ id: string; state: string } | null>(null);
  #suggestion: string | null = null;
  readonly marked = $derived(this.left.size < Math.max(1, this.cameras.length) && this.from !== null && this.to !== null && this.to > this.from && this.to - this.from <= LONGEST_MS);
  readonly tooLong = $derived(this.from !== null && this.to !== null && this.to - this.from > LONGEST_MS);

  constructor(private readonly event: string) {}

  /** Load, and go on looking; returns the way to stop. */
  open(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let closed = false;
    const look = async (): Promise<void> => {
      await this.#load();
      if (!closed) timer = setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      closed = true;
      clearTimeout(timer);
    };
  }

  async #load(): Promise<void> {
    const [desk, cameras] = await Promise.all([
      answered<Shown>(api.GET("/api/replay/events/{event_id}/desk", { params: { path: { event_id: this.event } } })),
      answered<Camera[]>(api.GET("/api/replay/cameras")),
    ]);
    this.problem = desk.ok ? (cameras.ok ? null : cameras.problem) : desk.problem;
    if (cameras.ok) this.cameras = cameras.data;
    if (desk.ok) [this.near, this.fourEyes, this.clips, this.suggestions] = [desk.data.near, desk.data.four_eyes, desk.data.clips, desk.data.suggestions];
    this.front ??= this.cameras[0]?.name ?? null;
    this.loaded ||= desk.ok && cameras.ok;
  }

  /** Mark what led to an instant, and what follows. */
  around(at: number): void {
    [this.from, this.to, this.#suggestion] = [at - BEFORE_MS, at + AFTER_MS, null];
  }

  take(suggestion: Suggestion): void {
    [this.from, this.to, this.#suggestion] = [Date.parse(suggestion.from_at), Date.parse(suggestion.to_at), suggestion.id];
  }

  clear(): void {
    [this.from, this.to, this.#suggestion] = [null, null, null];
  }

  leave(camera: string): void {
    const left = new Set(this.left);
    if (!left.delete(camera)) left.add(camera);
    this.left = left;
  }

  /** Publish what is marked; what was asked for is answered, and its id is the same if it is asked again. */
  async publish(): Promise<void> {
    if (!this.marked || this.busy) return;
    const kept = this.cameras.filter(({ name }) => !this.left.has(name));
    const seeing = kept.filter(({ seen_at }) => seen_at && Date.parse(seen_at) > this.from!); // the others would spoil the mark
    const chosen = (seeing.length ? seeing : kept).map(({ name }) => name);
    const first = chosen.filter((name) => name === this.front);
    const mark = {
      id: newId(clock.now()),
      from_at: new Date(this.from!).toISOString(),
      to_at: new Date(this.to!).toISOString(),
      cameras: this.left.size === 0 ? [] : [...first, ...chosen.filter((name) => name !== this.front)],
      about: null,
      suggestion: this.#suggestion,
    };
    const answer = await this.#ask<Schemas["Clip"]>(() => api.POST("/api/replay/events/{event_id}/clips", { params: { path: { event_id: this.event } }, body: mark }));
    if (!answer.ok) return;
    this.done = { id: answer.data.id, state: answer.data.published_at ? "shown" : "proposed" };
    this.clear();
  }

  /** Take down what was published last. */
  async undo(): Promise<void> {
    const { id } = this.done ?? {};
    this.done = null;
    if (id) await this.withdraw(id);
  }

  async withdraw(clip: string): Promise<void> {
    await this.#ask(() => api.POST("/api/replay/clips/{clip_id}/withdraw", { params: { path: { clip_id: clip } } }));
  }

  async release(clip: string): Promise<void> {
    await this.#ask(() => api.POST("/api/replay/clips/{clip_id}/release", { params: { path: { clip_id: clip } } }));
  }

  async dismiss(suggestion: string): Promise<void> {
    await this.#ask(() => api.POST("/api/replay/suggestions/{suggestion_id}/dismiss", { params: { path: { suggestion_id: suggestion } } }));
  }

  async eyes(fourEyes: boolean): Promise<void> {
    await this.#ask(() => api.PUT("/api/replay/events/{event_id}/desk", { params: { path: { event_id: this.event } }, body: { four_eyes: fourEyes } }));
  }

  async #ask<T>(call: () => Parameters<typeof answered<T>>[0]): Promise<Answer<T>> {
    this.busy = true;
    this.refused = null;
    const answer = await answered<T>(call());
    this.busy = false;
    if (!answer.ok) this.refused = answer.problem;
    await this.#load();
    return answer;
  }
}
