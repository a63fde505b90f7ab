/** Money as people type it, in either language, and as the server counts it. */

/** Cents of what somebody typed, as `15`, `12,5` or `€ 12.50`; null where it is no amount. */
export function centsOf(text: string): number | null {
  const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.replace(/[\s\p{Sc}]/gu, ""));
  return found && Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0"));
}

/** Cents as a field shows them: whole euros without their zeros. */
export function typed(cents: number, locale: string): string {
  const text = cents % 100 === 0 ? String(cents / 100) : (cents / 100).toFixed(2);
  return locale === "fr" ? text.replace(".", ",") : text;
}
