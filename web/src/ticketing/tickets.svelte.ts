/** The fan's tickets: from this phone at once, from the server when it answers, kept for the next time without it. */
import { answered, type Problem } from "../api/answer";
import { api } from "../api/client";
import type { Bound, EventInfo, Ticket } from "../api/words";
import { keep } from "../kernel/keep";
import { session } from "../people/session.svelte";
import { event as loadEvent } from "../programme/events";
import { keepWays } from "../venue/way/entrance";

interface Kept {
  owner: string;
  at: string;
  tickets: Ticket[];
}

class Tickets {
  list = $state.raw<Ticket[] | null>(null);
  /** When the list was last told by the server. */
  at = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  #loading: Promise<void> | null = null;
  readonly #kept = new Set<string>();

  load(): Promise<void> {
    this.#loading ??= this.#load().finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #load(): Promise<void> {
    const me = session.me?.id;
    if (!this.list) {
      const kept = await keep.get<Kept>("tickets");
      if (kept && kept.owner === me) [this.list, this.at] = [kept.tickets, kept.at];
    }
    if (!me) return;
    const answer = await answered<Ticket[]>(api.GET("/api/me/tickets"));
    if (!answer.ok) {
      this.problem = answer.problem;
      return;
    }
    this.problem = null;
    this.list = answer.data;
    this.at = new Date().toISOString();
    await keep.put("tickets", { owner: me, at: this.at, tickets: answer.data } satisfies Kept);
    void this.#keepWhatBelongs(answer.data);
  }

  /** Events and the ways to one's places, once a visit and one after the other: they are for later. */
  async #keepWhatBelongs(told: Ticket[]): Promise<void> {
    const once = (name: string): boolean => !this.#kept.has(name) && Boolean(this.#kept.add(name));
    for (const { event, place, refunded } of told) {
      if (once(event.id)) await keepEvent(event.id);
      if (!refunded && !event.cancelled && once(`${place}`)) await keepWays(place);
    }
  }

  /** One ticket changed, as we know from an answer. */
  async change(id: string, change: Partial<Ticket>): Promise<void> {
    if (!this.list || !session.me) return;
    this.list = this.list.map((ticket) => (ticket.id === id ? { ...ticket, ...change } : ticket));
    await keep.put("tickets", { owner: session.me.id, at: this.at ?? new Date().toISOString(), tickets: this.list } satisfies Kept);
  }

  async forget(): Promise<void> {
    [this.list, this.at, this.problem] = [null, null, null];
    this.#kept.clear();
    await keep.clear();
  }
}

export const tickets = new Tickets();

async function keepEvent(id: string): Promise<void> {
  const answer = await loadEvent(id);
  if (answer.ok) await keep.put(`event:${id}`, answer.data);
}

/** An event's house rules: from the server, or as this phone knows them. */
export async function eventOf(id: string): Promise<EventInfo | undefined> {
  const kept = await keep.get<EventInfo>(`event:${id}`);
  if (kept) return kept;
  const answer = await loadEvent(id);
  return answer.ok ? answer.data : undefined;
}

export const boundPass = (ticketId: string): Promise<Bound | undefined> => keep.get<Bound>(`pass:${ticketId}`);
export const keepPass = (ticketId: string, bound: Bound): Promise<unknown> => keep.put(`pass:${ticketId}`, bound);
export const forgetPass = (ticketId: string): Promise<unknown> => keep.remove(`pass:${ticketId}`);
