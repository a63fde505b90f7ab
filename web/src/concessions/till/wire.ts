/** What a till and the server say to each other: docs/till.md in types. */
import type { Member } from "../../devices/pin";
import type { Head } from "../fiscal/record";
import type { AlcoholPermit } from "../../food/rules/alcohol";
import type { Catalogue, Text } from "../../food/rules/catalogue";

/** What is on, from its doors until before its end. */
export interface Evening {
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
  /** What one card may spend at this till alone, and all cards together, until the server has heard of it. */
  offline_card_cents: number;
  offline_till_cents: number;
  /** How long the server may take about one sale. */
  ask_ms: number;
}

export interface House {
  name: string;
  address: string;
  vat_number: string;
}

export interface Pack {
  now: string;
  till: { id: string; name: string };
  /** Where the till stands; no catalogue before the first one is published. */
  outlets: { code: string; stand: string; ring: number; catalogue: Catalogue | null }[];
  evenings: Evening[];
  derogations: AlcoholPermit[];
  roster: Member[];
  limits: Limits;
  refund_reasons: string[];
  head: Head;
  training_head: Head;
  house: House;
}

/** A card as the server knows it: its number, the last counter that was taken, whether it is blocked. */
export type CardRow = [uid: string, counter: number, blocked: boolean];
/** What changed of cards since a position, or all of them. */
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
  /** Whose card was tapped, for the cashier to see: kept nowhere. */
  holder?: string | null;
}

export interface Upload {
  body: string;
  signature: string;
  told: boolean;
  pins?: { [tender: string]: string };
}
