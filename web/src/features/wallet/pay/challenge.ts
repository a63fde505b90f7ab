/**
 * What a till asks a phone to pay, and what the phone answers: rules without screen, network and clock. Python's
 * `src/virage/money/wallet/cards/rules/virtual_cards.py` says the same; `docs/vectors/virtual_card.json` holds both
 * to it.
 */
import { parseUrl } from "../../../shared/runtime/url";
import type { Bytes } from "../../../shared/passes/base45";
import { base64url, fromBase64 } from "../../../shared/passes/base64";
import { messageOf } from "../../../shared/passes/keys";

/** The very values that the till's record will have; `cents` is what this phone pays of it. */
export interface Challenge {
  at: string;
  cents: number;
  id: string;
  outlet: string;
  till: string;
}

/** How long a till's question may be answered, and how far its clock may be ahead. */
export const LIVES_MS = 10 * 60_000;
const PURPOSE = "virage:pay:v1";
const CENTS_MAX = 100_000_000;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NAMES = "at,cents,id,outlet,till";

/** The challenge as it is signed: canonical JSON (RFC 8785), whose members stand in the order of their names. */
export function challengeBytes({ at, cents, id, outlet, till }: Challenge): Bytes {
  return new TextEncoder().encode(JSON.stringify({ at, cents, id, outlet, till }));
}

/** The challenge behind the `#` of an address; null where it is none, or not in its one spelling. */
export function readChallenge(fragment: string): Challenge | null {
  try {
    const bytes = fromBase64(fragment);
    const told: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (!isChallenge(told)) return null;
    return base64url(challengeBytes(told)) === fragment ? told : null;
  } catch {
    return null;
  }
}

/** The challenge in what a camera saw: the address that tills show, of whichever name this ground is reached by. */
export function challengeIn(text: string): Challenge | null {
  const url = parseUrl(text);
  return url?.pathname === "/pay" ? readChallenge(url.hash.slice(1)) : null;
}

function isChallenge(told: unknown): told is Challenge {
  if (typeof told !== "object" || told === null || Object.keys(told).sort().join() !== NAMES) return false;
  const { at, cents, id, outlet, till } = told as Record<string, unknown>;
  const texts = [at, id, outlet, till].every((one) => typeof one === "string");
  return texts && isMoment(at as string) && isAmount(cents) && UUID.test(id as string) && UUID.test(till as string) && isOutlet(outlet as string);
}

const isAmount = (cents: unknown): boolean => Number.isSafeInteger(cents) && (cents as number) >= 1 && (cents as number) <= CENTS_MAX;
const isMoment = (at: string): boolean => STAMP.test(at) && new Date(at).toJSON() === at;
const isOutlet = (outlet: string): boolean => outlet.length >= 1 && [...outlet].length <= 20;

/** Whether the till asked too long ago, or its clock is too far ahead of ours. */
export function isOld({ at }: Challenge, now: number): boolean {
  return Math.abs(now - Date.parse(at)) > LIVES_MS;
}

/** What the phone's key signs: its purpose first, so that no ticket ever pays. */
export function message(challenge: Challenge): Bytes {
  return messageOf(PURPOSE, challengeBytes(challenge));
}

/** The proof as it is shown and sent. */
export function proofText(key: string, signature: Bytes): string {
  return base64url(new TextEncoder().encode(JSON.stringify({ key, signature: base64url(signature) })));
}
