/** Keys that a phone makes and never gives away: a pass's holder has one, and a phone that pays. */
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

/** The 64 bytes that a key makes of a message. */
export async function signatureOf(key: CryptoKey, message: Bytes): Promise<Bytes> {
  const algorithm = key.algorithm.name === "ECDSA" ? { name: "ECDSA", hash: "SHA-256" } : "Ed25519";
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, message));
}
