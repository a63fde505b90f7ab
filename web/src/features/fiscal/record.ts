/**
 * Till records, as in `src/virage/money/fiscal/rules/record.py`; the vectors in docs/vectors/fiscal.json hold both to the
 * same bytes. A record's bytes are its canonical JSON (RFC 8785), so its hash is unique.
 */
import { sign, type OwnKey } from "../../shared/devices/key";
import { base64url } from "../../shared/passes/base64";
import type { Bytes } from "../../shared/passes/base45";

export const PURPOSE = "virage:sale:v1";
const GENESIS = "0".repeat(64);
export const BODY_BYTES_MAX = 16_384;

export type Kind =
  | "sale"
  | "refund"
  | "reprint"
  | "shift_opened"
  | "shift_counted"
  | "shift_closed"
  | "day_closed"
  | "training_sale"
  | "training_refund";
/** Payment methods at a till. */
export type CounterTender = "card" | "virtual_card" | "cash" | "terminal";
/** `purse` is used by order-ahead tills only. */
export type TenderKind = CounterTender | "purse";
/** Tenders that need a proof. */
export const PROVEN: ReadonlySet<TenderKind> = new Set(["card", "virtual_card", "purse"]);

export interface Line {
  product: string;
  name: string;
  quantity: number;
  unit_cents: number;
  vat_permille: number;
  options: string[];
  deposit: boolean;
}
export interface Tender {
  kind: TenderKind;
  cents: number;
  proof: string | null;
}
export interface VatTotal {
  vat_permille: number;
  gross_cents: number;
  vat_cents: number;
}

export interface Record {
  id: string;
  till: string;
  number: number;
  previous: string;
  kind: Kind;
  at: string;
  outlet: string;
  event_id: string | null;
  cashier: string;
  catalogue: string;
  lines: Line[];
  totals: VatTotal[];
  tenders: Tender[];
  tip_cents: number;
  cash_cents: number | null;
  refund_of: { till: string; record: string; reason: string } | null;
  reprint_of: string | null;
}

export const isSale = (kind: Kind): boolean => kind === "sale" || kind === "training_sale";
export const isRefund = (kind: Kind): boolean => kind === "refund" || kind === "training_refund";
export const isTraining = (kind: Kind): boolean => kind.startsWith("training_");

/** Signed record. */
export interface Written {
  record: Record;
  /** Signed bytes, base64url. */
  body: string;
  signature: string;
  hash: string;
}

/** Last record of a chain; number 0 and 64 zeros if empty. */
export interface Head {
  number: number;
  hash: string;
}
export const EMPTY: Head = { number: 0, hash: GENESIS };

/** Canonical JSON of a value with integers and ASCII names only: sorted members, no whitespace. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(",")}}`;
}

export const bytesOf = (record: Record): Bytes => new TextEncoder().encode(canonical(record));

/** SHA-256 of bytes in hexadecimal. */
export async function hashOf(body: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sign a record; it is immutable from now on. */
export async function written(record: Record, key: OwnKey): Promise<Written> {
  const body = bytesOf(record);
  return { record, body: base64url(body), signature: await sign(key, PURPOSE, body), hash: await hashOf(body) };
}

/** The VAT contained in a gross amount, rounded half away from zero. */
export function vatIncluded(gross: number, permille: number): number {
  const divisor = 1000 + permille;
  const vat = Math.floor((2 * Math.abs(gross) * permille + divisor) / (2 * divisor));
  return gross < 0 ? 0 - vat : vat;
}

/** Totals of these lines: one per VAT rate, ascending. */
export function totalsOf(lines: readonly Line[]): VatTotal[] {
  const gross = new Map<number, number>();
  for (const line of lines) gross.set(line.vat_permille, (gross.get(line.vat_permille) ?? 0) + line.quantity * line.unit_cents);
  return [...gross]
    .sort(([a], [b]) => a - b)
    .map(([vat_permille, cents]) => ({ vat_permille, gross_cents: cents, vat_cents: vatIncluded(cents, vat_permille) }));
}

/** Total of the goods, VAT included, without tip. */
export const totalOf = ({ totals }: Record): number => totals.reduce((sum, total) => sum + total.gross_cents, 0);

/** Amount paid by tenders of a kind, tip included. */
export const paidBy = ({ tenders }: Record, kind: TenderKind): number =>
  tenders.reduce((sum, tender) => sum + (tender.kind === kind ? tender.cents : 0), 0);
