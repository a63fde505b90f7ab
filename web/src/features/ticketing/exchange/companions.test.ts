import { expect, it } from "vitest";
import { companionsOf } from "./companions";

const seat = (id: string, place: number, tariff: "access" | "companion" | "full") => ({ id, place, tariff });

it("gives each accessible ticket the nearest companion that is left, and other tickets none", () => {
  const tickets = [seat("a", 10, "access"), seat("c", 11, "companion"), seat("d", 21, "companion"), seat("b", 20, "access"), seat("f", 12, "full")];
  const found = companionsOf(tickets);
  expect([...found].map(([id, companion]) => [id, companion.id])).toEqual([["a", "c"], ["b", "d"]]);
});

it("leaves an accessible ticket alone if there are fewer companions", () => {
  const found = companionsOf([seat("a", 10, "access"), seat("b", 20, "access"), seat("c", 19, "companion")]);
  expect([...found].map(([id, companion]) => [id, companion.id])).toEqual([["a", "c"]]);
});
