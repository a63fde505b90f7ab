/** Keys that a phone makes and never gives away: a pass's holder has one, a phone that pays, and each device of the ground. */
import type { Bytes } from "./base45";

/** The public half as the server takes it: an Ed25519 or a P-256 key in JWK form (RFC 7517), bare of other members. */
export type PublicJwk = { kty: "OKP"; crv: "Ed25519"; x: string } | { kty: "EC"; crv: "P-256"; x: string; y: string };

/** A key pair whose private half no script can read; P-256 where the browser has no Ed25519. */
export async function newKeyPair(): Promise<CryptoKeyPair> {
  const uses: KeyUsage[] = ["sign", "verify"];
  try {
    return (await crypto.subtle.generateKey("Ed25519", false, uses)) as CryptoKeyPair;
  } catch {
    return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, uses);
  }
}

export function publicJwk({ kty, x, y }: JsonWebKey): PublicJwk {
  return kty === "OKP" ? { kty, crv: "Ed25519", x: x! } : { kty: "EC", crv: "P-256", x: x!, y: y! };
}

/** How a key signs, and how what it signed is verified. */
export function algorithmOf({ algorithm }: CryptoKey): "Ed25519" | EcdsaParams {
  return algorithm.name === "ECDSA" ? { name: "ECDSA", hash: "SHA-256" } : "Ed25519";
}

/** The bytes behind their purpose, which ends with a zero byte: what is signed for one is worth nothing for another. */
export function messageOf(purpose: string, body: Bytes): Bytes {
  const head = new TextEncoder().encode(`${purpose}\0`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/** The 64 bytes that a key makes of a message. */
export async function signatureOf(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(algorithmOf(key), key, message));
}
