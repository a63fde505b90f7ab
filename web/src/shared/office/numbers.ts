/** Rates and numbers as typed in any language, and as in the API. */
import { decimalMark } from "../i18n/marks";

/** `5,5` (per cent) as permille; null if invalid or more than `most`. */
export function permilleOf(text: string, most = 999): number | null {
  const tidy = text.replace(/[\s\u00a0\u202f%]/g, "").replace(",", ".");
  const permille = /^\d{1,3}(\.\d)?$/.test(tidy) ? Math.round(Number(tidy) * 10) : Number.NaN;
  return permille <= most ? permille : null;
}

export function typedRate(permille: number, locale: string): string {
  const text = String(permille / 10);
  return text.replace(".", decimalMark(locale));
}

/** An entered whole number; null if invalid. */
export function wholeOf(text: string): number | null {
  const tidy = text.replace(/[\s\u00a0\u202f]/g, "");
  return /^\d{1,7}$/.test(tidy) ? Number(tidy) : null;
}
