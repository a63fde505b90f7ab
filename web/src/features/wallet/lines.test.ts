import { describe, expect, it } from "vitest";
import type { WalletLine } from "../../shared/api/words";
import { amountOf, amountsFor, byDay, isFull, withOlder } from "./lines";

const LIMITS = { top_up_min_cents: 500, top_up_max_cents: 15_000, wallet_max_cents: 25_000 };
const line = (id: string, at = "2026-05-09T18:00:00Z"): WalletLine => ({ id, at, cents: 100, purpose: "top_up", subject: id, step: "post", bonus: false, place: null });
const ids = (lines: WalletLine[] | null): string[] | undefined => lines?.map(({ id }) => id);

describe("an entered amount", () => {
  it.each([
    ["15", 1500],
    ["12,5", 1250],
    ["12.50", 1250],
    [" € 7,05 ", 705],
    ["1 000", 100_000],
    ["0.01", 1],
  ])("%s is parsed as cents", (text, cents) => expect(amountOf(text)).toBe(cents));

  it.each(["", "0", "0,00", "-5", "12.505", "ten", "1e3", "12.5.0", "1,000.00"])("%s is rejected", (text) => {
    expect(amountOf(text)).toBeNull();
  });
});

describe("the amounts of one tap", () => {
  it("are those that the wallet can take", () => {
    expect(amountsFor({ balance_cents: 0, limits: LIMITS })).toEqual([1000, 2000, 5000]);
    expect(amountsFor({ balance_cents: 23_000, limits: LIMITS })).toEqual([1000, 2000]);
    expect(amountsFor({ balance_cents: 0, limits: { ...LIMITS, top_up_min_cents: 1500, top_up_max_cents: 4000 } })).toEqual([2000]);
  });

  it("are empty for a full wallet", () => {
    expect(isFull({ balance_cents: 24_500, limits: LIMITS })).toBe(false);
    expect(isFull({ balance_cents: 24_501, limits: LIMITS })).toBe(true);
    expect(amountsFor({ balance_cents: 24_501, limits: LIMITS })).toEqual([]);
  });
});

describe("a history", () => {
  it("is grouped by day in its order", () => {
    const lines = [line("d", "2026-05-10T01:00Z"), line("c", "2026-05-09T20:00Z"), line("b", "2026-05-09T18:00Z"), line("a", "2026-05-01T09:00Z")];
    const days = byDay(lines, (at) => at.slice(0, 10));
    expect(days.map(({ key }) => key)).toEqual(["2026-05-10", "2026-05-09", "2026-05-01"]);
    expect(days.map((day) => ids(day.lines))).toEqual([["d"], ["c", "b"], ["a"]]);
  });

  it("keeps older lines when its latest page is reloaded, and drops a released hold", () => {
    const known = [line("hold"), line("5"), line("4"), line("3"), line("2")];
    expect(ids(withOlder([line("6"), line("5"), line("4")], known))).toEqual(["6", "5", "4", "3", "2"]);
  });

  it("is replaced if a page does not reach the known lines", () => {
    expect(withOlder([line("9"), line("8")], [line("3"), line("2")])).toBeNull();
    expect(withOlder([], [line("3")])).toBeNull();
    expect(withOlder([line("1")], [])).toBeNull();
  });
});
