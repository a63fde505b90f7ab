/** The fan's tickets: cached ones at once, then those of the server, cached for use without network. */
import { answered, type Problem } from "../../shared/api/answer";
import { api } from "../../shared/api/client";
import type { BoundPass, EventInfo, Ticket } from "../../shared/api/words";
import { keep } from "../../shared/runtime/keep";
import { session } from "../../shared/session.svelte";
import { event as loadEvent } from "../programme/events";
import { cacheRoutes } from "../venue/route/entrance";

interface Stored {
  owner: string;
  at: string;
  tickets: Ticket[];
}

class Tickets {
  list = $state.raw<Ticket[] | null>(null);
  /** When the list was last fetched. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  #loading: Promise<void> | null = null;
  readonly #cached = new Set<string>();

  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load(): Promise<void> {
    const me = session.me?.id;
    if (!this.list) {
      const stored = await keep.get<Stored>("tickets");
      if (stored && stored.owner === me) [this.list, this.at] = [stored.tickets, stored.at];
    }
    if (!me) return;
    const answer = await answered<Ticket[]>(api.GET("/api/me/tickets"));
    if (!answer.ok) {
      this.problem = answer.problem;
      return;
    }
    this.problem = null;
    const held = new Set(answer.data.map(({ id }) => id));
    for (const { id } of this.list ?? []) if (!held.has(id)) await forgetPass(id); // another person has it now
    this.list = answer.data;
    this.at = new Date().toISOString();
    await keep.put("tickets", { owner: me, at: this.at, tickets: answer.data } satisfies Stored);
    void this.#cacheEvents(answer.data);
  }

  /** Caches events and routes for use without network, once per visit and sequentially. */
  async #cacheEvents(tickets: Ticket[]): Promise<void> {
    const once = (name: string): boolean => !this.#cached.has(name) && Boolean(this.#cached.add(name));
    for (const { event, place, refunded } of tickets) {
      if (once(event.id)) await keepEvent(event.id);
      if (!refunded && !event.cancelled && once(`${event.id} ${event.venue_version} ${place}`)) await cacheRoutes({ place, version: event.venue_version, event: event.id });
    }
  }

  /** Applies a change to a ticket, known from an answer. */
  async change(id: string, change: Partial<Ticket>): Promise<void> {
    if (!this.list || !session.me) return;
    this.list = this.list.map((ticket) => (ticket.id === id ? { ...ticket, ...change } : ticket));
    await keep.put("tickets", { owner: session.me.id, at: this.at ?? new Date().toISOString(), tickets: this.list } satisfies Stored);
  }

  async forget(): Promise<void> {
    [this.list, this.at, this.problem] = [null, null, null];
    this.#cached.clear();
    await keep.clear();
  }
}

export const tickets = new Tickets();

async function keepEvent(id: string): Promise<void> {
  const answer = await loadEvent(id);
  if (answer.ok) await keep.put(`event:${id}`, answer.data);
}

/** An event with its rules, cached or from the server. */
export async function eventOf(id: string): Promise<EventInfo | undefined> {
  const stored = await keep.get<EventInfo>(`event:${id}`);
  if (stored) return stored;
  const answer = await loadEvent(id);
  return answer.ok ? answer.data : undefined;
}

export const boundPass = (ticketId: string): Promise<BoundPass | undefined> => keep.get<BoundPass>(`pass:${ticketId}`);
export const keepPass = (ticketId: string, bound: BoundPass): Promise<unknown> => keep.put(`pass:${ticketId}`, bound);
export const forgetPass = (ticketId: string): Promise<unknown> => keep.remove(`pass:${ticketId}`);
