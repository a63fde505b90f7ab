/** What a gate of 0.1.0 signed and opened: today's gate writes the same bytes and takes the same pack. */
import { expect, test, vi } from "vitest";
import golden from "../../../../../tests/golden/signed.json";
import { fromBase64 } from "../../../shared/passes/base64";
import { issuerKeys } from "../../../shared/passes/verify";
import type { Device } from "../../../shared/devices/pairing";
import { EventData, openPack } from "./eventData";
import type { ScanBody, SignedPack } from "./messages";

const numbers: number[] = [];
vi.mock("./storage", () => ({ storage: { newNumber: () => Promise.resolve(numbers.shift()) } }));
vi.mock("./link", () => ({ link: {}, time: { trusted: true } }));
const { signScan } = await import("./outbox");

const textOf = (body: string): string => new TextDecoder().decode(fromBase64(body));
const pack = JSON.parse(golden.packs.gate) as SignedPack;
const { event, keys } = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(pack.body), (letter) => letter.charCodeAt(0)))) as {
  event: { id: string };
  keys: { kid: string; x: string }[];
};

test.each(golden.gate.scans)("a scan has the same bytes as in 0.1.0 and is signed for the same purpose", async ({ body }) => {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { number, ...scan } = JSON.parse(textOf(body)) as ScanBody & { number: number };
  numbers.push(number);
  const device = { private_key: pair.privateKey } as Device;
  const stored = await signScan(device, scan as Omit<ScanBody, "number">);
  expect(stored.body).toBe(body);
  const message = new TextEncoder().encode(`virage:scan:v1\0${textOf(body)}`);
  expect(await crypto.subtle.verify("Ed25519", pair.publicKey, fromBase64(stored.signature), message)).toBe(true);
});

test("a scan signed by a gate verifies with its key", async () => {
  const key = await crypto.subtle.importKey("jwk", golden.gate.key, "Ed25519", false, ["verify"]);
  for (const { body, signature } of golden.gate.scans) {
    const message = new TextEncoder().encode(`virage:scan:v1\0${textOf(body)}`);
    expect(await crypto.subtle.verify("Ed25519", key, fromBase64(signature), message)).toBe(true);
  }
});

test("the pack of a gate is opened, a changed one is rejected", async () => {
  const issuer = await issuerKeys([{ event_id: event.id, keys }]);
  const opened = await openPack(pack, issuer, event.id);
  expect(opened?.event.id).toBe(event.id);
  expect(new EventData(opened!, issuer).version).toBe(opened!.version);
  const letter = pack.body[1000] === "A" ? "B" : "A";
  const changed = { ...pack, body: pack.body.slice(0, 1000) + letter + pack.body.slice(1001) };
  expect(await openPack(changed, issuer, event.id).catch(() => null)).toBeNull();
});
