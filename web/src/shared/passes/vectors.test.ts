import { describe, expect, test, vi } from "vitest";
import file from "../../../../docs/vectors/passes.json";
import * as base45 from "./base45";
import { fromHex, hex, holderMessage, readCode, stepAt } from "./code";
import type { Claims } from "./code";
import { HolderKeyMissing, signedCode } from "./holder";
import { qrPath } from "./qr";
import { issuerKeys, verify } from "./verify";
import type { PassKeys, Verdict } from "./verify";

interface Vectors {
  now: string;
  event_id: string;
  issuers: PassKeys[];
  holders: { ed25519: JsonWebKey; p256: JsonWebKey };
  moving: { pass: string; step: number; holder_message: string; code: string; p256_pass: string };
  base45: { encoded: { hex: string; text: string }[]; refused: string[] };
  cases: { name: string; text: string; verdict: unknown }[];
}

const vectors: Vectors = file;
const now = Date.parse(vectors.now);
const keys = await issuerKeys(vectors.issuers);

function comparable(verdict: Verdict) {
  const plain = ({ holder, ...claims }: Claims) => ({ ...claims, holder: holder && { ...holder, x: hex(holder.x) } });
  return { ...verdict, claims: verdict.claims && plain(verdict.claims) };
}

async function phone(jwk: JsonWebKey) {
  const { d: _, ...public_jwk } = jwk;
  const algorithm = jwk.kty === "OKP" ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
  return {
    ticket_id: "a-ticket",
    private_key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]),
    public_jwk,
  };
}

describe("every text of the vectors gets Python's verdict", () => {
  test.each(vectors.cases)("$name", async ({ text, verdict }) => {
    expect(comparable(await verify(text, keys, now, vectors.event_id))).toEqual(verdict);
  });
});

test("a browser without Ed25519 gives every text the same verdict", async () => {
  const own = crypto.subtle.importKey.bind(crypto.subtle) as (...args: unknown[]) => Promise<CryptoKey>;
  const spy = vi.spyOn(crypto.subtle, "importKey").mockImplementation((...args: unknown[]) => {
    return args[2] === "Ed25519" ? Promise.reject(new DOMException("Unrecognized name", "NotSupportedError")) : own(...args);
  });
  const old = await issuerKeys(vectors.issuers);
  for (const { name, text, verdict } of vectors.cases) {
    expect(comparable(await verify(text, old, now, vectors.event_id)), name).toEqual(verdict);
  }
  spy.mockRestore();
});

test("base45 agrees with RFC 9285 and with Python", () => {
  for (const { hex: bytes, text } of vectors.base45.encoded) {
    expect(base45.encode(fromHex(bytes))).toBe(text);
    expect(base45.decode(text)).toEqual(fromHex(bytes));
  }
  for (const text of vectors.base45.refused) expect(base45.decode(text)).toBeNull();
});

test("a phone signs the same bytes as Python", () => {
  const { moving } = vectors;
  const code = readCode(moving.code)!;
  expect(hex(code.moving!.message)).toBe(moving.holder_message);
  const cwt = base45.decode(moving.pass.slice(3))!;
  expect(hex(holderMessage(cwt, moving.step, code.signed.claims.holder!))).toBe(moving.holder_message);
});

test("an Ed25519 phone makes the code of the vectors", async () => {
  expect(await signedCode(vectors.moving.pass, await phone(vectors.holders.ed25519), now)).toBe(vectors.moving.code);
});

test("a P-256 phone makes a code that is valid now and invalid a minute later", async () => {
  const code = await signedCode(vectors.moving.p256_pass, await phone(vectors.holders.p256), now);
  expect(await verify(code, keys, now, vectors.event_id)).toMatchObject({ type: "verified", paper: false });
  expect(await verify(code, keys, now + 60_000, vectors.event_id)).toMatchObject({
    reason: "stale_step",
    step: stepAt(now),
  });
});

test("a phone with another key than the pass reports it instead of showing an invalid code", async () => {
  const other = await phone(vectors.holders.p256);
  await expect(signedCode(vectors.moving.pass, other, now)).rejects.toThrow(HolderKeyMissing);
});

test("the largest code fits QR version 11", () => {
  const longest = vectors.cases.reduce((a, b) => (b.text.length > a.text.length && b.text.length <= 366 ? b : a));
  expect(qrPath(longest.text).version).toBe(11);
});

test("no flipped bit in a valid code is accepted", async () => {
  const good = base45.decode(vectors.moving.code.slice(3))!;
  for (let bit = 0; bit < good.length * 8; bit += 7) {
    const flipped = Uint8Array.from(good, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    const verdict = await verify("V1:" + base45.encode(flipped), keys, now, vectors.event_id);
    expect(verdict.type, `bit ${bit}`).toBe("unverified");
  }
});
