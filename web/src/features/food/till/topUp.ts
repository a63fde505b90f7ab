/**
 * Signed top-up or payout of a wallet, as in `src/virage/money/wallet/funding/rules/desk_records.py`; the vectors in
 * docs/vectors/load.json hold both to the same bytes. Tap, card code and PIN are sent beside them, unsigned and unstored.
 */
import { sign, type OwnKey } from "../../../shared/devices/key";
import { base64url } from "../../../shared/passes/base64";
import type { Bytes } from "../../../shared/passes/base45";
import { canonical } from "../../fiscal/record";

export const PURPOSE = "virage:load:v1";

export interface TopUpRecord {
  at: string;
  cashier: string;
  /** Above zero a top-up, below a payout. */
  cents: number;
  id: string;
  outlet: string;
  /** Part of the wallet's id, as shown to this till. */
  purse: string;
  slip: string | null;
  tender: "cash" | "terminal";
  till: string;
}

export interface SignedTopUp {
  body: string;
  signature: string;
}

export const topUpBytes = (record: TopUpRecord): Bytes => new TextEncoder().encode(canonical(record));

/** Bytes of a top-up and the till's signature, both base64url. */
export async function signedTopUp(record: TopUpRecord, key: OwnKey): Promise<SignedTopUp> {
  const body = topUpBytes(record);
  return { body: base64url(body), signature: await sign(key, PURPOSE, body) };
}
