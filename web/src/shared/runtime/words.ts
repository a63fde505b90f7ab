/** Short texts shared by many screens. */
import type { Problem } from "../api/answer";
import type { EventSummary } from "../api/words";
import { i18n } from "../i18n/i18n.svelte";
import { clock } from "./clock.svelte";

export function problemText(problem: Problem): string {
  const words = i18n.m.problems as Record<string, string>;
  const text = words[problem.code] ?? i18n.refusals[problem.code] ?? (problem.status === 503 ? words.unavailable : words.internal);
  return problem.retryAfter && problem.status === 429 ? `${text} ${i18n.m.common.wait(problem.retryAfter)}` : text!;
}

/** Minutes and seconds, as 4:05. */
export function countdown(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const day = (time: number, zone?: string): string =>
  i18n.date(new Date(time).toISOString(), { year: "numeric", month: "2-digit", day: "2-digit" }, zone);
const EVENING_MS = 4 * 3_600_000;

/** Whether something begins today, or began or begins within a few hours: an evening continues after midnight. */
export function isOnToday(iso: string, zone?: string): boolean {
  const start = Date.parse(iso);
  return day(start, zone) === day(clock.now(), zone) || Math.abs(clock.now() - start) < EVENING_MS;
}

/** "Tonight", "Today" or "Tomorrow", else empty. */
export function nearDay(iso: string, zone?: string): string | null {
  const start = Date.parse(iso);
  if (day(start, zone) === day(clock.now(), zone)) {
    const hour = Number.parseInt(i18n.date(iso, { hour: "2-digit", hourCycle: "h23" }, zone), 10);
    return hour >= 17 ? i18n.m.home.tonight : i18n.m.home.today;
  }
  return day(start, zone) === day(clock.now() + 86_400_000, zone) ? i18n.m.home.tomorrow : null;
}

export type Sale = "open" | "early" | "closed" | "cancelled";

/** State of an event's sale, by the server's clock. */
export function sale(event: EventSummary & { state?: string }): Sale {
  if (event.state === "cancelled") return "cancelled";
  const now = clock.now();
  if (now < Date.parse(event.sale_opens_at)) return "early";
  return now >= Date.parse(event.sale_closes_at) ? "closed" : "open";
}
