import { describe, expect, test } from "vitest";
import { positionOf, type TimedFragment } from "./instants";

const AT = Date.UTC(2026, 4, 9, 20);
const second = (start: number, seen = start): TimedFragment => ({ start, duration: 1, programDateTime: AT + seen * 1000 });

describe("the position of an instant", () => {
  const shown = [second(0), second(1), second(2, 6)];

  test("is in the segment that shows it", () => {
    expect(positionOf(shown, AT + 1250)).toBeCloseTo(1.25);
  });

  test("is correct after a gap in the recording", () => {
    expect(positionOf(shown, AT + 6500)).toBeCloseTo(2.5);
  });

  test("is the nearest one if it is missing", () => {
    expect(positionOf(shown, AT - 5000)).toBe(0);
    expect(positionOf(shown, AT + 4000)).toBeCloseTo(1.9);
    expect(positionOf(shown, AT + 60_000)).toBeCloseTo(2.9);
  });

  test("is null without timed fragments", () => {
    expect(positionOf([], AT)).toBeNull();
    expect(positionOf([{ ...second(0), programDateTime: null }], AT)).toBeNull();
  });
});
