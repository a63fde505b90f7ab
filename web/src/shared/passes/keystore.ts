/** Storage of keys in IndexedDB, which stores a CryptoKey without revealing it. */
import { openDatabase, within } from "../runtime/indexed";

export interface StoredKey {
  private_key: CryptoKey;
  public_jwk: JsonWebKey;
}

/** Keys of one purpose, in their own database, by `name`. */
export class KeyStore<Key extends StoredKey> {
  constructor(
    private readonly database: string,
    private readonly store: string,
    private readonly name: keyof Key & string,
  ) {}

  find(name: string): Promise<Key | undefined> {
    return this.#ask("readonly", (store) => store.get(name) as IDBRequest<Key | undefined>);
  }

  /** Keep the key unless there is one of its name; the one that stays. Two tabs at once get the same. */
  async keepFirst(key: Key): Promise<Key> {
    try {
      await this.#ask("readwrite", (store) => store.add(key));
      return key;
    } catch (error) {
      const first = error instanceof DOMException && error.name === "ConstraintError" ? await this.find(String(key[this.name])) : null;
      if (!first) throw error;
      return first;
    }
  }

  async remove(name: string): Promise<void> {
    await this.#ask("readwrite", (store) => store.delete(name));
  }

  async clear(): Promise<void> {
    await this.#ask("readwrite", (store) => store.clear());
  }

  /** Run one request in a transaction of its own; done when the transaction is. */
  async #ask<Result>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<Result>): Promise<Result> {
    const database = await this.#open();
    try {
      return await within(database.transaction(this.store, mode), (on) => ask(on.objectStore(this.store)));
    } finally {
      database.close();
    }
  }

  #open(): Promise<IDBDatabase> {
    return openDatabase(this.database, (database) => void database.createObjectStore(this.store, { keyPath: this.name }));
  }
}
