/** What a card writes into the address that a tap opens (`docs/cards.md`): encrypted, or in plain letters. */
import type { SunMessage } from "../../../shared/api/words";
import { parseUrl } from "../../../shared/runtime/url";

const MAC = /^[0-9A-F]{16}$/;
const PICC = /^[0-9A-F]{32}$/;
const FORMS: readonly Record<string, RegExp>[] = [
  { uid: /^[0-9A-F]{14}$/, ctr: /^[0-9A-F]{6}$/, cmac: MAC },
  { picc_data: PICC, cmac: MAC },
  { picc_data: PICC, enc: /^([0-9A-F]{32})+$/, cmac: MAC },
];
const NAMES = ["uid", "ctr", "picc_data", "enc", "cmac"];

/** A card's message as the server takes it. */
export type Message = SunMessage;

/** The message of an address: null where there is none, `malformed` where no card writes so. */
export function messageOf(query: URLSearchParams): Message | "malformed" | null {
  const names = NAMES.filter((name) => query.has(name));
  if (names.length === 0) return null;
  const fits = (form: Record<string, RegExp>): boolean =>
    names.length === Object.keys(form).length && names.every((name) => query.getAll(name).length === 1 && form[name]?.test(query.get(name)!));
  if (!FORMS.some(fits)) return "malformed";
  return Object.fromEntries(names.map((name) => [name, query.get(name)!])) as unknown as Message;
}

/** The message of an address that a card showed to this phone's own reader; null where it is no card of a ground. */
export function messageOfAddress(text: string): Message | null {
  const url = parseUrl(text);
  const found = url?.pathname === "/tap" ? messageOf(url.searchParams) : null;
  return found === "malformed" ? null : found;
}

/** The ten signs of a printed code, as somebody typed them with whatever between; null if it cannot be one. */
export function codeOf(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
  return /^[2-9A-HJKMNP-Z]{10}$/.test(code) ? code : null;
}

/** A PIN has six to twelve digits; whether it is too easy is the server's to say. */
export function isPin(typed: string): boolean {
  return /^\d{6,12}$/.test(typed);
}
