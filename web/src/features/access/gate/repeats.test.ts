import { expect, test } from "vitest";
import { Repeats } from "./repeats";

let now = 0;
const noted = (text: string, passNumber: number | null): Repeats => {
  now = 100_000;
  const repeats = new Repeats(() => now);
  repeats.note(text, passNumber);
  return repeats;
};

test("a code that stays before the camera is one scan", () => {
  const repeats = noted("V1:A", 7);
  for (let second = 0; second < 60; second += 1, now += 1_000) expect(repeats.isSame("V1:A")).toBe(true);
});

test("a code that was taken away and comes again is a new scan", () => {
  const repeats = noted("V1:A", 7);
  now += 7_900;
  expect(repeats.isSame("V1:A")).toBe(true);
  now += 1_500;
  expect(repeats.isSame("V1:A")).toBe(false);
  expect(repeats.isSame("V1:B")).toBe(false);
});

test("the next code of a pass is a repeat for a moment if the pass was let through", () => {
  const repeats = noted("V1:A", 7);
  now += 4_900;
  expect([7, 8, null].map((number) => repeats.isSamePass(number))).toEqual([true, false, false]);
  now += 200;
  expect(repeats.isSamePass(7)).toBe(false);
  expect(noted("V1:A", null).isSamePass(null)).toBe(false);
});
