import { expect, test } from "vitest";
import { Repeats } from "./repeats";

let now = 0;
const judged = (text: string, passed: number | null): Repeats => {
  now = 100_000;
  const repeats = new Repeats(() => now);
  repeats.judged(text, passed);
  return repeats;
};

test("a code that stays before the camera is one scan for as long as it stays", () => {
  const repeats = judged("V1:A", 7);
  for (let second = 0; second < 60; second += 1, now += 1_000) expect(repeats.isSame("V1:A")).toBe(true);
});

test("a code that was taken away and comes again is a scan of its own", () => {
  const repeats = judged("V1:A", 7);
  now += 7_900;
  expect(repeats.isSame("V1:A")).toBe(true);
  now += 1_500;
  expect(repeats.isSame("V1:A")).toBe(false);
  expect(repeats.isSame("V1:B")).toBe(false);
});

test("the next code of a pass that was let through is the same bearer for a moment, and of one that was not is not", () => {
  const repeats = judged("V1:A", 7);
  now += 4_900;
  expect([7, 8, null].map((number) => repeats.isSamePass(number))).toEqual([true, false, false]);
  now += 200;
  expect(repeats.isSamePass(7)).toBe(false);
  expect(judged("V1:A", null).isSamePass(null)).toBe(false);
});
