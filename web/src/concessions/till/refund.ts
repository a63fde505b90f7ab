/** What is given back of a sale, and where it goes: to the cards that paid first, then by hand, each at most what it paid. */
import { isTraining, totalsOf, type Line, type Record, type Tender } from "../fiscal/record";
import type { Draft } from "./writing";

/** What of a sale is left: in all, of each line, of each tender. */
export interface Left {
  cents: number;
  lines: number[];
  tenders: number[];
}

/** The refund of so many of each line; null where nothing, or more than is left, would go back. The tip goes with the whole. */
export function refundOf(sale: Record, back: readonly number[], left: Left, reason: string): Draft | null {
  const lines: Line[] = sale.lines.flatMap((line, at) => (back[at]! > 0 ? [{ ...line, quantity: -back[at]! }] : []));
  const goods = totalsOf(lines).reduce((sum, total) => sum - total.gross_cents, 0);
  const isWhole = sale.lines.every(({ quantity }, at) => back[at] === Math.max(0, quantity));
  const tip = isWhole && sale.tip_cents > 0 ? sale.tip_cents : 0;
  const tenders = given(sale.tenders, left.tenders, goods + tip);
  if (lines.length === 0 || goods > left.cents || tenders === null) return null;
  return {
    kind: isTraining(sale.kind) ? "training_refund" : "refund",
    lines,
    tenders,
    tip_cents: 0 - tip,
    refund_of: { till: sale.till, record: sale.id, reason: reason || "goodwill" },
  };
}

/**
 * So many cents back to tenders, each at most what is left of it; null where they do not suffice. Cards come first: what
 * the house gave may have paid by them, and never goes back as cash.
 */
function given(tenders: readonly Tender[], left: readonly number[], cents: number): Tender[] | null {
  const found: Tender[] = [];
  const byHand = ({ kind }: Tender): boolean => kind === "cash" || kind === "terminal";
  let due = cents;
  for (const [at, { kind }] of [...tenders.entries()].sort(([, one], [, other]) => Number(byHand(one)) - Number(byHand(other)))) {
    const part = Math.min(due, Math.max(0, left[at]!));
    if (part > 0) found.push({ kind, cents: -part, proof: null });
    due -= part;
  }
  return due === 0 ? found : null;
}
