import { expect, test } from "vitest";
import { monitor } from "./edge";

test("a phone follows the edge named in the answer, on the same origin only", () => {
  expect(monitor('</edge/live/01>; rel="monitor"')).toBe("/edge/live/01");
  expect(monitor('</other>; rel="next", </edge/live/01>; rel="monitor"')).toBe("/edge/live/01");
  expect(monitor('<https://example.org/x>; rel="monitor"')).toBeNull();
  expect(monitor('<//example.org/x>; rel="monitor"')).toBeNull();
  expect(monitor('</other>; rel="next"')).toBeNull();
  expect(monitor(null)).toBeNull();
});
