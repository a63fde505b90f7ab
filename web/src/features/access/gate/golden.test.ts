/** What a gate of 0.1.0 signed and believed: today's gate writes the same bytes and takes the same pack. */
import { expect, test, vi } from "vitest";
import golden from "../../../../../tests/golden/signed.json";
import { fromBase64 } from "../../../shared/passes/base64";
import { issuerKeys } from "../../../shared/passes/verify";
import type { Device } from "../../../shared/devices/pairing";
import { Ground, opened } from "./ground";
import type { ScanBody, SealedPack } from "./wire";

const numbers: number[] = [];
vi.mock("./shelf", () => ({ shelf: { newNumber: () => Promise.resolve(numbers.shift()) } }));
vi.mock("./link", () => ({ link: {}, time: { trusted: true } }));
const { signed } = await import("./outbox");

const textOf = (body: string): string => new TextDecoder().decode(fromBase64(body));
const pack = JSON.parse(golden.packs.gate) as SealedPack;
const { event, keys } = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(pack.body), (letter) => letter.charCodeAt(0)))) as {
  event: { id: string };
  keys: { kid: string; x: string }[];
};

test.each(golden.gate.scans)("a scan has the bytes that it had, and is signed for the same purpose", async ({ body }) => {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { number, ...scan } = JSON.parse(textOf(body)) as ScanBody & { number: number };
  numbers.push(number);
  const device = { private_key: pair.privateKey } as Device;
  const kept = await signed(device, scan as Omit<ScanBody, "number">);
  expect(kept.body).toBe(body);
  const message = new TextEncoder().encode(`virage:scan:v1\0${textOf(body)}`);
  expect(await crypto.subtle.verify("Ed25519", pair.publicKey, fromBase64(kept.signature), message)).toBe(true);
});

test("a scan that its gate signed verifies by its key", async () => {
  const key = await crypto.subtle.importKey("jwk", golden.gate.key, "Ed25519", false, ["verify"]);
  for (const { body, signature } of golden.gate.scans) {
    const message = new TextEncoder().encode(`virage:scan:v1\0${textOf(body)}`);
    expect(await crypto.subtle.verify("Ed25519", key, fromBase64(signature), message)).toBe(true);
  }
});

test("the whole pack of a gate is believed, and a changed one is not", async () => {
  const issuer = await issuerKeys([{ event_id: event.id, keys }]);
  const believed = await opened(pack, issuer, event.id);
  expect(believed?.event.id).toBe(event.id);
  expect(new Ground(believed!, issuer).version).toBe(believed!.version);
  const letter = pack.body[1000] === "A" ? "B" : "A";
  const changed = { ...pack, body: pack.body.slice(0, 1000) + letter + pack.body.slice(1001) };
  expect(await opened(changed, issuer, event.id).catch(() => null)).toBeNull();
});
