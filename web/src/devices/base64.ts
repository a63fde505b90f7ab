/** Bytes as text: base64 in either alphabet is read, the one of addresses (RFC 4648, section 5) is written. */
import type { Bytes } from "../passes/base45";

/** The bytes in base64, in either alphabet, with or without padding. */
export function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}

export function base64url(data: Bytes): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
