/** Public keys that verify, with or without WebCrypto support of their algorithm. */
import type { Bytes } from "./base45";
import { fromBase64 } from "./base64";
import type { PublicJwk } from "./keys";

/** Whether a signature (64 bytes) of a message is valid. */
export type Verifier = (signature: Bytes, message: Bytes) => Promise<boolean>;

/** A key of 32 bytes. Chrome has Ed25519 since 137, Firefox since 129, Safari since 17: older browsers load a library. */
export async function ed25519(key: Bytes): Promise<Verifier> {
  try {
    const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return (signature, message) => crypto.subtle.verify("Ed25519", imported, signature, message);
  } catch (failure) {
    if ((failure as DOMException).name !== "NotSupportedError") throw failure;
    const { verifyAsync } = await import("@noble/ed25519");
    return (signature, message) => verifyAsync(signature, message, key, { zip215: false });
  }
}

/** An uncompressed point of P-256 (SEC 1, 2.3.3). */
export async function p256(point: Bytes): Promise<Verifier> {
  const imported = await crypto.subtle.importKey("raw", point, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
  return (signature, message) => crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, imported, signature, message);
}

export function verifierOf(key: PublicJwk): Promise<Verifier> {
  return key.kty === "OKP" ? ed25519(fromBase64(key.x)) : p256(Uint8Array.of(4, ...fromBase64(key.x), ...fromBase64(key.y)));
}
