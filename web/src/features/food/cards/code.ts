/** Code printed on a card: ten characters, typed with or without the hyphen. */
const SIGNS = 10;

/** `k7q2x m4r9t` as `K7Q2X-M4R9T`; null for an invalid code. */
export function codeOf(typed: string): string | null {
  const tidy = typed.toUpperCase().replace(/[^0-9A-Z]/g, "");
  return tidy.length === SIGNS ? `${tidy.slice(0, 5)}-${tidy.slice(5)}` : null;
}
