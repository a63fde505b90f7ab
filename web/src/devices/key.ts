/** A device's own key: made here, never to leave, and what the device signs with it. */
import type { Bytes } from "../passes/base45";
import type { PublicJwk } from "../passes/holder";
import { base64url } from "./base64";

export interface OwnKey {
  private_key: CryptoKey;
  public_jwk: PublicJwk;
}

/** A key pair whose private half no script can read; P-256 where the browser has no Ed25519. */
export async function newKey(): Promise<OwnKey> {
  const pair = await (crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]) as Promise<CryptoKeyPair>).catch(() =>
    crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]),
  );
  const { kty, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const public_jwk: PublicJwk = kty === "OKP" ? { kty, crv: "Ed25519", x: x! } : { kty: "EC", crv: "P-256", x: x!, y: y! };
  return { private_key: pair.privateKey, public_jwk };
}

/** How a key of its kind signs. */
export function algorithmOf({ kty }: PublicJwk): "Ed25519" | EcdsaParams {
  return kty === "OKP" ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
}

/** The bytes behind their purpose, which ends with a zero byte: what is signed for one is worth nothing for another. */
export function messageOf(purpose: string, body: Bytes): Bytes {
  const head = new TextEncoder().encode(`${purpose}\0`);
  const message = new Uint8Array(head.length + body.length);
  message.set(head);
  message.set(body, head.length);
  return message;
}

/** 64 bytes under the algorithm of the key, in base64url. */
export async function sign({ private_key, public_jwk }: OwnKey, purpose: string, body: Bytes): Promise<string> {
  const signature = await crypto.subtle.sign(algorithmOf(public_jwk), private_key, messageOf(purpose, body));
  return base64url(new Uint8Array(signature));
}
