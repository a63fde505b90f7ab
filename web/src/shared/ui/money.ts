/** Money as typed in any language, and as in the API. */
import { decimalMark } from "../i18n/marks";
import { i18n } from "../i18n/i18n.svelte";
import { unitOf } from "./currency";

/** Digits of the largest amount that can be typed, its decimals included. */
const DIGITS_MAX = 8;

/** Cents of an entered amount such as `15`, `12,5` or `€ 12.50`; null if invalid, as `12.50` yen. */
export function centsOf(text: string): number | null {
  const { digits } = i18n.currency;
  const [, whole = "", decimals = ""] = /^(\d+)(?:[.,](\d+))?$/.exec(text.replace(/[\s\p{Sc}]/gu, "")) ?? [];
  if (!whole || whole.length > DIGITS_MAX - digits || decimals.length > digits) return null;
  return Number(whole + decimals.padEnd(digits, "0"));
}

/** Cents as text of a field, with the decimal mark of the language: whole units without decimals. */
export function typed(cents: number, locale: string): string {
  const unit = unitOf(i18n.currency);
  const text = (cents / unit).toFixed(cents % unit === 0 ? 0 : i18n.currency.digits);
  return text.replace(".", decimalMark(locale));
}
