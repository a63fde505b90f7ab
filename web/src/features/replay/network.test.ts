import { expect, test } from "vitest";
import { expectedBits } from "./network";

test("the initial estimate follows data saving and downlink", () => {
  expect(expectedBits({ saveData: true, downlink: 10 })).toBe(0);
  expect(expectedBits({ downlink: 0.25 })).toBe(250_000);
  expect(expectedBits({ downlink: 10 })).toBe(10_000_000);
  expect(expectedBits({})).toBe(500_000);
});
