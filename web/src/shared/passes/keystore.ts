/** Storage of keys in IndexedDB, which stores a CryptoKey without revealing it. */
import { BrowserDatabase } from "../runtime/database";

export interface StoredKey {
  private_key: CryptoKey;
  public_jwk: JsonWebKey;
}

/** Keys of one purpose, in their own database, by `name`. */
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

  /** Store the key unless one of this name exists; return the stored one. Two tabs at once get the same key. */
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
