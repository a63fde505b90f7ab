import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { centsOf, typed } from "../ui/money";
import { i18n } from "../i18n/i18n.svelte";
import { EURO, type Currency } from "../ui/currency";
import { clock } from "../runtime/clock.svelte";
import { permilleOf, typedRate, wholeOf } from "./numbers";
import { words } from "./words.svelte";
import { fromWall, minutesBetween, shifted, toWall } from "./wall";

const PARIS = "Europe/Paris";

describe("times at the venue", () => {
  it("are in the venue's time zone, in summer and in winter", () => {
    expect(fromWall("2026-07-14T21:00", PARIS)).toBe("2026-07-14T19:00:00Z");
    expect(fromWall("2026-12-01T21:00", PARIS)).toBe("2026-12-01T20:00:00Z");
    expect(fromWall("2026-07-14T21:00", "America/New_York")).toBe("2026-07-15T01:00:00Z");
  });

  it("convert from an instant and back", () => {
    expect(toWall("2026-03-29T00:59:00Z", PARIS)).toBe("2026-03-29T01:59");
    for (const text of ["2026-03-29T03:30", "2026-10-25T01:30", "2026-10-25T12:00", "2027-01-01T00:00"])
      expect(toWall(fromWall(text, PARIS)!, PARIS)).toBe(text);
  });

  it("reject an invalid time", () => {
    expect(fromWall("", PARIS)).toBeNull();
    expect(fromWall("2026-13-45T99:99", PARIS)).toBeNull();
  });

  it("move by minutes across a change of daylight saving time", () => {
    expect(shifted("2026-03-29T01:30", 60, PARIS)).toBe("2026-03-29T03:30");
    expect(minutesBetween("2026-03-29T01:30", "2026-03-29T03:30", PARIS)).toBe(60);
    expect(shifted("", 60, PARIS)).toBe("");
  });
});

const YEN: Currency = { code: "JPY", digits: 0 };
/** Intl separates groups and currencies by spaces of several widths. */
const plain = (text: string): string => text.replace(/\s/gu, " ");

describe("money as typed", () => {
  afterEach(() => {
    i18n.currency = EURO;
  });

  it("has no decimals in yen", () => {
    i18n.currency = YEN;
    expect(["1200", "1 200 ¥", "¥1200", "10000000"].map(centsOf)).toEqual([1200, 1200, 1200, 10_000_000]);
    expect(["12.50", "12,5", "1,200", "", "123456789"].map(centsOf)).toEqual([null, null, null, null, null]);
    expect([typed(1200, "fr"), typed(0, "en"), i18n.amountMode]).toEqual(["1200", "0", "numeric"]);
    for (const cents of [0, 1, 99, 100, 1250, 10_000_000]) expect(centsOf(typed(cents, "fr"))).toBe(cents);
  });

  it("accepts a comma or a point, spaces and the sign", () => {
    expect([centsOf("45"), centsOf("12,5"), centsOf("12.50"), centsOf("1 200,00 €")]).toEqual([4500, 1250, 1250, 120_000]);
  });

  it("rejects other texts", () => {
    expect(["", "-1", "1,234", "abc", "1e3", "9999999"].map(centsOf)).toEqual([null, null, null, null, null, null]);
  });

  it("is shown as accepted", () => {
    expect([typed(4500, "fr"), typed(1250, "fr"), typed(1250, "en")]).toEqual(["45", "12,50", "12.50"]);
    expect([permilleOf("5,5"), permilleOf("20 %"), permilleOf("x")]).toEqual([55, 200, null]);
    expect([permilleOf("99,9"), permilleOf("100"), permilleOf("100", 1000), permilleOf("100,1", 1000)]).toEqual([999, null, 1000, null]);
    expect([typedRate(55, "fr"), typedRate(200, "en")]).toEqual(["5,5", "20"]);
    expect([wholeOf("18 000"), wholeOf("1.5")]).toEqual([18_000, null]);
  });
});

describe("money as shown", () => {
  beforeEach(() => {
    i18n.locale = "fr";
  });
  afterEach(() => {
    vi.restoreAllMocks();
    i18n.currency = EURO;
  });

  it("leaves out the decimals of whole amounts, except for sums under each other", () => {
    expect([i18n.money(120_000), i18n.money(1250), i18n.exact(120_000), i18n.signed(500)].map(plain)).toEqual(["1 200 €", "12,50 €", "1 200,00 €", "+5,00 €"]);
    i18n.locale = "en";
    expect([i18n.money(120_000), i18n.money(1250), i18n.exact(120_000), i18n.signed(-500)].map(plain)).toEqual(["€1,200", "€12.50", "€1,200.00", "-€5.00"]);
    expect([i18n.sign, i18n.currencyName, i18n.amountMode]).toEqual(["€", "euros", "decimal"]);
  });

  it("has no decimals in yen", () => {
    i18n.currency = YEN;
    expect([i18n.money(1200), i18n.exact(1200), i18n.signed(1200)].map(plain)).toEqual(["1 200 ¥", "1 200 ¥", "+1 200 ¥"]);
    i18n.locale = "en";
    expect([i18n.money(1200), i18n.exact(1201), i18n.signed(-1200)].map(plain)).toEqual(["¥1,200", "¥1,201", "-¥1,200"]);
    expect([i18n.sign, i18n.currencyName]).toEqual(["¥", "Japanese yen"]);
  });

  it("names the city of a time only where the deployment's clock shows another one", () => {
    i18n.locale = "en";
    vi.spyOn(clock, "now").mockReturnValue(Date.parse("2026-01-01T12:00:00Z"));
    expect(words.stamp("2026-07-14T19:00:00Z")).toBe("14 Jul, 21:00");
    expect(words.stamp("2026-07-14T19:00:00Z", "Europe/Madrid")).toBe("14 Jul, 21:00");
    expect(words.stamp("2026-07-14T19:00:00Z", "America/New_York")).toBe("14 Jul, 15:00 (New\u00a0York)");
  });

  it("shows times in the deployment's time zone", () => {
    i18n.locale = "en";
    expect(i18n.time("2026-03-29T01:30:00Z")).toBe("03:30");
    i18n.zone = "America/New_York";
    expect(i18n.time("2026-03-29T01:30:00Z")).toBe("21:30");
    i18n.zone = "Europe/Paris";
  });
});
