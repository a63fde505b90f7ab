/** Times and queues, as a fan reads them. */
import type { BasketLine } from "../rules/pricing";
import type { Card } from "./catalogue";
import type { Slot } from "./types";

/** Whole minutes of a walk. */
export const minutesOf = (seconds: number): number => Math.round(seconds / 60);

/** Pieces that each station has to make for a basket; the counter only hands over. */
export function piecesOf(card: Card, lines: readonly BasketLine[]): Record<string, number> {
  const pieces: Record<string, number> = {};
  for (const line of lines)
    for (const { station } of card.products(line)) if (station !== "counter") pieces[station] = (pieces[station] ?? 0) + line.quantity;
  return pieces;
}

/** Whether a kitchen can still make a basket until a slot, and its counter hand it over then, unless a runner brings it. */
export function fits(slot: Slot, pieces: Record<string, number>, brought: boolean): boolean {
  return (brought || slot.left.counter !== 0) && Object.entries(pieces).every(([station, count]) => (slot.left[station] ?? 0) >= count);
}

/** So long before the start people are at their seats. */
const SEATED_MS = 30 * 60_000;

/** From when on something can be brought to a seat: before, nobody sits there. */
export const seatedFrom = (starts_at: string): number => Date.parse(starts_at) - SEATED_MS;

/** The slots that a fan may choose; what is brought to a seat waits until somebody sits there. */
export function slotsFrom<T extends { at: string }>(slots: readonly T[], earliest: number): T[] {
  return slots.filter(({ at }) => Date.parse(at) >= earliest);
}

/** The slot that is meant: the one that was chosen while it is open, else the first one where as soon as possible is too soon. */
export function slotMeant(slots: readonly { at: string; open: boolean }[], chosen: string, tooSoon: boolean): string {
  if (slots.some(({ at, open }) => open && at === chosen)) return chosen;
  return tooSoon ? (slots.find(({ open }) => open)?.at ?? "") : "";
}
