/** What the fan has listed on the exchange, and the tickets that may be listed: cached at once, then from the server. */
import { answered, type Answer } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import type { ListableTicket, ListedTicket, Listing } from "../../../shared/api/words";
import { keep } from "../../../shared/runtime/keep";
import { session } from "../../../shared/session.svelte";

interface Stored {
  owner: string;
  listings: Listing[];
  listable: ListableTicket[];
}

class Listings {
  /** The latest first. */
  list = $state.raw<Listing[]>([]);
  listable = $state.raw<ListableTicket[]>([]);
  #owner: string | undefined;
  /** Counts requests: an answer that a later request overtook is not shown. */
  #turn = 0;

  async load(): Promise<void> {
    const me = session.me?.id;
    if (this.#owner !== me) [this.#owner, this.list, this.listable] = [me, [], []];
    if (!me) return;
    const turn = (this.#turn += 1);
    if (!this.list.length && !this.listable.length) {
      const stored = await keep.get<Stored>("listings");
      if (stored?.owner === me && turn === this.#turn) [this.list, this.listable] = [stored.listings, stored.listable];
    }
    const [listings, listable] = await Promise.all([
      answered<Listing[]>(api.GET("/api/exchange/listings")),
      answered<ListableTicket[]>(api.GET("/api/exchange/tickets")),
    ]);
    if (turn !== this.#turn || !listings.ok || !listable.ok) return;
    [this.list, this.listable] = [listings.data, listable.data];
    await keep.put("listings", { owner: me, listings: this.list, listable: this.listable } satisfies Stored);
  }

  /** The open listing of a ticket: for sale, or waiting for the box office. */
  openOf(ticketId: string): Listing | undefined {
    return this.list.find((listing) => isOpen(listing) && has(listing, ticketId));
  }

  /** The listing by which a ticket was sold. */
  soldOf(ticketId: string): Listing | undefined {
    return this.list.find((listing) => listing.state === "sold" && has(listing, ticketId));
  }

  /** List tickets of one order, whose money goes to the wallet on wish. The same id again is the same listing. */
  offer(id: string, tickets: ListedTicket[], to_wallet: boolean): Promise<Answer<Listing>> {
    return this.#act(api.POST("/api/exchange/listings", { body: { id, tickets, to_wallet } }));
  }

  withdraw(id: string): Promise<Answer<Listing>> {
    return this.#act(api.POST("/api/exchange/listings/{listing_id}/withdraw", { params: { path: { listing_id: id } } }));
  }

  async #act(call: Promise<{ data?: Listing; error?: unknown; response: Response }>): Promise<Answer<Listing>> {
    const answer = await answered<Listing>(call);
    if (answer.ok) {
      this.list = [answer.data, ...this.list.filter(({ id }) => id !== answer.data.id)];
      void this.load();
    }
    return answer;
  }
}

const has = ({ places }: Listing, ticketId: string): boolean => places.some(({ ticket_id }) => ticket_id === ticketId);

/** Whether a listing can still be withdrawn. */
export const isOpen = ({ state }: Listing): boolean => state === "listed" || state === "review";

export const listings = new Listings();
