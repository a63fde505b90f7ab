/** What the server sends and takes, under short names. */
export interface Text {
  fr: string;
  en: string;
}
export interface HouseRules {
  reentry: boolean;
  paper_accepted: boolean;
  paper_identity_check: boolean;
  named_tickets: boolean;
  limit_per_buyer: number;
  bag_litres_max: number;
  alcohol: boolean;
}
export interface EventLine {
  id: string;
  kind: "match" | "concert" | "tour";
  title: Text;
  subtitle: Text;
  series_id: string | null;
  series_title: Text | null;
  doors_at: string;
  starts_at: string;
  sale_opens_at: string;
  sale_closes_at: string;
  sale: "before" | "open" | "after";
}
export interface EventInfo extends EventLine {
  ground_version: string;
  ends_at: string;
  state: "published" | "cancelled";
  rules: HouseRules;
  now: string;
}
export type Tariff = "full" | "child" | "reduced" | "access" | "companion";
export interface Category {
  id: string;
  name: Text;
  colour: string;
  prices: Record<Tariff, number>;
}
export interface Offer {
  event_id: string;
  categories: Category[];
  blocks: Record<string, string>;
  areas: { area: string; category_id: string; capacity: number }[];
  fee_cents: number;
}
export interface Party {
  full: number;
  child: number;
  reduced: number;
  access: number;
  companions?: number | null;
}
export type Need = "wheelchair" | "easy_access" | "audio_description" | "hearing_loop";
export type Seats =
  | { kind: "best"; party: Party; category_id?: string | null; block?: string | null; together?: boolean; needs?: Need[] }
  | { kind: "chosen"; places: { place: number; tariff: Tariff }[] }
  | { kind: "standing"; area: string; party: Party };
export interface Label {
  stand: string;
  block: string;
  row: string | null;
  seat: string | null;
  gate_group: string;
}
export interface Line {
  place: number;
  label: Label;
  tariff: Tariff;
  price_cents: number;
  ticket_id?: string | null;
  refunded?: boolean;
}
export interface Order {
  id: string;
  code: string;
  event_id: string;
  state: "held" | "paying" | "paid" | "released" | "expired" | "refunded";
  lines: Line[];
  fee_cents: number;
  total_cents: number;
  refunded_cents: number;
  vat: { rate_permille: number; gross_cents: number; vat_cents: number }[];
  expires_at: string;
  payment_id?: string | null;
  paid_at?: string | null;
}
export interface BlockGeometry {
  code: string;
  stand: string;
  ring: number;
  kind: "seats" | "hospitality" | "box";
  gate_group: string;
  first_seat: number;
  seat_count: number;
  wheelchairs: number;
  frame: number[];
  centre: number[];
  outline: number[];
  segments: number[];
}
export interface AreaGeometry {
  code: string;
  name: Text;
  first_place: number;
  capacity_max: number;
  outline: number[];
}
export interface Geometry {
  version: string;
  name: string;
  notice: Text;
  seats: number;
  places: number;
  pitch: number[];
  stands: { code: string; name: string; colour: string; seats: number }[];
  blocks: BlockGeometry[];
  areas: AreaGeometry[];
  gates: { code: string; group: string; stand: string; x: number; y: number }[];
}
export interface BlockLabels {
  block: string;
  first_seat: number;
  seat_count: number;
  rows: { name: string; segments: number[][] }[];
  features: number[][];
  sightline: number[];
}
