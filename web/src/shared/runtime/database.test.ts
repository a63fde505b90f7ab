import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import type { DBSchema } from "idb";
import { beforeEach, expect, test, vi } from "vitest";
import { BrowserDatabase } from "./database";

interface Schema extends DBSchema {
  scan: { key: number; value: { number: number } };
}

let factory: IDBFactory;
const page = new EventTarget();
const database = (): BrowserDatabase<Schema> => new BrowserDatabase("any", (created) => created.createObjectStore("scan", { keyPath: "number" }));

beforeEach(() => {
  factory = new IDBFactory();
  vi.stubGlobal("indexedDB", factory);
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
});

test("a database that failed to open is opened again by the next request", async () => {
  const scans = database();
  vi.spyOn(factory, "open").mockImplementationOnce(() => {
    throw new Error("aborted");
  });
  await expect(scans.all("scan")).rejects.toThrow("aborted");
  expect(await scans.all("scan")).toEqual([]);
});

test("stored data is found by another page", async () => {
  await database().put("scan", { number: 1 });
  expect(await database().get("scan", 1)).toEqual({ number: 1 });
});

test("work that fails stores nothing", async () => {
  const scans = database();
  const fails = scans.within(["scan"], "readwrite", async (on) => {
    await on.objectStore("scan").put({ number: 1 });
    throw new Error("not valid");
  });
  await expect(fails).rejects.toThrow("not valid");
  expect(await scans.all("scan")).toEqual([]);
});

test("an existing key is refused, and the first value stays", async () => {
  const scans = database();
  await scans.put("scan", { number: 1 });
  const again = scans.within(["scan"], "readwrite", (on) => on.objectStore("scan").add({ number: 1 }));
  await expect(again).rejects.toMatchObject({ name: "ConstraintError" });
  expect(await scans.all("scan")).toEqual([{ number: 1 }]);
});

test("leaving a page ends its transactions", async () => {
  const scans = database();
  const left = scans.within(["scan"], "readwrite", async (on) => {
    await on.objectStore("scan").put({ number: 1 });
    page.dispatchEvent(new Event("pagehide"));
  });
  await expect(left).rejects.toMatchObject({ name: "AbortError" });
  expect(await scans.all("scan")).toEqual([]);
});
