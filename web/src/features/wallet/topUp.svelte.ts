/** A top-up from the tap to its end: the money may come seconds after the fan is back, or not at all. */
import { answered, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { TopUpView } from "../../shared/api/words";
import type { Wallet } from "./wallet.svelte";
import { isEnd, pendingFor, type PendingTopUp, type PendingRequests } from "./requests";

const PAUSE_FIRST_MS = 700;
const PAUSE_MAX_MS = 8000;
const GROWTH = 1.4;
/** So many looks, a quarter of a minute, before the page says that it takes long. */
const PATIENCE = 6;

export class TopUp {
  /** The top-up whose end is not known. */
  open = $state.raw<PendingTopUp | null>(null);
  /** The last one's end, until the next begins. */
  ended = $state.raw<TopUpView | null>(null);
  /** The provider sent the fan back: the money is said to be on its way. */
  returned = $state(false);
  slow = $state(false);
  /** The fan looks at other amounts meanwhile. */
  aside = $state(false);
  busy = $state(false);
  refusal = $state.raw<Problem | null>(null);
  #turn = 0;

  constructor(
    private readonly wallet: Wallet,
    private readonly pending: PendingRequests,
  ) {}

  /** Take up what was left open: what the address names, as the provider sends the fan back, or what this browser keeps. */
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
    const before = this.open ?? this.pending.topUp;
    const request = pendingFor(before, cents);
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
      if (before && before.id !== request.id) this.pending.keepTopUp(before); // another amount, refused: this one is open still
      else this.#forget(request.id);
    }
  }

  /** Back by the browser's own way back: the page is as it was left, the top-up may not be. */
  comeBack(): void {
    this.busy = false;
    this.open = this.pending.topUp;
    if (this.open) void this.#follow(this.open.id);
  }

  /** Another amount, perhaps: what is open stays known, so that the same amount again is the same payment. */
  putAside(): void {
    this.aside = true;
  }

  stop(): void {
    this.#turn += 1;
  }

  async #follow(id: string): Promise<void> {
    const turn = (this.#turn += 1);
    this.slow = false;
    for (let look = 1, pause = PAUSE_FIRST_MS; turn === this.#turn; look += 1, pause = Math.min(pause * GROWTH, PAUSE_MAX_MS)) {
      const answer = await answered<TopUpView>(api.GET("/api/wallet/top-ups/{top_up_id}", { params: { path: { top_up_id: id } } }));
      if (turn !== this.#turn) return;
      if (!answer.ok && isEnd(answer.problem)) return this.#forget(id); // it never began
      if (!answer.ok && answer.problem.status === 401) return;
      if (answer.ok && answer.data.progress !== "open") return this.#end(answer.data);
      if (answer.ok) this.open = { id, payment_id: answer.data.payment_id, cents: answer.data.cents };
      this.slow = look >= PATIENCE;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #end(told: TopUpView): Promise<void> {
    await this.wallet.load();
    this.#forget(told.id);
    this.ended = told;
  }

  #forget(id: string): void {
    this.stop();
    this.pending.endTopUp(id);
    [this.open, this.returned, this.slow, this.aside] = [null, false, false, false];
    if (location.search) history.replaceState({}, "", location.pathname);
  }
}
