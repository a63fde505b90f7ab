/**
 * The admission decision for a verified code at a gate; src/virage/matchday/access/rules/decision.py decides the same.
 *
 * `verify` of passes comes first. Times are milliseconds since 1970, except those of the claims: seconds, as in the pass.
 */
import { STEP_SECONDS, stepAt } from "../../../shared/passes/code";
import type { Claims, VerificationFailure, Verdict } from "../../../shared/passes/verify";

/** How long a gate keeps a code outside its time window, to compare the next one with it. */
const STALE_KEPT_MS = 180_000;
/**
 * Tolerated drift, in steps of 30 s, between two codes and the time that passed: each code is shown at any moment of its
 * step, and takes up to three seconds from the screen to the decision.
 */
const STEP_SLACK = 1.1;
/** Steps after which an unchanged code is a screenshot. */
const SAME_STEP_MAX = 2;
/** Least distance in steps of two codes of a phone: two pictures are shown at once, two codes never are. */
const STEP_APART_MIN = 0.5;
/** Steps (10 minutes) by which a code may be behind the trusted time: an older one was recorded. */
const STEPS_BEHIND_MAX = 20;
/** Steps by which a code may be ahead: one more, as the phone's next code may arrive meanwhile. */
const STEPS_AHEAD_MAX = 21;

/** Reasons of a refusal at the gate, in the order of the checks. */
export const REFUSAL_REASONS = [
  "no_entry",
  "unreadable",
  "forged",
  "other_event",
  "too_early",
  "expired",
  "screenshot",
  "out_of_date",
  "revoked",
  "superseded",
  "call_supervisor",
  "already_inside",
  "no_reentry",
  "paper_not_accepted",
  "unnamed",
  "wrong_gate",
  "not_now",
  "zone_full",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Entry rules of an event. */
export interface EntryTerms {
  reentry: boolean;
  paper_accepted: boolean;
  paper_identity_check: boolean;
}

/** Time window in which the passes of an accreditation may cross. */
export interface Window {
  opens_at: number;
  closes_at: number;
}

/** What the event's identity rule says of tickets without a name; `due_at` is null while names are optional. */
export interface NameTerms {
  due_at: number | null;
  unnamed_to_desk: boolean;
}

/** The gate of a decision. `windows` are those of accreditations, by gate group; `names` is absent without an identity rule. */
export interface GateContext {
  gate: string;
  groups: ReadonlySet<string>;
  zone: string;
  terms: EntryTerms;
  closed: boolean;
  zone_full: boolean;
  windows: Readonly<Record<string, Window>>;
  names?: NameTerms | null;
}

/** Presence of a pass: state, time and gate; `pending` (admitted, not yet passed) expires. */
export interface Presence {
  state: "pending" | "inside" | "outside";
  since: number;
  gate: string;
  pending_until: number | null;
}

/**
 * What a gate knows of a pass; `generation` is the highest that it has seen.
 *
 * `identity_check`: the event's identity rule selects the pass. `unnamed`: its ticket carries no name.
 */
export interface PassStatus {
  generation: number;
  revoked: boolean;
  flagged: boolean;
  presence: Presence | null;
  identity_check?: boolean;
  unnamed?: boolean;
}

/** A code outside its time window that this gate saw before: its step, and when it was shown. */
export interface StaleCode {
  step: number;
  at: number;
}

export type Decision =
  | { type: "admitted"; claims: Claims; paper: boolean; identity_check: boolean; clock_off_s: number }
  | { type: "again"; claims: Claims; stale: StaleCode }
  | { type: "refused"; reason: RefusalReason; claims: Claims | null; data: Record<string, string | number> };

type Verified = Extract<Verdict, { type: "verified" }>;
type Refused = Extract<Decision, { type: "refused" }>;

/** Reason of a refusal for each failed verification; stale codes are compared instead. */
export const REASON_OF_FAILURE: Record<Exclude<VerificationFailure, "stale_step">, RefusalReason> = {
  malformed: "unreadable",
  unknown_key: "forged",
  bad_signature: "forged",
  wrong_event: "other_event",
  not_yet_valid: "too_early",
  expired: "expired",
  holder_signature_missing: "screenshot",
  bad_holder_signature: "forged",
};

/**
 * Return the decision about one code at one gate; `previous` is the last stale code of the pass at this gate.
 *
 * `trusted`: `now` is the server's time. A device without trusted time skips the checks of the time: the server does them
 * on upload.
 */
export function decide(
  verdict: Verdict,
  context: GateContext,
  status: PassStatus,
  now: number,
  previous: StaleCode | null = null,
  trusted = true,
): Decision {
  if (context.closed) return refused("no_entry", verdict.claims);
  if (verdict.type === "verified") return decideVerified(verdict, context, status, now, trusted);
  const { reason, claims, step } = verdict;
  if (reason !== "stale_step" || claims === null || step === null) {
    const data: Refused["data"] = reason === "not_yet_valid" && claims !== null ? { opens_at: claims.not_before * 1000 } : {};
    return refused(REASON_OF_FAILURE[reason as keyof typeof REASON_OF_FAILURE], claims, data);
  }
  const recent = recentOnly(previous, now);
  const shown = compare(recent, step, now);
  const tooFar = trusted && isFar(step, now);
  if (shown === "again" && !(tooFar && recent === null)) return { type: "again", claims, stale: recent ?? { step, at: now } };
  if (shown === "still" || tooFar) return refused(shown === "still" ? "screenshot" : "out_of_date", claims);
  const decision = decideVerified({ type: "verified", claims, paper: false, step }, context, status, now, trusted);
  return decision.type === "admitted" ? { ...decision, clock_off_s: (step - stepAt(now)) * STEP_SECONDS } : decision;
}

/** Whether a code is more than 10 minutes from `now`. Phones sign by the server's time, so theirs is not. */
export function isFar(step: number, now: number): boolean {
  const off = step - stepAt(now);
  return off < -STEPS_BEHIND_MAX || off > STEPS_AHEAD_MAX;
}

/** The previous stale code, or null once it is too old to compare with. */
export function recentOnly(previous: StaleCode | null, now: number): StaleCode | null {
  return previous === null || now - previous.at > STALE_KEPT_MS ? null : previous;
}

/**
 * What a stale code shows beside the previous one: not enough, a still picture, or a live phone.
 *
 * A picture never advances. A phone with a wrong clock makes a new code every 30 s.
 */
export function compare(previous: StaleCode | null, step: number, now: number): "again" | "still" | "moves" {
  if (previous === null) return "again";
  const passed = (now - previous.at) / 1000 / STEP_SECONDS;
  if (step === previous.step) return passed > SAME_STEP_MAX ? "still" : "again";
  if (step < previous.step || Math.abs(step - previous.step - passed) > STEP_SLACK) return "still";
  return passed < STEP_APART_MIN ? "again" : "moves";
}

function refused(reason: RefusalReason, claims: Claims | null, data: Refused["data"] = {}): Refused {
  return { type: "refused", reason, claims, data };
}

function decideVerified({ claims, paper }: Verified, context: GateContext, status: PassStatus, now: number, trusted: boolean): Decision {
  const isAccreditation = Object.hasOwn(context.windows, claims.gate_group);
  const identity_check = (paper && context.terms.paper_identity_check) || (status.identity_check === true && !isAccreditation);
  return (
    refusalByStatus(claims, paper, context, status, now, trusted) ??
    refusalByGate(claims, context, now, trusted) ?? { type: "admitted", claims, paper, identity_check, clock_off_s: 0 }
  );
}

/** Whether a ticket carries no name although names are due. Without trusted time they never are. */
export function lacksName({ names }: GateContext, status: PassStatus, now: number, trusted: boolean): boolean {
  return status.unnamed === true && trusted && (names?.due_at ?? Infinity) <= now;
}

/** The refusal that the status of the pass causes. */
function refusalByStatus(claims: Claims, paper: boolean, context: GateContext, status: PassStatus, now: number, trusted: boolean): Refused | null {
  if (status.revoked) return refused("revoked", claims);
  if (claims.generation < status.generation) return refused("superseded", claims);
  if (status.flagged) return refused("call_supervisor", claims);
  // an accreditation may re-enter, and its badge is paper at every event
  if (Object.hasOwn(context.windows, claims.gate_group)) return null;
  if (status.presence !== null) {
    const reason = reasonOfPresence(status.presence, context, now);
    if (reason !== null) return refused(reason, claims, { since: status.presence.since, gate: status.presence.gate });
  }
  if (paper && !context.terms.paper_accepted) return refused("paper_not_accepted", claims);
  return context.names?.unnamed_to_desk && lacksName(context, status, now, trusted) ? refused("unnamed", claims) : null;
}

/** The refusal that presence causes; a pending bearer may show the code again at the same gate. */
function reasonOfPresence(presence: Presence, context: GateContext, now: number): RefusalReason | null {
  if (presence.state === "outside") return context.terms.reentry ? null : "no_reentry";
  if (presence.state === "inside") return "already_inside";
  const over = presence.pending_until !== null && now >= presence.pending_until;
  return over || presence.gate === context.gate ? null : "already_inside";
}

/** The refusal that gate, window or zone cause. */
function refusalByGate(claims: Claims, context: GateContext, now: number, trusted: boolean): Refused | null {
  const group = claims.gate_group;
  if (!context.groups.has(group)) return refused("wrong_gate", claims, { group });
  const window = Object.hasOwn(context.windows, group) ? context.windows[group] : undefined;
  if (trusted && window && !(window.opens_at <= now && now < window.closes_at)) return refused("not_now", claims, { ...window });
  return context.zone_full ? refused("zone_full", claims) : null;
}
