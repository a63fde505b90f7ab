/** Live sales: changes of availability trigger a reload, at most once a second. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { follow } from "../../../shared/api/stream";
import type { OfficeEvent, Sales } from "../../../shared/office/types";

const PAUSE_MS = 1000;
const ANYWAY_MS = 20_000;
/** Reload interval after a cancellation, while refunds are running. */
const REFUNDS_MS = 2000;

export class Live {
  sales = $state.raw<Sales | null>(null);
  problem = $state.raw<Problem | null>(null);
  #asking = false;
  #again = false;

  constructor(readonly id: string) {}

  /** Follows the sale until the returned function is called. */
  watch(entry: OfficeEvent): () => void {
    const selling = entry.event.state === "published";
    const stop = selling ? follow("availability", this.id, null, () => void this.ask()) : () => undefined;
    const refunding = entry.event.state === "cancelled";
    const due = (): boolean => document.visibilityState === "visible" && !(refunding && this.sales?.sold === 0);
    const timer = setInterval(() => due() && void this.ask(), refunding ? REFUNDS_MS : ANYWAY_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }

  /** Fetches the numbers; requests during a fetch cause one more afterwards. */
  async ask(): Promise<void> {
    if (this.#asking) return void (this.#again = true);
    this.#asking = true;
    const answer = await answered<Sales>(api.GET("/api/office/events/{event_id}/sales", { params: { path: { event_id: this.id } } }));
    if (answer.ok) this.sales = answer.data;
    this.problem = answer.ok ? null : answer.problem;
    setTimeout(() => {
      this.#asking = false;
      if (this.#again) {
        this.#again = false;
        void this.ask();
      }
    }, PAUSE_MS);
  }
}
