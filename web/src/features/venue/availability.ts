/** Availability: a bitmap of all places and a count per block, updated by deltas. */
export interface Span {
  code: string;
  first: number;
  count: number;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (byte >> bit) & 1).length);

export class Availability {
  readonly free: Map<string, number> = new Map();
  #bits: Uint8Array;
  #spans: readonly Span[];

  /** `bits` has one bit per place, 1 for free and for sale: place i is bit i % 8 of byte i / 8. */
  constructor(bits: Uint8Array, spans: readonly Span[]) {
    this.#bits = bits;
    this.#spans = [...spans].sort((first, second) => first.first - second.first);
    for (const span of this.#spans) this.free.set(span.code, this.#count(span.first, span.count));
  }

  isFree(place: number): boolean {
    return (((this.#bits[place >> 3] ?? 0) >> (place & 7)) & 1) === 1;
  }

  get total(): number {
    let sum = 0;
    for (const count of this.free.values()) sum += count;
    return sum;
  }

  /** Applies a delta and returns the codes of the blocks that changed. */
  apply(taken: readonly number[], freed: readonly number[]): Set<string> {
    const changed = new Set<string>();
    for (const place of taken) this.#set(place, false, changed);
    for (const place of freed) this.#set(place, true, changed);
    return changed;
  }

  spanOf(place: number): Span | undefined {
    let low = 0;
    let high = this.#spans.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const span = this.#spans[middle]!;
      if (place < span.first) high = middle - 1;
      else if (place >= span.first + span.count) low = middle + 1;
      else return span;
    }
    return undefined;
  }

  #set(place: number, free: boolean, changed: Set<string>): void {
    if (this.isFree(place) === free) return;
    const span = this.spanOf(place);
    if (!span || place >> 3 >= this.#bits.length) return;
    this.#bits[place >> 3]! ^= 1 << (place & 7);
    this.free.set(span.code, this.free.get(span.code)! + (free ? 1 : -1));
    changed.add(span.code);
  }

  #count(first: number, count: number): number {
    let sum = 0;
    let place = first;
    const end = first + count;
    while (place < end && place % 8 !== 0) sum += this.isFree(place++) ? 1 : 0;
    while (place + 8 <= end) {
      sum += ONES[this.#bits[place >> 3] ?? 0]!;
      place += 8;
    }
    while (place < end) sum += this.isFree(place++) ? 1 : 0;
    return sum;
  }
}
