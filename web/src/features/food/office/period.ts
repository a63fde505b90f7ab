/** Period of statistics: an event, or business days in the deployment's time zone. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { clock } from "../../../shared/runtime/clock.svelte";
import { desk } from "../../../shared/office/desk.svelte";
import { fromWall, toWall } from "../../../shared/office/wall";

export type Span = "today" | "yesterday" | "week" | "month" | "days";
/** An event by id, or a span; `days` has from and to, as `2026-05-09`. */
export interface Period {
  event: string;
  span: Span;
  from: string;
  to: string;
}
export type PeriodQuery = { event_id: string } | { from: string; to: string };

const DAY_MS = 86_400_000;
/** Business days begin at five, as in closings. */
const BEGINS = "05:00";
const startOf = (day: string): string | null => fromWall(`${day}T${BEGINS}`, i18n.zone);

/** Add days; at noon, so that days of 23 or 25 hours count once. */
const daysAfter = (day: string, count: number): string => toWall(Date.parse(fromWall(`${day}T12:00`, i18n.zone)!) + count * DAY_MS, i18n.zone).slice(0, 10);

/** Business day, a number of days from now. */
export function dayAt(offset = 0): string {
  const now = toWall(clock.now(), i18n.zone);
  return daysAfter(now.slice(0, 10), offset - (now.slice(11) < BEGINS ? 1 : 0));
}

export function emptyPeriod(): Period {
  return { event: running()?.event.id ?? "", span: "today", from: dayAt(-6), to: dayAt() };
}

/** Current event: between its doors and its end. */
function running(): NonNullable<typeof desk.events>[number] | undefined {
  const now = clock.now();
  return desk.events?.find(({ event }) => event.state === "published" && desk.shows(event.venue_code) && Date.parse(event.doors_at) <= now && now < Date.parse(event.ends_at));
}

/** Number of events offered. */
const EVENTS = 12;

/** Events to choose from, nearest first, without drafts and cancelled ones. */
export function eventsNear<T extends { event: { state: string; starts_at: string } }>(events: readonly T[], now: number): T[] {
  const away = ({ event }: T): number => Math.abs(Date.parse(event.starts_at) - now);
  return events
    .filter(({ event }) => event.state === "published")
    .sort((a, b) => away(a) - away(b))
    .slice(0, EVENTS);
}

/** First and last day of a span. */
export function daysOf({ span, from, to }: Period): [string, string] {
  if (span === "days") return [from, to];
  if (span === "yesterday") return [dayAt(-1), dayAt(-1)];
  return [dayAt(span === "today" ? 0 : span === "week" ? -6 : -29), dayAt()];
}

/** Query of a period; null for invalid days or order. */
export function queryOf(period: Period): PeriodQuery | null {
  if (period.event) return { event_id: period.event };
  const [first, last] = daysOf(period);
  const from = startOf(first);
  if (!from || !startOf(last) || last < first) return null;
  return { from, to: startOf(daysAfter(last, 1))! };
}

/** Number of days of a query; 1 for an event. */
export function lengthOf(query: PeriodQuery): number {
  return "event_id" in query ? 1 : Math.round((Date.parse(query.to) - Date.parse(query.from)) / DAY_MS);
}
