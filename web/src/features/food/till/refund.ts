/** Refund of a sale: to its cards first, then in cash or by terminal, each up to what it paid. */
import { isTraining, totalsOf, type Line, type Record, type Tender } from "../../fiscal/record";
import type { Draft } from "./records";

/** What is left to refund: in total, by line, by tender. */
export interface Left {
  cents: number;
  lines: number[];
  tenders: number[];
}

/** Refund of a quantity of each line; null if it is nothing or more than is left. A full refund includes the tip. */
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
 * Distribute a refund over tenders, each up to what is left of it; null if they do not suffice. Cards come first, because
 * they may have paid with bonus credit, which never becomes cash.
 */
function given(tenders: readonly Tender[], left: readonly number[], cents: number): Tender[] | null {
  const parts: Tender[] = [];
  const byHand = ({ kind }: Tender): boolean => kind === "cash" || kind === "terminal";
  let due = cents;
  for (const [at, { kind }] of [...tenders.entries()].sort(([, a], [, b]) => Number(byHand(a)) - Number(byHand(b)))) {
    const part = Math.min(due, Math.max(0, left[at]!));
    if (part > 0) parts.push({ kind, cents: -part, proof: null });
    due -= part;
  }
  return due === 0 ? parts : null;
}
