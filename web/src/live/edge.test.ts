import { expect, test } from "vitest";
import { missingPages, monitor } from "./edge";

test("a phone follows where the answer says, and nowhere else than here", () => {
  expect(monitor('</edge/live/01>; rel="monitor"')).toBe("/edge/live/01");
  expect(monitor('</other>; rel="next", </edge/live/01>; rel="monitor"')).toBe("/edge/live/01");
  expect(monitor('<https://example.org/x>; rel="monitor"')).toBeNull();
  expect(monitor('<//example.org/x>; rel="monitor"')).toBeNull();
  expect(monitor('</other>; rel="next"')).toBeNull();
  expect(monitor(null)).toBeNull();
});

test("a phone asks for the pages that it lacks, each once", () => {
  expect(missingPages([])).toEqual([]);
  expect(missingPages([1, 2, 3])).toEqual([]);
  expect(missingPages([1, 3])).toEqual([1]);
  expect(missingPages([70])).toEqual([1, 2, 3]);
  expect(missingPages([...Array.from({ length: 32 }, (_, index) => index + 1), 65])).toEqual([2]);
});
