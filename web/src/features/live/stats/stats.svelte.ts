/** Statistics of one match: from local storage, then from the stream; players' statistics on request. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { follow } from "../../../shared/api/stream";
import { keep } from "../../../shared/runtime/keep";
import type { PlayerStatistics, TeamStatistics } from "./statistics";

export class LiveStatistics {
  stats = $state.raw<TeamStatistics | null>(null);
  players = $state.raw<PlayerStatistics[]>([]);
  #asked = false;

  constructor(private readonly id: string) {}

  get #key(): string {
    return `stats:${this.id}`;
  }

  /** Subscribe, and return the function that unsubscribes. */
  open(): () => void {
    void keep.get<TeamStatistics>(this.#key).then((kept) => (this.stats ??= kept ?? null));
    return follow("stats", this.id, null, (message) => void this.#hear(message));
  }

  /** Load the players' statistics, now and after each update. */
  async ask(): Promise<void> {
    this.#asked = true;
    const params = { path: { event_id: this.id } };
    const found = await answered(api.GET("/api/live/{event_id}/stats", { params }));
    if (found.ok) this.players = found.data.players ?? [];
  }

  async #hear(stats: TeamStatistics): Promise<void> {
    this.stats = stats;
    if (this.#asked) void this.ask();
    await keep.put(this.#key, stats);
  }
}
