import { describe, expect, it } from "vitest";
import { allRefunded, baskets, bodyOf, choicesOf, ordersOf, paid, REFUND, shownOf, sumsOf, type AffectedTicket, type MovePreview } from "./choices";

/** A ticket of an order of two, 80 euros with a fee of 1.50; the whole order cost one cent more. */
function ticket(order: string, seat: number, places: number[], more: Partial<AffectedTicket> = {}): AffectedTicket {
  return {
    ticket_id: `${order}${seat}`, order_id: order, order_code: `${order}BCDEFGH`, buyer_id: `buyer-${order}`, place: seat, tariff: "full", price_cents: 8000,
    reason: "gone", held: false, refund_cents: 8150, order_tickets: 2, order_refund_cents: 16_301,
    label: { block: "113", row: "12", seat: String(seat), gate_group: "A" } as AffectedTicket["label"],
    proposals: places.map((place) => ({ place, label: { block: "120", row: "1", seat: String(place), gate_group: "A" } as AffectedTicket["label"] })),
    ...more,
  };
}
const [first, second, lost] = [ticket("A", 4, [70, 80]), ticket("A", 5, [71, 81]), ticket("B", 6, [])];
const all = [first!, second!, lost!];
const moved = choicesOf(all);

describe("the choices of a move", () => {
  it("begin with the best proposal, or the refund without one", () => {
    expect(moved).toEqual({ A4: "70", A5: "71", B6: REFUND });
    expect(bodyOf(moved)).toEqual({ A4: { kind: "place", place: 70 }, A5: { kind: "place", place: 71 }, B6: { kind: "refund" } });
  });

  it("stay in a new list as far as they are still possible", () => {
    const again = choicesOf([ticket("A", 4, [80, 90]), ticket("A", 5, [91]), ticket("C", 7, [92])], { A4: "80", A5: "71", B6: REFUND });
    expect(again).toEqual({ A4: "80", A5: "91", C7: "92" });
    expect(choicesOf([first!], allRefunded([first!]))).toEqual({ A4: REFUND });
  });

  it("count tickets, amounts and people", () => {
    expect(sumsOf(all, moved)).toEqual({ reseated: 2, refunded: 1, cents: 8150, people: 2 });
    expect(sumsOf([first!, second!], { A4: "70", A5: REFUND })).toEqual({ reseated: 1, refunded: 1, cents: 8150, people: 1 });
  });

  it("refund the rest of the fee with the last ticket of an order", () => {
    expect(sumsOf([first!, second!], allRefunded([first!, second!])).cents).toBe(16_301);
  });
});

describe("the list of affected tickets", () => {
  it("leaves out baskets, which are counted by order", () => {
    const preview = { from_version: "a", venue_version: "b", kept: 9, entrances: 0, affected: [first!, ticket("H", 1, [], { held: true }), ticket("H", 2, [], { held: true })] } satisfies MovePreview;
    expect(paid(preview)).toEqual([first]);
    expect(baskets(preview)).toBe(1);
  });

  it("is grouped by order, filtered and searched", () => {
    const codes = (...asked: [Parameters<typeof shownOf>[2], string]): string[] => shownOf(all, moved, ...asked).map(({ id }) => id);
    expect(ordersOf(all).map(({ id, tickets }) => [id, tickets.length])).toEqual([["A", 2], ["B", 1]]);
    expect([codes("all", ""), codes("reseated", ""), codes("refunded", ""), codes("none", "")]).toEqual([["A", "B"], ["A"], ["B"], ["B"]]);
    expect([codes("all", "bbcd-e"), codes("all", "113 12 5"), codes("all", "114")]).toEqual([["B"], ["A"], []]);
  });
});
