/** State of the media desk of an event: cameras, clips, suggestions, and the current mark. */
import { answered, type Answer, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { clock } from "../../../shared/runtime/clock.svelte";
import { newId } from "../../../shared/runtime/ids";

type Schemas = components["schemas"];
export type Camera = Schemas["CameraStatus"];
export type DeskClip = Schemas["DeskClip"];
export type Suggestion = Schemas["DeskSuggestion"];
type MediaDesk = Schemas["MediaDesk"];
const EVERY_MS = 1_000;
const BEFORE_MS = 12_000;
const AFTER_MS = 8_000;
export const CLIP_MAX_MS = 300_000;

export class DeskState {
  cameras = $state.raw<Camera[]>([]);
  clips = $state.raw<DeskClip[]>([]);
  suggestions = $state.raw<Suggestion[]>([]);
  /** Whether the match is current, so that cameras are visible. */
  near = $state(true);
  fourEyes = $state(false);
  loaded = $state(false);
  /** Why the desk could not be loaded. */
  problem = $state.raw<Problem | null>(null);
  /** Why the last action was refused. */
  refused = $state.raw<Problem | null>(null);
  /** The camera on the large monitor. */
  front = $state<string | null>(null);
  from = $state<number | null>(null);
  to = $state<number | null>(null);
  /** Cameras excluded from the next clip. */
  excluded = $state.raw<ReadonlySet<string>>(new Set());
  busy = $state(false);
  /** The last published clip. */
  lastPublished = $state.raw<{ id: string; state: string } | null>(null);
  #suggestion: string | null = null;
  readonly marked = $derived(this.excluded.size < Math.max(1, this.cameras.length) && this.from !== null && this.to !== null && this.to > this.from && this.to - this.from <= CLIP_MAX_MS);
  readonly tooLong = $derived(this.from !== null && this.to !== null && this.to - this.from > CLIP_MAX_MS);

  constructor(private readonly event: string) {}

  /** Load now and regularly; returns a function that stops it. */
  open(): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let closed = false;
    const refresh = async (): Promise<void> => {
      await this.#load();
      if (!closed) timer = setTimeout(() => void refresh(), EVERY_MS);
    };
    void refresh();
    return () => {
      closed = true;
      clearTimeout(timer);
    };
  }

  async #load(): Promise<void> {
    const [desk, cameras] = await Promise.all([
      answered<MediaDesk>(api.GET("/api/replay/events/{event_id}/desk", { params: { path: { event_id: this.event } } })),
      answered<Camera[]>(api.GET("/api/replay/cameras")),
    ]);
    this.problem = desk.ok ? (cameras.ok ? null : cameras.problem) : desk.problem;
    if (cameras.ok) this.cameras = cameras.data;
    if (desk.ok) [this.near, this.fourEyes, this.clips, this.suggestions] = [desk.data.near, desk.data.four_eyes, desk.data.clips, desk.data.suggestions];
    this.front ??= (this.cameras.find(({ fault }) => fault === null) ?? this.cameras[0])?.name ?? null;
    this.loaded ||= desk.ok && cameras.ok;
  }

  /** Mark the time before and after an instant. */
  markAround(at: number): void {
    [this.from, this.to, this.#suggestion] = [at - BEFORE_MS, at + AFTER_MS, null];
  }

  markSuggestion(suggestion: Suggestion): void {
    [this.from, this.to, this.#suggestion] = [Date.parse(suggestion.from_at), Date.parse(suggestion.to_at), suggestion.id];
  }

  clear(): void {
    [this.from, this.to, this.#suggestion] = [null, null, null];
  }

  toggleCamera(camera: string): void {
    const excluded = new Set(this.excluded);
    if (!excluded.delete(camera)) excluded.add(camera);
    this.excluded = excluded;
  }

  /** Publish the mark, or propose it for approval. */
  async publish(): Promise<void> {
    if (!this.marked || this.busy) return;
    const included = this.cameras.filter(({ name }) => !this.excluded.has(name));
    const recording = included.filter(({ seen_at }) => seen_at && Date.parse(seen_at) > this.from!); // the server refuses cameras without video
    const chosen = (recording.length ? recording : included).map(({ name }) => name);
    const first = chosen.filter((name) => name === this.front);
    const mark = {
      id: newId(clock.now()),
      from_at: new Date(this.from!).toISOString(),
      to_at: new Date(this.to!).toISOString(),
      cameras: this.excluded.size === 0 ? [] : [...first, ...chosen.filter((name) => name !== this.front)],
      about: null,
      suggestion: this.#suggestion,
    };
    const answer = await this.#send<Schemas["Clip"]>(() => api.POST("/api/replay/events/{event_id}/clips", { params: { path: { event_id: this.event } }, body: mark }));
    if (!answer.ok) return;
    this.lastPublished = { id: answer.data.id, state: answer.data.published_at ? "shown" : "proposed" };
    this.clear();
  }

  /** Withdraw the last published clip. */
  async undo(): Promise<void> {
    const { id } = this.lastPublished ?? {};
    this.lastPublished = null;
    if (id) await this.withdraw(id);
  }

  async withdraw(clip: string): Promise<void> {
    await this.#send(() => api.POST("/api/replay/clips/{clip_id}/withdraw", { params: { path: { clip_id: clip } } }));
  }

  async release(clip: string): Promise<void> {
    await this.#send(() => api.POST("/api/replay/clips/{clip_id}/release", { params: { path: { clip_id: clip } } }));
  }

  async dismiss(suggestion: string): Promise<void> {
    await this.#send(() => api.POST("/api/replay/suggestions/{suggestion_id}/dismiss", { params: { path: { suggestion_id: suggestion } } }));
  }

  async setFourEyes(fourEyes: boolean): Promise<void> {
    await this.#send(() => api.PUT("/api/replay/events/{event_id}/desk", { params: { path: { event_id: this.event } }, body: { four_eyes: fourEyes } }));
  }

  async #send<T>(call: () => Parameters<typeof answered<T>>[0]): Promise<Answer<T>> {
    this.busy = true;
    this.refused = null;
    const answer = await answered<T>(call());
    this.busy = false;
    if (!answer.ok) this.refused = answer.problem;
    await this.#load();
    return answer;
  }
}
