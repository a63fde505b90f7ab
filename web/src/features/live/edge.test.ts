import { expect, test } from "vitest";
import { monitor } from "./edge";

test("a phone follows where the answer says, and nowhere else than here", () => {
  expect(monitor('</edge/live/01>; rel="monitor"')).toBe("/edge/live/01");
  expect(monitor('</other>; rel="next", </edge/live/01>; rel="monitor"')).toBe("/edge/live/01");
  expect(monitor('<https://example.org/x>; rel="monitor"')).toBeNull();
  expect(monitor('<//example.org/x>; rel="monitor"')).toBeNull();
  expect(monitor('</other>; rel="next"')).toBeNull();
  expect(monitor(null)).toBeNull();
});
