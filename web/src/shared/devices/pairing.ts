/** Pairing of a device: it makes a key pair and registers it with a pairing code. */
import type { components } from "../api/schema";
import { newKey, type OwnKey } from "./key";
import type { Link, Reply } from "./link";

/** The server's record of a paired device. */
type Paired = components["schemas"]["PairedDevice"];

export type Device = Paired & OwnKey;

/** Storage of a device. */
interface DeviceStorage {
  setting: <T>(name: string) => Promise<T | undefined>;
  keepSetting: (name: string, value: unknown) => Promise<unknown>;
  keepDevice: (device: Device) => Promise<unknown>;
}

/** Pair with a code. The key is stored before it is sent, so that a lost answer is requested again with the same key. */
export async function pair(code: string, kinds: readonly string[], storage: DeviceStorage, link: Link): Promise<Reply<Device>> {
  const stored = await storage.setting<OwnKey & { code: string }>("pairing");
  const own = stored?.code === code ? stored : { ...(await newKey()), code };
  await storage.keepSetting("pairing", own);
  const reply = await link.ask<Paired>((signal) => link.api.POST("/api/devices/pair", { body: { code, key: own.public_jwk }, signal }));
  if (!reply.ok) return reply;
  if (!kinds.includes(reply.data.kind)) return { ok: false, status: 200, code: "wrong_kind", data: {} };
  void navigator.storage?.persist?.();
  const { private_key, public_jwk } = own;
  const device = { ...reply.data, private_key, public_jwk };
  await storage.keepDevice(device);
  await storage.keepSetting("pairing", null);
  link.use(device.token);
  return { ...reply, data: device };
}
