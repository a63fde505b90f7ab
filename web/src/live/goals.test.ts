import { expect, test } from "vitest";
import { live } from "../i18n/en/live";
import type { Happened, Side } from "./feed";
import { goalsOf, saidOf } from "./goals";

const goal = (number: number, side: Side): Happened => ({ number, at: "2026-05-09T19:10:00Z", told: { kind: "goal", side, manner: "play" } }) as Happened;
const none = goalsOf([]);

test("a goal is said once, with how it stands", () => {
  const first = [goal(2, "home")];
  expect(saidOf(none, first, null, live)).toBe("Goal for Home. Home 1, Away 0");
  expect(saidOf(goalsOf(first), first, null, live)).toBeNull();
  expect(saidOf(goalsOf(first), [...first, goal(3, "away")], null, live)).toBe("Goal for Away. Home 1, Away 1");
});

test("a goal that was none is said, and one that was the other side's", () => {
  const first = goalsOf([goal(2, "home")]);
  expect(saidOf(first, [], null, live)).toBe("Goal disallowed: Home. Home 0, Away 0");
  expect(saidOf(first, [goal(2, "away")], null, live)).toBe("Goal for Away. Home 0, Away 1");
});

const kick = (number: number, outcome: string): Happened => ({ number, at: "2026-05-09T21:10:00Z", told: { kind: "shoot_out_kick", side: "home", outcome } }) as Happened;

test("a kick of a shoot-out is said once, with how it stands on penalties", () => {
  const first = [goal(2, "away"), kick(3, "scored")];
  const known = goalsOf([goal(2, "away")]);
  expect(saidOf(known, first, null, live)).toBe("Penalty scored by Home. On penalties: Home 1, Away 0");
  expect(saidOf(goalsOf(first), [...first, kick(4, "saved")], null, live)).toBe("Penalty by Home saved. On penalties: Home 1, Away 0");
  expect(saidOf(goalsOf(first), [goal(2, "away"), kick(3, "missed")], null, live)).toBe("Penalty missed by Home. On penalties: Home 0, Away 0");
  expect(saidOf(goalsOf(first), [goal(2, "away")], null, live)).toBe("Penalty withdrawn: Home. Home 0, Away 1");
});

test("whatever else happens is not said", () => {
  const card = { number: 3, at: "2026-05-09T19:12:00Z", told: { kind: "card", side: "home", player: 4, colour: "red" } } as Happened;
  expect(saidOf(none, [card], null, live)).toBeNull();
});
