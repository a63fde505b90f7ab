/** The time to clear the venue: computed again all the time, with the exits that the controller takes as closed. */
import { answered } from "../../../../shared/api/answer";
import { api } from "../../../../shared/api/client";
import type { components } from "../../../../shared/api/schema";
import { clock } from "../../../../shared/runtime/clock.svelte";
import { connection } from "../../../../shared/runtime/connection.svelte";

type Schemas = components["schemas"];
export type ClearingForecast = Schemas["ClearingForecast"];
export type ClearTime = Schemas["ClearTime"];

/** Time from an answer to the next request. */
const PAUSE_MS = 1_000;
/** An answer to a request that is older is late. */
const LATE_MS = 6_000;

export class Clearing {
  readonly event: string;
  shown = $state.raw<ClearingForecast | null>(null);
  /** Codes of exits that are taken as closed. */
  closed = $state.raw<readonly string[]>([]);
  #askedAt = $state<number | null>(null);
  #resume = (): void => undefined;

  constructor(event: string) {
    this.event = event;
  }

  readonly late = $derived(this.#askedAt !== null && (!connection.online || clock.tick - this.#askedAt > LATE_MS));
  /** What is shown is for other exits than those that are chosen. */
  readonly behind = $derived(this.shown !== null && this.shown.exits.some(({ code, closed }) => closed !== this.closed.includes(code)));

  /** Ask again and again, one request at a time; returns the end of it. */
  follow(): () => void {
    const unwatch = clock.watch();
    let ended = false;
    const ask = async (): Promise<void> => {
      while (!ended) {
        const isAnswered = connection.online && !document.hidden && (await this.#load());
        if (isAnswered && this.behind) continue;
        await new Promise<void>((resume) => ((this.#resume = resume), setTimeout(resume, PAUSE_MS)));
      }
    };
    void ask();
    return () => {
      ended = true;
      unwatch();
    };
  }

  /** Take an exit as closed or as open. */
  toggle(code: string): void {
    this.closed = this.closed.includes(code) ? this.closed.filter((one) => one !== code) : [...this.closed, code];
    this.#resume();
  }

  async #load(): Promise<boolean> {
    const askedAt = clock.now();
    const answer = await answered<ClearingForecast>(
      api.GET("/api/control/events/{event_id}/clearing", { params: { path: { event_id: this.event }, query: { closed: this.closed.join(",") } } }),
    );
    if (!answer.ok) return false;
    this.shown = answer.data;
    this.#askedAt = askedAt;
    return true;
  }
}
