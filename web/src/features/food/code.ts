/** QR code of an order between the fan's phone and the kitchen: its id and code. */
const FORM = /^virage:food:([0-9a-f-]{36}):(\d{4})$/i;

export const codeText = (order: string, code: string): string => `virage:food:${order}:${code}`;

/** Order and code of a scanned text; null if it is another text. */
export function readCode(text: string): { order: string; code: string } | null {
  const found = FORM.exec(text.trim());
  return found ? { order: found[1]!.toLowerCase(), code: found[2]! } : null;
}
