/**
 * Payment request of a till and the phone's proof, as pure functions. Python has the same in
 * `src/virage/money/wallet/cards/rules/virtual_cards.py`; `docs/vectors/virtual_card.json` tests both.
 */
import { parseUrl } from "../../../shared/runtime/url";
import type { Bytes } from "../../../shared/passes/base45";
import { base64url, fromBase64 } from "../../../shared/passes/base64";
import { messageOf } from "../../../shared/passes/keys";

/** The values that the till's record will have; `cents` is the part that this phone pays. */
export interface Challenge {
  at: string;
  cents: number;
  id: string;
  outlet: string;
  till: string;
}

/** How long a request may be answered, and tolerance of the till's clock. */
export const LIFETIME_MS = 10 * 60_000;
const PURPOSE = "virage:pay:v1";
const CENTS_MAX = 100_000_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NAMES = "at,cents,id,outlet,till";

/** The challenge as signed: canonical JSON (RFC 8785), with sorted members. */
export function challengeBytes({ at, cents, id, outlet, till }: Challenge): Bytes {
  return new TextEncoder().encode(JSON.stringify({ at, cents, id, outlet, till }));
}

/** The challenge in the fragment of an address; null if invalid or not canonical. */
export function readChallenge(fragment: string): Challenge | null {
  try {
    const bytes = fromBase64(fragment);
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!isChallenge(value)) return null;
    return base64url(challengeBytes(value)) === fragment ? value : null;
  } catch {
    return null;
  }
}

/** The challenge in a scanned text: the address shown by tills, on any host name. */
export function challengeIn(text: string): Challenge | null {
  const url = parseUrl(text);
  return url?.pathname === "/pay" ? readChallenge(url.hash.slice(1)) : null;
}

function isChallenge(value: unknown): value is Challenge {
  if (typeof value !== "object" || value === null || Object.keys(value).sort().join() !== NAMES) return false;
  const { at, cents, id, outlet, till } = value as Record<string, unknown>;
  const texts = [at, id, outlet, till].every((member) => typeof member === "string");
  return texts && isMoment(at as string) && isAmount(cents) && UUID.test(id as string) && UUID.test(till as string) && isOutlet(outlet as string);
}

const isAmount = (cents: unknown): boolean => Number.isSafeInteger(cents) && (cents as number) >= 1 && (cents as number) <= CENTS_MAX;
const isMoment = (at: string): boolean => STAMP.test(at) && new Date(at).toJSON() === at;
/** A code, with the prefix of its venue: no text with which the maker of a challenge could address its reader. */
const isOutlet = (outlet: string): boolean => /^(?:[\w-]{1,16}\.)?[\w-]{1,16}$/.test(outlet);

/** Whether the request is too old, or the till's clock is too far ahead. */
export function isOld({ at }: Challenge, now: number): boolean {
  return Math.abs(now - Date.parse(at)) > LIFETIME_MS;
}

/** Message signed by the phone's key, prefixed with its purpose, so that the key of a ticket cannot pay. */
export function message(challenge: Challenge): Bytes {
  return messageOf(PURPOSE, challengeBytes(challenge));
}

/** The proof as shown and sent. */
export function proofText(key: string, signature: Bytes): string {
  return base64url(new TextEncoder().encode(JSON.stringify({ key, signature: base64url(signature) })));
}
