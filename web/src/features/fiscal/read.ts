/** Parse a record from bytes; null if invalid, not canonical, or with invisible characters. */
import type { Bytes } from "../../shared/passes/base45";
import { BODY_BYTES_MAX, canonical, type Record } from "./record";

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const HASH = /^[0-9a-f]{64}$/;
const STAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const CODE = /^[a-z][a-z0-9_]{0,39}$/;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/u;
const KINDS = ["sale", "refund", "reprint", "shift_opened", "shift_counted", "shift_closed", "day_closed", "training_sale", "training_refund"];
const TENDERS = ["card", "virtual_card", "cash", "terminal", "purse"];
const YEAR_MIN = 2000;
const YEAR_MAX = 2199;

type Check = (value: unknown) => boolean;

const text =
  (max: number, min = 1): Check =>
  (value) =>
    typeof value === "string" && [...value].length >= min && [...value].length <= max && !UNSEEN.test(value);
const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === "string" && pattern.test(value);
const oneOf =
  (known: readonly string[]): Check =>
  (value) =>
    known.includes(value as string);
const between =
  (min: number, max: number): Check =>
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const listOf =
  (check: Check, max: number): Check =>
  (value) =>
    Array.isArray(value) && value.length <= max && value.every(check);
const object =
  (members: { [name: string]: Check }): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.keys(value).length === Object.keys(members).length &&
    Object.entries(members).every(([name, check]) => check((value as { [name: string]: unknown })[name]));

function moment(value: unknown): boolean {
  if (!like(STAMP)(value)) return false;
  const date = new Date(value as string);
  const year = date.getUTCFullYear();
  return !Number.isNaN(date.getTime()) && date.toISOString() === value && year >= YEAR_MIN && year <= YEAR_MAX;
}

const signed = between(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
const permille = between(0, 1000);

const isRecord = object({
  id: like(ID),
  till: like(ID),
  number: between(1, Number.MAX_SAFE_INTEGER),
  previous: like(HASH),
  kind: oneOf(KINDS),
  at: moment,
  outlet: text(40),
  event_id: orNull(like(ID)),
  cashier: like(ID),
  catalogue: text(64),
  lines: listOf(
    object({
      product: like(ID),
      name: text(100),
      quantity: between(-999, 999),
      unit_cents: between(0, 1_000_000),
      vat_permille: permille,
      options: listOf(text(100), 20),
      deposit: (value) => typeof value === "boolean",
    }),
    60,
  ),
  totals: listOf(object({ vat_permille: permille, gross_cents: signed, vat_cents: signed }), 10),
  tenders: listOf(object({ kind: oneOf(TENDERS), cents: signed, proof: orNull(text(1000)) }), 10),
  tip_cents: signed,
  cash_cents: orNull(between(0, Number.MAX_SAFE_INTEGER)),
  refund_of: orNull(object({ till: like(ID), record: like(ID), reason: like(CODE) })),
  reprint_of: orNull(like(ID)),
});

export function readRecord(body: Bytes): Record | null {
  if (body.length > BODY_BYTES_MAX) return null;
  try {
    const found = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const value: unknown = JSON.parse(found);
    return isRecord(value) && canonical(value) === found ? (value as Record) : null;
  } catch {
    return null;
  }
}
