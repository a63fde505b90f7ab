/** Base45 (RFC 9285): two bytes as three characters of the alphanumeric QR alphabet. */

export type Bytes = Uint8Array<ArrayBuffer>;

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Encode, least significant character first; a last odd byte is two characters. */
export function encode(data: Bytes): string {
  let text = "";
  for (let at = 0; at < data.length; at += 2) {
    const pair = at + 1 < data.length;
    const number = pair ? data[at]! * 256 + data[at + 1]! : data[at]!;
    text += ALPHABET.charAt(number % 45) + ALPHABET.charAt(Math.floor(number / 45) % 45);
    if (pair) text += ALPHABET.charAt(Math.floor(number / 2025));
  }
  return text;
}

/** Decode; null for a foreign character, an impossible length, or a group out of range. */
export function decode(text: string): Bytes | null {
  if (text.length % 3 === 1) return null;
  const values = Array.from(text, (character) => ALPHABET.indexOf(character));
  if (values.includes(-1) || values.length !== text.length) return null;
  const data: number[] = [];
  for (let at = 0; at < values.length; at += 3) {
    const triple = at + 2 < values.length;
    const number = values[at]! + values[at + 1]! * 45 + (triple ? values[at + 2]! * 2025 : 0);
    if (number > (triple ? 0xffff : 0xff)) return null;
    if (triple) data.push(number >> 8);
    data.push(number & 0xff);
  }
  return Uint8Array.from(data);
}
