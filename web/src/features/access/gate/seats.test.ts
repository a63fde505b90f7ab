import { expect, it } from "vitest";
import { areaAt } from "./seats";

const areas = [
  { code: "OR", first_place: 100, capacity_max: 40 },
  { code: "PEL", first_place: 140, capacity_max: 60 },
];

it("finds the area of a standing place, and none for a badge beyond all places", () => {
  expect([99, 100, 139, 140, 199, 200].map((place) => areaAt(areas, place)?.code)).toEqual([
    undefined,
    "OR",
    "OR",
    "PEL",
    "PEL",
    undefined,
  ]);
});
