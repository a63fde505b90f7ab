/**
 * The phone's side of a pass: one key a ticket, made here and never to leave, and the code that it signs every 30 seconds.
 *
 * Load this module when a ticket is opened: nothing before needs it.
 */

import type { Bytes } from "./base45";
import { bytesOf, holderMessage, movingBytes, readPass, stepAt, textOf } from "./code";
import * as keystore from "./keystore";
import type { StoredKey } from "./keystore";

export { msToNextStep, stepAt } from "./code";

/** The public half as the server takes it: an Ed25519 or a P-256 key in JWK form (RFC 7517), bare of other members. */
export type PublicJwk = { kty: "OKP"; crv: "Ed25519"; x: string } | { kty: "EC"; crv: "P-256"; x: string; y: string };

/** This browser has no key for the ticket, or another one than the pass is bound to: rebind by a code. */
export class HolderKeyMissing extends Error {}

/** The public key of this browser for the ticket, made now if there is none; the same again at each call. */
export async function createHolderKey(ticketId: string): Promise<PublicJwk> {
  const existing = await keystore.find(ticketId);
  if (existing) return publicJwk(existing.public_jwk);
  const { privateKey, publicKey } = await newKeyPair();
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  void navigator.storage?.persist?.(); // asks the browser to keep the key when space gets short
  const kept = await keystore.keepFirst({ ticket_id: ticketId, private_key: privateKey, public_jwk: jwk });
  return publicJwk(kept.public_jwk);
}

/** The public key of this browser for the ticket, or null where it has none. */
export async function holderPublicJwk(ticketId: string): Promise<PublicJwk | null> {
  const stored = await keystore.find(ticketId);
  return stored ? publicJwk(stored.public_jwk) : null;
}

/**
 * Forget every key, because its person was erased. Signing out keeps them: whoever comes back to this phone
 * shows the same tickets again without a code.
 */
export async function forgetHolderKeys(): Promise<void> {
  await keystore.clear();
}

/**
 * The QR text to show at this moment, for a pass as the server handed it out (`cwt_text`, "V1:…").
 *
 * Throws HolderKeyMissing when the browser lost the key or the pass is bound to another one.
 */
export async function movingCode(cwtText: string, ticketId: string, nowMs: number): Promise<string> {
  const stored = await keystore.find(ticketId);
  if (!stored) throw new HolderKeyMissing(ticketId);
  return signedCode(cwtText, stored, nowMs);
}

/** The same with a key at hand. */
export async function signedCode(cwtText: string, stored: StoredKey, nowMs: number): Promise<string> {
  const cwt = bytesOf(cwtText);
  const holder = cwt && readPass(cwt)?.claims.holder;
  if (!cwt || !holder) throw new TypeError("not a pass for a phone");
  if (base64url(holder.x) !== stored.public_jwk.x) throw new HolderKeyMissing(stored.ticket_id);
  const step = stepAt(nowMs);
  const algorithm = holder.y_odd === null ? "Ed25519" : { name: "ECDSA", hash: "SHA-256" };
  const message = holderMessage(cwt, step, holder);
  const signature = new Uint8Array(await crypto.subtle.sign(algorithm, stored.private_key, message));
  return textOf(movingBytes(cwt, step, signature));
}

/** A key pair whose private half no script can read; P-256 where the browser has no Ed25519. */
async function newKeyPair(): Promise<CryptoKeyPair> {
  const uses: KeyUsage[] = ["sign", "verify"];
  try {
    return (await crypto.subtle.generateKey("Ed25519", false, uses)) as CryptoKeyPair;
  } catch {
    return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, uses);
  }
}

function publicJwk({ kty, x, y }: JsonWebKey): PublicJwk {
  return kty === "OKP" ? { kty, crv: "Ed25519", x: x! } : { kty: "EC", crv: "P-256", x: x!, y: y! };
}

function base64url(data: Bytes): string {
  return btoa(String.fromCharCode(...data)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
