import { expect, test } from "vitest";
import type { EffectiveEntry } from "../feed";
import { statistics, type TeamStatistics } from "./statistics";

const NOTHING: TeamStatistics = { shots: [0, 0], on_target: [0, 0], passes: [0, 0], completed: [0, 0], corners: [0, 0], fouls: [0, 0], offsides: [0, 0], possession: null };

function card(number: number, side: "home" | "away", colour: "yellow" | "second_yellow" | "red"): EffectiveEntry {
  return { number, at: "2026-05-09T19:00:00Z", content: { kind: "card", side, player: 4, colour } };
}

test("values without a source are not shown", () => {
  expect(statistics(null, [])).toEqual([]);
  expect(statistics(NOTHING, [])).toEqual([]);
});

test("cards are counted from the feed, and a second yellow card is a yellow and a red one", () => {
  const found = statistics(null, [card(1, "home", "yellow"), card(2, "home", "second_yellow"), card(3, "away", "red")]);
  expect(found.map(({ name, values }) => [name, values])).toEqual([
    ["yellow", [2, 0]],
    ["red", [1, 1]],
  ]);
});

test("values of a source are shown with their shares", () => {
  const found = statistics({ ...NOTHING, shots: [3, 1], passes: [200, 100], completed: [150, 99], possession: [67, 33] }, []);
  expect(found.map(({ name }) => name)).toEqual(["possession", "shots", "on_target", "corners", "fouls", "offsides", "passes", "accuracy"]);
  const by = Object.fromEntries(found.map((figure) => [figure.name, figure]));
  expect(by.shots).toMatchObject({ values: [3, 1], share: 0.75, percent: false });
  expect(by.corners).toMatchObject({ values: [0, 0], share: null });
  expect(by.accuracy).toMatchObject({ values: [75, 99], percent: true });
});
