/** Money as typed in either language, and as in the API. */

/** Cents of an entered amount such as `15`, `12,5` or `€ 12.50`; null if invalid. */
export function centsOf(text: string): number | null {
  const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.replace(/[\s\p{Sc}]/gu, ""));
  return found && Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** Cents as text of a field: whole euros without decimals. */
export function typed(cents: number, locale: string): string {
  const text = cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2);
  return locale === "fr" ? text.replace(".", ",") : text;
}
