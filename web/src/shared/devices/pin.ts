/** Offline check of a PIN against the roster of the pack: PBKDF2-HMAC-SHA256. */
import { fromBase64 } from "../passes/base64";

/** A person who may sign in with a PIN; `salt` and `verifier` are base64. */
export interface Member {
  id: string;
  name: string;
  supervisor: boolean;
  salt: string;
  iterations: number;
  verifier: string;
  /** Gates, gate groups or outlets of the role; null or left out for all. */
  posts?: string[] | null;
}

export async function isPin({ salt, iterations, verifier }: Member, pin: string): Promise<boolean> {
  const expected = fromBase64(verifier);
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(salt), iterations };
  const derived = new Uint8Array(await crypto.subtle.deriveBits(derivation, key, expected.length * 8));
  return derived.length > 0 && derived.every((byte, at) => byte === expected[at]);
}
