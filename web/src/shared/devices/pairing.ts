/** A new device: its key is made here and never leaves; a code that somebody of the staff shows makes it one of theirs. */
import type { components } from "../api/schema";
import { newKey, type OwnKey } from "./key";
import type { Link, Reply } from "./link";

/** What the server says of a device that was paired: its posts are gates, or outlets for a till. */
type Paired = components["schemas"]["PairedDevice"];

export type Device = Paired & OwnKey;

/** Where a device keeps what it is. */
interface Shelf {
  setting: <T>(name: string) => Promise<T | undefined>;
  keepSetting: (name: string, value: unknown) => Promise<unknown>;
  keepDevice: (device: Device) => Promise<unknown>;
}

/** Pair with a code. The key is kept before it is told, so that a lost answer is asked for again with the same key. */
export async function pair(code: string, kinds: readonly string[], shelf: Shelf, link: Link): Promise<Reply<Device>> {
  const kept = await shelf.setting<OwnKey & { code: string }>("pairing");
  const own = kept?.code === code ? kept : { ...(await newKey()), code };
  await shelf.keepSetting("pairing", own);
  const reply = await link.ask<Paired>((signal) => link.api.POST("/api/devices/pair", { body: { code, key: own.public_jwk }, signal }));
  if (!reply.ok) return reply;
  if (!kinds.includes(reply.data.kind)) return { ok: false, status: 200, code: "wrong_kind", data: {} };
  void navigator.storage?.persist?.();
  const { private_key, public_jwk } = own;
  const device = { ...reply.data, private_key, public_jwk };
  await shelf.keepDevice(device);
  await shelf.keepSetting("pairing", null);
  link.use(device.token);
  return { ...reply, data: device };
}
