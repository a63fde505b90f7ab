/**
 * The phone's side of a pass: one key a ticket, made here and never to leave, and the code that it signs every 30 seconds.
 *
 * Load this module when a ticket is opened: nothing before needs it.
 */

import { base64url } from "./base64";
import { bytesOf, holderMessage, movingBytes, readPass, stepAt, textOf } from "./code";
import { newKeyPair, publicJwk, signatureOf, type PublicJwk } from "./keys";
import { KeyStore, type StoredKey } from "./keystore";

export { msToNextStep, stepAt } from "./code";
export type { PublicJwk } from "./keys";

/** A holder's key, by its ticket. */
export type HolderKey = StoredKey & { ticket_id: string };

const keystore = new KeyStore<HolderKey>("virage-passes", "holder_key", "ticket_id");

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
export async function signedCode(cwtText: string, stored: HolderKey, nowMs: number): Promise<string> {
  const cwt = bytesOf(cwtText);
  const holder = cwt && readPass(cwt)?.claims.holder;
  if (!cwt || !holder) throw new TypeError("not a pass for a phone");
  if (base64url(holder.x) !== stored.public_jwk.x) throw new HolderKeyMissing(stored.ticket_id);
  const step = stepAt(nowMs);
  const signature = await signatureOf(stored.private_key, holderMessage(cwt, step, holder));
  return textOf(movingBytes(cwt, step, signature));
}
