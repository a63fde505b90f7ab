/** Offline decision on a card payment, within limits that bound the operator's loss. */
import type { Refused } from "../rules/pricing";
import type { Tap } from "./tap";
import type { Limits } from "./messages";

export interface Card {
  uid: string;
  counter: number;
  blocked: boolean;
}

/** Offline card payment that is not uploaded yet. */
export interface Spent {
  uid: string;
  counter: number;
  cents: number;
}

export interface OfflineContext {
  card: Card | null;
  /** Last counter of this card that this till accepted. */
  taken: number;
  /** Known counter of the card before this tap was sent to the server; null if it was not sent. */
  counterBeforeRequest: number | null;
  /** All offline card payments that are not uploaded yet. */
  spent: readonly Spent[];
  limits: Limits;
}

const refuse = (reason: string, data: object = {}): Refused => ({ type: "refused", reason, data: { ...data } });
export const sum = (spent: readonly Spent[]): number => spent.reduce((cents, tap) => cents + tap.cents, 0);

/** Return why a tap is refused offline, or null. */
export function refuseOffline(tap: Tap, cents: number, { card, taken, counterBeforeRequest, spent, limits }: OfflineContext): Refused | null {
  if (tap.uid === null) return refuse("card_unreadable_alone");
  if (card === null) return refuse("card_unknown");
  if (card.blocked) return refuse("card_blocked");
  // the server may have accepted this till's own tap, which cannot be used at another till
  const isOwn = counterBeforeRequest !== null && counterBeforeRequest < tap.counter && card.counter === tap.counter;
  if (tap.counter <= Math.max(isOwn ? counterBeforeRequest : card.counter, taken)) return refuse("tap_replayed");
  if (cents > limits.tap_cap_cents) return refuse("cap_alone", { cap_cents: limits.tap_cap_cents });
  const leftOnCard = limits.offline_card_cents - sum(spent.filter((earlier) => earlier.uid === tap.uid));
  if (cents > leftOnCard) return refuse("card_limit_alone", { left_cents: Math.max(0, leftOnCard) });
  const leftOnTill = limits.offline_till_cents - sum(spent);
  return cents > leftOnTill ? refuse("till_limit_alone", { left_cents: Math.max(0, leftOnTill) }) : null;
}
