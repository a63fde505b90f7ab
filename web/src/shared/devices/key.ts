/** Key pair of a device. The private key never leaves it. */
import type { Bytes } from "../passes/base45";
import { base64url } from "../passes/base64";
import { messageOf, newKeyPair, publicJwk, signatureOf, type PublicJwk } from "../passes/keys";

export interface OwnKey {
  private_key: CryptoKey;
  public_jwk: PublicJwk;
}

export async function newKey(): Promise<OwnKey> {
  const { privateKey, publicKey } = await newKeyPair();
  return { private_key: privateKey, public_jwk: publicJwk(await crypto.subtle.exportKey("jwk", publicKey)) };
}

/** Signature for a purpose: 64 bytes in base64url. */
export async function sign({ private_key }: OwnKey, purpose: string, body: Bytes): Promise<string> {
  return base64url(await signatureOf(private_key, messageOf(purpose, body)));
}
