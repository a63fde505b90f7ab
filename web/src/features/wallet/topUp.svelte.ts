/** A top-up from its start to its result: the money may arrive seconds after the fan is back, or never. */
import { answered, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { TopUpView } from "../../shared/api/words";
import type { Wallet } from "./wallet.svelte";
import { isEnd, pendingFor, type PendingTopUp, type PendingRequests } from "./requests";

const PAUSE_FIRST_MS = 700;
const PAUSE_MAX_MS = 8000;
const GROWTH = 1.4;
/** Polls, a quarter of a minute, before the page says that it takes long. */
const SLOW_AFTER_POLLS = 6;

export class TopUp {
  /** The top-up without a result yet. */
  open = $state.raw<PendingTopUp | null>(null);
  /** Result of the last top-up, until the next begins. */
  ended = $state.raw<TopUpView | null>(null);
  /** The provider sent the fan back: the confirmation is on the way. */
  returned = $state(false);
  slow = $state(false);
  /** The fan views other amounts meanwhile. */
  aside = $state(false);
  busy = $state(false);
  refusal = $state.raw<Problem | null>(null);
  #turn = 0;

  constructor(
    private readonly wallet: Wallet,
    private readonly pending: PendingRequests,
  ) {}

  /** Resume a pending top-up: the one in the address after the provider's page, or the stored one. */
  resume(query: URLSearchParams): void {
    const named = query.get("top_up");
    const kept = this.pending.topUp;
    this.returned = named !== null && query.has("payment");
    if (kept && (!named || named === kept.id)) this.open = kept;
    const id = named ?? kept?.id;
    if (id) void this.#follow(id);
  }

  async begin(cents: number): Promise<void> {
    if (this.busy) return;
    const previous = this.open ?? this.pending.topUp;
    const request = pendingFor(previous, cents);
    this.pending.keepTopUp(request);
    [this.busy, this.refusal, this.ended, this.wallet.paidOut] = [true, null, null, null];
    const answer = await answered<{ payment_url: string | null }>(api.POST("/api/wallet/top-ups", { body: request }));
    if (answer.ok && answer.data.payment_url) {
      location.assign(answer.data.payment_url);
      return;
    }
    this.busy = false;
    if (answer.ok) await this.#follow(request.id);
    else {
      this.refusal = answer.problem;
      if (!isEnd(answer.problem)) return;
      if (previous && previous.id !== request.id) this.pending.keepTopUp(previous); // another amount was refused: this one is still pending
      else this.#forget(request.id);
    }
  }

  /** Restored by the browser's back button: the page is unchanged, the top-up may not be. */
  comeBack(): void {
    this.busy = false;
    this.open = this.pending.topUp;
    if (this.open) void this.#follow(this.open.id);
  }

  /** The pending top-up stays known, so that the same amount is the same payment. */
  putAside(): void {
    this.aside = true;
  }

  stop(): void {
    this.#turn += 1;
  }

  async #follow(id: string): Promise<void> {
    const turn = (this.#turn += 1);
    this.slow = false;
    for (let attempt = 1, pause = PAUSE_FIRST_MS; turn === this.#turn; attempt += 1, pause = Math.min(pause * GROWTH, PAUSE_MAX_MS)) {
      const answer = await answered<TopUpView>(api.GET("/api/wallet/top-ups/{top_up_id}", { params: { path: { top_up_id: id } } }));
      if (turn !== this.#turn) return;
      if (!answer.ok && isEnd(answer.problem)) return this.#forget(id); // it was never started
      if (!answer.ok && answer.problem.status === 401) return;
      if (answer.ok && answer.data.progress !== "open") return this.#end(answer.data);
      if (answer.ok) this.open = { id, payment_id: answer.data.payment_id, cents: answer.data.cents };
      this.slow = attempt >= SLOW_AFTER_POLLS;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #end(topUp: TopUpView): Promise<void> {
    await this.wallet.load();
    this.#forget(topUp.id);
    this.ended = topUp;
  }

  #forget(id: string): void {
    this.stop();
    this.pending.endTopUp(id);
    [this.open, this.returned, this.slow, this.aside] = [null, false, false, false];
    if (location.search) history.replaceState({}, "", location.pathname);
  }
}
