/** One code at this gate, decided by this device alone: from its pack, its clock and what it saw. */
import { readCode, STEP_SECONDS, type Code } from "../../../shared/passes/code";
import { verify, type Claims, type Verdict } from "../../../shared/passes/verify";
import { decide, recent, type Decision, type Known, type Presence, type Stale } from "./decide";
import type { Ground } from "./ground";
import { areaOf } from "./seats";

/** How long an admitted bearer has to pass a turnstile. */
export const PASSAGE_MS = 60_000;
const STALE_KEPT = 200;

/**
 * Codes out of their time, by pass. When one was seen is kept by a clock that nobody sets: the device may learn the
 * server's time between two codes, and a phone would seem to stand still.
 */
export class Memory {
  readonly #stale = new Map<number, { step: number; seen: number }>();
  readonly #passed: () => number;

  constructor(passed = () => performance.now()) {
    this.#passed = passed;
  }

  /** What to compare the next code with, its time by the clock that now says `now`. */
  of(number: number, now: number): Stale | null {
    const kept = this.#stale.get(number);
    return kept ? { step: kept.step, at: now - (this.#passed() - kept.seen) } : null;
  }

  /**
   * Remember a code out of its time that the server called amber, as `decide` would: the first one stays. Were it renewed
   * with each scan, a picture held before the camera would never grow old.
   */
  amber(number: number, step: number, now: number): void {
    this.keep(number, recent(this.of(number, now), now) ?? { step, at: now }, now);
  }

  keep(number: number, { step, at }: Stale, now: number): void {
    this.#stale.delete(number);
    this.#stale.set(number, { step, seen: this.#passed() - (now - at) });
    const [oldest] = this.#stale.keys();
    if (this.#stale.size > STALE_KEPT && oldest !== undefined) this.#stale.delete(oldest);
  }
}

/** What a code of ours begins with, the alphabet of all after it, and how much of it is not some other text by chance. */
const HEAD = "V1:";
const TAIL = /^[0-9A-Z $%*+\-./:]{40,}$/;
const OTHER_HEAD = /^[A-Z][A-Z0-9]{1,3}:/;

/** Whether a text is part of a code of ours, of which a scanner lost the rest. */
export function isTorn(text: string): boolean {
  if (readCode(text) !== null) return false;
  return text.startsWith(HEAD) || (TAIL.test(text) && !OTHER_HEAD.test(text));
}

/** What the code proves at this moment. A key of another event that the pack names makes it that event's ticket. */
export async function proven(ground: Ground, text: string, now: number, trusted: boolean): Promise<Verdict> {
  const verdict = await verify(text, ground.keys, now, ground.pack.event.id);
  if (verdict.type !== "unverified") return verdict;
  const code = readCode(text);
  if (verdict.reason === "unknown_key") return code && ground.otherEvent(code.signed.kid) ? { ...verdict, reason: "wrong_event" } : verdict;
  const forItsTime = verdict.reason === "not_yet_valid" || verdict.reason === "expired";
  if (trusted || !forItsTime || !code) return verdict;
  return atItsOwnTime(verdict, await verify(text, ground.keys, madeAt(code, verdict.claims!), ground.pack.event.id));
}

/** When a code says that it was made; paper, as soon as it is valid. */
function madeAt({ moving }: Code, claims: Claims): number {
  return (moving ? moving.step * STEP_SECONDS : claims.not_before) * 1000;
}

/** A good pass that a device without trusted time takes for too early or too late is one out of its time. */
function atItsOwnTime(now: Verdict, then: Verdict): Verdict {
  if (then.type !== "verified") return now;
  return then.paper ? then : { type: "unverified", reason: "stale_step", claims: then.claims, step: then.step };
}

/** Tell the clock when the phone in hand made its code, where its signature held. */
export function proveTime(time: { prove: (pass: number, at: number) => void }, { claims, step }: Verdict): void {
  if (claims !== null && step !== null) time.prove(claims.number, (step + 0.5) * STEP_SECONDS * 1000);
}

/**
 * What is known of a pass after an ask without an answer. Where the device heard meanwhile that the pass came in by its own
 * gate, it heard of that ask: the bearer still stands before it.
 */
export function unanswered(before: Known, after: Known, gate: string): Known {
  const { presence } = after;
  const isThatAsk = presence?.gate === gate && presence.since !== before.presence?.since;
  return isThatAsk ? { ...after, presence: before.presence } : after;
}

/** Decide by what is known of the pass, and remember a code out of its time. */
export function judged(ground: Ground, gate: string, verdict: Verdict, known: Known, memory: Memory, now: number, trusted: boolean): Decision {
  const { claims } = verdict;
  const number = claims?.number ?? -1;
  const area = claims ? areaOf(claims.place) : null;
  const found = decide(verdict, ground.post(gate, area), known, now, memory.of(number, now), trusted);
  if (found.type === "again") memory.keep(number, found.stale, now);
  return found;
}

/**
 * Whether this device knows better than the server: it let the pass in at this gate, and scans wait that tell of it.
 * Asked, the server would let the pass in again.
 */
export function knowsBetter(ground: Ground, gate: string, claims: Claims | null, backlog: number): boolean {
  const there = claims ? ground.known(claims.number).presence : null;
  return backlog > 0 && there?.state === "inside" && there.gate === gate;
}

/** Where the bearer is once let in: through at once, or on the way through a turnstile. */
export function crossed(ground: Ground, gate: string, now: number): Presence {
  const turnstile = ground.gates[gate]?.turnstile ?? false;
  return { state: turnstile ? "pending" : "inside", since: now, gate, pending_until: turnstile ? now + PASSAGE_MS : null };
}

/** The other event that a code is for, as far as the pack knows the events of these days. */
export function eventOf(ground: Ground, text: string, claims: Claims | null): Ground["pack"]["others"][number] | null {
  const kid = readCode(text)?.signed.kid;
  const byKey = kid ? ground.otherEvent(kid) : null;
  return byKey ?? ground.pack.others.find((other) => other.id.replaceAll("-", "").slice(-12) === claims?.event) ?? null;
}
