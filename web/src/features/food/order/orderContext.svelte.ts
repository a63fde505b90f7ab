/** The fan's event and place: from a ticket, a chosen block, or unknown. Stored in this browser. */
import type { Problem } from "../../../shared/api/answer";
import type { EventInfo, EventSummary, Geometry, Ticket } from "../../../shared/api/words";
import { clock } from "../../../shared/runtime/clock.svelte";
import { storage } from "../../../shared/runtime/storage";
import { geometry } from "../../../shared/geometry";
import { session } from "../../../shared/session.svelte";
import { event as loadEvent, events } from "../../programme/events";
import { tickets } from "../../ticketing/tickets.svelte";
import { geometryOf } from "../../venue/route/entrance";

interface Stored {
  event: string;
  /** `ticket:<id>`, `block:<code>`, or nothing. */
  origin: string;
  stepFree: boolean;
}

const KEY = "food.here";
const HOUR_MS = 3_600_000;
const LONGEST_MS = 8 * HOUR_MS;
/** Ordering ahead opens this long before the doors. */
const AHEAD_MS = 24 * HOUR_MS;

class OrderContext {
  event = $state.raw<EventInfo | null>(null);
  /** Events open for orders, offered to fans without a ticket. */
  openEvents = $state.raw<EventSummary[]>([]);
  /** The next event, if none is open for orders. */
  next = $state.raw<EventSummary | null>(null);
  venue = $state.raw<Geometry | null>(null);
  origin = $state("");
  stepFree = $state(false);
  known = $state(false);
  problem = $state.raw<Problem | null>(null);

  /** Valid tickets for the event. */
  readonly tickets = $derived((tickets.list ?? []).filter((ticket) => ticket.event.id === this.event?.id && !ticket.refunded && !ticket.event.cancelled));
  readonly ticket = $derived<Ticket | null>(this.tickets.find((ticket) => `ticket:${ticket.id}` === this.origin) ?? null);
  /** Start of the walk: the ticket's seat, or a seat in the middle of the block. */
  readonly place = $derived.by((): number | null => {
    if (this.ticket) return this.ticket.place;
    const block = this.venue?.blocks.find(({ code }) => `block:${code}` === this.origin);
    return block ? block.first_seat + (block.seat_count >> 1) : null;
  });

  /** Time that prices and availability are computed for: doors at the earliest. */
  momentOf(now: number): number {
    return this.event ? Math.max(now, Date.parse(this.event.doors_at)) : now;
  }

  /** Determine event and place; `query` may name a ticket or an event. */
  async arrive(query: URLSearchParams): Promise<void> {
    const [board] = await Promise.all([events(), session.me ? tickets.load() : null, this.#loadVenue()]);
    this.problem = board.ok ? null : board.problem;
    if (!board.ok) return;
    const now = clock.now();
    const all = [...board.data.events].sort((a, b) => a.starts_at.localeCompare(b.starts_at));
    this.openEvents = all.filter((event) => Date.parse(event.doors_at) - AHEAD_MS <= now && now < Date.parse(event.starts_at) + LONGEST_MS);
    this.next = all.find((event) => Date.parse(event.doors_at) - AHEAD_MS > now) ?? null;
    const stored = storage.read<Stored>(KEY);
    await this.#settle(this.#candidates(query, stored), stored, query.get("ticket"));
    this.known = true;
  }

  async chooseEvent(id: string): Promise<void> {
    await this.#settle([id], null, null);
  }

  choose(change: Partial<Pick<Stored, "origin" | "stepFree">>): void {
    if (change.origin !== undefined) this.origin = change.origin;
    if (change.stepFree !== undefined) this.stepFree = change.stepFree;
    this.#keep();
  }

  /** Ids of candidate events, best first. */
  #candidates(query: URLSearchParams, stored: Stored | null): string[] {
    const named = tickets.list?.find(({ id }) => id === query.get("ticket"))?.event.id ?? query.get("event");
    const held = this.openEvents.filter(({ id }) => tickets.list?.some((ticket) => ticket.event.id === id && !ticket.refunded)).map(({ id }) => id);
    const candidates = [named, stored?.event, ...held, ...this.openEvents.map(({ id }) => id)];
    return [...new Set(candidates)].filter((id): id is string => Boolean(id));
  }

  async #settle(candidates: readonly string[], stored: Stored | null, ticket: string | null): Promise<void> {
    this.event = null;
    for (const id of candidates) {
      const answer = await loadEvent(id);
      if (answer.ok && isOpen(answer.data)) {
        this.event = answer.data;
        break;
      }
    }
    await this.#loadVenue();
    const same = stored !== null && stored.event === this.event?.id;
    const first = this.tickets[0];
    const chosen = this.tickets.find(({ id }) => id === ticket) ?? first;
    this.origin = ticket || !same ? (chosen ? `ticket:${chosen.id}` : "") : stored.origin;
    this.stepFree = same ? stored.stepFree : chosen?.tariff === "access" || chosen?.tariff === "companion";
    this.#keep();
  }

  /** The venue of the event, in its version; without an event the first venue. */
  async #loadVenue(): Promise<void> {
    if (this.venue && (!this.event || this.venue.version === this.event.venue_version)) return;
    if (!this.event) return void (this.venue = await geometryOf(undefined));
    const answer = await geometry(this.event.venue_version);
    this.venue = answer.ok ? answer.data : null;
  }

  #keep(): void {
    if (this.event) storage.write(KEY, { event: this.event.id, origin: this.origin, stepFree: this.stepFree } satisfies Stored);
  }
}

function isOpen({ state, doors_at, ends_at }: EventInfo): boolean {
  const now = clock.now();
  return state === "published" && Date.parse(doors_at) - AHEAD_MS <= now && now < Date.parse(ends_at);
}

export const orderContext = new OrderContext();
