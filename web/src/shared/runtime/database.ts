/** Database of this browser: IndexedDB through idb. Writes resolve when they are on disk. */
import {
  openDB,
  type DBSchema,
  type IDBPDatabase,
  type IDBPTransaction,
  type StoreKey,
  type StoreNames,
  type StoreValue,
} from "idb";

export class BrowserDatabase<Schema extends DBSchema | unknown> {
  #opened: Promise<IDBPDatabase<Schema>> | null = null;
  readonly #name: string;
  readonly #create: (database: IDBPDatabase<Schema>) => void;

  /** `create` makes the stores of a new database, which is opened on first use. */
  constructor(name: string, create: (database: IDBPDatabase<Schema>) => void) {
    this.#name = name;
    this.#create = create;
  }

  #open(): Promise<IDBPDatabase<Schema>> {
    const forget = (): void => void (this.#opened = null);
    this.#opened ??= openDB<Schema>(this.#name, 1, {
      upgrade: (database, _old, _new, transaction) => {
        abortWithPage(transaction);
        this.#create(database);
      },
      terminated: forget,
    }).catch((error: unknown) => {
      forget(); // the back button may restore a page that was left during this
      throw error;
    });
    return this.#opened;
  }

  /** Run `work` in one transaction, and return its result once the transaction is on disk. */
  async within<Names extends StoreNames<Schema>[], Mode extends "readonly" | "readwrite", Result>(
    stores: Names,
    mode: Mode,
    work: (transaction: IDBPTransaction<Schema, Names, Mode>) => Promise<Result>,
  ): Promise<Result> {
    const transaction = (await this.#open()).transaction(stores, mode, { durability: "strict" });
    abortWithPage(transaction);
    transaction.done.catch(() => undefined); // `work` fails with the same error
    try {
      const result = await work(transaction);
      await transaction.done;
      return result;
    } catch (error) {
      abort(transaction);
      throw error;
    }
  }

  get<Name extends StoreNames<Schema>>(store: Name, key: StoreKey<Schema, Name>): Promise<StoreValue<Schema, Name> | undefined> {
    return this.within([store], "readonly", (on) => on.objectStore(store).get(key));
  }

  all<Name extends StoreNames<Schema>>(store: Name, count?: number): Promise<StoreValue<Schema, Name>[]> {
    return this.within([store], "readonly", (on) => on.objectStore(store).getAll(null, count));
  }

  async put<Name extends StoreNames<Schema>>(store: Name, value: StoreValue<Schema, Name>, key?: StoreKey<Schema, Name>): Promise<void> {
    await this.within([store], "readwrite", (on) => on.objectStore(store).put(value, key));
  }

  async delete<Name extends StoreNames<Schema>>(store: Name, key: StoreKey<Schema, Name>): Promise<void> {
    await this.within([store], "readwrite", (on) => on.objectStore(store).delete(key));
  }
}

type Transaction = Pick<IDBTransaction, "abort" | "addEventListener">;

function abort(transaction: Transaction): void {
  try {
    transaction.abort();
  } catch {
    // it has ended, or is being committed
  }
}

/** WebKit suspends a left page with its open transactions, and the site's next page would wait for their stores for ever. */
function abortWithPage(transaction: Transaction): void {
  const ended = new AbortController();
  addEventListener("pagehide", () => abort(transaction), { signal: ended.signal });
  for (const end of ["complete", "abort"]) transaction.addEventListener(end, () => ended.abort());
}
