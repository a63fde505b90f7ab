/**
 * Deterministic CBOR (RFC 8949, 4.2.1) of the few types in a pass; everything else is rejected. A map has integer keys.
 * Numbers beyond 2^53 are rejected: no field of a pass is that large.
 */

import type { Bytes } from "./base45";

export type Item = number | boolean | string | Bytes | Item[] | Map<number, Item>;

/** The bytes are not deterministic CBOR of the types in a pass. */
export class NotDeterministic extends Error {}

const DEPTH_MAX = 6;
const SMALLEST_OF = [24, 2 ** 8, 2 ** 16, 2 ** 32];

/** The deterministic encoding of an item. */
export function encode(item: Item): Bytes {
  const out: number[] = [];
  write(item, out);
  return Uint8Array.from(out);
}

function write(item: Item, out: number[]): void {
  if (typeof item === "number") {
    item < 0 ? writeHead(1, -1 - item, out) : writeHead(0, item, out);
  } else if (typeof item === "boolean") {
    out.push(item ? 0xf5 : 0xf4);
  } else if (typeof item === "string") {
    const text = new TextEncoder().encode(item);
    writeHead(3, text.length, out);
    out.push(...text);
  } else if (item instanceof Uint8Array) {
    writeHead(2, item.length, out);
    out.push(...item);
  } else if (Array.isArray(item)) {
    writeHead(4, item.length, out);
    for (const member of item) write(member, out);
  } else {
    const entries = [...item].map(([key, value]) => [encode(key), value] as const);
    entries.sort(([left], [right]) => compare(left, right));
    writeHead(5, entries.length, out);
    for (const [key, value] of entries) {
      out.push(...key);
      write(value, out);
    }
  }
}

function writeHead(major: number, argument: number, out: number[]): void {
  const size = argument < 24 ? 0 : argument < 2 ** 8 ? 1 : argument < 2 ** 16 ? 2 : argument < 2 ** 32 ? 4 : 8;
  out.push((major << 5) | (size === 0 ? argument : 24 + Math.log2(size)));
  for (let left = size - 1; left >= 0; left--) out.push(Math.floor(argument / 256 ** left) % 256);
}

/** The item encoded by all the bytes; throws NotDeterministic. */
export function decode(data: Bytes): Item {
  const reader = new Reader(data);
  const item = reader.item(0);
  if (reader.at !== data.length) throw new NotDeterministic("trailing bytes");
  return item;
}

class Reader {
  at = 0;

  constructor(private readonly data: Bytes) {}

  item(depth: number): Item {
    if (depth > DEPTH_MAX) throw new NotDeterministic("too deep");
    const start = this.at;
    const [major, argument] = this.head();
    if (major === 0) return argument;
    if (major === 1) return -1 - argument;
    if (major === 2) return this.take(argument);
    if (major === 3) return text(this.take(argument));
    if (major === 4) return this.array(argument, depth);
    if (major === 5) return this.map(argument, depth);
    if (major === 7 && (argument === 20 || argument === 21) && this.at === start + 1) return argument === 21;
    throw new NotDeterministic("a type no pass has");
  }

  private head(): [major: number, argument: number] {
    const first = this.take(1)[0]!;
    const info = first & 0x1f;
    if (info < 24) return [first >> 5, info];
    if (info > 27) throw new NotDeterministic("indefinite or reserved length");
    const argument = this.take(1 << (info - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
    if (argument < SMALLEST_OF[info - 24]! || argument > Number.MAX_SAFE_INTEGER) {
      throw new NotDeterministic("longer head than needed, or larger number than known");
    }
    return [first >> 5, argument];
  }

  private take(count: number): Bytes {
    if (count > this.data.length - this.at) throw new NotDeterministic("missing bytes");
    this.at += count;
    return this.data.slice(this.at - count, this.at);
  }

  private array(count: number, depth: number): Item[] {
    if (count > this.data.length - this.at) throw new NotDeterministic("missing bytes");
    return Array.from({ length: count }, () => this.item(depth + 1));
  }

  private map(count: number, depth: number): Map<number, Item> {
    const entries = new Map<number, Item>();
    let last: Bytes = new Uint8Array(0);
    for (let left = count; left > 0; left--) {
      const start = this.at;
      const key = this.item(depth + 1);
      const encoded = this.data.slice(start, this.at);
      if (typeof key !== "number" || compare(encoded, last) <= 0) {
        throw new NotDeterministic("keys that are no integers, repeat or stand out of order");
      }
      last = encoded;
      entries.set(key, this.item(depth + 1));
    }
    return entries;
  }
}

function text(data: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new NotDeterministic("text that is not UTF-8");
  }
}

/** Compare bytes: below, equal or above zero. */
export function compare(left: Bytes, right: Bytes): number {
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    if (left[at] !== right[at]) return left[at]! - right[at]!;
  }
  return left.length - right.length;
}
