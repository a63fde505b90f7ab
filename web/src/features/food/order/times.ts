/** Pick-up times and capacity of a basket. */
import type { BasketLine } from "../rules/pricing";
import type { Card } from "./catalogue";
import type { Slot } from "./types";

/** Walking time in whole minutes. */
export const minutesOf = (seconds: number): number => Math.round(seconds / 60);

/** Items by station for a basket; the counter prepares none. */
export function piecesOf(card: Card, lines: readonly BasketLine[]): Record<string, number> {
  const pieces: Record<string, number> = {};
  for (const line of lines)
    for (const { station } of card.products(line)) if (station !== "counter") pieces[station] = (pieces[station] ?? 0) + line.quantity;
  return pieces;
}

/** Whether a slot has capacity left: at each station, and at the counter unless delivered. */
export function fits(slot: Slot, pieces: Record<string, number>, brought: boolean): boolean {
  return (brought || slot.left.counter !== 0) && Object.entries(pieces).every(([station, count]) => (slot.left[station] ?? 0) >= count);
}

/** Fans are seated from this long before the start. */
const SEATED_MS = 30 * 60_000;

/** Earliest time of a delivery to a seat. */
export const seatedFrom = (starts_at: string): number => Date.parse(starts_at) - SEATED_MS;

/** Slots from the earliest possible time. */
export function slotsFrom<T extends { at: string }>(slots: readonly T[], earliest: number): T[] {
  return slots.filter(({ at }) => Date.parse(at) >= earliest);
}

/** The effective slot: the chosen one while it is open; the first open one if "as soon as possible" is too early. */
export function slotMeant(slots: readonly { at: string; open: boolean }[], chosen: string, tooSoon: boolean): string {
  if (slots.some(({ at, open }) => open && at === chosen)) return chosen;
  return tooSoon ? (slots.find(({ open }) => open)?.at ?? "") : "";
}
