/** A set of pass numbers: number i is bit i % 8 of byte i / 8. */
import type { Bytes } from "../../../shared/passes/base45";

export class Bitmap {
  #bytes: Bytes;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  has(number: number): boolean {
    return (((this.#bytes[number >> 3] ?? 0) >> (number & 7)) & 1) === 1;
  }

  put(number: number, on: boolean): void {
    const at = number >> 3;
    if (at >= this.#bytes.length) {
      const longer = new Uint8Array(at + 1);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    if (on) this.#bytes[at]! |= 1 << (number & 7);
    else this.#bytes[at]! &= ~(1 << (number & 7));
  }

  get count(): number {
    let sum = 0;
    for (let byte of this.#bytes) for (; byte; byte &= byte - 1) sum += 1;
    return sum;
  }
}
