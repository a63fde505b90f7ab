/** The alerts of an event, and what a controller does about them; the last ones stay without network. */
import { answered, type Problem } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { Bell } from "../../../../shared/runtime/bell.svelte";
import { clock } from "../../../../shared/runtime/clock.svelte";
import { newId } from "../../../../shared/runtime/ids";
import { storage } from "../../../../shared/runtime/storage";
import { followLog } from "../followLog";

type Schemas = components["schemas"];
export type Alert = Schemas["AlertView"];
export type Measure = Schemas["AlertMeasure"];
type Listing = Schemas["AlertListing"];
type Omitted<T> = T extends unknown ? Omit<T, "id"> : never;
export type Change = Omitted<Schemas["AcknowledgeAlert"] | Schemas["CloseAlert"]>;
interface Last {
  event: string;
  listing: Listing;
  readAt: number;
}

/** Values of open alerts change without a record of the log, which the stream tells of. */
const POLL_MS = 2_000;
/** The server checks once a second. */
const LATE_MS = 15_000;
export const STORED = "control.alerts";
export const bell = new Bell("control.sound", false);

export class Alerts {
  readonly event: string;
  #listing = $state.raw<Listing | null>(null);
  /** When the list was last read from the server. */
  readAt = $state<number | null>(null);
  /** The server did not answer last time: the list is of `readAt`. */
  stale = $state(false);
  problem = $state.raw<Problem | null>(null);
  readonly #rung = new Set<string>();
  /** Ids of requests without an answer, by their content: a repetition must not become a second record. */
  readonly #unanswered = new Map<string, string>();

  constructor(event: string) {
    this.event = event;
    const last = storage.read<Last>(STORED);
    if (last?.event === event) [this.#listing, this.readAt] = [last.listing, last.readAt];
  }

  readonly list = $derived(this.#listing?.alerts ?? []);
  readonly open = $derived(this.list.filter(({ ended_at }) => ended_at === null));
  readonly ended = $derived(this.list.filter(({ ended_at }) => ended_at !== null));
  /** Escalated and still without an answer. */
  readonly unanswered = $derived(this.open.filter(({ level, acknowledged_at }) => level > 1 && acknowledged_at === null));
  readonly evaluatedAt = $derived(this.#listing?.evaluated_at ?? null);
  /** The server has not checked for some time. */
  readonly late = $derived(this.evaluatedAt !== null && (this.readAt ?? 0) - Date.parse(this.evaluatedAt) > LATE_MS);

  of(incident: string): Alert | null {
    return this.list.find(({ incident_id }) => incident_id === incident) ?? null;
  }

  /** Follow the list; returns the end of it. */
  follow(): () => void {
    return followLog(this.event, () => this.load(), POLL_MS);
  }

  async load(): Promise<void> {
    const answer = await answered<Listing>(api.GET("/api/control/events/{event_id}/alerts", { params: { path: { event_id: this.event } } }));
    this.stale = !answer.ok;
    if (answer.ok) this.#take(answer.data);
  }

  /** Change an alert; true once the server has it. */
  async change(alert: string, change: Change): Promise<boolean> {
    const key = JSON.stringify([alert, change]);
    const id = this.#unanswered.get(key) ?? newId();
    this.#unanswered.set(key, id);
    const answer = await answered<Listing>(api.POST("/api/control/alerts/{alert_id}/entries", { params: { path: { alert_id: alert } }, body: { ...change, id } }));
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok || (answer.problem.status >= 400 && answer.problem.status < 500)) this.#unanswered.delete(key);
    if (answer.ok) this.#take(answer.data);
    else await this.load();
    return answer.ok;
  }

  #take(listing: Listing): void {
    this.#listing = listing;
    this.readAt = clock.now();
    storage.write(STORED, { event: this.event, listing, readAt: this.readAt } satisfies Last);
    const heard = this.unanswered.filter(({ id }) => !this.#rung.has(id));
    for (const { id } of heard) this.#rung.add(id);
    if (heard.length > 0) bell.ring();
  }
}
