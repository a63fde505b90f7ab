import { expect, test } from "vitest";
import { screensOf } from "./screens";

const names = (...roles: Parameters<typeof screensOf>[0]): string[] => screensOf(roles).map((screen) => screen.name);

test("each role has a screen", () => {
  expect(names("steward")).toEqual(["gate", "safety", "pin"]);
  expect(names("supervisor")).toEqual(["gate", "safety", "office", "pin"]);
  expect(names("controller")).toEqual(["control"]);
  expect(names("cashier")).toEqual(["till", "kitchen", "pin"]);
  expect(names("kitchen")).toEqual(["kitchen"]);
  for (const role of ["match_desk", "media_desk", "moderator"] as const) expect(names(role)).toEqual(["desk"]);
  expect(names("describer")).toEqual(["describe"]);
  for (const role of ["programme", "box_office"] as const) expect(names(role)).toEqual(["office"]);
});

test("an administrator has all screens, a person without a role none", () => {
  expect(names("admin")).toHaveLength(9);
  expect(names()).toEqual([]);
});
