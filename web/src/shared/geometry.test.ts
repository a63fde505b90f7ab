import { describe, expect, it } from "vitest";
import type { BlockGeometry, BlockLabels } from "./api/words";
import { featuresOf, rowsOf, seatPoints } from "./geometry";

const block = (frame: number[], segments: number[], seats: number): BlockGeometry => ({
  code: "1", stand: "N", ring: 1, kind: "seats", gate_group: "A", first_seat: 10, seat_count: seats, wheelchairs: 0,
  frame, centre: [0, 0], outline: [], segments,
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

  it("reads rows and features by seat", () => {
    const labels: BlockLabels = {
      block: "1", stand: "N", ring: 1, kind: "seats", gate_group: "A", first_seat: 10, seat_count: 5, sightline: [50],
      rows: [{ name: "7", segments: [[10, 1, 2], [12, 3, 3]] }],
      features: [[10, 2, 2, 1]],
    };
    expect(rowsOf(labels)[0]!.seats.map((seat) => `${seat.place}:${seat.number}`)).toEqual(["10:1", "11:2", "12:3", "13:4", "14:5"]);
    expect([...featuresOf(labels)]).toEqual([1, 0, 1, 0, 0]);
  });
});
