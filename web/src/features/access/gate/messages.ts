/** Messages between gate and server (docs/gate.md). Times are RFC 3339. */
import type { components } from "../../../shared/api/schema";
import type { Member } from "../../../shared/devices/pin";

export type Text = Record<string, string>;

type Schemas = components["schemas"];
/** The bytes of a pack's JSON, signed by the event's key for the purpose `virage:pack:v1`. */
export type SignedPack = Schemas["SignedPack"];
export type DeviceEvent = Schemas["DeviceEvent"];
export type DeviceEvents = Schemas["DeviceEvents"];
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
    /** Missing in packs of an earlier server. */
    venue?: string;
    venue_version?: string;
    title: Text;
    doors_at: string;
    starts_at: string;
    ends_at: string;
    terms: { reentry: boolean; paper_accepted: boolean; paper_identity_check: boolean };
  };
  version: string;
  expires_at: string;
  keys: { kid: string; x: string }[];
  /** `venue`: the name of the venue if it is another one. */
  others: { id: string; title: Text; starts_at: string; kid: string; venue?: string | null }[];
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
  /** Missing for an event without an identity rule, and in packs of an earlier server. */
  identity?: PackIdentity;
}

/** The identity rule: `secret` and the bitmap `unnamed` are base64; names of selected passes of the device's gate groups. */
export interface PackIdentity {
  secret: string;
  share_percent: number;
  due_at: string | null;
  unnamed_to_desk: boolean;
  unnamed: string;
  names: [number: number, name: string][];
}

export type ScanKind = "ask" | "admitted" | "refused" | "passed" | "withdrawn" | "left" | "pulse" | "matched" | "mismatched";

/** Reason of an override; the server stores any other value as `other`. */
export type OverrideReason = "no_phone" | "broken_phone" | "checked_by_supervisor" | "system_error";

export interface ScanBody {
  number: number;
  event_id: string;
  gate: string;
  at: string;
  kind: ScanKind;
  code?: string;
  pass_number?: number;
  generation?: number;
  reason?: string;
  override?: OverrideReason;
  person_id?: string;
  lane?: "out";
  count?: number;
  offline: boolean;
  training: boolean;
  /** False if the device had no trusted time; left out if it had. */
  time_trusted?: false;
}
