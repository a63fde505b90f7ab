import { describe, expect, it } from "vitest";
import { bars, fresh, inColumn, minutesBetween, stationsOf, urgency } from "./tickets";
import type { Interval, Ticket } from "./types";

const NOW = Date.parse("2026-05-09T20:00:00Z");
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
const ticket = (number: number, more: Partial<Ticket> = {}): Ticket =>
  ({ id: `${number}`, number, state: "placed", stations: ["grill"], promised_at: at(number), ...more }) as Ticket;

describe("a ticket", () => {
  it("is late after its pick-up time, and soon shortly before", () => {
    expect([5, 2, 0, -1].map((minutes) => urgency(ticket(1, { promised_at: at(minutes) }), NOW))).toEqual(["ok", "soon", "soon", "late"]);
  });

  it("is on time when ready", () => expect(urgency(ticket(1, { state: "ready", promised_at: at(-9) }), NOW)).toBe("ok"));

  it("has waited whole minutes", () => expect([at(-3.9), at(1)].map((placed) => minutesBetween(placed, NOW))).toEqual([3, 0]));

  it("rings once, if it is new and not accepted", () => {
    const seen = [ticket(1)];
    expect(fresh(seen, [ticket(1), ticket(2), ticket(3, { state: "accepted" })]).map(({ number }) => number)).toEqual([2]);
  });
});

describe("a column", () => {
  it("has the tickets of its station, earliest pick-up time first", () => {
    const all = [ticket(3), ticket(1), ticket(2, { stations: ["bar"] }), ticket(4, { state: "ready" })];
    expect(inColumn(all, "placed", null).map(({ number }) => number)).toEqual([1, 2, 3]);
    expect(inColumn(all, "placed", "bar").map(({ number }) => number)).toEqual([2]);
  });

  it("has the stations with capacity or work", () => {
    const capacity = { per_five_minutes: { fryer: 4, cold: 0 }, open: true, delivers: false, note: "" };
    expect(stationsOf({ tickets: [ticket(1)], capacity })).toEqual(["grill", "fryer"]);
  });
});

describe("the load", () => {
  const stations = { grill: { capacity: 10, counter: 1, orders: 4 }, bar: { capacity: 20, counter: 0, orders: 18 }, counter: { capacity: 0, counter: 3, orders: 2 } };
  const load = [{ starts_at: at(0), stations }] as unknown as Interval[];

  it("is that of the fullest station, or of the selected one", () => {
    expect(bars(load, null)).toEqual([{ at: at(0), made: 18, capacity: 20 }]);
    expect(bars(load, "grill")).toEqual([{ at: at(0), made: 5, capacity: 10 }]);
  });

  it("is zero for a station without capacity", () => {
    expect(bars(load, "cold")).toEqual([{ at: at(0), made: 0, capacity: 0 }]);
  });
});
