/** What this phone keeps for the day without network: IndexedDB, one record a key. Failing to keep never stops a screen. */
const DATABASE = "virage";
const STORE = "kept";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function run<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await open();
    try {
      return await new Promise<T>((resolve, reject) => {
        const transaction = database.transaction(STORE, mode);
        const request = ask(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(transaction.error);
      });
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
