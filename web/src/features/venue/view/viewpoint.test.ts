import { describe, expect, it } from "vitest";
import type { BlockGeometry, Geometry } from "../../../shared/api/words";
import { standsOf } from "./bowl";
import { markings } from "./floor";
import { factsOf, viewpointOf, type Side } from "./viewpoint";

/** Rows of three seats, 0.8 m deep, from a line at `d` centimetres of a frame at (x, y) that faces away from the pitch. */
function block(first: number, [x, y, mdeg]: [number, number, number], heights: (number | null)[], d = 1000): BlockGeometry {
  return {
    code: `B${first}`, stand: "E", ring: 1, kind: "seats", gate_group: "A", first_seat: first, seat_count: 3 * heights.length,
    wheelchairs: 0, frame: [x, y, mdeg, 0], centre: [x, y], outline: [], points: [], heights,
    segments: heights.flatMap((_, row) => [row, d + 80 * row, -50, 50, 3]),
  };
}

function venue(blocks: BlockGeometry[], pitch: [number, number] = [10_500, 6_800]): Geometry {
  return {
    version: "v", code: "v", name: "V", time_zone: "Europe/Paris", eye_height: 120, notice: {}, seats: 100, places: 200, pitch,
    stands: [{ code: "E", name: "East", colour: "#123456", seats: 100 }], floors: [], blocks, gates: [], outlets: [], amenities: [],
    areas: [{ code: "PEL", name: { en: "Pitch" }, first_place: 100, capacity_max: 50, outline: [-2000, -1000, 1000, -1000, 1000, 1000, -2000, 1000] }],
  };
}

const EAST: [number, number, number] = [0, 3400, 90_000];

describe("a viewpoint", () => {
  it("is at the seat, with the eye above the step of its row", () => {
    const from = viewpointOf(venue([block(0, EAST, [100, 150])]), 4)!;
    expect([from.x, from.y, from.floor, from.eye].map((value) => Math.round(value * 100) / 100)).toEqual([0, 44.8, 1.5, 2.7]);
    expect([from.seat!.row, from.area]).toEqual([1, null]);
  });

  it("is not invented if the height of the row is unknown", () => {
    const ground = venue([block(0, EAST, [100, null])]);
    expect(viewpointOf(ground, 0)).not.toBeNull();
    expect(viewpointOf(ground, 4)).toBeNull();
    const { heights: _heights, ...earlier } = block(0, EAST, [100]);
    expect(viewpointOf(venue([earlier as BlockGeometry]), 0)).toBeNull();
    expect(viewpointOf(ground, 199)).toBeNull();
  });

  it("is in the middle of a standing area, at the height of a person who stands", () => {
    const from = viewpointOf(venue([]), 120)!;
    expect([from.x, from.y, from.floor, from.eye, from.area]).toEqual([-5, 0, 0, 1.65, "PEL"]);
  });
});

describe("the facts of a view", () => {
  const facts = (blocks: BlockGeometry[], place: number, stage = false): ReturnType<typeof factsOf> => {
    const ground = venue(blocks);
    return factsOf(ground, viewpointOf(ground, place)!, stage);
  };

  it("have the distance to the nearest line and to the centre, and the height", () => {
    const found = facts([block(0, EAST, [100, 150])], 4);
    expect(found.toLine!.metres).toBeCloseTo(10.8);
    expect(found.toLine!.line).toBe("touchline");
    expect(found.toCentre).toBeCloseTo(44.8);
    expect(found.height).toBe(1.5);
  });

  it("measure to the goal line behind the goal, and over the corner in a corner", () => {
    expect(facts([block(0, [5250, 0, 0], [100])], 1).toLine).toEqual({ metres: 10, line: "goalLine" });
    const corner = facts([block(0, [5250, 4400, 0], [100])], 1);
    expect(corner.toLine!.metres).toBeCloseTo(Math.hypot(10, 10));
    expect(corner.side).toBe("corner");
  });

  it.each<[Side, [number, number, number]]>([
    ["halfway", [500, 3400, 90_000]],
    ["half", [-2000, 3400, 90_000]],
    ["penaltyArea", [4500, -3400, 270_000]],
    ["goal", [-5250, 300, 180_000]],
    ["besideGoal", [5250, 2000, 0]],
  ])("name the side: %s", (side, frame) => {
    expect(facts([block(0, frame, [100])], 1).side).toBe(side);
  });

  it("measure to the stage at a concert", () => {
    expect(facts([block(0, [-5250, 0, 180_000], [100])], 1, true).toCentre).toBeCloseTo(62.5 + 52.5 - 14);
  });

  it("have no line and no side if the pitch is unknown", () => {
    const ground = venue([block(0, EAST, [100])], [0, 0]);
    const found = factsOf(ground, viewpointOf(ground, 1)!, false);
    expect([found.toLine, found.side, found.overHeads]).toEqual([null, null, null]);
    expect(found.toCentre).toBeCloseTo(44);
  });

  it("say by the C-value how the nearest line is seen over the heads in front", () => {
    const rows = (rise: number): ReturnType<typeof factsOf> => facts([block(0, EAST, [100, 100 + rise])], 4);
    expect(facts([block(0, EAST, [100])], 1).overHeads).toBe("first");
    // D = 10.8 m, T = 0.8 m, N + R = 1.0 m + 2 * rise + 1.2 m: C = D * (N + R) / (D + T) - R.
    expect(rows(50).overHeads).toBe("clear"); // C = 0.30 m
    expect(rows(31).overHeads).toBe("clear"); // C = 0.124 m
    expect(rows(30).overHeads).toBe("partly"); // C = 0.115 m
    expect(rows(10).overHeads).toBe("hidden"); // C = -0.07 m
  });
});

describe("the stands", () => {
  it("have the rows with a known height, and directions away from the pitch", () => {
    const [stand] = standsOf(venue([block(0, EAST, [100, null, 200])]));
    expect(stand!.runs.map(({ row, floor }) => [row, floor])).toEqual([[0, 1], [2, 2]]);
    for (const run of stand!.runs) expect([...run.away.subarray(0, 2)].map(Math.round)).toEqual([0, 1]);
    expect(standsOf(venue([block(0, EAST, [null])]))).toEqual([]);
  });

  it("are found from the positions of seats that are placed one by one", () => {
    const placed = { ...block(0, [0, 0, 0], [100]), points: [-50, 4000, 0, 4000, 50, 4000] };
    const [stand] = standsOf(venue([placed]));
    expect([...stand!.runs[0]!.away]).toEqual([0, 1, 0, 1, 0, 1].map((value) => expect.closeTo(value)));
  });
});

describe("the markings", () => {
  it("are those of football, inside the outline of the pitch", () => {
    const lines = markings(52.5, 34);
    expect(lines).toHaveLength(16);
    for (const line of lines)
      line.forEach((value, index) => expect(Math.abs(value)).toBeLessThanOrEqual((index % 2 ? 34 : 52.5) + 1e-9));
  });

  it("are only the outline and the halfway line on a pitch that is too small for them", () => {
    expect(markings(20, 10)).toHaveLength(2);
  });
});
