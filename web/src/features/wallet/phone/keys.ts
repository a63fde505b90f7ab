/** Key of a phone that pays: one per fan and browser. The private key never leaves it. */
import { newId } from "../../../shared/runtime/ids";
import { newKeyPair, publicJwk, signatureOf, type PublicJwk } from "../../../shared/passes/keys";
import { KeyStore, type StoredKey } from "../../../shared/passes/keystore";
import { message, proofText, type Challenge } from "../pay/challenge";

export type PhoneKey = StoredKey & { owner: string; id: string };

const keys = new KeyStore<PhoneKey>("virage-wallet", "phone_key", "owner");

export const phoneKey = (owner: string): Promise<PhoneKey | undefined> => keys.find(owner);

/** Replace the key by a new one that no server knows yet. */
export async function freshPhoneKey(owner: string): Promise<PhoneKey> {
  const { privateKey, publicKey } = await newKeyPair();
  const jwk = await crypto.subtle.exportKey("jwk", publicKey);
  await keys.remove(owner);
  void navigator.storage?.persist?.(); // asks the browser to keep the key when storage is low
  return keys.keepFirst({ owner, id: newId(), private_key: privateKey, public_jwk: jwk });
}

export const publicHalf = (key: PhoneKey): PublicJwk => publicJwk(key.public_jwk);

export const forgetPhoneKey = (owner: string): Promise<void> => keys.remove(owner);

/** Delete every key of this browser after an erasure. */
export const forgetPhoneKeys = (): Promise<void> => keys.clear();

/** Proof that the owner of this phone confirmed this challenge. */
export async function prove(key: PhoneKey, challenge: Challenge): Promise<string> {
  return proofText(key.id, await signatureOf(key.private_key, message(challenge)));
}
