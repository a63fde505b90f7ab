/** Decisions at an exit: it checks less than an entrance, and stops no one. */
import type { Claims, VerificationFailure, Verdict } from "../../../shared/passes/verify";
import { isFar, REASON_OF_FAILURE, type Presence, type RefusalReason } from "./decide";
import type { EventData } from "./eventData";
import { EMPTY_RESULT, type ScanResult } from "./scanResult";

/** Failures after which a code names no pass of this event. */
const NO_PASS: ReadonlySet<VerificationFailure> = new Set(["malformed", "unknown_key", "bad_signature", "wrong_event"]);

export type ExitDecision =
  | { type: "left"; claims: Claims; previous: Presence | null; mayReturn: boolean; unproved: boolean }
  | { type: "unread"; reason: RefusalReason };

/**
 * Return the exit that a code records. A screenshot, a wrong clock or an expired code still names the pass. Where re-entry
 * is allowed, such an exit is unproved, as on the server: the pass stays inside.
 */
export function decideExit(verdict: Verdict, eventData: EventData, gate: string, now: number, trusted: boolean): ExitDecision {
  const { claims } = verdict;
  if (claims === null || (verdict.type === "unverified" && NO_PASS.has(verdict.reason))) {
    const failure = verdict.type === "unverified" && verdict.reason !== "stale_step" ? verdict.reason : "malformed";
    return { type: "unread", reason: REASON_OF_FAILURE[failure] };
  }
  const { terms, windows } = eventData.contextOf(gate);
  const isAccreditation = Object.hasOwn(windows, claims.gate_group);
  const unproved = terms.reentry && !isAccreditation && !isProof(verdict, now, trusted);
  const mayReturn = isAccreditation || (terms.reentry && !unproved);
  return { type: "left", claims, previous: eventData.statusOf(claims.number).presence, mayReturn, unproved };
}

/** Whether a code could admit its pass by its signatures and its time. */
function isProof(verdict: Verdict, now: number, trusted: boolean): boolean {
  if (verdict.type === "verified") return true;
  return verdict.reason === "stale_step" && verdict.step !== null && !(trusted && isFar(verdict.step, now));
}

/**
 * Presence after an exit; null if it does not change. The first exit counts, and an exit without a known entry must not
 * bar the pass: it may be a screenshot of another person's code.
 */
export function presenceAfterExit(previous: Presence | null, gate: string, now: number): Presence | null {
  return previous === null || previous.state === "outside" ? null : { state: "outside", since: now, gate, pending_until: null };
}

export function resultOfExit(decision: ExitDecision): ScanResult {
  if (decision.type === "unread") return { ...EMPTY_RESULT, signal: "again", reason: decision.reason, exit: "unread" };
  const { claims, previous, mayReturn, unproved } = decision;
  const pass = { ...EMPTY_RESULT, number: claims.number, generation: claims.generation, group: claims.gate_group, mayReturn, unproved };
  if (previous?.state !== "outside") return { ...pass, signal: "out", exit: previous ? "left" : "not_inside" };
  return { ...pass, signal: "out", exit: "left_before", since: previous.since || null, gate: previous.gate || null };
}
