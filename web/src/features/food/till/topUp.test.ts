import { expect, test } from "vitest";
import file from "../../../../../docs/vectors/load.json";
import type { OwnKey } from "../../../shared/devices/key";
import { base64url, fromBase64 } from "../../../shared/passes/base64";
import { messageOf } from "../../../shared/passes/keys";
import { topUpBytes, PURPOSE, signedTopUp, type TopUpRecord } from "./topUp";

const { loads, keys, cases } = file;
const [topUp, payout] = loads.map(({ value }) => value as TopUpRecord) as [TopUpRecord, TopUpRecord];
const ofCase = (name: string): (typeof cases)[number] => cases.find((vector) => vector.name === name)!;

async function key(name: keyof typeof keys): Promise<OwnKey> {
  const { jwk } = keys[name];
  const algorithm = jwk.kty === "OKP" ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
  return { private_key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]), public_jwk: jwk } as OwnKey;
}

test("a till signs a top-up as the same bytes as Python, with its own purpose", () => {
  for (const { value, text } of loads) expect(new TextDecoder().decode(topUpBytes(value as TopUpRecord))).toBe(text);
  expect(base64url(messageOf(PURPOSE, new Uint8Array()))).toBe(file.purpose);
});

test("the server accepts top-ups signed by either kind of key", async () => {
  const { body, signature } = ofCase("a load, an Ed25519 key");
  expect(await signedTopUp(topUp, await key("Ed25519"))).toEqual({ body, signature });
  const signed = await signedTopUp(payout, await key("P-256"));
  expect(signed.body).toBe(ofCase("a payout, a P-256 key").body);
  const { kty, crv, x, y } = keys["P-256"].jwk as JsonWebKey;
  const verifier = await crypto.subtle.importKey("jwk", { kty, crv, x, y } as JsonWebKey, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  for (const signature of [signed.signature, ofCase("a payout, a P-256 key").signature]) {
    const holds = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, verifier, fromBase64(signature), messageOf(PURPOSE, topUpBytes(payout)));
    expect(holds).toBe(true);
  }
});
