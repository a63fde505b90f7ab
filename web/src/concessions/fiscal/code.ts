/**
 * What a receipt's QR code carries: the record's own bytes, packed, with the till's signature and public key, so that
 * whoever has the paper can check it without asking anybody.
 */
import type { Bytes } from "../../passes/base45";
import { base64url, fromBase64 } from "../../passes/base64";
import { algorithmOf, messageOf, type PublicJwk } from "../../passes/keys";
import { readRecord } from "./read";
import { BODY_BYTES_MAX, hashOf, PURPOSE, type Record, type Written } from "./record";

const SIGNATURE = 64;
const HALF = 32;
const ED25519 = 0;
const P256 = 1;

async function through(data: Bytes, stream: CompressionStream | DecompressionStream, most: number): Promise<Bytes> {
  const writer = stream.writable.getWriter();
  const [found] = await Promise.all([all(stream.readable.getReader(), most), writer.write(data).then(() => writer.close())]);
  return found;
}

async function all(reader: ReadableStreamDefaultReader<Uint8Array>, most: number): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    parts.push(next.value);
    length += next.value.length;
    if (length > most) throw new RangeError("more than a record");
  }
  return joined(parts);
}

function joined(parts: readonly Uint8Array[]): Bytes {
  const found = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (found.set(part, at), at + part.length), 0);
  return found;
}

/** The text after `/receipt#`. */
export async function codeOf({ body, signature }: Pick<Written, "body" | "signature">, key: PublicJwk): Promise<string> {
  const halves = key.kty === "OKP" ? [fromBase64(key.x)] : [fromBase64(key.x), fromBase64(key.y)];
  const packed = await through(fromBase64(body), new CompressionStream("deflate-raw"), 2 * BODY_BYTES_MAX);
  return base64url(joined([Uint8Array.of(key.kty === "OKP" ? ED25519 : P256), fromBase64(signature), ...halves, packed]));
}

/** A receipt that its till signed: the record, its hash, and the key that says so. */
export interface Proven {
  record: Record;
  hash: string;
  signature: string;
  body: string;
  key: PublicJwk;
}

/** The record in a code; null where it is none, or not signed by the key that it names. */
export async function readCode(text: string): Promise<Proven | null> {
  try {
    const data = fromBase64(text.trim());
    const halves = data[0] === ED25519 ? 1 : data[0] === P256 ? 2 : 0;
    const signature = data.slice(1, 1 + SIGNATURE);
    const begin = 1 + SIGNATURE + halves * HALF;
    const half = (at: number): string => base64url(data.slice(1 + SIGNATURE + at * HALF, 1 + SIGNATURE + (at + 1) * HALF));
    if (halves === 0 || data.length <= begin) return null;
    const body = await through(data.slice(begin), new DecompressionStream("deflate-raw"), BODY_BYTES_MAX);
    const key: PublicJwk = halves === 1 ? { kty: "OKP", crv: "Ed25519", x: half(0) } : { kty: "EC", crv: "P-256", x: half(0), y: half(1) };
    const algorithm = halves === 1 ? "Ed25519" : { name: "ECDSA", namedCurve: "P-256" };
    const imported = await crypto.subtle.importKey("jwk", key, algorithm, false, ["verify"]);
    const record = readRecord(body);
    if (!record || !(await crypto.subtle.verify(algorithmOf(imported), imported, signature, messageOf(PURPOSE, body)))) return null;
    return { record, hash: await hashOf(body), signature: base64url(signature), body: base64url(body), key };
  } catch {
    return null;
  }
}

/** Twelve signs of a key's SHA-256, to compare by eye. */
export async function fingerprint(key: PublicJwk): Promise<string> {
  const hash = await hashOf(fromBase64(key.kty === "OKP" ? key.x : key.x + key.y));
  return hash.slice(0, 12).toUpperCase().replace(/(.{4})(?=.)/g, "$1 ");
}
