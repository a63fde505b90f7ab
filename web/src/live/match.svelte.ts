/** One match as it is told: from this phone at once, then by the one stream, entry by entry, none twice and none left out. */
import { answered, type Answer, type Problem } from "../api/answer";
import { api } from "../api/client";
import type { components } from "../api/schema";
import { follow, followAt } from "../api/stream";
import type { EventInfo } from "../api/words";
import { keep } from "../kernel/keep";
import { missingPages, monitor } from "./edge";
import { effective, periods, score, type Entry, type Teams } from "./feed";

type Live = components["schemas"]["Live"];
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
  readonly score = $derived(score(this.happened));
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
    const live = this.#loadTeams();
    void this.#load(live);
    const following = this.#follow(live);
    return () => void following.then((stop) => stop());
  }

  /** By the one stream, or where an edge in front says that it tells the feed. */
  async #follow(asked: Promise<Answer<Live>>): Promise<() => void> {
    const live = await asked;
    const edge = live.ok ? monitor(live.response.headers.get("link")) : null;
    const hear = (message: unknown): void => void this.#hear(message as News);
    return edge ? followAt(edge, this.#key, hear) : follow(this.#key, null, hear);
  }

  async #load(live: Promise<Answer<Live>>): Promise<void> {
    const kept = await keep.get<Kept>(this.#key);
    if (kept && !this.event) [this.event, this.teams, this.at] = [kept.event, kept.teams, kept.at];
    if (kept) this.add(kept.entries);
    const [event] = await Promise.all([answered<EventInfo>(api.GET("/api/events/{event_id}", { params: { path: { event_id: this.id } } })), live]);
    if (event.ok) this.event = event.data;
    else if (!this.event) this.problem = event.problem;
    await this.#keep();
  }

  async #loadTeams(): Promise<Answer<Live>> {
    const live = await answered<Live>(api.GET("/api/live/{event_id}", { params: { path: { event_id: this.id } } }));
    if (live.ok) this.teams = live.data.teams as Teams | null;
    return live;
  }

  async #hear({ entries = [], teams = false }: News): Promise<void> {
    this.at = new Date().toISOString();
    this.add(entries);
    if (teams) await this.#loadTeams();
    await this.#fill();
    await this.#keep();
  }

  /** Ask for what was missed; a page that grows may be a second old, so the next message asks again. */
  async #fill(): Promise<void> {
    for (const page of missingPages(this.entries.map(({ number }) => number))) {
      const found = await answered<{ entries: Entry[] }>(api.GET("/api/live/{event_id}/pages/{page}", { params: { path: { event_id: this.id, page } } }));
      if (found.ok) this.add(found.data.entries);
    }
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
