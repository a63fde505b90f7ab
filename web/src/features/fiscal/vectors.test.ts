import { describe, expect, test } from "vitest";
import vectors from "../../../../docs/vectors/fiscal.json";
import { algorithmOf, messageOf } from "../../shared/passes/keys";
import { fromBase64 } from "../../shared/passes/base64";
import type { PublicJwk } from "../../shared/passes/holder";
import { check } from "./check";
import { readRecord } from "./read";
import { bytesOf, canonical, EMPTY, hashOf, PURPOSE, totalOf, written, type Record } from "./record";

const text = (body: BufferSource): string => new TextDecoder().decode(body);
const jwks = vectors.keys as { [name: string]: JsonWebKey };

async function verifies(jwk: JsonWebKey, body: string, signature: string): Promise<boolean> {
  const { d: _, ...open } = jwk;
  const kind = open as PublicJwk;
  const algorithm = kind.kty === "OKP" ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("jwk", open, algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithmOf(key), key, fromBase64(signature), messageOf(PURPOSE, fromBase64(body)));
}

test("the till signs for the purpose that the server reads", () => {
  expect(text(messageOf(PURPOSE, new Uint8Array()))).toBe(text(fromBase64(vectors.purpose)));
  expect(EMPTY.hash).toBe(vectors.genesis);
});

describe("every record of the vectors", () => {
  test.each(vectors.records)("$name", async (vector) => {
    const record = vector.record as Record;
    expect(canonical(record)).toBe(vector.text);
    expect(await hashOf(bytesOf(record))).toBe(vector.hash);
    expect(totalOf(record)).toBe(vector.total_cents);
    expect(check(record)).toEqual(vector.check);
    expect(readRecord(bytesOf(record))).toEqual(record);
    const jwk = jwks[vector.key]!;
    const { d: _, ...public_jwk } = jwk;
    const kind = public_jwk as PublicJwk;
    const algorithm = kind.kty === "OKP" ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
    const private_key = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]);
    const own = await written(record, { private_key, public_jwk: kind });
    expect(await verifies(jwk, own.body, vector.signature)).toBe(true);
    expect(await verifies(jwk, own.body, own.signature)).toBe(true);
  });
});

test.each(vectors.no_records)("no record: $name", ({ body }) => {
  expect(readRecord(fromBase64(body))).toBeNull();
});

test("each record of a chain continues the previous one", async () => {
  let head = EMPTY;
  for (const { text: body, hash } of vectors.chain) {
    const record = JSON.parse(body) as Record;
    expect(await hashOf(bytesOf(record))).toBe(hash);
    expect([record.number, record.previous]).toEqual([head.number + 1, head.hash]);
    head = { number: record.number, hash };
  }
});
