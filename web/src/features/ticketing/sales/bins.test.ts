import { describe, expect, it } from "vitest";
import { binsOf, roundTop } from "./bins";

const PARIS = "Europe/Paris";
const row = (hour: string, sold: number): { hour: string; sold: number; cents: number } => ({ hour, sold, cents: sold * 100 });

describe("sales over time", () => {
  it("leaves no gap between the first sale and now", () => {
    const bins = binsOf([row("2026-05-09T10:00:00Z", 3), row("2026-05-09T13:00:00Z", 2)], "hour", "2026-05-09T14:20:00Z", PARIS);
    expect(bins.map((bin) => bin.sold)).toEqual([0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 2, 0]);
  });

  it("shows two days of hours at most", () => {
    const bins = binsOf([row("2026-05-01T10:00:00Z", 3)], "hour", "2026-05-09T14:20:00Z", PARIS);
    expect(bins.length).toBe(48);
    expect(bins.at(-1)!.start).toBe("2026-05-09T14:00:00Z");
  });

  it("adds up days in the venue's time zone, across a change of daylight saving time", () => {
    const bins = binsOf([row("2026-03-28T22:00:00Z", 1), row("2026-03-28T23:00:00Z", 4), row("2026-03-29T21:00:00Z", 8)], "day", "2026-03-30T08:00:00Z", PARIS);
    expect(bins.length).toBe(7);
    expect(bins.slice(-3).map((bin) => [bin.start, bin.sold, bin.cents])).toEqual([
      ["2026-03-27T23:00:00Z", 1, 100],
      ["2026-03-28T23:00:00Z", 12, 1200],
      ["2026-03-29T22:00:00Z", 0, 0],
    ]);
  });

  it("ends its axis at a round number", () => {
    expect([0, 4, 7, 12, 43, 812, 2603, 9000].map(roundTop)).toEqual([4, 4, 8, 20, 50, 1000, 3000, 10_000]);
  });
});
