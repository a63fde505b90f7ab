/** Content of the address that a tap opens (`docs/cards.md`): encrypted or plain. */
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

/** Message of a card, as in the API. */
export type Message = SunMessage;

/** Message of an address: null if there is none, `malformed` if it is invalid. */
export function messageOf(query: URLSearchParams): Message | "malformed" | null {
  const names = NAMES.filter((name) => query.has(name));
  if (names.length === 0) return null;
  const fits = (form: Record<string, RegExp>): boolean =>
    names.length === Object.keys(form).length && names.every((name) => query.getAll(name).length === 1 && form[name]?.test(query.get(name)!));
  if (!FORMS.some(fits)) return "malformed";
  return Object.fromEntries(names.map((name) => [name, query.get(name)!])) as unknown as Message;
}

/** Message of an address read by this phone; null if it is not a card of this deployment. */
export function messageOfAddress(text: string): Message | null {
  const url = parseUrl(text);
  const found = url?.pathname === "/tap" ? messageOf(url.searchParams) : null;
  return found === "malformed" ? null : found;
}

/** The ten characters of a printed code with any separators; null if invalid. */
export function codeOf(typed: string): string | null {
  const code = typed.toUpperCase().replace(/[^\p{L}\p{N}]/gu, "");
  return /^[2-9A-HJKMNP-Z]{10}$/.test(code) ? code : null;
}

/** A PIN has six to twelve digits; the server checks whether it is too easy. */
export function isPin(typed: string): boolean {
  return /^\d{6,12}$/.test(typed);
}
