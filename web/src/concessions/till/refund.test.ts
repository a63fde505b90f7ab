import { describe, expect, it } from "vitest";
import { totalsOf, type Line, type Record, type Tender } from "../fiscal/record";
import { refundOf } from "./refund";

const line = (product: string, quantity: number, unit_cents: number, deposit = false): Line => ({ product, name: product, quantity, unit_cents, vat_permille: deposit ? 0 : 100, options: [], deposit });
const lines = [line("beer", 1, 700), line("fries", 1, 450), line("cup", 1, 100, true)];
const sale = (tenders: Tender[]): Record => ({
  id: "sale",
  till: "till",
  number: 1,
  previous: "0",
  kind: "sale",
  at: "2026-05-09T18:00:00.000Z",
  outlet: "01",
  event_id: null,
  cashier: "cashier",
  catalogue: "7",
  lines,
  totals: totalsOf(lines),
  tenders,
  tip_cents: 0,
  cash_cents: null,
  refund_of: null,
  reprint_of: null,
});
const cash = (cents: number): Tender => ({ kind: "cash", cents, proof: null });
const card = (cents: number): Tender => ({ kind: "card", cents, proof: "x" });
const left = (tenders: Tender[]) => ({ cents: 1250, lines: [1, 1, 1], tenders: tenders.map(({ cents }) => cents) });

describe("a sale that is given back", () => {
  it("goes to its cards before it goes out of the drawer", () => {
    const tenders = [cash(100), card(1150)];
    expect(refundOf(sale(tenders), [1, 0, 0], left(tenders), "quality")?.tenders).toEqual([{ kind: "card", cents: -700, proof: null }]);
    const whole = refundOf(sale(tenders), [1, 1, 1], left(tenders), "quality")?.tenders;
    expect(whole).toEqual([
      { kind: "card", cents: -1150, proof: null },
      { kind: "cash", cents: -100, proof: null },
    ]);
  });

  it("is never more than what is left of it", () => {
    const tenders = [cash(1250)];
    expect(refundOf(sale(tenders), [1, 0, 0], { cents: 600, lines: [1, 1, 1], tenders: [600] }, "quality")).toBeNull();
  });
});
