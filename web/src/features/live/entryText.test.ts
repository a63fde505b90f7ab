import { expect, test } from "vitest";
import { live as english } from "$messages/en/web/live";
import { live as french } from "$messages/fr/web/live";

test("one added minute is singular", () => {
  const said = (minutes: number): string[] => [english, french].map((words) => words.entries.added_time(minutes));
  expect(said(1)).toEqual(["1 minute added", "1 minute de temps additionnel"]);
  expect(said(4)).toEqual(["4 minutes added", "4 minutes de temps additionnel"]);
});
