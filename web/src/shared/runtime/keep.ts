/** What this phone keeps for the day without network, one record a key. Failing to keep never stops a screen. */
import type { DBSchema } from "idb";
import { BrowserDatabase } from "./database";

interface Schema extends DBSchema {
  kept: { key: string; value: unknown };
}

const STORE = "kept";
const database = new BrowserDatabase<Schema>("virage", (created) => void created.createObjectStore(STORE));

async function unlessItFails<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch {
    return undefined;
  }
}

export const keep = {
  get: <T>(key: string): Promise<T | undefined> => unlessItFails(database.get(STORE, key) as Promise<T | undefined>),
  put: (key: string, value: unknown): Promise<unknown> => unlessItFails(database.put(STORE, value, key)),
  remove: (key: string): Promise<unknown> => unlessItFails(database.delete(STORE, key)),
  clear: (): Promise<unknown> => unlessItFails(database.within([STORE], "readwrite", (on) => on.objectStore(STORE).clear())),
};
