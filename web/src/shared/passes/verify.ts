/** Verification of a QR text; same result as src/virage/identity/passes/rules/verification.py. */

import type { Bytes } from "./base45";
import { fromBase64 } from "./base64";
import { hex, readCode, stepAt } from "./code";
import type { Claims, Code, HolderKey } from "./code";
import { ed25519, p256, type Verifier } from "./verifier";

export type { Claims, HolderKey };

export type VerificationFailure =
  | "malformed"
  | "unknown_key"
  | "bad_signature"
  | "wrong_event"
  | "not_yet_valid"
  | "expired"
  | "holder_signature_missing"
  | "bad_holder_signature"
  | "stale_step";

/** `claims` are set if the issuer's signature is valid, `step` if the holder's is. */
export type Verdict =
  | { type: "verified"; paper: boolean; claims: Claims; step: number | null }
  | { type: "unverified"; reason: VerificationFailure; claims: Claims | null; step: number | null };

/** Issuer keys by kid (hex). */
export type IssuerKeys = ReadonlyMap<string, { event_id: string; verifies: Verifier }>;

/** Answer of `GET /api/events/{id}/pass-keys`: the JWK set of one event. */
export interface PassKeys {
  event_id: string;
  keys: readonly { kid: string; x: string }[];
}

const STEPS_TOLERATED = 1;
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;

/** Import the published keys of some events. */
export async function issuerKeys(published: readonly PassKeys[]): Promise<IssuerKeys> {
  const entries = published.flatMap(({ event_id, keys }) =>
    keys.map(async ({ kid, x }) => [hex(fromBase64(kid)), { event_id, verifies: await ed25519(fromBase64(x)) }] as const),
  );
  return new Map(await Promise.all(entries));
}

/**
 * Verify a QR text at the gate of an event; never throws. A step is valid while it is the current one or its neighbour.
 * A stale step has a valid holder signature: two of them that advance prove a phone with a wrong clock.
 */
export async function verify(text: string, keys: IssuerKeys, nowMs: number, eventId: string): Promise<Verdict> {
  const code = readCode(text);
  if (code === null) return unverified("malformed");
  const { kid, claims, message, signature } = code.signed;
  const issuer = keys.get(kid);
  if (issuer === undefined) return unverified("unknown_key");
  if (!(await issuer.verifies(signature, message))) return unverified("bad_signature");
  if (issuer.event_id !== eventId || claims.event !== eventId.replaceAll("-", "").slice(-12)) {
    return unverified("wrong_event", claims);
  }
  if (nowMs < claims.not_before * 1000) return unverified("not_yet_valid", claims);
  if (nowMs >= claims.expires_at * 1000) return unverified("expired", claims);
  if (claims.holder === null) return { type: "verified", paper: true, claims, step: null };
  return verifyHolder(code, claims, claims.holder, nowMs);
}

/** Whether the phone that the pass is bound to made this code just now. */
async function verifyHolder({ moving }: Code, claims: Claims, holder: HolderKey, nowMs: number): Promise<Verdict> {
  if (moving === null) return unverified("holder_signature_missing", claims);
  if (!(await signedByHolder(holder, moving.signature, moving.message))) {
    return unverified("bad_holder_signature", claims);
  }
  if (Math.abs(moving.step - stepAt(nowMs)) > STEPS_TOLERATED) return unverified("stale_step", claims, moving.step);
  return { type: "verified", paper: false, claims, step: moving.step };
}

function unverified(reason: VerificationFailure, claims: Claims | null = null, step: number | null = null): Verdict {
  return { type: "unverified", reason, claims, step };
}

/** Encoded y coordinates of Ed25519's points of small order. */
const SMALL_ORDER_Y = new Set([
  "00".repeat(32),
  "01" + "00".repeat(31),
  "ec" + "ff".repeat(30) + "7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/**
 * Whether a signature begins with such a point: the server refuses it, some browsers do not, and honest signers never
 * make it.
 */
function isOfSmallOrder(point: Bytes): boolean {
  const y = point.slice();
  y[31]! &= 0x7f;
  return SMALL_ORDER_Y.has(hex(y));
}

async function signedByHolder(holder: HolderKey, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    if (holder.y_odd === null) {
      if (isOfSmallOrder(signature.subarray(0, 32))) return false;
      return await (await ed25519(holder.x))(signature, message);
    }
    return await (await p256(uncompressed(holder.x, holder.y_odd)))(signature, message);
  } catch {
    return false; // a point that is not on its curve is no key
  }
}

/** The uncompressed point (SEC 1, 2.3.4): browsers cannot import compressed ones. */
function uncompressed(xBytes: Bytes, yOdd: boolean): Bytes {
  const x = xBytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const root = power(x ** 3n - 3n * x + B, (P + 1n) / 4n);
  const y = (root % 2n === 1n) === yOdd ? root : P - root;
  const yBytes = y.toString(16).padStart(64, "0").match(/../g)!;
  return Uint8Array.from([4, ...xBytes, ...yBytes.map((pair) => parseInt(pair, 16))]);
}

/** Modular exponentiation modulo the prime of P-256. */
function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = ((base % P) + P) % P;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}
