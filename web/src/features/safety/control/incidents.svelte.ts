/** The incidents of an event as the screen shows them, and what a controller does to them. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { components } from "../../../shared/api/schema";
import { clock } from "../../../shared/runtime/clock.svelte";
import { newId } from "../../../shared/runtime/ids";
import type { Call } from "./call";
import { followLog } from "./followLog";

type Schemas = components["schemas"];
export type Incident = Schemas["IncidentView"];
export type Detail = Schemas["IncidentDetail"];
type Omitted<T> = T extends unknown ? Omit<T, "id"> : never;
export type Change = Omitted<
  Schemas["NoteIncident"] | Schemas["PrioritiseIncident"] | Schemas["PlaceIncident"] | Schemas["ResolveIncident"] | Schemas["ReopenIncident"]
>;

/** The stream tells of changes; the list is read again also without it. */
const POLL_MS = 10_000;

export class Incidents {
  readonly event: string;
  list = $state.raw<readonly Incident[] | null>(null);
  detail = $state.raw<Detail | null>(null);
  /** When the list was last read from the server. */
  readAt = $state<number | null>(null);
  /** The server did not answer last time: the list is of `readAt`. */
  stale = $state(false);
  problem = $state.raw<Problem | null>(null);
  #chosen: string | null = null;
  /** Ids of requests without an answer, by their content: a repetition must not become a second record. */
  readonly #unanswered = new Map<string, string>();

  constructor(event: string) {
    this.event = event;
  }

  readonly open = $derived((this.list ?? []).filter(({ resolved_at }) => resolved_at === null));
  readonly resolved = $derived((this.list ?? []).filter(({ resolved_at }) => resolved_at !== null));

  /** Follow the list; returns the end of it. */
  follow(): () => void {
    return followLog(this.event, () => this.load(), POLL_MS);
  }

  async load(): Promise<void> {
    const answer = await answered<Incident[]>(api.GET("/api/control/events/{event_id}/incidents", { params: { path: { event_id: this.event } } }));
    this.stale = !answer.ok;
    if (!answer.ok) {
      if (this.list === null) this.problem = answer.problem;
      return;
    }
    if (this.list === null) this.problem = null;
    this.list = answer.data;
    this.readAt = clock.now();
    if (this.#chosen) await this.choose(this.#chosen);
  }

  async choose(id: string): Promise<void> {
    this.#chosen = id;
    const answer = await answered<Detail>(api.GET("/api/control/incidents/{incident_id}", { params: { path: { incident_id: id } } }));
    if (answer.ok && this.#chosen === id) this.detail = answer.data;
  }

  /** Store a call, or an incident of an alert; true once the server has it. */
  async log(call: Call & { alert_id?: string }): Promise<boolean> {
    const key = JSON.stringify(call);
    const body = { id: this.#idOf(key), ...call };
    const answer = await answered<Detail>(
      api.POST("/api/control/events/{event_id}/incidents", { params: { path: { event_id: this.event } }, body }),
    );
    return this.#settle(key, answer);
  }

  /** Change the chosen incident; true once the server has it. */
  async change(id: string, change: Change): Promise<boolean> {
    const key = JSON.stringify([id, change]);
    const body = { ...change, id: this.#idOf(key) };
    const answer = await answered<Detail>(api.POST("/api/control/incidents/{incident_id}/entries", { params: { path: { incident_id: id } }, body }));
    return this.#settle(key, answer);
  }

  #idOf(key: string): string {
    const id = this.#unanswered.get(key) ?? newId();
    this.#unanswered.set(key, id);
    return id;
  }

  async #settle(key: string, answer: Awaited<ReturnType<typeof answered<Detail>>>): Promise<boolean> {
    this.problem = answer.ok ? null : answer.problem;
    if (answer.ok || (answer.problem.status >= 400 && answer.problem.status < 500)) this.#unanswered.delete(key);
    if (!answer.ok) return false;
    this.#chosen = answer.data.incident.id;
    this.detail = answer.data;
    await this.load();
    return true;
  }
}
