/**
 * One match as it is told: from this phone at once, then by the one stream, entry by entry, none twice and none left out.
 * Entries are numbered without a gap. What the stream leaves out, for a phone was away for long or comes late, is read from
 * pages, of which full ones come from any cache; nothing is shown beyond a gap, for a score without a goal is none.
 */
import { answered, type Answer, type Problem } from "../api/answer";
import { api } from "../api/client";
import type { components } from "../api/schema";
import { follow, followAt } from "../api/stream";
import type { EventInfo } from "../api/words";
import { keep } from "../kernel/keep";
import { monitor } from "./edge";
import { effective, periods, stateOf, type FeedEntry, type Teams } from "./feed";

type MatchFeed = components["schemas"]["MatchFeed"];
type News = { entries?: FeedEntry[]; teams?: boolean; head?: number };
const PAGE_ENTRIES = 32;
const AGAIN_MS = 2000;
const LATE_MS = 4000;
interface Kept {
  event: EventInfo;
  teams: Teams | null;
  entries: FeedEntry[];
  at: string;
}

export class Match {
  event = $state.raw<EventInfo | null>(null);
  teams = $state.raw<Teams | null>(null);
  /** All entries up to the first that is missing. */
  entries = $state.raw<FeedEntry[]>([]);
  /** Everything up to the last entry that is known to be there is here. */
  complete = $state(false);
  /** What stands in the feed is here, or will not come soon: the page is shown as a whole, and nothing in it jumps. */
  known = $state(false);
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

  readonly #heard = new Map<number, FeedEntry>();
  #head = 0;
  #answered = false;
  #reading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly id: string) {}

  get #key(): string {
    return `live:${this.id}`;
  }

  /** Load and follow; returns the way to stop. */
  open(): () => void {
    const live = this.#loadTeams();
    this.#late = setTimeout(() => (this.known = true), LATE_MS);
    void this.#load(live);
    const following = this.#follow(live);
    return () => {
      clearTimeout(this.#timer);
      clearTimeout(this.#late);
      void following.then((leave) => leave());
    };
  }

  /** By the one stream, or where an edge in front says that it tells the feed. */
  async #follow(asked: Promise<Answer<MatchFeed>>): Promise<() => void> {
    const live = await asked;
    const edge = live.ok ? monitor(live.response.headers.get("link")) : null;
    const hear = (message: unknown): void => void this.#hear(message as News);
    return edge ? followAt(edge, this.#key, hear) : follow(this.#key, null, hear);
  }

  async #load(live: Promise<Answer<MatchFeed>>): Promise<void> {
    const kept = await keep.get<Kept>(this.#key);
    if (kept) {
      this.event ??= kept.event;
      this.at ??= kept.at;
      if (!this.#answered) this.teams = kept.teams; // this phone may read slower than the server answers
    }
    if (kept) this.add(kept.entries);
    this.known ||= kept !== undefined;
    const [event] = await Promise.all([answered<EventInfo>(api.GET("/api/events/{event_id}", { params: { path: { event_id: this.id } } })), live]);
    if (event.ok) this.event = event.data;
    else if (!this.event) this.problem = event.problem;
    await this.#keep();
  }

  async #loadTeams(): Promise<Answer<MatchFeed>> {
    const live = await answered<MatchFeed>(api.GET("/api/live/{event_id}", { params: { path: { event_id: this.id } } }));
    if (live.ok) [this.teams, this.#answered] = [live.data.teams as Teams | null, true];
    this.known ||= live.ok && live.data.head === 0;
    return live;
  }

  async #hear({ entries = [], teams = false, head = 0 }: News): Promise<void> {
    this.at = new Date().toISOString();
    this.#head = Math.max(this.#head, head);
    this.add(entries);
    await this.#readMissing();
    this.known = true;
    if (teams) await this.#loadTeams();
    await this.#keep();
  }

  /** Entries may come twice, and not in their order: the number tells. */
  add(entries: readonly FeedEntry[]): void {
    for (const entry of entries) this.#heard.set(entry.number, this.#heard.get(entry.number) ?? entry);
    const whole = [...this.entries];
    for (let next = this.#heard.get(whole.length + 1); next; next = this.#heard.get(whole.length + 1)) whole.push(next);
    if (whole.length > this.entries.length) this.entries = whole;
    this.complete = whole.length === this.#heard.size && whole.length >= this.#head;
  }

  /** Page by page what is missing; what cannot be read now is asked for again, until it is there. */
  async #readMissing(): Promise<void> {
    if (this.#reading || this.complete) return;
    this.#reading = true;
    clearTimeout(this.#timer);
    for (let had = -1; !this.complete && this.entries.length > had; ) {
      had = this.entries.length;
      const path = { event_id: this.id, page: Math.floor(had / PAGE_ENTRIES) + 1 };
      const page = await answered<{ entries: FeedEntry[] }>(api.GET("/api/live/{event_id}/pages/{page}", { params: { path } }));
      if (page.ok) this.add(page.data.entries);
    }
    this.#reading = false;
    if (!this.complete) this.#timer = setTimeout(() => void this.#readMissing().then(() => this.#keep()), AGAIN_MS);
  }

  async #keep(): Promise<void> {
    if (!this.event || !this.at) return;
    await keep.put(this.#key, { event: this.event, teams: this.teams, entries: this.entries, at: this.at } satisfies Kept);
  }
}
