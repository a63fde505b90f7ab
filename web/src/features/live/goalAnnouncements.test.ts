import { expect, test } from "vitest";
import { live } from "$messages/en/web/live";
import type { EffectiveEntry, Side } from "./feed";
import { goalsOf, announcementFor } from "./goalAnnouncements";

const goal = (number: number, side: Side): EffectiveEntry => ({ number, at: "2026-05-09T19:10:00Z", content: { kind: "goal", side, manner: "play" } }) as EffectiveEntry;
const none = goalsOf([]);

test("a goal is announced once, with the score", () => {
  const first = [goal(2, "home")];
  expect(announcementFor(none, first, null, live)).toBe("Goal for Home. Home 1, Away 0");
  expect(announcementFor(goalsOf(first), first, null, live)).toBeNull();
  expect(announcementFor(goalsOf(first), [...first, goal(3, "away")], null, live)).toBe("Goal for Away. Home 1, Away 1");
});

test("a disallowed goal and a goal of the other side are announced", () => {
  const first = goalsOf([goal(2, "home")]);
  expect(announcementFor(first, [], null, live)).toBe("Goal disallowed: Home. Home 0, Away 0");
  expect(announcementFor(first, [goal(2, "away")], null, live)).toBe("Goal for Away. Home 0, Away 1");
});

const kick = (number: number, outcome: string): EffectiveEntry => ({ number, at: "2026-05-09T21:10:00Z", content: { kind: "shoot_out_kick", side: "home", outcome } }) as EffectiveEntry;

test("a kick of a shoot-out is announced once, with the score on penalties", () => {
  const first = [goal(2, "away"), kick(3, "scored")];
  const known = goalsOf([goal(2, "away")]);
  expect(announcementFor(known, first, null, live)).toBe("Penalty scored by Home. On penalties: Home 1, Away 0");
  expect(announcementFor(goalsOf(first), [...first, kick(4, "saved")], null, live)).toBe("Penalty by Home saved. On penalties: Home 1, Away 0");
  expect(announcementFor(goalsOf(first), [goal(2, "away"), kick(3, "missed")], null, live)).toBe("Penalty missed by Home. On penalties: Home 0, Away 0");
  expect(announcementFor(goalsOf(first), [goal(2, "away")], null, live)).toBe("Penalty withdrawn: Home. Home 0, Away 1");
});

test("other entries are not announced", () => {
  const card = { number: 3, at: "2026-05-09T19:12:00Z", content: { kind: "card", side: "home", player: 4, colour: "red" } } as EffectiveEntry;
  expect(announcementFor(none, [card], null, live)).toBeNull();
});
