import { describe, expect, it } from "vitest";
import { centsOf, typed } from "../ui/money";
import { permilleOf, typedRate, wholeOf } from "./numbers";
import { fromWall, minutesBetween, shifted, toWall } from "./wall";

describe("times at the venue", () => {
  it("are in the venue's time zone, in summer and in winter", () => {
    expect(fromWall("2026-07-14T21:00")).toBe("2026-07-14T19:00:00Z");
    expect(fromWall("2026-12-01T21:00")).toBe("2026-12-01T20:00:00Z");
  });

  it("convert from an instant and back", () => {
    expect(toWall("2026-03-29T00:59:00Z")).toBe("2026-03-29T01:59");
    for (const text of ["2026-03-29T03:30", "2026-10-25T01:30", "2026-10-25T12:00", "2027-01-01T00:00"])
      expect(toWall(fromWall(text)!)).toBe(text);
  });

  it("reject an invalid time", () => {
    expect(fromWall("")).toBeNull();
    expect(fromWall("2026-13-45T99:99")).toBeNull();
  });

  it("move by minutes across a change of daylight saving time", () => {
    expect(shifted("2026-03-29T01:30", 60)).toBe("2026-03-29T03:30");
    expect(minutesBetween("2026-03-29T01:30", "2026-03-29T03:30")).toBe(60);
    expect(shifted("", 60)).toBe("");
  });
});

describe("money as typed", () => {
  it("accepts a comma or a point, spaces and the sign", () => {
    expect([centsOf("45"), centsOf("12,5"), centsOf("12.50"), centsOf("1 200,00 €")]).toEqual([4500, 1250, 1250, 120_000]);
  });

  it("rejects other texts", () => {
    expect(["", "-1", "1,234", "abc", "1e3", "9999999"].map(centsOf)).toEqual([null, null, null, null, null, null]);
  });

  it("is shown as accepted", () => {
    expect([typed(4500, "fr"), typed(1250, "fr"), typed(1250, "en")]).toEqual(["45", "12,50", "12.50"]);
    expect([permilleOf("5,5"), permilleOf("20 %"), permilleOf("x")]).toEqual([55, 200, null]);
    expect([typedRate(55, "fr"), typedRate(200, "en")]).toEqual(["5,5", "20"]);
    expect([wholeOf("18 000"), wholeOf("1.5")]).toEqual([18_000, null]);
  });
});
