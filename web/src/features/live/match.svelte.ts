/**
 * One match: from local storage at once, then from the stream, each entry exactly once.
 * Entries are numbered without gaps. Entries that the stream skips after a long absence are read from
 * cacheable pages. Nothing is shown beyond a gap, because the score would be wrong.
 */
import { answered, type Answer, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { components } from "../../shared/api/schema";
import { follow, followAt, type Messages } from "../../shared/api/stream";
import type { EventInfo } from "../../shared/api/words";
import { keep } from "../../shared/runtime/keep";
import { monitor } from "./edge";
import { effective, entryOf, periods, stateOf, type FeedEntry, type Teams } from "./feed";

type MatchFeed = components["schemas"]["MatchFeed"];
const PAGE_ENTRIES = 32;
const RETRY_MS = 2000;
const LATE_MS = 4000;
interface Stored {
  event: EventInfo;
  teams: Teams | null;
  entries: FeedEntry[];
  at: string;
}

export class Match {
  event = $state.raw<EventInfo | null>(null);
  teams = $state.raw<Teams | null>(null);
  /** Entries before the first missing one. */
  entries = $state.raw<FeedEntry[]>([]);
  /** All entries up to the last known number are loaded. */
  complete = $state(false);
  /** The feed is loaded or will not arrive soon: the page is shown as a whole, without layout shift. */
  known = $state(false);
  /** Time of the last message. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  readonly happened = $derived(effective(this.entries));
  readonly state = $derived(stateOf(this.happened));
  readonly periods = $derived(periods(this.happened));
  /** Replay clips by number of the entry that they show. */
  readonly clips = $derived(
    new Map(this.happened.flatMap(({ content }) => (content.kind === "replay" && content.about ? [[content.about, content.clip_id] as const] : []))),
  );

  readonly #received = new Map<number, FeedEntry>();
  #head = 0;
  #answered = false;
  #reading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly id: string) {}

  get #key(): string {
    return `live:${this.id}`;
  }

  /** Load and subscribe, and return the function that unsubscribes. */
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

  /** Subscribe to the app's stream, or to the edge named in the response. */
  async #follow(request: Promise<Answer<MatchFeed>>): Promise<() => void> {
    const live = await request;
    const edge = live.ok ? monitor(live.response.headers.get("link")) : null;
    const hear = (message: Messages["live"]): void => void this.#hear(message);
    return edge ? followAt(edge, "live", [this.id], hear) : follow("live", this.id, null, hear);
  }

  async #load(live: Promise<Answer<MatchFeed>>): Promise<void> {
    const stored = await keep.get<Stored>(this.#key);
    if (stored) {
      this.event ??= stored.event;
      this.at ??= stored.at;
      if (!this.#answered) this.teams = stored.teams; // local storage may be slower than the server
    }
    if (stored) this.add(stored.entries);
    this.known ||= stored !== undefined;
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

  async #hear({ entries = [], teams = false, head = 0 }: Messages["live"]): Promise<void> {
    this.at = new Date().toISOString();
    this.#head = Math.max(this.#head, head);
    this.add(entries);
    await this.#readMissing();
    this.known = true;
    if (teams) await this.#loadTeams();
    await this.#keep();
  }

  /** Add entries; they may arrive repeatedly and out of order. */
  add(entries: readonly FeedEntry[]): void {
    for (const entry of entries) this.#received.set(entry.number, this.#received.get(entry.number) ?? entryOf(entry));
    const complete = [...this.entries];
    for (let next = this.#received.get(complete.length + 1); next; next = this.#received.get(complete.length + 1)) complete.push(next);
    if (complete.length > this.entries.length) this.entries = complete;
    this.complete = complete.length === this.#received.size && complete.length >= this.#head;
  }

  /** Load missing pages; failed requests are retried until all entries are loaded. */
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
    if (!this.complete) this.#timer = setTimeout(() => void this.#readMissing().then(() => this.#keep()), RETRY_MS);
  }

  async #keep(): Promise<void> {
    if (!this.event || !this.at) return;
    await keep.put(this.#key, { event: this.event, teams: this.teams, entries: this.entries, at: this.at } satisfies Stored);
  }
}
