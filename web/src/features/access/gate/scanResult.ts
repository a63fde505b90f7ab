/** The result of a scan as the steward sees it: signal, reason and what to do. */
import type { Label } from "../../../shared/api/words";
import { REFUSAL_REASONS, type Decision, type RefusalReason } from "./decide";
import type { EventData } from "./eventData";
import type { Hint, ScanAnswer, Text } from "./messages";
import type { Signal } from "./signals";

/** Reasons of the device's own, and those with which the server rejects a scan, besides those of the decision. */
const OTHER_REASONS = ["no_pack", "not_kept", "torn", "identity_mismatch", "not_your_gate", "forged_scan", "invalid_scan", "unknown_event", "event_not_on", "device_revoked"] as const;
export type ResultReason = RefusalReason | (typeof OTHER_REASONS)[number];
const RESULT_REASONS: readonly ResultReason[] = [...REFUSAL_REASONS, ...OTHER_REASONS];

export interface ScanResult {
  signal: Signal;
  reason: ResultReason | null;
  /** Time and gate of the last crossing, if that is the reason. */
  since: number | null;
  gate: string | null;
  /** Start of the pass's validity, or the window of its accreditation. */
  opensAt: number | null;
  closesAt: number | null;
  other: { title: Text; starts_at: string; venue?: string | null } | null;
  group: string | null;
  hint: Hint | null;
  paper: boolean;
  identityCheck: boolean;
  /** The name on the ticket, to compare with the document; null if the device does not have it. */
  name: string | null;
  /** The ticket carries no name although names are due. */
  unnamed: boolean;
  clockOffS: number;
  pending: boolean;
  /** Admitted at the turnstile of another gate, not yet passed. */
  pendingElsewhere: boolean;
  overridden: boolean;
  number: number | null;
  generation: number | null;
  label: Label | null;
  /** Decided by the device, not by the server. */
  local: boolean;
  training: boolean;
  /** At an exit: left, left without a known entry, left before, or a code without a valid pass. */
  exit: "left" | "not_inside" | "left_before" | "unread" | null;
  mayReturn: boolean;
  /** Left with a code that does not allow re-entry; the code on the holder's phone would. */
  unproved: boolean;
}

/** A result on screen. `sequence` makes two equal results in a row two signals. */
export interface ShownResult extends ScanResult {
  sequence: number;
}

export const EMPTY_RESULT: Omit<ScanResult, "signal"> = {
  reason: null,
  since: null,
  gate: null,
  opensAt: null,
  closesAt: null,
  other: null,
  group: null,
  hint: null,
  paper: false,
  identityCheck: false,
  name: null,
  unnamed: false,
  clockOffS: 0,
  pending: false,
  pendingElsewhere: false,
  overridden: false,
  number: null,
  generation: null,
  label: null,
  local: true,
  training: false,
  exit: null,
  mayReturn: false,
  unproved: false,
};

const timeOf = (value: unknown): number | null => {
  const at = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) || at === 0 ? null : at;
};

function detailsOf(data: Record<string, unknown>): Pick<ScanResult, "since" | "gate" | "opensAt" | "closesAt" | "group"> {
  return {
    since: timeOf(data.since),
    gate: typeof data.gate === "string" && data.gate ? data.gate : null,
    opensAt: timeOf(data.opens_at),
    closesAt: timeOf(data.closes_at),
    group: typeof data.group === "string" ? data.group : null,
  };
}

const hintOf = (eventData: EventData, gate: string, group: string | null): Hint | null => (group ? eventData.hint(gate, group) : null);

/** The result of a decision of this device. */
export function resultOfDecision(decision: Decision, eventData: EventData, gate: string): ScanResult {
  const { claims } = decision;
  const pass = { ...EMPTY_RESULT, number: claims?.number ?? null, generation: claims?.generation ?? null, group: claims?.gate_group ?? null };
  if (decision.type === "again") return { ...pass, signal: "again" };
  if (decision.type === "refused") {
    const details = detailsOf(decision.data);
    const group = details.group ?? pass.group;
    return { ...pass, ...details, group, signal: "bad", reason: decision.reason, hint: hintOf(eventData, gate, group) };
  }
  const pending = eventData.gates[gate]?.turnstile ?? false;
  return { ...pass, signal: "good", paper: decision.paper, identityCheck: decision.identity_check, clockOffS: decision.clock_off_s, pending };
}

/** The way to the right gate: as the server answers it, else from the pack. */
function hintOfAnswer(data: Record<string, unknown>, eventData: EventData, gate: string, group: string | null): Hint | null {
  const { gate: right, turn, metres } = data as Partial<Hint>;
  return right && metres !== undefined ? { gate: right, turn: turn ?? "", metres } : hintOf(eventData, gate, group);
}

/** The result of an answer of the server. */
export function resultOfAnswer(answer: ScanAnswer, eventData: EventData, gate: string): ScanResult {
  const details = detailsOf(answer.data ?? {});
  const label = (answer.place_label as Label | null | undefined) ?? null;
  const group = details.group ?? label?.gate_group ?? null;
  const pass = { ...EMPTY_RESULT, ...details, group, local: false, number: answer.pass_number ?? null, label };
  if (answer.outcome === "again") return { ...pass, signal: "again" };
  if (answer.outcome === "admitted") {
    const pending = Boolean(answer.pending_until);
    const [name, unnamed] = [answer.holder_name ?? null, answer.unnamed ?? false];
    return { ...pass, signal: "good", identityCheck: Boolean(answer.identity_check), name, unnamed, clockOffS: answer.clock_off_s ?? 0, pending };
  }
  // An unknown reason comes from a later version of the server.
  const reason = RESULT_REASONS.find((known) => known === answer.reason) ?? "invalid_scan";
  const pendingElsewhere = reason === "already_inside" && Boolean(answer.data?.pending_until);
  return { ...pass, signal: "bad", reason, pendingElsewhere, hint: hintOfAnswer(answer.data ?? {}, eventData, gate, group) };
}
