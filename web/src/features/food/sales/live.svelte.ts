/** Live sales of a period, polled while the page is visible; new sales appear within two seconds. */
import { answered, type Problem } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { lengthOf, type PeriodQuery } from "../office/period";
import type { By, SalesView } from "../office/types";

const REFRESH_MS = 2000;
/** By minute the server answers for three days at most. */
const MINUTES_DAYS_MAX = 3;

export class LiveSales {
  view = $state.raw<SalesView | null>(null);
  minutes = $state.raw<SalesView | null>(null);
  problem = $state.raw<Problem | null>(null);
  #latest = 0;

  /** Follows a period, at a venue or at all, until the returned function is called. */
  watch(period: PeriodQuery, venue: string | undefined, by: Exclude<By, "minute">): () => void {
    const request = (this.#latest += 1);
    const query = venue === undefined ? period : { ...period, venue_code: venue };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const round = async (): Promise<void> => {
      if (document.visibilityState === "visible" || !this.view) await this.#ask(request, query, by);
      if (request === this.#latest) timer = setTimeout(() => void round(), REFRESH_MS);
    };
    void round();
    return () => {
      if (request === this.#latest) this.#latest += 1;
      clearTimeout(timer);
    };
  }

  async #ask(request: number, query: PeriodQuery, by: By): Promise<void> {
    const ask = (grouping: By): ReturnType<typeof answered<SalesView>> => answered<SalesView>(api.GET("/api/office/food/sales", { params: { query: { ...query, by: grouping } } }));
    const short = lengthOf(query) <= MINUTES_DAYS_MAX;
    const [view, minutes] = await Promise.all([ask(by), short ? ask("minute") : null]);
    if (request !== this.#latest) return;
    if (view.ok) this.view = view.data;
    this.problem = view.ok ? null : view.problem;
    if (minutes?.ok) this.minutes = minutes.data;
    if (!short) this.minutes = null;
  }
}
