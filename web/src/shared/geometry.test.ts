import { describe, expect, it } from "vitest";
import type { BlockGeometry, BlockLabels } from "./api/words";
import { featuresOf, planPoints, rowsOf, seatPoints } from "./geometry";

const block = (frame: number[], segments: number[], seats: number, points: number[] = []): BlockGeometry => ({
  code: "1", stand: "N", ring: 1, kind: "seats", gate_group: "A", first_seat: 10, seat_count: seats, wheelchairs: 0,
  frame, centre: [0, 0], outline: [], segments, heights: [], points,
});

describe("the venue's geometry", () => {
  it("puts the seats of a straight row in a line across its direction", () => {
    const { at, row } = seatPoints(block([1000, 0, 0, 0], [3, 500, -50, 50, 3], 3), false);
    expect([...at].map((value) => Math.round(value * 100) + 0)).toEqual([1500, -50, 1500, 0, 1500, 50]);
    expect([...row]).toEqual([3, 3, 3]);
  });

  it("keeps the seats of a curved row at one distance from its centre", () => {
    const { at } = seatPoints(block([1000, 2000, 45_000, 1], [0, 1200, -300, 50, 13], 13), true);
    for (let seat = 0; seat < 13; seat += 1)
      expect(Math.hypot(at[2 * seat + 1]! - 10, at[2 * seat]! - 20)).toBeCloseTo(12, 4);
  });

  it("puts seats where their points are, whatever their segments say", () => {
    const placed = block([1000, 0, 0, 0], [0, 500, 0, 50, 2, 1, 600, 0, 50, 1], 3, [100, 200, 160, 280, -300, 400]);
    const { at, row, pitch } = planPoints(placed);
    expect([...at].map((value) => Math.round(value * 100))).toEqual([100, 200, 160, 280, -300, 400]);
    expect([...row]).toEqual([0, 0, 1]);
    expect([...pitch].map((value) => Math.round(value * 100))).toEqual([100, 100, 50]);
    expect([...seatPoints(placed, true).at].map((value) => Math.round(value * 100))).toEqual([200, 100, 280, 160, 400, -300]);
  });

  it("expands segments of documents of earlier formats, which have no points", () => {
    const { points: _points, heights: _heights, ...earlier } = block([0, 0, 0, 0], [0, 500, 0, 50, 2], 2);
    expect([...planPoints(earlier as BlockGeometry).at].map((value) => Math.round(value * 100) + 0)).toEqual([500, 0, 500, -50]);
  });

  const labels: BlockLabels = {
    block: "1", stand: "N", ring: 1, kind: "seats", gate_group: "A", first_seat: 10, seat_count: 5, sightline: [50],
    rows: [{ name: "7", segments: [[10, 1, 2], [12, 3, 3]] }],
    features: [[10, 2, 2, 1]],
    names: [],
  };
  const seatsOf = (of: BlockLabels): string[] => rowsOf(of)[0]!.seats.map(({ place, seat }) => `${place}:${seat}`);

  it("reads rows and features by seat", () => {
    expect(seatsOf(labels)).toEqual(["10:1", "11:2", "12:3", "13:4", "14:5"]);
    expect([...featuresOf(labels)]).toEqual([1, 0, 1, 0, 0]);
  });

  it("names seats whose name is not a number, and numbers the others", () => {
    expect(seatsOf({ ...labels, names: [[11, "2bis"], [14, "F"]] })).toEqual(["10:1", "11:2bis", "12:3", "13:4", "14:F"]);
    const { names: _names, ...earlier } = labels;
    expect(seatsOf(earlier as BlockLabels)).toEqual(["10:1", "11:2", "12:3", "13:4", "14:5"]);
  });
});
