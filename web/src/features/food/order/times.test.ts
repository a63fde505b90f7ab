import { expect, test } from "vitest";
import { seatedFrom, slotMeant, slotsFrom } from "./times";

const START = "2026-05-09T19:00:00Z";
const slots = ["17:05", "18:25", "18:30", "18:35"].map((time) => ({ at: `2026-05-09T${time}:00Z`, open: true }));

test("deliveries to a seat begin half an hour before the start", () => {
  const offered = slotsFrom(slots, seatedFrom(START));
  expect(offered.map(({ at }) => at.slice(11, 16))).toEqual(["18:30", "18:35"]);
  expect(slotMeant(offered, "", true)).toBe("2026-05-09T18:30:00Z");
});

test("the first open slot counts if as soon as possible is too early, and a chosen slot while it is open", () => {
  const offered = slotsFrom(slots, seatedFrom(START));
  const full = [{ ...offered[0]!, open: false }, offered[1]!];
  expect(slotMeant(full, "", true)).toBe("2026-05-09T18:35:00Z");
  expect(slotMeant(full, full[0]!.at, true)).toBe("2026-05-09T18:35:00Z");
  expect(slotMeant(offered, offered[1]!.at, true)).toBe("2026-05-09T18:35:00Z");
  expect(slotMeant(slots, "", false)).toBe("");
});
