/** Where this browser keeps keys that it made: IndexedDB, which stores a CryptoKey without ever showing it. */
import { BrowserDatabase } from "../runtime/database";

export interface StoredKey {
  private_key: CryptoKey;
  public_jwk: JsonWebKey;
}

/** The keys of one purpose, in a database of their own: by their `name`, a field of each. */
export class KeyStore<Key extends StoredKey> {
  readonly #database: BrowserDatabase<unknown>;

  constructor(
    database: string,
    private readonly store: string,
    private readonly name: keyof Key & string,
  ) {
    this.#database = new BrowserDatabase(database, (created) => void created.createObjectStore(store, { keyPath: name }));
  }

  find(name: string): Promise<Key | undefined> {
    return this.#database.get(this.store, name) as Promise<Key | undefined>;
  }

  /** Keep the key unless there is one of its name; the one that stays. Two tabs at once get the same. */
  async keepFirst(key: Key): Promise<Key> {
    try {
      await this.#database.within([this.store], "readwrite", (on) => on.objectStore(this.store).add(key));
      return key;
    } catch (error) {
      const first = error instanceof DOMException && error.name === "ConstraintError" ? await this.find(String(key[this.name])) : null;
      if (!first) throw error;
      return first;
    }
  }

  remove(name: string): Promise<void> {
    return this.#database.delete(this.store, name);
  }

  clear(): Promise<void> {
    return this.#database.within([this.store], "readwrite", (on) => on.objectStore(this.store).clear());
  }
}
