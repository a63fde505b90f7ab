/** Business days, and validity of terms. */
import { byCode } from "../../../shared/codes";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { dayAt } from "../office/period";
import type { Terms } from "../office/types";

/** `2026-05-09` as a localised date; at noon, so that no time zone changes the day. */
export function dayText(day: string): string {
  return i18n.date(`${day}T12:00:00Z`, { day: "numeric", month: "short", year: "numeric" });
}

export type State = "now" | "coming" | "over";

export function stateOf({ starts_on, ends_on }: Terms): State {
  const today = dayAt();
  if (starts_on > today) return "coming";
  return ends_on && ends_on < today ? "over" : "now";
}

const RANK: Record<State, number> = { now: 0, coming: 1, over: 2 };

/** Sort terms: current, upcoming, ended; each by outlet. */
export function standing(a: Terms, b: Terms): number {
  return RANK[stateOf(a)] - RANK[stateOf(b)] || byCode(a.outlet, b.outlet) || a.starts_on.localeCompare(b.starts_on);
}

/** First and last day of the previous month. */
export function lastMonth(): [string, string] {
  const [year = 0, month = 0] = dayAt().split("-").map(Number);
  const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);
  return [iso(Date.UTC(year, month - 2, 1)), iso(Date.UTC(year, month - 1, 0))];
}

export const isDay = (text: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(text);
