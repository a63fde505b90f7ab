import { describe, expect, test } from "vitest";
import { positionOf, type Shown } from "./instants";

const AT = Date.UTC(2026, 4, 9, 20);
const second = (start: number, seen = start): Shown => ({ start, duration: 1, programDateTime: AT + seen * 1000 });

describe("a moment of a clip", () => {
  const shown = [second(0), second(1), second(2, 6)];

  test("is found in the second that shows it", () => {
    expect(positionOf(shown, AT + 1250)).toBeCloseTo(1.25);
  });

  test("is found after a gap, where the clock went on and the player did not", () => {
    expect(positionOf(shown, AT + 6500)).toBeCloseTo(2.5);
  });

  test("is the nearest there is when it is missing", () => {
    expect(positionOf(shown, AT - 5000)).toBe(0);
    expect(positionOf(shown, AT + 4000)).toBeCloseTo(1.9);
    expect(positionOf(shown, AT + 60_000)).toBeCloseTo(2.9);
  });

  test("is unknown while nothing is known", () => {
    expect(positionOf([], AT)).toBeNull();
    expect(positionOf([{ ...second(0), programDateTime: null }], AT)).toBeNull();
  });
});
