/** Where this browser keeps its holder keys: IndexedDB, which stores a CryptoKey without ever showing it. */

export interface StoredKey {
  ticket_id: string;
  private_key: CryptoKey;
  public_jwk: JsonWebKey;
}

const DATABASE = "virage-passes";
const STORE = "holder_key";

/** The key of a ticket, or undefined. */
export function find(ticketId: string): Promise<StoredKey | undefined> {
  return inStore("readonly", (store) => store.get(ticketId) as IDBRequest<StoredKey | undefined>);
}

/** Keep the key unless the ticket has one; the one that stays. Two tabs at once get the same. */
export async function keepFirst(key: StoredKey): Promise<StoredKey> {
  try {
    await inStore("readwrite", (store) => store.add(key));
    return key;
  } catch (error) {
    const first = error instanceof DOMException && error.name === "ConstraintError" ? await find(key.ticket_id) : null;
    if (!first) throw error;
    return first;
  }
}

/** Delete every key. */
export async function clear(): Promise<void> {
  await inStore("readwrite", (store) => store.clear());
}

/** Run one request in a transaction of its own; done when the transaction is. */
async function inStore<Result>(
  mode: IDBTransactionMode,
  ask: (store: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await open();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const request = ask(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(request.error ?? transaction.error);
    });
  } finally {
    database.close();
  }
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "ticket_id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
