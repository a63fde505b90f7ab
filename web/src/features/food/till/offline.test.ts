import { describe, expect, test } from "vitest";
import { refundOf } from "./refund";
import { refuseOffline, type OfflineContext } from "./offline";
import { tapOf } from "./tap";
import type { Line, Record } from "../../fiscal/record";

const UID = "04AABBCCDDEEFF";
const shown = (counter: string): string => `uid=${UID}&ctr=${counter}&cmac=0123456789ABCDEF`;
const limits = { tap_cap_cents: 5_000, offline_card_cents: 3_000, offline_till_cents: 6_000, ask_ms: 1 };
const spent = (uid: string, cents: number) => ({ uid, counter: 1, cents });
const known: OfflineContext = { card: { uid: UID, counter: 4, blocked: false }, taken: 0, counterBeforeRequest: null, spent: [], limits };

test("a tap is parsed from an address or a query only", () => {
  expect(tapOf(`https://virage.example/tap?${shown("00001F")}`)).toEqual({ proof: shown("00001F"), uid: UID, counter: 31 });
  expect(tapOf(shown("000005"))?.counter).toBe(5);
  const sealed = `picc_data=${"A".repeat(32)}&cmac=${"0".repeat(16)}`;
  expect(tapOf(`https://virage.example/tap?${sealed}`)).toEqual({ proof: sealed, uid: null, counter: 0 });
  for (const text of ["", "https://virage.example/tap?", shown("00005"), shown("00001f"), `${shown("000005")}&x=1`]) expect(tapOf(text)).toBeNull();
});

describe("a card pays offline only if it is known, not blocked, new, and within every limit", () => {
  const reason = (changes: Partial<OfflineContext>, cents = 1_000, counter = "000005"): string | undefined =>
    refuseOffline(tapOf(shown(counter))!, cents, { ...known, ...changes })?.reason;

  test.each<[string, Partial<OfflineContext>, number, string, string | undefined]>([
    ["all of it", {}, 3_000, "000005", undefined],
    ["unknown", { card: null }, 1, "000005", "card_unknown"],
    ["blocked", { card: { uid: UID, counter: 0, blocked: true } }, 1, "000005", "card_blocked"],
    ["the server's counter", {}, 1, "000004", "tap_replayed"],
    ["taken here", { taken: 5 }, 1, "000005", "tap_replayed"],
    ["the server's counter, by the till's own asking", { counterBeforeRequest: 3 }, 1, "000004", undefined],
    ["the server's counter, as it was before the till asked", { counterBeforeRequest: 4 }, 1, "000004", "tap_replayed"],
    ["the server's counter, from a later tap than the till asked about", { counterBeforeRequest: 2 }, 1, "000003", "tap_replayed"],
    ["its own asking, but taken here before", { counterBeforeRequest: 3, taken: 4 }, 1, "000004", "tap_replayed"],
    ["its own asking, but blocked since", { card: { uid: UID, counter: 4, blocked: true }, counterBeforeRequest: 3 }, 1, "000004", "card_blocked"],
    ["a counter above a gap", { taken: 5 }, 1, "0000FF", undefined],
    ["above the cap", {}, 5_001, "000005", "cap_alone"],
    ["above the card's limit", {}, 3_001, "000005", "card_limit_alone"],
    ["what is left of the card's", { spent: [spent(UID, 2_000)] }, 1_000, "000005", undefined],
    ["more than is left of the card's", { spent: [spent(UID, 2_000)] }, 1_001, "000005", "card_limit_alone"],
    ["what is left of the till's", { spent: [spent("other", 5_000)] }, 1_000, "000005", undefined],
    ["more than is left of the till's", { spent: [spent("other", 5_000)] }, 1_001, "000005", "till_limit_alone"],
  ])("%s", (_, changes, cents, counter, expected) => {
    expect(reason(changes, cents, counter)).toBe(expected);
  });
});

describe("a refund returns to the tenders that paid", () => {
  const line = (quantity: number, unit_cents: number): Line => ({ product: "p", name: "x", quantity, unit_cents, vat_permille: 100, options: [], deposit: false });
  const sale = {
    id: "s",
    till: "t",
    kind: "sale",
    lines: [line(2, 400), line(1, 200)],
    tenders: [
      { kind: "cash", cents: 700, proof: null },
      { kind: "card", cents: 400, proof: "x" },
    ],
    tip_cents: 100,
  } as unknown as Record;
  const all = { cents: 1_000, lines: [2, 1], tenders: [700, 400] };
  const paid = (back: number[], left = all): [string, number][] | undefined =>
    refundOf(sale, back, left, "quality")?.tenders?.map(({ kind, cents }) => [kind, cents]);

  test("cards first, then cash, the tip with a full refund, never more than is left", () => {
    expect(paid([1, 0])).toEqual([["card", -400]]);
    expect(paid([2, 0])).toEqual([["card", -400], ["cash", -400]]);
    expect(paid([2, 1])).toEqual([["card", -400], ["cash", -700]]);
    expect(refundOf(sale, [2, 1], all, "quality")?.tip_cents).toBe(-100);
    expect(paid([1, 1], { cents: 600, lines: [1, 1], tenders: [300, 400] })).toEqual([["card", -400], ["cash", -200]]);
    expect(paid([2, 0], { cents: 600, lines: [1, 1], tenders: [300, 400] })).toBeUndefined();
    expect(paid([0, 0])).toBeUndefined();
  });
});
