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
