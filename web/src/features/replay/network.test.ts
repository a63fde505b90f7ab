import { expect, test } from "vitest";
import { expectedBits } from "./network";

test("a phone on one bar begins with the smallest size, one on a good network with what it can have", () => {
  expect(expectedBits({ saveData: true, downlink: 10 })).toBe(0);
  expect(expectedBits({ downlink: 0.25 })).toBe(250_000);
  expect(expectedBits({ downlink: 10 })).toBe(10_000_000);
  expect(expectedBits({})).toBe(500_000);
});
