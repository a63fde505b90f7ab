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
import { endWithPage } from "./indexed";

export class BrowserDatabase<Schema extends DBSchema> {
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
        endWithPage(transaction);
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
    endWithPage(transaction);
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

function abort(transaction: Pick<IDBTransaction, "abort">): void {
  try {
    transaction.abort();
  } catch {
    // it has ended, or is being committed
  }
}
