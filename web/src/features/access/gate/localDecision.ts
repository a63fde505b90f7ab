/** Decisions of the device without the server: from the event data, the device's clock and its own scans. */
import { readCode, STEP_SECONDS, type Code } from "../../../shared/passes/code";
import { verify, type Claims, type Verdict } from "../../../shared/passes/verify";
import { decide, recentOnly, type Decision, type PassStatus, type Presence, type StaleCode } from "./decide";
import type { EventData } from "./eventData";
import { areaOf } from "./seats";

/** Time that an admitted bearer has to pass a turnstile. */
export const PASSAGE_MS = 60_000;
const STALE_KEPT = 200;

/**
 * Stale codes by pass. Their times are kept on the monotonic clock: the device may learn the server's time between two
 * codes, and a live phone would look like a still picture.
 */
export class StaleCodes {
  readonly #codes = new Map<number, { step: number; seen: number }>();
  readonly #monotonic: () => number;

  constructor(monotonic = () => performance.now()) {
    this.#monotonic = monotonic;
  }

  /** The stale code of a pass, its time on the clock that now reads `now`. */
  get(number: number, now: number): StaleCode | null {
    const stale = this.#codes.get(number);
    return stale ? { step: stale.step, at: now - (this.#monotonic() - stale.seen) } : null;
  }

  /**
   * Add a stale code for which the server required another scan. The first code stays, as in `decide`: a picture held
   * before the camera would never be recognised if each scan renewed it.
   */
  add(number: number, step: number, now: number): void {
    this.put(number, recentOnly(this.get(number, now), now) ?? { step, at: now }, now);
  }

  put(number: number, { step, at }: StaleCode, now: number): void {
    this.#codes.delete(number);
    this.#codes.set(number, { step, seen: this.#monotonic() - (now - at) });
    const [oldest] = this.#codes.keys();
    if (this.#codes.size > STALE_KEPT && oldest !== undefined) this.#codes.delete(oldest);
  }
}

/** Start of an entry code, the rest of a code (its alphabet, long enough to exclude other texts), and start of other codes. */
const HEAD = "V1:";
const TAIL = /^[0-9A-Z $%*+\-./:]{40,}$/;
const OTHER_HEAD = /^[A-Z][A-Z0-9]{1,3}:/;

/** Whether a text is an entry code of which the scanner lost a part. */
export function isPartialCode(text: string): boolean {
  if (readCode(text) !== null) return false;
  return text.startsWith(HEAD) || (TAIL.test(text) && !OTHER_HEAD.test(text));
}

/** Verify a code. A code signed by the key of another event in the pack is a ticket of that event, not a forgery. */
export async function verifyCode(eventData: EventData, text: string, now: number, trusted: boolean): Promise<Verdict> {
  const verdict = await verify(text, eventData.keys, now, eventData.pack.event.id);
  if (verdict.type !== "unverified") return verdict;
  const code = readCode(text);
  if (verdict.reason === "unknown_key") return code && eventData.otherEvent(code.signed.kid) ? { ...verdict, reason: "wrong_event" } : verdict;
  const outsideValidity = verdict.reason === "not_yet_valid" || verdict.reason === "expired";
  if (trusted || !outsideValidity || !code) return verdict;
  // Without trusted time the clock may be wrong, so the code is verified at its own time: a valid one is stale.
  const then = await verify(text, eventData.keys, timeOfCode(code, verdict.claims!), eventData.pack.event.id);
  if (then.type !== "verified") return verdict;
  return then.paper ? then : { type: "unverified", reason: "stale_step", claims: then.claims, step: then.step };
}

/** When a code was made by its own account; for paper, the start of its validity. */
function timeOfCode({ moving }: Code, claims: Claims): number {
  return (moving ? moving.step * STEP_SECONDS : claims.not_before) * 1000;
}

/** Pass the time of a code with a valid phone signature to the clock. */
export function addCodeTime(time: { addCode: (pass: number, madeAt: number) => void }, { claims, step }: Verdict): void {
  if (claims !== null && step !== null) time.addCode(claims.number, (step + 0.5) * STEP_SECONDS * 1000);
}

/**
 * Status of a pass after a request without an answer. An admission at this gate that arrived meanwhile is that of the
 * request itself: the bearer still stands at the gate.
 */
export function statusAfterTimeout(before: PassStatus, after: PassStatus, gate: string): PassStatus {
  const { presence } = after;
  const isOwnRequest = presence?.gate === gate && presence.since !== before.presence?.since;
  return isOwnRequest ? { ...after, presence: before.presence } : after;
}

/** Decide about a verified code, and keep it if it is stale. */
export function decideLocally(
  eventData: EventData,
  gate: string,
  verdict: Verdict,
  status: PassStatus,
  staleCodes: StaleCodes,
  now: number,
  trusted: boolean,
): Decision {
  const { claims } = verdict;
  const number = claims?.number ?? -1;
  const area = claims ? areaOf(claims.place) : null;
  const decision = decide(verdict, eventData.contextOf(gate, area), status, now, staleCodes.get(number, now), trusted);
  if (decision.type === "again") staleCodes.put(number, decision.stale, now);
  return decision;
}

/**
 * Whether an admission of the pass at this gate may be among the scans that wait for upload. The server does not know it
 * yet and would admit the pass again.
 */
export function hasUnsentAdmission(eventData: EventData, gate: string, claims: Claims | null, backlog: number): boolean {
  const presence = claims ? eventData.statusOf(claims.number).presence : null;
  return backlog > 0 && presence?.state === "inside" && presence.gate === gate;
}

/** Presence after an admission: inside, or pending at a gate with a turnstile. */
export function presenceAfterEntry(eventData: EventData, gate: string, now: number): Presence {
  const turnstile = eventData.gates[gate]?.turnstile ?? false;
  return { state: turnstile ? "pending" : "inside", since: now, gate, pending_until: turnstile ? now + PASSAGE_MS : null };
}

/** The other event that a code is for, if the pack lists it. */
export function otherEventOf(eventData: EventData, text: string, claims: Claims | null): EventData["pack"]["others"][number] | null {
  const kid = readCode(text)?.signed.kid;
  const byKey = kid ? eventData.otherEvent(kid) : null;
  return byKey ?? eventData.pack.others.find((other) => other.id.replaceAll("-", "").slice(-12) === claims?.event) ?? null;
}
