/**
 * IndexedDB of a fan's phone, opened for each use. Not by idb: with it, a page that WebKit suspended while it stored
 * sometimes blocked the next one (tests/web/engines). Devices use `database.ts`.
 */

export function openDatabase(name: string, create: (database: IDBDatabase) => void): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      endWithPage(request.transaction!);
      create(request.result);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export function within<Result>(transaction: IDBTransaction, ask: (transaction: IDBTransaction) => IDBRequest<Result> | void): Promise<Result> {
  endWithPage(transaction);
  return new Promise((resolve, reject) => {
    const request = ask(transaction);
    transaction.oncomplete = () => resolve((request ? request.result : undefined) as Result);
    transaction.onabort = () => reject(transaction.error ?? new DOMException("the page was left", "AbortError"));
  });
}

let left = false;
if ("addEventListener" in globalThis) { // Node, which runs the tests of rules, has no pages
  addEventListener("pagehide", () => (left = true));
  addEventListener("pageshow", () => (left = false));
}

/**
 * Abort a transaction when its page is left: WebKit suspends the page with it, and the site's next page would wait for
 * its stores. An answer of the database between `pagehide` and the suspension would begin one more: it is aborted too.
 */
export function endWithPage(transaction: Pick<IDBTransaction, "abort" | "addEventListener">): void {
  if (left) return transaction.abort();
  const ended = new AbortController();
  const abort = (): void => {
    try {
      transaction.abort();
    } catch {
      ended.abort(); // it is being committed
    }
  };
  addEventListener("pagehide", abort, { signal: ended.signal });
  for (const end of ["complete", "abort"]) transaction.addEventListener(end, () => ended.abort());
}
