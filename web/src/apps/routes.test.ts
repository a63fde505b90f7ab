import { describe, expect, it } from "vitest";
import { addresses } from "../../addresses";
import { routes as fan } from "./fan/routes";
import { routes as office } from "./office/routes";
import { routes as staff } from "./staff/routes";
import { appOf, APPS, currentPath } from "./table";

describe("the routes of the server", () => {
  it("are those of the three apps, each with its page", () => {
    const patterns = { office, staff, fan };
    expect(addresses()).toEqual(
      (["office", "staff", "fan"] as const).map((app) => ({
        prefix: APPS[app].prefix,
        page: APPS[app].page,
        addresses: patterns[app].map(({ pattern }) => pattern),
        previous: expect.any(Array),
      })),
    );
  });

  it("include those of earlier versions, which lead to current ones", () => {
    const patterns = new Set([...office, ...staff, ...fan].map(({ pattern }) => pattern));
    const previous = addresses().flatMap((app) => app.previous);
    expect(previous).toContain("/purse/cards/:id");
    expect(previous).toContain("/office/programs");
    for (const address of previous) {
      expect(patterns).not.toContain(address);
      expect(patterns).toContain(currentPath(address));
    }
    expect(currentPath("/purses")).toBe("/purses");
  });

  it("belong to the app that lists them", () => {
    for (const { prefix, addresses: listed } of addresses()) for (const address of listed) expect(appOf(address).prefix).toBe(prefix);
  });
});

it("a route that only begins with an app's prefix belongs to the fan app", () => {
  for (const path of ["/", "/officers", "/staffroom/gate", "/events/office"]) expect(appOf(path)).toBe(APPS.fan);
  for (const path of ["/office", "/office/", "/office/bans"]) expect(appOf(path)).toBe(APPS.office);
  for (const path of ["/staff", "/staff/gate"]) expect(appOf(path)).toBe(APPS.staff);
});
