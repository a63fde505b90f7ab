/**
 * The phone's side of a pass: one key per ticket, whose private half never leaves the browser, and the code signed every
 * 30 seconds. Load this module only when a ticket is opened.
 */

import { base64url } from "./base64";
import { bytesOf, holderMessage, movingBytes, readPass, stepAt, textOf } from "./code";
import { newKeyPair, publicJwk, signatureOf, type PublicJwk } from "./keys";
import { KeyStore, type StoredKey } from "./keystore";

export { msToNextStep, stepAt } from "./code";
export type { PublicJwk } from "./keys";

/** Key of a holder, by ticket. */
export type HolderKey = StoredKey & { ticket_id: string };

const keystore = new KeyStore<HolderKey>("virage-passes", "holder_key", "ticket_id");

/** The browser lacks the ticket's key, or the pass is bound to another one: rebind with a code. */
export class HolderKeyMissing extends Error {}

/** Public key of this browser for the ticket, created at the first call. */
export async function createHolderKey(ticketId: string): Promise<PublicJwk> {
  const existing = await keystore.find(ticketId);
  if (existing) return publicJwk(existing.public_jwk);
  const { privateKey, publicKey } = await newKeyPair();
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  void navigator.storage?.persist?.(); // asks the browser to keep the key when storage is low
  const stored = await keystore.keepFirst({ ticket_id: ticketId, private_key: privateKey, public_jwk: jwk });
  return publicJwk(stored.public_jwk);
}

/** Public key of this browser for the ticket; null if there is none. */
export async function holderPublicJwk(ticketId: string): Promise<PublicJwk | null> {
  const stored = await keystore.find(ticketId);
  return stored ? publicJwk(stored.public_jwk) : null;
}

/**
 * Delete every key after an erasure. Signing out keeps them, so that the person can use the same tickets again without a
 * code.
 */
export async function forgetHolderKeys(): Promise<void> {
  await keystore.clear();
}

/**
 * The QR text of this moment for a pass from the server (`cwt_text`, "V1:…"). Throws HolderKeyMissing if the browser
 * lost the key or the pass is bound to another one.
 */
export async function movingCode(cwtText: string, ticketId: string, nowMs: number): Promise<string> {
  const stored = await keystore.find(ticketId);
  if (!stored) throw new HolderKeyMissing(ticketId);
  return signedCode(cwtText, stored, nowMs);
}

/** The same with a given key. */
export async function signedCode(cwtText: string, stored: HolderKey, nowMs: number): Promise<string> {
  const cwt = bytesOf(cwtText);
  const holder = cwt && readPass(cwt)?.claims.holder;
  if (!cwt || !holder) throw new TypeError("not a pass for a phone");
  if (base64url(holder.x) !== stored.public_jwk.x) throw new HolderKeyMissing(stored.ticket_id);
  const step = stepAt(nowMs);
  const signature = await signatureOf(stored.private_key, holderMessage(cwt, step, holder));
  return textOf(movingBytes(cwt, step, signature));
}
