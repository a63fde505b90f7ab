/** Offline data of this phone in IndexedDB, one record per key. A failed write never stops a screen. */
import { openDatabase, within } from "./indexed";

const DATABASE = "virage";
const STORE = "kept";

const open = (): Promise<IDBDatabase> => openDatabase(DATABASE, (database) => void database.createObjectStore(STORE));

async function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await open();
    try {
      return await within(database.transaction(STORE, mode), (on) => ask(on.objectStore(STORE)));
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

export const keep = {
  get: <T>(key: string): Promise<T | undefined> => run("readonly", (store) => store.get(key) as IDBRequest<T>),
  put: (key: string, value: unknown): Promise<unknown> => run("readwrite", (store) => store.put(value, key)),
  remove: (key: string): Promise<unknown> => run("readwrite", (store) => store.delete(key)),
  clear: (): Promise<unknown> => run("readwrite", (store) => store.clear()),
};
