import { expect, test } from "vitest";
import vectors from "../../../../docs/vectors/fiscal.json";
import { base64url, fromBase64 } from "../../shared/passes/base64";
import { newKey } from "../../shared/devices/key";
import { codeOf, readCode } from "./code";
import { totalsOf, written, type Line, type Record } from "./record";

const sale = vectors.records[0]!.record as Record;
const random = (): string => crypto.randomUUID();

test("a receipt is read as signed, a changed one is rejected", async () => {
  const key = await newKey();
  const signed = await written(sale, key);
  const code = await codeOf(signed, key.public_jwk);
  expect(await readCode(code)).toMatchObject({ record: sale, hash: signed.hash, key: key.public_jwk });
  const bytes = fromBase64(code);
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = bytes.slice();
    changed[at]! ^= 1;
    expect(await readCode(base64url(changed))).toBeNull();
  }
  for (const text of ["", "AA", code.slice(0, -8), `${code}AAAA`, "%%%"]) expect(await readCode(text)).toBeNull();
});

test("a receipt of twenty different lines fits into a QR code", async () => {
  const key = await newKey();
  const line = (at: number): Line => ({ product: random(), name: `Bière blonde pression ${at}`, quantity: 1, unit_cents: 700 + at, vat_permille: 200, options: ["Ketchup"], deposit: false });
  const lines = Array.from({ length: 20 }, (_, at) => line(at));
  const totals = totalsOf(lines);
  const proof = `uid=04AABBCCDDEEFF&ctr=0000FF&cmac=${random().replaceAll("-", "").slice(0, 16).toUpperCase()}`;
  const long = { ...sale, lines, totals, tenders: [{ kind: "card" as const, cents: totals[0]!.gross_cents, proof }] };
  expect((await codeOf(await written(long, key), key.public_jwk)).length).toBeLessThan(2_800);
});
