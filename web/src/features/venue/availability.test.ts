import { describe, expect, it } from "vitest";
import { Availability } from "./availability";

const SPANS = [
  { code: "102", first: 5, count: 20 },
  { code: "101", first: 0, count: 5 },
];

describe("availability", () => {
  it("counts the free places of each block across byte borders", () => {
    const places = new Availability(new Uint8Array([0b10110101, 0b11111111, 0b10000000, 0b00000001]), SPANS);
    expect(places.free.get("101")).toBe(3);
    expect(places.free.get("102")).toBe(2 + 8 + 1 + 1);
    expect(places.isFree(0)).toBe(true);
    expect(places.isFree(1)).toBe(false);
  });

  it("takes deltas as states: a repeated delta changes nothing", () => {
    const places = new Availability(new Uint8Array([255, 255, 255, 1]), SPANS);
    expect([...places.apply([3, 4, 5], [])].sort()).toEqual(["101", "102"]);
    expect(places.apply([3, 4, 5], []).size).toBe(0);
    expect(places.free.get("101")).toBe(3);
    places.apply([], [3]);
    expect(places.isFree(3)).toBe(true);
    expect(places.total).toBe(4 + 19);
  });

  it("ignores places outside all blocks", () => {
    const places = new Availability(new Uint8Array([255]), SPANS);
    expect(places.apply([4000], [5000]).size).toBe(0);
  });
});
