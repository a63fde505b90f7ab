/** Key pairs whose private half never leaves the browser: for pass holders, phones that pay, and devices. */
import type { Bytes } from "./base45";

/** Public key for the server: a minimal JWK (RFC 7517), Ed25519 or P-256. */
export type PublicJwk = { kty: "OKP"; crv: "Ed25519"; x: string } | { kty: "EC"; crv: "P-256"; x: string; y: string };

/** A key pair with a non-extractable private key; P-256 in browsers without Ed25519. */
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

/** Algorithms for signing and verifying. */
export function algorithmOf({ algorithm }: CryptoKey): "Ed25519" | EcdsaParams {
  return algorithm.name === "ECDSA" ? { name: "ECDSA", hash: "SHA-256" } : "Ed25519";
}

/** The bytes prefixed with their purpose and a zero byte: a signature for one purpose is invalid for another. */
export function messageOf(purpose: string, body: Bytes): Bytes {
  const head = new TextEncoder().encode(`${purpose}\0`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/** Signature of a message, 64 bytes. */
export async function signatureOf(key: CryptoKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.sign(algorithmOf(key), key, message));
}
