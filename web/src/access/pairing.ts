/** A new device: its key is made here and never leaves; a code that a supervisor shows makes it one of the gates. */
import type { PublicJwk } from "../passes/holder";
import { gate } from "./gate.svelte";
import { ask, useToken, type Reply } from "./link";
import { shelf } from "./shelf";
import type { Paired } from "./wire";

interface OwnKey {
  private_key: CryptoKey;
  public_jwk: PublicJwk;
}

/** A key pair whose private half no script can read; P-256 where the browser has no Ed25519. */
async function newKey(): Promise<OwnKey> {
  const pair = await (crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]) as Promise<CryptoKeyPair>).catch(() =>
    crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]),
  );
  const { kty, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const public_jwk: PublicJwk = kty === "OKP" ? { kty, crv: "Ed25519", x: x! } : { kty: "EC", crv: "P-256", x: x!, y: y! };
  return { private_key: pair.privateKey, public_jwk };
}

/** Pair with a code. The key is kept before it is told, so that a lost answer is asked for again with the same key. */
export async function pair(code: string): Promise<Reply<Paired>> {
  const kept = await shelf.setting<OwnKey & { code: string }>("pairing");
  const own = kept?.code === code ? kept : { ...(await newKey()), code };
  await shelf.keepSetting("pairing", own);
  const reply = await ask<Paired>("/api/devices/pair", { code, key: own.public_jwk });
  if (!reply.ok) return reply;
  void navigator.storage?.persist?.();
  const { private_key, public_jwk } = own;
  const device = { ...reply.data, private_key, public_jwk };
  await shelf.keepDevice(device);
  await shelf.keepSetting("pairing", null);
  useToken(device.token);
  gate.device = device;
  return reply;
}
