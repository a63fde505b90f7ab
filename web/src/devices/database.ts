/** IndexedDB as devices use it: what a promise says is kept is on the disk. */
import { openDatabase, within } from "../kernel/indexed";

/** One database with its stores. */
export class Kept<Store extends string> {
  #opened: Promise<IDBDatabase> | null = null;
  readonly #name: string;
  readonly #make: (database: IDBDatabase) => void;

  /** `make` makes the stores of a new database. */
  constructor(name: string, make: (database: IDBDatabase) => void) {
    this.#name = name;
    this.#make = make;
  }

  #database(): Promise<IDBDatabase> {
    this.#opened ??= openDatabase(this.#name, this.#make).catch((error) => {
      this.#opened = null; // Back may restore a page that was left during this
      throw error;
    });
    return this.#opened;
  }

  /** Run requests in one transaction; done when it is on the disk. */
  async within<Result>(stores: Store[], mode: IDBTransactionMode, ask: (transaction: IDBTransaction) => IDBRequest<Result> | void): Promise<Result> {
    return within((await this.#database()).transaction(stores, mode, { durability: "strict" }), ask);
  }

  one<T>(store: Store, key: IDBValidKey): Promise<T | undefined> {
    return this.within([store], "readonly", (on) => on.objectStore(store).get(key) as IDBRequest<T | undefined>);
  }

  all<T>(store: Store, count?: number): Promise<T[]> {
    return this.within([store], "readonly", (on) => on.objectStore(store).getAll(null, count) as IDBRequest<T[]>);
  }

  put(store: Store, value: unknown, key?: IDBValidKey): Promise<unknown> {
    return this.within([store], "readwrite", (on) => on.objectStore(store).put(value, key));
  }
}
