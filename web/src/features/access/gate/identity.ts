/** The identity check of the event's rule; src/virage/matchday/access/rules/identity.py selects the same passes. */
import { fromBase64 } from "../../../shared/passes/base64";

const PURPOSE = new TextEncoder().encode("virage:identity:v1\0");
const NUMBER_BYTES = 4;

/** What a device knows of the check of a pass; `name` is that on its ticket, null if the device does not have it. */
export interface IdentityStatus {
  identity_check: boolean;
  unnamed: boolean;
  name: string | null;
}

/** Whether the document of a pass is checked, alike at every gate and at each scan; `secret` is base64. */
export async function isSelected(secret: string, number: number, sharePercent: number): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", fromBase64(secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const message = new Uint8Array(PURPOSE.length + NUMBER_BYTES);
  message.set(PURPOSE);
  new DataView(message.buffer).setUint32(PURPOSE.length, number);
  const digest = await crypto.subtle.sign("HMAC", key, message);
  return new DataView(digest).getUint32(0) * 100 < sharePercent * 2 ** 32;
}
