import * as cborg from "cborg";
import { rfc8949EncodeOptions } from "cborg";
import { describe, expect, test } from "vitest";
import { decode, encode, NotDeterministic, type Item } from "./cbor";

/** Numbers from a fixed seed (mulberry32), so that a failure is reproducible. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const BOUNDS = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER];
/** Without U+FEFF: cborg drops it at the beginning of a text. */
const LETTERS = ["a", "é", "–", "€", "日", "😀", "\u0000"];

function item(pick: (below: number) => number, depth = 0): Item {
  const kind = pick(depth < 5 ? 7 : 5);
  const many = <T>(make: () => T) => Array.from({ length: pick(40) }, make);
  if (kind === 0) return BOUNDS[pick(BOUNDS.length)]!;
  if (kind === 1) return -1 - BOUNDS[pick(BOUNDS.length - 1)]!;
  if (kind === 2) return pick(2) === 1;
  if (kind === 3) return many(() => LETTERS[pick(LETTERS.length)]).join("");
  if (kind === 4) return Uint8Array.from({ length: pick(300) }, () => pick(256));
  if (kind === 5) return Array.from({ length: pick(5) }, () => item(pick, depth + 1));
  return new Map(Array.from({ length: pick(5) }, () => [pick(600) - 300, item(pick, depth + 1)]));
}

describe("CBOR agrees with the library cborg", () => {
  test("for values with every head, type and depth of a pass", () => {
    const pick = chance(8949);
    for (let count = 0; count < 500; count++) {
      const value = item(pick);
      const written = encode(value);
      expect(written).toEqual(Uint8Array.from(cborg.encode(value, rfc8949EncodeOptions)));
      expect(decode(written)).toEqual(value);
      expect(cborg.decode(written, { useMaps: true })).toEqual(value);
    }
  });

  test("and rejects bytes that cborg rejects", () => {
    const pick = chance(8950);
    let refused = 0;
    for (let count = 0; count < 3000; count++) {
      const bytes = encode(item(pick)).slice();
      if (bytes.length === 0) continue;
      bytes[pick(bytes.length)] = pick(256);
      let expected: unknown;
      try {
        expected = cborg.decode(bytes, { useMaps: true, strict: true, allowIndefinite: false, rejectDuplicateMapKeys: true });
      } catch {
        refused++;
        expect(() => decode(bytes)).toThrow(NotDeterministic);
        continue;
      }
      try {
        expect(decode(bytes)).toEqual(expected);
      } catch (stricter) {
        expect(stricter).toBeInstanceOf(NotDeterministic);
      }
    }
    expect(refused).toBeGreaterThan(300);
  });
});
