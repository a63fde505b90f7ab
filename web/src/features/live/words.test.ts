import { expect, test } from "vitest";
import { live as en } from "$messages/en/web/live";
import { live as fr } from "$messages/fr/web/live";
import { matchDesk } from "$messages/fr/web/matchDesk";
import { entryText } from "./entryText";

test("one minute is singular in both languages", () => {
  expect([1, 4].map(en.entries.added_time)).toEqual(["1 minute added", "4 minutes added"]);
  expect([1, 4].map(fr.entries.added_time)).toEqual(["1 minute de temps additionnel", "4 minutes de temps additionnel"]);
});

test("no French line begins with a punctuation mark", () => {
  const words = [matchDesk.choose, matchDesk.scorer("Virage FC"), matchDesk.unpublished(2, "Non."), fr.signals(2)];
  expect(words.filter((text) => / [:;!?»%]|« /.test(text))).toEqual([]);
  expect(matchDesk.choose).toBe("Quel match\u00a0?");
});

test("the team of a card and of a goal-line decision is named, not only shown by colour", () => {
  expect(entryText({ kind: "card", side: "away", player: 4, colour: "yellow" }, null, en).title).toBe("Yellow card, Away");
  expect(entryText({ kind: "goal_line", side: "home", is_goal: false }, null, en).details).toEqual(["Home"]);
});
