/** A fan's wallet: the stored copy first, then the server's, cached for offline use. */
import { answered, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { PaidOut, WalletLine, WalletView } from "../../shared/api/words";
import { connection } from "../../shared/runtime/connection.svelte";
import { keep } from "../../shared/runtime/keep";
import { withOlder } from "./lines";
import { isEnd, PendingRequests } from "./requests";

interface Kept {
  owner: string;
  at: string;
  view: WalletView;
}

/** A view kept by an earlier version of the app names the limit `purse_max_cents`. */
function current(view: WalletView): WalletView {
  const limits = view.limits as WalletView["limits"] & { purse_max_cents?: number };
  return { ...view, limits: { ...limits, wallet_max_cents: limits.wallet_max_cents ?? limits.purse_max_cents ?? 0 } };
}

export class Wallet {
  view = $state.raw<WalletView | null>(null);
  lines = $state.raw<WalletLine[]>([]);
  /** Whether older lines exist. */
  more = $state(false);
  /** Moment of the server's last answer. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Result of the last payout. */
  paidOut = $state.raw<PaidOut | null>(null);
  #loading: Promise<void> | null = null;

  constructor(private readonly owner: string) {}

  /** Whether the server cannot be reached. */
  get cut(): boolean {
    return !connection.online || this.problem?.code === "offline";
  }

  /** Load the current state; a call during a request waits for it and then sends another one. */
  async load(): Promise<void> {
    await this.#loading;
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    await this.#loading;
  }

  async older(): Promise<void> {
    const before = this.lines.at(-1)?.at;
    const answer = await answered<WalletView>(api.GET("/api/wallet", { params: { query: { before } } }));
    this.problem = answer.ok ? null : answer.problem;
    if (!answer.ok || this.lines.at(-1)?.at !== before) return;
    this.lines = [...this.lines, ...answer.data.history];
    this.more = answer.data.more;
  }

  /** Withdraw the balance to bank cards; the caller shows the problem. */
  async payOut(pending: PendingRequests): Promise<Problem | null> {
    this.paidOut = null;
    const answer = await answered<PaidOut>(api.POST("/api/wallet/payouts", { body: { id: pending.payOut() } }));
    if (answer.ok || isEnd(answer.problem)) pending.endPayOut();
    if (answer.ok) this.paidOut = answer.data;
    if (answer.ok || isEnd(answer.problem)) await this.load();
    return answer.ok ? null : answer.problem;
  }

  async #load(): Promise<void> {
    if (!this.view) {
      const kept = await keep.get<Kept>("purse");
      if (kept?.owner === this.owner) this.#show(current(kept.view), kept.at);
    }
    const answer = await answered<WalletView>(api.GET("/api/wallet"));
    if (!answer.ok) {
      this.problem = answer.problem;
      return;
    }
    this.problem = null;
    this.#show(answer.data, new Date().toISOString());
    await keep.put("purse", { owner: this.owner, at: this.at!, view: answer.data } satisfies Kept);
  }

  #show(view: WalletView, at: string): void {
    const lines = withOlder(view.history, this.lines);
    if (!lines || lines.length === view.history.length) this.more = view.more;
    [this.view, this.at, this.lines] = [view, at, lines ?? view.history];
  }
}
