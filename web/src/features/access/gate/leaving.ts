/** Who leaves: an exit asks for less than an entrance, and holds nobody back. */
import type { Claims, Doubt, Verdict } from "../../../shared/passes/verify";
import { isFar, OF_DOUBT, type Presence, type Reason } from "./decide";
import type { Ground } from "./ground";
import { DARK, type Light } from "./light";

/** Without these two, the issuer's signature and the event, a code names no pass that could leave. */
const NOBODYS: ReadonlySet<Doubt> = new Set(["malformed", "unknown_key", "bad_signature", "wrong_event"]);

export type Leaving =
  | { type: "left"; claims: Claims; before: Presence | null; mayReturn: boolean; unproved: boolean }
  | { type: "unread"; reason: Reason };

/**
 * What a code at an exit says. A picture of it, a wrong clock or a time that is over say no less who leaves. Where the house
 * lets people back in, such an exit is unproved, as the server judges it: the pass stays inside.
 */
export function leaving(verdict: Verdict, ground: Ground, gate: string, now: number, trusted: boolean): Leaving {
  const { claims } = verdict;
  if (claims === null || (verdict.type === "unverified" && NOBODYS.has(verdict.reason))) {
    const doubt = verdict.type === "unverified" && verdict.reason !== "stale_step" ? verdict.reason : "malformed";
    return { type: "unread", reason: OF_DOUBT[doubt] };
  }
  const { terms, windows } = ground.post(gate);
  const isAccreditation = Object.hasOwn(windows, claims.gate_group);
  const unproved = terms.reentry && !isAccreditation && !isProof(verdict, now, trusted);
  const mayReturn = isAccreditation || (terms.reentry && !unproved);
  return { type: "left", claims, before: ground.known(claims.number).presence, mayReturn, unproved };
}

/** Whether a code would admit its pass, as far as its signatures and its time say. */
function isProof(verdict: Verdict, now: number, trusted: boolean): boolean {
  if (verdict.type === "verified") return true;
  return verdict.reason === "stale_step" && verdict.step !== null && !(trusted && isFar(verdict.step, now));
}

/**
 * Where the bearer is from now on. Null where they had left before, for the first exit is the one that counts, and where
 * nobody knows that they came: a picture of a code at an exit must keep nobody out.
 */
export function gone(before: Presence | null, gate: string, now: number): Presence | null {
  return before === null || before.state === "outside" ? null : { state: "outside", since: now, gate, pending_until: null };
}

/** The light at an exit. */
export function ofLeaving(found: Leaving): Omit<Light, "turn"> {
  if (found.type === "unread") return { ...DARK, signal: "again", reason: found.reason, exit: "unread" };
  const { claims, before, mayReturn, unproved } = found;
  const about = { ...DARK, number: claims.number, generation: claims.generation, group: claims.gate_group, mayReturn, unproved };
  if (before?.state !== "outside") return { ...about, signal: "out", exit: before ? "left" : "not_inside" };
  return { ...about, signal: "out", exit: "left_before", since: before.since || null, gate: before.gate || null };
}
