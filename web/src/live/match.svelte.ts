/** One match as it is told: from this phone at once, then by the one stream, entry by entry, none twice and none left out. */
import { answered, type Problem } from "../api/answer";
import { api } from "../api/client";
import type { components } from "../api/schema";
import { follow } from "../api/stream";
import type { EventInfo } from "../api/words";
import { keep } from "../kernel/keep";
import { effective, periods, stateOf, type Entry, type Teams } from "./feed";

type News = { entries?: Entry[]; teams?: boolean };
interface Kept {
  event: EventInfo;
  teams: Teams | null;
  entries: Entry[];
  at: string;
}

export class Match {
  event = $state.raw<EventInfo | null>(null);
  teams = $state.raw<Teams | null>(null);
  entries = $state.raw<Entry[]>([]);
  /** When the feed was last heard. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly happened = $derived(effective(this.entries));
  readonly state = $derived(stateOf(this.happened));
  readonly periods = $derived(periods(this.happened));
  /** The clip that shows an entry, by the entry's number. */
  readonly clips = $derived(
    new Map(this.happened.flatMap(({ told }) => (told.kind === "replay" && told.about ? [[told.about, told.clip_id] as const] : []))),
  );

  constructor(private readonly id: string) {}

  get #key(): string {
    return `live:${this.id}`;
  }

  /** Load and follow; returns the way to stop. */
  open(): () => void {
    void this.#load();
    return follow(this.#key, null, (message) => void this.#hear(message as News));
  }

  async #load(): Promise<void> {
    const kept = await keep.get<Kept>(this.#key);
    if (kept && !this.event) [this.event, this.teams, this.at] = [kept.event, kept.teams, kept.at];
    if (kept) this.add(kept.entries);
    const [event] = await Promise.all([answered<EventInfo>(api.GET("/api/events/{event_id}", { params: { path: { event_id: this.id } } })), this.#loadTeams()]);
    if (event.ok) this.event = event.data;
    else if (!this.event) this.problem = event.problem;
    await this.#keep();
  }

  async #loadTeams(): Promise<void> {
    const live = await answered<components["schemas"]["Live"]>(api.GET("/api/live/{event_id}", { params: { path: { event_id: this.id } } }));
    if (live.ok) this.teams = live.data.teams as Teams | null;
  }

  async #hear({ entries = [], teams = false }: News): Promise<void> {
    this.at = new Date().toISOString();
    this.add(entries);
    if (teams) await this.#loadTeams();
    await this.#keep();
  }

  /** Entries may come twice: the number tells. */
  add(entries: readonly Entry[]): void {
    const known = new Set(this.entries.map(({ number }) => number));
    const fresh = entries.filter(({ number }) => !known.has(number));
    if (fresh.length) this.entries = [...this.entries, ...fresh].sort((one, other) => one.number - other.number);
  }

  async #keep(): Promise<void> {
    if (!this.event || !this.at) return;
    await keep.put(this.#key, { event: this.event, teams: this.teams, entries: this.entries, at: this.at } satisfies Kept);
  }
}
