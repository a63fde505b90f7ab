/** What the steward sees of one scan: a colour, a symbol and a word, and what to do. */
import type { Label } from "../../../shared/api/words";
import { REASONS, type Decision, type Reason } from "./decide";
import type { Ground } from "./ground";
import type { Signal } from "./signals";
import type { Hint, ScanAnswer, Text } from "./wire";

/** Reasons that only the device knows, and those for which the server takes no scan, besides those of the decision. */
const OTHERS = ["no_pack", "not_kept", "torn", "not_your_gate", "forged_scan", "invalid_scan", "unknown_event", "event_not_on", "device_revoked"] as const;
export type Why = Reason | (typeof OTHERS)[number];
const WHYS: readonly Why[] = [...REASONS, ...OTHERS];

export interface Light {
  signal: Signal;
  reason: Why | null;
  /** Since when, and by which gate, somebody is inside or gone; when the pass or its window begins. */
  since: number | null;
  gate: string | null;
  opensAt: number | null;
  closesAt: number | null;
  other: { title: Text; starts_at: string } | null;
  group: string | null;
  hint: Hint | null;
  paper: boolean;
  identityCheck: boolean;
  clockOffS: number;
  pending: boolean;
  /** Admitted at another gate's turnstile, and not through it yet. */
  waitsElsewhere: boolean;
  overridden: boolean;
  number: number | null;
  generation: number | null;
  label: Label | null;
  alone: boolean;
  training: boolean;
  /** At an exit: who left, of whom the device knew no entry, who had left before, or a code that names no pass. */
  exit: "left" | "not_inside" | "left_before" | "unread" | null;
  mayReturn: boolean;
  /** They left by a code that does not let them in again; the moving code of their phone does. */
  unproved: boolean;
  /** Counts the lights of this start, so that the same answer twice is seen twice. */
  turn: number;
}

export const DARK: Omit<Light, "signal" | "turn"> = {
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
  clockOffS: 0,
  pending: false,
  waitsElsewhere: false,
  overridden: false,
  number: null,
  generation: null,
  label: null,
  alone: true,
  training: false,
  exit: null,
  mayReturn: false,
  unproved: false,
};

type Lit = Omit<Light, "turn">;

const moment = (value: unknown): number | null => {
  const at = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) || at === 0 ? null : at;
};

function told(data: Record<string, unknown>): Pick<Lit, "since" | "gate" | "opensAt" | "closesAt" | "group"> {
  return {
    since: moment(data.since),
    gate: typeof data.gate === "string" && data.gate ? data.gate : null,
    opensAt: moment(data.opens_at),
    closesAt: moment(data.closes_at),
    group: typeof data.group === "string" ? data.group : null,
  };
}

const hintOf = (ground: Ground, gate: string, group: string | null): Hint | null => (group ? ground.hint(gate, group) : null);

/** The light of a decision of this device. */
export function ofDecision(found: Decision, ground: Ground, gate: string): Lit {
  const { claims } = found;
  const about = { ...DARK, number: claims?.number ?? null, generation: claims?.generation ?? null, group: claims?.gate_group ?? null };
  if (found.type === "again") return { ...about, signal: "again" };
  if (found.type === "refused") {
    const data = told(found.data);
    const group = data.group ?? about.group;
    return { ...about, ...data, group, signal: "bad", reason: found.reason, hint: hintOf(ground, gate, group) };
  }
  const pending = ground.gates[gate]?.turnstile ?? false;
  return { ...about, signal: "good", paper: found.paper, identityCheck: found.identity_check, clockOffS: found.clock_off_s, pending };
}

/** The way to the right gate as the server tells it, else as the pack knows it. */
function hintIn(data: Record<string, unknown>, ground: Ground, gate: string, group: string | null): Hint | null {
  const { gate: right, turn, metres } = data as Partial<Hint>;
  return right && metres !== undefined ? { gate: right, turn: turn ?? "", metres } : hintOf(ground, gate, group);
}

/** The light of an answer of the server. */
export function ofAnswer(answer: ScanAnswer, ground: Ground, gate: string): Lit {
  const data = told(answer.data ?? {});
  const label = (answer.place_label as Label | null | undefined) ?? null;
  const group = data.group ?? label?.gate_group ?? null;
  const about = { ...DARK, ...data, group, alone: false, number: answer.pass_number ?? null, label };
  if (answer.outcome === "again") return { ...about, signal: "again" };
  if (answer.outcome === "admitted") {
    const pending = Boolean(answer.pending_until);
    return { ...about, signal: "good", identityCheck: Boolean(answer.identity_check), clockOffS: answer.clock_off_s ?? 0, pending };
  }
  // A reason that this page does not know came with a later version of the server.
  const reason = WHYS.find((why) => why === answer.reason) ?? "invalid_scan";
  const waitsElsewhere = reason === "already_inside" && Boolean(answer.data?.pending_until);
  return { ...about, signal: "bad", reason, waitsElsewhere, hint: hintIn(answer.data ?? {}, ground, gate, group) };
}
