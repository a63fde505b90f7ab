/** What the QR code of an order says, between the fan's phone and the kitchen: which order, and the code of it. */
const FORM = /^virage:food:([0-9a-f-]{36}):(\d{4})$/i;

export const codeText = (order: string, code: string): string => `virage:food:${order}:${code}`;

/** The order and the code of a text that was scanned, null where it is another one. */
export function readCode(text: string): { order: string; code: string } | null {
  const found = FORM.exec(text.trim());
  return found ? { order: found[1]!.toLowerCase(), code: found[2]! } : null;
}
