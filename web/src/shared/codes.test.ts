import { describe, expect, it } from "vitest";
import { byCode, byVenue, localCode, prefixOf } from "./codes";

describe("a code of the deployment", () => {
  it("is read without the prefix of its venue", () => {
    for (const [code, local, prefix] of [
      ["01", "01", ""],
      ["A1", "A1", ""],
      ["arena.01", "01", "arena."],
      ["arena-2.lift_N", "lift_N", "arena-2."],
    ] as const) {
      expect(localCode(code)).toBe(local);
      expect(prefixOf(code)).toBe(prefix);
      expect(prefixOf(code) + localCode(code)).toBe(code);
    }
  });

  it("is sorted by venue, and there by number", () => {
    expect(["arena.10", "2", "arena.9", "10", "1"].sort(byCode)).toEqual(["1", "2", "10", "arena.9", "arena.10"]);
  });

  it("belongs to one venue", () => {
    const outlets = [{ code: "01" }, { code: "arena.01" }, { code: "02" }];
    expect(byVenue(outlets, ({ code }) => code)).toEqual([
      { prefix: "", items: [{ code: "01" }, { code: "02" }] },
      { prefix: "arena.", items: [{ code: "arena.01" }] },
    ]);
    expect(byVenue([], String)).toEqual([]);
  });
});
