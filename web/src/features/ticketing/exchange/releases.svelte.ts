/** Tickets that the fan may give back without money, and those that were given back. */
import { answered, type Answer } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { Releases } from "../../../shared/api/words";
import { session } from "../../../shared/session.svelte";

class GivenBack {
  #known = $state.raw<Releases>({ possible: [], released: [] });

  async load(): Promise<void> {
    if (!session.me) return;
    const answer = await answered<Releases>(api.GET("/api/exchange/releases"));
    if (answer.ok) this.#known = answer.data;
  }

  may(ticketId: string): boolean {
    return this.#known.possible.includes(ticketId);
  }

  has(ticketId: string): boolean {
    return this.#known.released.includes(ticketId);
  }

  /** Give tickets of one order back. The same id again is the same release. */
  async release(id: string, ticketIds: string[]): Promise<Answer<unknown>> {
    const answer = await answered(api.POST("/api/exchange/releases", { body: { id, ticket_ids: ticketIds } }));
    if (answer.ok) await this.load();
    return answer;
  }
}

export const givenBack = new GivenBack();
