/** Offline data of this phone, one record per key. A failed write never stops a screen. */
import type { DBSchema } from "idb";
import type { BrowserDatabase } from "./database";

interface Schema extends DBSchema {
  kept: { key: string; value: unknown };
}

const STORE = "kept";
let opened: BrowserDatabase<Schema> | null = null;

/** The code of the database comes with the first record: a first page that keeps nothing does without it. */
async function database(): Promise<BrowserDatabase<Schema>> {
  const { BrowserDatabase } = await import("./database");
  return (opened ??= new BrowserDatabase<Schema>("virage", (created) => void created.createObjectStore(STORE)));
}

async function unlessItFails<T>(work: (on: BrowserDatabase<Schema>) => Promise<T>): Promise<T | undefined> {
  try {
    return await work(await database());
  } catch {
    return undefined;
  }
}

export const keep = {
  get: <T>(key: string): Promise<T | undefined> => unlessItFails((on) => on.get(STORE, key) as Promise<T | undefined>),
  put: (key: string, value: unknown): Promise<unknown> => unlessItFails((on) => on.put(STORE, value, key)),
  remove: (key: string): Promise<unknown> => unlessItFails((on) => on.delete(STORE, key)),
  clear: (): Promise<unknown> => unlessItFails((on) => on.within([STORE], "readwrite", (kept) => kept.objectStore(STORE).clear())),
};
