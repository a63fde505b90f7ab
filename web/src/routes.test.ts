import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addresses } from "../addresses";
import { routes } from "./routes";

const source = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");

describe("the addresses that the server is told", () => {
  it("are those of the app and of the office", () => {
    const patterns = routes.map((route) => route.pattern);
    expect(patterns.filter((pattern) => pattern.endsWith("*"))).toEqual(["/office/*", "/*"]);
    const told = addresses();
    const office = told.filter((address) => /^\/office(\/|$)/.test(address));
    expect(told.filter((address) => !office.includes(address))).toEqual(patterns.filter((pattern) => !pattern.endsWith("*")));
    expect(office.length).toBe(source("./office/entry.ts").match(/\bpattern: /g)!.length);
  });

  it("have each room of the wallet", () => {
    const rooms = [...source("./wallet/entry.ts").matchAll(/^ {2}"?([a-z:/-]*)"?: \(\) => import/gm)].map(([, room]) => room);
    expect(rooms.length).toBeGreaterThan(5);
    for (const room of rooms) expect(addresses()).toContain(room ? `/purse/${room}` : "/purse");
  });
});
