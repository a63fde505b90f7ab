import { expect, test } from "vitest";
import { featuresAfter, listed, namesIn, selectionsOf, type Seat } from "./seats";

const seat = (place: number, row: string, name: string): Seat => ({ place, row, name, x: place, y: 0, features: new Set(["wheelchair"]) });
const SEATS = [seat(1, "A", "1"), seat(2, "A", "2"), seat(3, "B", "1a"), seat(4, "B", "7")];

test("typed seats are names and ranges of numbers", () => {
  expect(namesIn("1-3, 7a;9  12")).toEqual(["1", "2", "3", "7a", "9", "12"]);
  expect(namesIn("")).toEqual([]);
  expect(namesIn("9-3")).toEqual(["9-3"]);
  expect(namesIn("1-99999")).toEqual(["1-99999"]);
});

test("names are listed with ranges", () => {
  expect(listed(["1", "2", "3", "5", "6", "1a"])).toBe("1-3, 5, 6, 1a");
  expect(listed([])).toBe("");
});

test("chosen seats become the block, rows or named seats", () => {
  expect(selectionsOf("101", SEATS, new Set([1, 2, 3, 4]))).toEqual([{ block: "101", row: null, seats: null }]);
  expect(selectionsOf("101", SEATS, new Set([1, 2, 4]))).toEqual([
    { block: "101", row: "A", seats: null },
    { block: "101", row: "B", seats: ["7"] },
  ]);
  expect(selectionsOf("101", SEATS, new Set())).toEqual([]);
});

test("collected edits show on the seats that they name", () => {
  const set = { edit: "feature", feature: "hearing_loop", present: true, seats: [{ block: "101", row: "A", seats: ["2"] }] } as const;
  const removed = { edit: "feature", feature: "wheelchair", present: false, seats: [{ block: "101", row: null, seats: null }] } as const;
  const other = { edit: "feature", feature: "companion", present: true, seats: [{ block: "102", row: null, seats: null }] } as const;
  const edits = [set, removed, other].map((edit) => ({ ...edit, seats: edit.seats.map((each) => ({ ...each, seats: each.seats ? [...each.seats] : null })) }));
  expect([...featuresAfter("101", SEATS[1]!, edits)]).toEqual(["hearing_loop"]);
  expect([...featuresAfter("101", SEATS[0]!, edits)]).toEqual([]);
});
