/**
 * May the bearer of this code cross here and now? The same answer here and in src/virage/matchday/access/rules/decision.py.
 *
 * A gate asks `verify` of the passes first: is this code what it says. This page asks what the gate, the event and the
 * ground say of the pass. Times are milliseconds since 1970, but for the claims, which keep the seconds of the pass.
 */
import { STEP_SECONDS, stepAt } from "../../../shared/passes/code";
import type { Claims, Doubt, Verdict } from "../../../shared/passes/verify";

/** How long a gate remembers a code out of its time window, to compare the next one with. */
const STALE_KEPT_MS = 180_000;
/**
 * By how many half minutes two codes may drift from the time that passed between them: one, for each is seen at any
 * moment of its half minute, and three seconds for its way from the phone's screen to who decides.
 */
const STEP_SLACK = 1.1;
/** After how many half minutes a code that has not changed is a picture. */
const SAME_STEP_MAX = 2;
/** How many half minutes lie at least between them: two pictures are shown in one moment, two codes never are. */
const STEP_APART_MIN = 0.5;
/** How many half minutes a code may be behind the trusted time, ten minutes: an older one is a film or a picture. */
const STEPS_BEHIND_MAX = 20;
/** How many it may be ahead: one more, for nobody films what comes, and a phone's next code may come on the way. */
const STEPS_AHEAD_MAX = 21;

/** Why a bearer does not cross, in the order in which it is asked. */
export const REASONS = [
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
  "wrong_gate",
  "not_now",
  "zone_full",
] as const;
export type Reason = (typeof REASONS)[number];

/** What the house rules say at the gate. */
export interface Terms {
  reentry: boolean;
  paper_accepted: boolean;
  paper_identity_check: boolean;
}

/** When the passes of an accreditation may cross. */
export interface Window {
  opens_at: number;
  closes_at: number;
}

/** The gate that asks; `windows` are the accreditations by gate group, whose passes come and go within a time. */
export interface Post {
  gate: string;
  groups: ReadonlySet<string>;
  zone: string;
  terms: Terms;
  closed: boolean;
  zone_full: boolean;
  windows: Readonly<Record<string, Window>>;
}

/** Where the bearer of a pass is, since when, and by which gate; `pending` (admitted, not passed) ends by itself. */
export interface Presence {
  state: "pending" | "inside" | "outside";
  since: number;
  gate: string;
  pending_until: number | null;
}

/** What the one who decides knows of a pass: the highest generation it has seen, and where its bearer is. */
export interface Known {
  generation: number;
  revoked: boolean;
  flagged: boolean;
  presence: Presence | null;
}

/** A code out of its time window that this gate saw before: its step, and when it was shown. */
export interface Stale {
  step: number;
  at: number;
}

export type Decision =
  | { type: "admitted"; claims: Claims; paper: boolean; identity_check: boolean; clock_off_s: number }
  | { type: "again"; claims: Claims; stale: Stale }
  | { type: "refused"; reason: Reason; claims: Claims | null; data: Record<string, string | number> };

type Verified = Extract<Verdict, { type: "verified" }>;
type Refused = Extract<Decision, { type: "refused" }>;

/** How each doubt about a code is told; a stale step is compared instead. */
export const OF_DOUBT: Record<Exclude<Doubt, "stale_step">, Reason> = {
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
 * Decide about one code at one gate. `before` is the last code out of its window that this gate saw of the pass.
 *
 * `trusted` says whether `now` is the server's time. A device that lost it refuses nobody for the time alone: the server
 * judges the distance of its admissions when they are uploaded.
 */
export function decide(verdict: Verdict, post: Post, known: Known, now: number, before: Stale | null = null, trusted = true): Decision {
  if (post.closed) return refused("no_entry", verdict.claims);
  if (verdict.type === "verified") return decided(verdict, post, known, now, trusted);
  const { reason, claims, step } = verdict;
  if (reason !== "stale_step" || claims === null || step === null) {
    return refused(OF_DOUBT[reason as keyof typeof OF_DOUBT], claims, when(reason, claims));
  }
  const earlier = recent(before, now);
  const shown = compare(earlier, step, now);
  const tooFar = trusted && isFar(step, now);
  if (shown === "again" && !(tooFar && earlier === null)) return { type: "again", claims, stale: earlier ?? { step, at: now } };
  if (shown === "still" || tooFar) return refused(shown === "still" ? "screenshot" : "out_of_date", claims);
  const found = decided({ type: "verified", claims, paper: false, step }, post, known, now, trusted);
  return found.type === "admitted" ? { ...found, clock_off_s: (step - stepAt(now)) * STEP_SECONDS } : found;
}

/** Whether a code is more than ten minutes from `now`: no clock of a good phone is, for it signs by the server's. */
export function isFar(step: number, now: number): boolean {
  const off = step - stepAt(now);
  return off < -STEPS_BEHIND_MAX || off > STEPS_AHEAD_MAX;
}

/** The code to compare the next one with, while it is remembered; the first one of a row stays it. */
export function recent(before: Stale | null, now: number): Stale | null {
  return before === null || now - before.at > STALE_KEPT_MS ? null : before;
}

/**
 * What a code out of its window shows beside the one before: nothing yet, a still picture, or a phone that signs.
 *
 * A picture of a code never advances. A phone with a wrong clock makes a new code every half minute, as fast as ours.
 */
export function compare(before: Stale | null, step: number, now: number): "again" | "still" | "moves" {
  if (before === null) return "again";
  const passed = (now - before.at) / 1000 / STEP_SECONDS;
  if (step === before.step) return passed > SAME_STEP_MAX ? "still" : "again";
  if (step < before.step || Math.abs(step - before.step - passed) > STEP_SLACK) return "still";
  return passed < STEP_APART_MIN ? "again" : "moves";
}

function refused(reason: Reason, claims: Claims | null, data: Refused["data"] = {}): Refused {
  return { type: "refused", reason, claims, data };
}

function when(reason: Doubt, claims: Claims | null): Refused["data"] {
  return reason === "not_yet_valid" && claims !== null ? { opens_at: claims.not_before * 1000 } : {};
}

function decided({ claims, paper }: Verified, post: Post, known: Known, now: number, trusted: boolean): Decision {
  const identity_check = paper && post.terms.paper_identity_check;
  return (
    ofThePass(claims, paper, post, known, now) ??
    ofTheGate(claims, post, now, trusted) ?? { type: "admitted", claims, paper, identity_check, clock_off_s: 0 }
  );
}

/** What is known of this very pass. */
function ofThePass(claims: Claims, paper: boolean, post: Post, known: Known, now: number): Refused | null {
  if (known.revoked) return refused("revoked", claims);
  if (claims.generation < known.generation) return refused("superseded", claims);
  if (known.flagged) return refused("call_supervisor", claims);
  // an accreditation comes and goes, and its badge is paper at every event
  if (Object.hasOwn(post.windows, claims.gate_group)) return null;
  if (known.presence !== null) {
    const reason = ofThePresence(known.presence, post, now);
    if (reason !== null) return refused(reason, claims, { since: known.presence.since, gate: known.presence.gate });
  }
  return paper && !post.terms.paper_accepted ? refused("paper_not_accepted", claims) : null;
}

/** Whoever is admitted and has not passed yet may show the same code again at the same gate. */
function ofThePresence(presence: Presence, post: Post, now: number): Reason | null {
  if (presence.state === "outside") return post.terms.reentry ? null : "no_reentry";
  if (presence.state === "inside") return "already_inside";
  const over = presence.pending_until !== null && now >= presence.pending_until;
  return over || presence.gate === post.gate ? null : "already_inside";
}

/** Whether such a pass enters here, now. */
function ofTheGate(claims: Claims, post: Post, now: number, trusted: boolean): Refused | null {
  const group = claims.gate_group;
  if (!post.groups.has(group)) return refused("wrong_gate", claims, { group });
  const window = Object.hasOwn(post.windows, group) ? post.windows[group] : undefined;
  if (trusted && window && !(window.opens_at <= now && now < window.closes_at)) return refused("not_now", claims, { ...window });
  return post.zone_full ? refused("zone_full", claims) : null;
}
