/** Which time figures are asked for: an event's, or days of the ground's own calendar. */
import { clock } from "../../kernel/clock.svelte";
import { desk } from "../desk.svelte";
import { fromWall, toWall } from "../wall";

export type Span = "today" | "yesterday" | "week" | "month" | "days";
/** An event by its id, or a span; of `days` from and to are said, both as `2026-05-09`. */
export interface Period {
  event: string;
  span: Span;
  from: string;
  to: string;
}
export type PeriodQuery = { event_id: string } | { from: string; to: string };

const DAY_MS = 86_400_000;
/** Days are those of business, as closings have them: each begins at five, after the longest evening. */
const BEGINS = "05:00";
const startOf = (day: string): string | null => fromWall(`${day}T${BEGINS}`);

/** So many days after a day; from noon on, so that a day with 23 or 25 hours stays a day. */
const daysAfter = (day: string, count: number): string => toWall(Date.parse(fromWall(`${day}T12:00`)!) + count * DAY_MS).slice(0, 10);

/** The day of business, so many days from now. */
export function dayAt(offset = 0): string {
  const now = toWall(clock.now());
  return daysAfter(now.slice(0, 10), offset - (now.slice(11) < BEGINS ? 1 : 0));
}

export function emptyPeriod(): Period {
  return { event: running()?.event.id ?? "", span: "today", from: dayAt(-6), to: dayAt() };
}

/** The event that is on: between its doors and its end. */
function running(): NonNullable<typeof desk.events>[number] | undefined {
  const now = clock.now();
  return desk.events?.find(({ event }) => event.state === "published" && Date.parse(event.doors_at) <= now && now < Date.parse(event.ends_at));
}

/** So many events are offered. */
const EVENTS = 12;

/** Events to choose from, the nearest to now first: nothing was sold at a draft, and nothing counts of a cancelled one. */
export function eventsNear<T extends { event: { state: string; starts_at: string } }>(events: readonly T[], now: number): T[] {
  const away = ({ event }: T): number => Math.abs(Date.parse(event.starts_at) - now);
  return events
    .filter(({ event }) => event.state === "published")
    .sort((one, other) => away(one) - away(other))
    .slice(0, EVENTS);
}

/** First and last day of a span. */
export function daysOf({ span, from, to }: Period): [string, string] {
  if (span === "days") return [from, to];
  if (span === "yesterday") return [dayAt(-1), dayAt(-1)];
  return [dayAt(span === "today" ? 0 : span === "week" ? -6 : -29), dayAt()];
}

/** What is asked for; null for days that are none, or the wrong way round. */
export function queryOf(period: Period): PeriodQuery | null {
  if (period.event) return { event_id: period.event };
  const [first, last] = daysOf(period);
  const from = startOf(first);
  if (!from || !startOf(last) || last < first) return null;
  return { from, to: startOf(daysAfter(last, 1))! };
}

/** How many days a query reaches over; of an event one. */
export function lengthOf(query: PeriodQuery): number {
  return "event_id" in query ? 1 : Math.round((Date.parse(query.to) - Date.parse(query.from)) / DAY_MS);
}
