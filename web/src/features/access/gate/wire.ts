/** What a device and the server say to each other: docs/gate.md in types. Times are RFC 3339. */
import type { components } from "../../../shared/api/schema";
import type { Member } from "../../../shared/devices/pin";

export interface Text {
  fr: string;
  en: string;
}

type Schemas = components["schemas"];
/** A pack as it travels: the bytes of its JSON, signed by the event's key for the purpose `virage:pack:v1`. */
export type SealedPack = Schemas["SignedPack"];
export type PassKeys = Schemas["PassKeys"];
export type HeartbeatAnswer = Schemas["HeartbeatAnswer"];
export type Changes = Required<Schemas["PackChanges"]>;
export type ScanAnswer = Omit<Schemas["ScanAnswer"], "data"> & { data?: Record<string, unknown> };

export interface GateState {
  groups: string[];
  zone: string;
  turnstile: boolean;
  closed: boolean;
}

export interface Hint {
  gate: string;
  turn: "" | "left" | "right";
  metres: number;
}

export interface Pack {
  event: {
    id: string;
    title: Text;
    doors_at: string;
    starts_at: string;
    ends_at: string;
    terms: { reentry: boolean; paper_accepted: boolean; paper_identity_check: boolean };
  };
  version: string;
  expires_at: string;
  keys: { kid: string; x: string }[];
  others: { id: string; title: Text; starts_at: string; kid: string }[];
  gates: Record<string, GateState>;
  zones: Record<string, { full: boolean }>;
  windows: Record<string, { opens_at: string; closes_at: string }>;
  /** By gate, then by gate group. */
  hints: Record<string, Record<string, Hint>>;
  passes: number;
  bitmaps: { revoked: string; flagged: string; inside: string; outside: string };
  generations: [number: number, generation: number][];
  directory: { places: [place: number, pass: number][]; orders: Record<string, number[]> };
  roster: Member[];
}

export type Kind = "ask" | "admitted" | "refused" | "passed" | "withdrawn" | "left" | "pulse";

/** Why a person let somebody in against the light; the server keeps any other word as `other`. */
export type Override = "no_phone" | "broken_phone" | "checked_by_supervisor" | "system_error";

export interface ScanBody {
  number: number;
  event_id: string;
  gate: string;
  at: string;
  kind: Kind;
  code?: string;
  pass_number?: number;
  generation?: number;
  reason?: string;
  override?: Override;
  person_id?: string;
  lane?: "out";
  count?: number;
  offline: boolean;
  training: boolean;
  /** False where the device had not heard the server's time since it was started; left out otherwise. */
  time_trusted?: false;
}
