import { expect, test } from "vitest";
import { plural as english } from "$messages/en/web/common";
import { choose, plural as french } from "$messages/fr/web/common";

test("English has a singular for one only", () => {
  expect([0, 1, 2, 1.5].map((count) => english(count, "seat", "seats"))).toEqual(["0 seats", "1 seat", "2 seats", "1.5 seats"]);
});

test("French has a singular below two", () => {
  expect([0, 1, 1.5, 2].map((count) => french(count, "place", "places"))).toEqual(["0 place", "1 place", "1,5 place", "2 places"]);
  expect(choose(1_000_000, "place", "de places")).toBe("de places");
});

test("numbers are grouped as in their language", () => {
  expect(english(59_186, "seat", "seats")).toBe("59,186 seats");
  expect(french(59_186, "place", "places")).toBe("59\u202f186 places");
});
