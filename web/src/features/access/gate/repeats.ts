/** Filter for repeated codes: a code that stays in the picture, or the next code of a pass that was just let through. */

const SAME_TEXT_MS = 8_000;
const SAME_PASS_MS = 5_000;
/** Time out of the picture after which the same code is a new scan. */
const ABSENT_MS = 1_500;

export class Repeats {
  #text: string | null = null;
  #passNumber: number | null = null;
  #decidedAt = 0;
  #seenAt = 0;
  readonly #now: () => number;

  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /** Note a decided code; `passNumber` if it was let through. */
  note(text: string, passNumber: number | null): void {
    [this.#text, this.#passNumber] = [text, passNumber];
    this.#decidedAt = this.#seenAt = this.#now();
  }

  /** Whether a code in the picture is the one that was decided last. */
  isSame(text: string): boolean {
    const now = this.#now();
    if (text !== this.#text || (now - this.#decidedAt >= SAME_TEXT_MS && now - this.#seenAt >= ABSENT_MS)) return false;
    this.#seenAt = now;
    return true;
  }

  /** Whether a pass was let through a moment ago. */
  isSamePass(number: number | null): boolean {
    return number !== null && number === this.#passNumber && this.#now() - this.#decidedAt < SAME_PASS_MS;
  }
}
