/** Encoding of the pass and the moving code, as in docs/passes.cddl. Signatures are not verified here. */

import * as base45 from "./base45";
import type { Bytes } from "./base45";
import { NotDeterministic, compare, decode, encode } from "./cbor";
import type { Item } from "./cbor";

export const STEP_SECONDS = 30;
/** Capacity of a QR code of version 11 at level M in alphanumeric mode. */
export const TEXT_LENGTH_MAX = 366;
const PREFIX = "V1:";
const ISSUER_PURPOSE = ascii("virage:pass:v1");
const HOLDER_PURPOSE = ascii("virage:step:v1");
const EDDSA = -8;
const ES256 = -7;
const PASS_CLAIM = -65537;
const UINT32_MAX = 0xffffffff;

/** A phone's public key: Ed25519, or P-256 as x and the parity of y. */
export interface HolderKey {
  x: Bytes;
  y_odd: boolean | null;
}

/** The claims signed by the issuer; times in seconds since 1970. A pass without a holder key is a paper ticket. */
export interface Claims {
  /** The last six bytes of the event's id, in hex. */
  event: string;
  /** Dense number within the event: the pass's bit in bitmaps. */
  number: number;
  generation: number;
  place: number;
  gate_group: string;
  not_before: number;
  expires_at: number;
  holder: HolderKey | null;
}

export interface SignedPass {
  kid: string;
  claims: Claims;
  message: Bytes;
  signature: Bytes;
}

export interface Code {
  signed: SignedPass;
  moving: { step: number; message: Bytes; signature: Bytes } | null;
}

/** Time step of a moment: half minutes since 1970. */
export function stepAt(nowMs: number): number {
  return Math.floor(nowMs / 1000 / STEP_SECONDS);
}

/** Milliseconds until the next code, above 0. */
export function msToNextStep(nowMs: number): number {
  return (stepAt(nowMs) + 1) * STEP_SECONDS * 1000 - nowMs;
}

/** The QR text of a CWT or a moving code. */
export function textOf(data: Bytes): string {
  return PREFIX + base45.encode(data);
}

/** The bytes of a QR text; null if invalid. */
export function bytesOf(text: string): Bytes | null {
  if (text.length > TEXT_LENGTH_MAX || !text.startsWith(PREFIX)) return null;
  return base45.decode(text.slice(PREFIX.length));
}

/** Message signed by the phone: pass and step, under the holder's algorithm and purpose. */
export function holderMessage(cwt: Bytes, step: number, holder: HolderKey): Bytes {
  const algorithm = holder.y_odd === null ? EDDSA : ES256;
  return toBeSigned(encode(new Map([[1, algorithm]])), HOLDER_PURPOSE, encode([cwt, step]));
}

/** Pass, step and the holder's signature (64 bytes) as one array. */
export function movingBytes(cwt: Bytes, step: number, signature: Bytes): Bytes {
  return encode([cwt, step, signature]);
}

/** Content of a text; null if it is not an entry code. */
export function readCode(text: string): Code | null {
  const data = bytesOf(text);
  if (data === null) return null;
  if (data[0] !== 0x83) {
    const signed = readPass(data);
    return signed && { signed, moving: null };
  }
  const item = decodeOrNull(data);
  if (!Array.isArray(item) || item.length !== 3) return null;
  const [cwt, step, signature] = item;
  if (!(cwt instanceof Uint8Array) || !isUint32(step) || !isBytes(signature, 64)) return null;
  const signed = readPass(cwt);
  if (!signed?.claims.holder) return null;
  return { signed, moving: { step, signature, message: holderMessage(cwt, step, signed.claims.holder) } };
}

/** The CWT in the bytes; null if it is not exactly as an issuer encodes it. */
export function readPass(data: Bytes): SignedPass | null {
  if (data[0] !== 0xd2) return null;
  const item = decodeOrNull(data.slice(1));
  if (!Array.isArray(item) || item.length !== 4) return null;
  const [header, unprotected, payload, signature] = item;
  if (!(header instanceof Uint8Array) || !(unprotected instanceof Map) || unprotected.size > 0) return null;
  if (!(payload instanceof Uint8Array) || !isBytes(signature, 64)) return null;
  const headerItem = decodeOrNull(header);
  const kid = headerItem instanceof Map ? headerItem.get(4) : undefined;
  const claims = readClaims(decodeOrNull(payload));
  if (!isBytes(kid, 4) || claims === null) return null;
  const canonical = new Map<number, Item>([[1, EDDSA], [4, kid]]);
  if (compare(header, encode(canonical)) !== 0 || compare(payload, encode(claimsSet(claims))) !== 0) return null;
  return { kid: hex(kid), claims, message: toBeSigned(header, ISSUER_PURPOSE, payload), signature };
}

function readClaims(item: Item | null): Claims | null {
  if (!(item instanceof Map)) return null;
  const expires = item.get(4);
  const values = item.get(PASS_CLAIM);
  if (!isUint32(expires) || !Array.isArray(values) || values.length !== 6) return null;
  const [event, number, generation, place, gate_group, minutes] = values;
  if (!isBytes(event, 6) || !isUint32(number) || !isUint32(generation) || !isUint32(place)) return null;
  if (typeof gate_group !== "string" || !/^[ -~]{1,6}$/.test(gate_group)) return null;
  if (!isUint32(minutes) || minutes < 1 || minutes > 0xffff || generation > 23) return null;
  const not_before = expires - minutes * 60;
  const holder = item.has(8) ? readHolder(item.get(8)) : null;
  if (not_before < 0 || (item.has(8) && holder === null)) return null;
  return { event: hex(event), number, generation, place, gate_group, not_before, expires_at: expires, holder };
}

function readHolder(confirmation: Item | undefined): HolderKey | null {
  const key = confirmation instanceof Map ? confirmation.get(1) : undefined;
  if (!(key instanceof Map)) return null;
  const x = key.get(-2);
  const parity = key.get(-3);
  if (!isBytes(x, 32) || (parity !== undefined && typeof parity !== "boolean")) return null;
  return { x, y_odd: parity ?? null };
}

/** Encode claims as the issuer does: a decoded pass must give the same bytes. */
function claimsSet(claims: Claims): Map<number, Item> {
  const minutes = (claims.expires_at - claims.not_before) / 60;
  const { number, generation, place, gate_group, holder } = claims;
  const set = new Map<number, Item>([
    [4, claims.expires_at],
    [PASS_CLAIM, [fromHex(claims.event), number, generation, place, gate_group, minutes]],
  ]);
  if (holder !== null) set.set(8, new Map([[1, coseKey(holder)]]));
  return set;
}

function coseKey({ x, y_odd }: HolderKey): Map<number, Item> {
  const curve: [number, Item][] = y_odd === null ? [[1, 1], [-1, 6]] : [[1, 2], [-1, 1], [-3, y_odd]];
  return new Map<number, Item>([...curve, [-2, x]]);
}

function toBeSigned(header: Bytes, purpose: Bytes, payload: Bytes): Bytes {
  return encode(["Signature1", header, purpose, payload]);
}

function decodeOrNull(data: Bytes): Item | null {
  try {
    return decode(data);
  } catch (error) {
    if (error instanceof NotDeterministic) return null;
    throw error;
  }
}

function isUint32(item: Item | undefined): item is number {
  return typeof item === "number" && item >= 0 && item <= UINT32_MAX;
}

function isBytes(item: Item | undefined, length: number): item is Bytes {
  return item instanceof Uint8Array && item.length === length;
}

function ascii(text: string): Bytes {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function hex(data: Bytes): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
