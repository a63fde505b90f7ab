/**
 * Content of a receipt's QR code: the compressed bytes of the record with signature and public key of the till, so that
 * the paper can be verified offline.
 */
import { deflateSync, inflateSync } from "fflate";
import type { Bytes } from "../../shared/passes/base45";
import { base64url, fromBase64 } from "../../shared/passes/base64";
import { messageOf, type PublicJwk } from "../../shared/passes/keys";
import { verifierOf } from "../../shared/passes/verifier";
import { readRecord } from "./read";
import { BODY_BYTES_MAX, hashOf, PURPOSE, type Record, type Written } from "./record";

const SIGNATURE = 64;
const HALF = 32;
const ED25519 = 0;
const P256 = 1;

/** Unpack a body, up to the maximum of a record; throws if it is cut off or too long. */
function unpacked(packed: Bytes): Bytes {
  if (packed.length > 2 * BODY_BYTES_MAX) throw new RangeError("more than a record");
  const body = inflateSync(packed, { out: new Uint8Array(BODY_BYTES_MAX) });
  if (isWhole(packed.subarray(0, -1))) throw new RangeError("something follows the record");
  return body.slice();
}

function isWhole(packed: Bytes): boolean {
  try {
    inflateSync(packed, { out: new Uint8Array(BODY_BYTES_MAX) });
    return true;
  } catch {
    return false;
  }
}

function joined(parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

/** Text after `/receipt#`. */
export async function codeOf({ body, signature }: Pick<Written, "body" | "signature">, key: PublicJwk): Promise<string> {
  const halves = key.kty === "OKP" ? [fromBase64(key.x)] : [fromBase64(key.x), fromBase64(key.y)];
  const packed = deflateSync(fromBase64(body), { level: 9 });
  return base64url(joined([Uint8Array.of(key.kty === "OKP" ? ED25519 : P256), fromBase64(signature), ...halves, packed]));
}

/** Verified receipt: the record, its hash and the till's key. */
export interface Proven {
  record: Record;
  hash: string;
  signature: string;
  body: string;
  key: PublicJwk;
}

/** Receipt in a code; null if invalid or not signed by its key. */
export async function readCode(text: string): Promise<Proven | null> {
  try {
    const data = fromBase64(text.trim());
    const halves = data[0] === ED25519 ? 1 : data[0] === P256 ? 2 : 0;
    const signature = data.slice(1, 1 + SIGNATURE);
    const begin = 1 + SIGNATURE + halves * HALF;
    const half = (at: number): string => base64url(data.slice(1 + SIGNATURE + at * HALF, 1 + SIGNATURE + (at + 1) * HALF));
    if (halves === 0 || data.length <= begin) return null;
    const body = unpacked(data.slice(begin));
    const key: PublicJwk = halves === 1 ? { kty: "OKP", crv: "Ed25519", x: half(0) } : { kty: "EC", crv: "P-256", x: half(0), y: half(1) };
    const verifies = await verifierOf(key);
    const record = readRecord(body);
    if (!record || !(await verifies(signature, messageOf(PURPOSE, body)))) return null;
    return { record, hash: await hashOf(body), signature: base64url(signature), body: base64url(body), key };
  } catch {
    return null;
  }
}

/** 12 characters of a key's SHA-256, to compare by eye. */
export async function fingerprint(key: PublicJwk): Promise<string> {
  const hash = await hashOf(fromBase64(key.kty === "OKP" ? key.x : key.x + key.y));
  return hash.slice(0, 12).toUpperCase().replace(/(.{4})(?=.)/g, "$1 ");
}
