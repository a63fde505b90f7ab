import { describe, expect, test } from "vitest";
import file from "../../../../../docs/vectors/virtual_card.json";
import { base64url, fromBase64 } from "../../../shared/passes/base64";
import type { PhoneKey } from "../phone/keys";
import { prove } from "../phone/keys";
import { challengeBytes, challengeIn, isOld, message, readChallenge } from "./challenge";

const { challenge, keys, cases } = file;
const said = { ...challenge.value };

async function phone(name: "Ed25519" | "P-256"): Promise<PhoneKey> {
  const { id, jwk } = keys[name];
  const algorithm = jwk.kty === "OKP" ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
  return { owner: "fan", id, private_key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]), public_jwk: jwk };
}

test("a phone reads a till's challenge and signs the same bytes as Python", () => {
  expect(challengeIn(file.address)).toEqual(said);
  expect(new TextDecoder().decode(challengeBytes(said))).toBe(challenge.text);
  const signed = message(said);
  expect(base64url(signed.slice(0, -challenge.text.length))).toBe(file.purpose);
});

test("a phone's proof is the one that Python expects, with either kind of key", async () => {
  const ofCase = (name: string): string => cases.find((vector) => vector.name === name)!.shown[0]!.proof;
  expect(await prove(await phone("Ed25519"), said)).toBe(ofCase("an Ed25519 key"));
  const { kty, crv, x, y } = keys["P-256"].jwk as JsonWebKey;
  const verifier = await crypto.subtle.importKey("jwk", { kty, crv, x, y } as JsonWebKey, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  for (const proof of [ofCase("a P-256 key"), await prove(await phone("P-256"), said)]) {
    const decoded = JSON.parse(new TextDecoder().decode(fromBase64(proof)));
    expect(decoded.key).toBe(keys["P-256"].id);
    const holds = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, verifier, fromBase64(decoded.signature), message(said));
    expect(holds).toBe(true);
  }
});

describe("a challenge expires on the phone when it expires on the server", () => {
  const asked = cases.filter(({ shown, outcomes }) => !shown[0]!.told && ["proof_too_old", undefined].includes((outcomes[0] as { reason?: string }).reason));
  test.each(asked)("$name", ({ now, shown, outcomes }) => {
    expect(isOld(shown[0]!.challenge, Date.parse(now))).toBe("reason" in outcomes[0]!);
  });
});

describe("a challenge that is not canonical is refused", () => {
  const encoded = (content: unknown): string => base64url(new TextEncoder().encode(typeof content === "string" ? content : JSON.stringify(content)));
  const { at, cents, id, outlet, till } = said;
  test.each<[string, string]>([
    ["nothing", ""],
    ["no base64", "%%%"],
    ["no JSON", encoded("pay me")],
    ["no object", encoded("15")],
    ["a member less", encoded({ at, cents, id, outlet })],
    ["a member more", encoded({ at, cents, id, more: 1, outlet, till })],
    ["another order", encoded({ cents, at, id, outlet, till })],
    ["a space", encoded(challenge.text.replace(":", ": "))],
    ["padding", `${encoded(said)}=`],
    ["nothing to pay", encoded({ ...said, cents: 0 })],
    ["money for the fan", encoded({ ...said, cents: -1500 })],
    ["parts of a cent", encoded({ ...said, cents: 0.5 })],
    ["too much", encoded({ ...said, cents: 100_000_001 })],
    ["cents as text", encoded({ ...said, cents: "1500" })],
    ["no moment", encoded({ ...said, at: "2026-13-09T19:47:12.345Z" })],
    ["a moment of another zone", encoded({ ...said, at: "2026-05-09T21:47:12.345+02:00" })],
    ["no id", encoded({ ...said, id: "1" })],
    ["a till in capitals", encoded({ ...said, till: till.toUpperCase().replace("71A1", "71AF") })],
    ["no outlet", encoded({ ...said, outlet: "" })],
    ["an outlet that is a sentence", encoded({ ...said, outlet: "send it all to this one" })],
    ["not UTF-8", base64url(new Uint8Array([0xff, 0xfe]))],
  ])("%s", (_, fragment) => expect(readChallenge(fragment)).toBeNull());

  test("and the address of another page", () => {
    expect(challengeIn(file.address.replace("/pay#", "/tap#"))).toBeNull();
    expect(challengeIn("a word")).toBeNull();
  });
});
