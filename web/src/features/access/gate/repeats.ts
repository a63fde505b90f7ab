/** Whether what the camera sees was judged just now: a code that stays there, or another one of a pass that was let through. */

/** The same code before the camera is the same scan, and so is the same pass just after it was let through. */
const SAME_TEXT_MS = 8_000;
const SAME_PASS_MS = 5_000;
/** A code that was out of the picture for longer has come again; until then it may stay there as long as it likes. */
const GONE_MS = 1_500;

export class Repeats {
  #text: string | null = null;
  #passed: number | null = null;
  #judgedAt = 0;
  #seenAt = 0;
  readonly #now: () => number;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** A code was judged; `passed` is the pass that was let through by it. */
  judged(text: string, passed: number | null): void {
    [this.#text, this.#passed] = [text, passed];
    this.#judgedAt = this.#seenAt = this.#now();
  }

  /** Whether a code that the camera sees now is the one that was judged last. */
  isSame(text: string): boolean {
    const now = this.#now();
    if (text !== this.#text || (now - this.#judgedAt >= SAME_TEXT_MS && now - this.#seenAt >= GONE_MS)) return false;
    this.#seenAt = now;
    return true;
  }

  /** Whether a pass is the one that was let through a moment ago. */
  isSamePass(number: number | null): boolean {
    return number !== null && number === this.#passed && this.#now() - this.#judgedAt < SAME_PASS_MS;
  }
}
