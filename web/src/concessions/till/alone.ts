/** What a till may decide without the server: whether it takes a card, within limits that bound what the house can lose. */
import type { Refused } from "../../food/rules/pricing";
import type { Tap } from "./tap";
import type { Limits } from "./wire";

export interface Card {
  uid: string;
  counter: number;
  blocked: boolean;
}

/** What a card paid at this till alone, until the server has heard of it. */
export interface Spent {
  uid: string;
  counter: number;
  cents: number;
}

export interface Known {
  card: Card | null;
  /** The last counter of this card that this till took. */
  taken: number;
  /** The card's counter as it was known before this till asked the server about this very tap; null where it asked nobody. */
  askedAt: number | null;
  /** All that cards paid here alone and the server has not heard of. */
  spent: readonly Spent[];
  limits: Limits;
}

const no = (reason: string, data: object = {}): Refused => ({ type: "refused", reason, data: { ...data } });
export const sum = (spent: readonly Spent[]): number => spent.reduce((cents, one) => cents + one.cents, 0);

/** Why a till takes no tap of so much alone; null where it does. */
export function refuseAlone(tap: Tap, cents: number, { card, taken, askedAt, spent, limits }: Known): Refused | null {
  if (tap.uid === null) return no("card_unreadable_alone");
  if (card === null) return no("card_unknown");
  if (card.blocked) return no("card_blocked");
  // that the server took the tap which this till asked about is no news of another till's
  const isOwn = askedAt !== null && askedAt < tap.counter && card.counter === tap.counter;
  if (tap.counter <= Math.max(isOwn ? askedAt : card.counter, taken)) return no("tap_replayed");
  if (cents > limits.tap_cap_cents) return no("cap_alone", { cap_cents: limits.tap_cap_cents });
  const ofCard = limits.offline_card_cents - sum(spent.filter((one) => one.uid === tap.uid));
  if (cents > ofCard) return no("card_limit_alone", { left_cents: Math.max(0, ofCard) });
  const ofTill = limits.offline_till_cents - sum(spent);
  return cents > ofTill ? no("till_limit_alone", { left_cents: Math.max(0, ofTill) }) : null;
}
