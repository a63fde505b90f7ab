import { expect, test } from "vitest";
import { localCode, prefixOf } from "./codes";

test("the first venue's codes have no prefix", () => {
  expect([localCode("A1"), prefixOf("A1")]).toEqual(["A1", ""]);
  expect([localCode("arena.A1"), prefixOf("arena.A1")]).toEqual(["A1", "arena."]);
});
