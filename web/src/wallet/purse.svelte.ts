/** A fan's purse: from this phone at once, from the server when it answers, kept for the next time without it. */
import { answered, type Problem } from "../api/answer";
import { api } from "../api/client";
import type { PaidOut, PurseLine, PurseView } from "../api/words";
import { connection } from "../kernel/connection.svelte";
import { keep } from "../kernel/keep";
import { withOlder } from "./lines";
import { isEnd, Wishes } from "./wishes";

interface Kept {
  owner: string;
  at: string;
  view: PurseView;
}

export class Purse {
  view = $state.raw<PurseView | null>(null);
  lines = $state.raw<PurseLine[]>([]);
  /** Whether there are older lines than those. */
  more = $state(false);
  /** When the purse was last told by the server. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** What the last payout did, until the next act. */
  paidOut = $state.raw<PaidOut | null>(null);
  #loading: Promise<void> | null = null;

  constructor(private readonly owner: string) {}

  /** Nothing is asked of a server that does not answer. */
  get cut(): boolean {
    return !connection.online || this.problem?.code === "offline";
  }

  /** As the server has it now; who asks while an answer is on its way waits for a newer one. */
  async load(): Promise<void> {
    await this.#loading;
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    await this.#loading;
  }

  async older(): Promise<void> {
    const before = this.lines.at(-1)?.at;
    const answer = await answered<PurseView>(api.GET("/api/wallet", { params: { query: { before } } }));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok || this.lines.at(-1)?.at !== before) return;
    this.lines = [...this.lines, ...answer.data.history];
    this.more = answer.data.more;
  }

  /** Send back what is left; a problem is the caller's to say. */
  async payOut(wishes: Wishes): Promise<Problem | null> {
    this.paidOut = null;
    const answer = await answered<PaidOut>(api.POST("/api/wallet/payouts", { body: { id: wishes.payOut() } }));
    if (answer.ok || isEnd(answer.problem)) wishes.endPayOut();
    if (answer.ok) this.paidOut = answer.data;
    if (answer.ok || isEnd(answer.problem)) await this.load();
    return answer.ok ? null : answer.problem;
  }

  async #load(): Promise<void> {
    if (!this.view) {
      const kept = await keep.get<Kept>("purse");
      if (kept?.owner === this.owner) this.#show(kept.view, kept.at);
    }
    const answer = await answered<PurseView>(api.GET("/api/wallet"));
    if (!answer.ok) {
      this.problem = answer.problem;
      return;
    }
    this.problem = null;
    this.#show(answer.data, new Date().toISOString());
    await keep.put("purse", { owner: this.owner, at: this.at!, view: answer.data } satisfies Kept);
  }

  #show(view: PurseView, at: string): void {
    const lines = withOlder(view.history, this.lines);
    if (!lines || lines.length === view.history.length) this.more = view.more;
    [this.view, this.at, this.lines] = [view, at, lines ?? view.history];
  }
}
