/** Money and rates as people type them, in either language, and as the server counts them. */

/** `12,5` or `12.50` as cents; null for what is no amount. */
export function centsOf(text: string): number | null {
  const tidy = text.replace(/[\s\u00a0\u202f€]/g, "").replace(",", ".");
  return /^\d{1,6}(\.\d{1,2})?$/.test(tidy) ? Math.round(Number(tidy) * 100) : null;
}

/** Cents as a field shows them: whole euros without their zeros. */
export function typed(cents: number, locale: string): string {
  const text = cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2);
  return locale === "fr" ? text.replace(".", ",") : text;
}

/** `5,5` (per cent) as permille; null for what is no rate. */
export function permilleOf(text: string): number | null {
  const tidy = text.replace(/[\s\u00a0\u202f%]/g, "").replace(",", ".");
  return /^\d{1,2}(\.\d)?$/.test(tidy) ? Math.round(Number(tidy) * 10) : null;
}

export function typedRate(permille: number, locale: string): string {
  const text = String(permille / 10);
  return locale === "fr" ? text.replace(".", ",") : text;
}

/** A whole number as typed; null for what is none. */
export function wholeOf(text: string): number | null {
  const tidy = text.replace(/[\s\u00a0\u202f]/g, "");
  return /^\d{1,7}$/.test(tidy) ? Number(tidy) : null;
}
