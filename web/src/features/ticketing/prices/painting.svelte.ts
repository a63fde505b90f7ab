/** A pricing during editing: the document, its history, and whether it is saved. */
import type { Doc } from "./doc";

const STEPS_MAX = 200;

export class Painting {
  doc = $state.raw<Doc>()!;
  #saved = $state.raw<Doc>()!;
  #past = $state.raw<readonly Doc[]>([]);
  #future = $state.raw<readonly Doc[]>([]);
  #key = "";
  readonly dirty = $derived(this.doc !== this.#saved);
  readonly undoable = $derived(this.#past.length > 0);
  readonly redoable = $derived(this.#future.length > 0);

  constructor(doc: Doc) {
    this.doc = doc;
    this.#saved = doc;
  }

  /** Sets a new document. Steps with the same key (typing in a field, a brush stroke) are undone together. */
  take(doc: Doc, key = ""): void {
    if (doc === this.doc) return;
    if (!key || key !== this.#key) this.#past = [...this.#past, this.doc].slice(-STEPS_MAX);
    this.#key = key;
    this.#future = [];
    this.doc = doc;
  }

  undo(): void {
    const previous = this.#past.at(-1);
    if (!previous) return;
    this.#future = [...this.#future, this.doc];
    this.#past = this.#past.slice(0, -1);
    this.#key = "";
    this.doc = previous;
  }

  redo(): void {
    const after = this.#future.at(-1);
    if (!after) return;
    this.#past = [...this.#past, this.doc];
    this.#future = this.#future.slice(0, -1);
    this.#key = "";
    this.doc = after;
  }

  saved(doc: Doc): void {
    this.#saved = doc;
  }
}
