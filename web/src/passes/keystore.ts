/** Where this browser keeps keys that it made: IndexedDB, which stores a CryptoKey without ever showing it. */

export interface StoredKey {
  private_key: CryptoKey;
  public_jwk: JsonWebKey;
}

/** The keys of one purpose, in a database of their own: by their `name`, a field of each. */
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
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(this.store, mode);
        const request = ask(transaction.objectStore(this.store));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(request.error ?? transaction.error);
      });
    } finally {
      database.close();
    }
  }

  #open(): Promise<IDBDatabase> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(this.database, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(this.store, { keyPath: this.name });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }
}
