/** Amounts as they are typed. */

/** Cents of a text such as 15, 12.50 or 12,5; null where it is none. */
export function centsOf(text: string): number | null {
  const found = /^(\d{1,6})(?:[.,](\d{1,2}))?$/.exec(text.trim().replace(/[\s\u202f€]/g, ""));
  return found ? Number(found[1]) * 100 + Number((found[2] ?? "").padEnd(2, "0")) : null;
}

/** Cents as they would be typed. */
export const typed = (cents: number): string => (cents / 100).toFixed(2);
