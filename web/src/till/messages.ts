/** Messages between till and server (docs/till.md). */
import type { Member } from "../devices/pin";
import type { Head } from "../fiscal/record";
import type { AlcoholPermit } from "../food/rules/alcohol";
import type { Catalogue, Text } from "../food/rules/catalogue";

/** Event in the pack, from its doors until its end. */
export interface PackEvent {
  event_id: string;
  organiser_id: string;
  title: Text;
  doors_at: string;
  starts_at: string;
  ends_at: string;
  alcohol: boolean;
}

export interface Limits {
  tap_cap_cents: number;
  /** Maximum of one card, and of all cards, at this till before its sales are uploaded. */
  offline_card_cents: number;
  offline_till_cents: number;
  /** Timeout of an online sale. */
  ask_ms: number;
}

export interface Seller {
  name: string;
  address: string;
  vat_number: string;
}

export interface Pack {
  now: string;
  till: { id: string; name: string };
  /** Outlets of the till; no catalogue before the first one is published. */
  outlets: { code: string; stand: string; ring: number; catalogue: Catalogue | null }[];
  evenings: PackEvent[];
  derogations: AlcoholPermit[];
  roster: Member[];
  limits: Limits;
  refund_reasons: string[];
  head: Head;
  training_head: Head;
  house: Seller;
}

/** Card: its chip number, the last accepted counter, whether it is blocked. */
export type CardRow = [uid: string, counter: number, blocked: boolean];
/** Cards that changed since a position, or all of them. */
export interface CardNews {
  position: string;
  all: boolean;
  cards: CardRow[];
}

export interface Answer {
  number: number;
  outcome: "booked" | "known" | "refused";
  hash?: string | null;
  reason?: string | null;
  data?: { [name: string]: unknown };
  available_cents?: number | null;
  loss_cents?: number;
  /** Name of the card holder, for the cashier; never stored. */
  holder?: string | null;
}

export interface Upload {
  body: string;
  signature: string;
  told: boolean;
  pins?: { [tender: string]: string };
}
