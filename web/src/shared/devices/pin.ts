/** Somebody's PIN against the roster of the pack: PBKDF2-HMAC-SHA256, where no server can be asked. */
import { fromBase64 } from "../passes/base64";

/** Somebody who may sign in on a device by a PIN: PBKDF2-HMAC-SHA256 of it, `salt` and `verifier` in base64. */
export interface Member {
  id: string;
  name: string;
  supervisor: boolean;
  salt: string;
  iterations: number;
  verifier: string;
  /** The posts of their role among those of the device, null or left out for all. */
  posts?: string[] | null;
}

export async function pinHolds({ salt, iterations, verifier }: Member, pin: string): Promise<boolean> {
  const expected = fromBase64(verifier);
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveBits"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(salt), iterations };
  const found = new Uint8Array(await crypto.subtle.deriveBits(derivation, key, expected.length * 8));
  return found.length > 0 && found.every((byte, at) => byte === expected[at]);
}
