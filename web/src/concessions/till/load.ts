/**
 * What a till signs when it loads a purse or pays out, as `src/virage/money/wallet/funding/rules/desk_records.py` has it:
 * docs/vectors/load.json holds both to the same bytes. The card's tap, its code and its PIN go beside them, for nobody
 * keeps those.
 */
import { sign, type OwnKey } from "../../devices/key";
import { base64url } from "../../passes/base64";
import type { Bytes } from "../../passes/base45";
import { canonical } from "../fiscal/record";

export const PURPOSE = "virage:load:v1";

export interface LoadSaid {
  at: string;
  cashier: string;
  /** Above zero it loads, below it pays out. */
  cents: number;
  id: string;
  outlet: string;
  /** As much of the purse's id as this till was shown. */
  purse: string;
  slip: string | null;
  tender: "cash" | "terminal";
  till: string;
}

export interface SignedLoad {
  body: string;
  signature: string;
}

export const loadBytes = (said: LoadSaid): Bytes => new TextEncoder().encode(canonical(said));

/** The bytes of a load and the till's signature over them, both base64url. */
export async function signedLoad(said: LoadSaid, key: OwnKey): Promise<SignedLoad> {
  const body = loadBytes(said);
  return { body: base64url(body), signature: await sign(key, PURPOSE, body) };
}
