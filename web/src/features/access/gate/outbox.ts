/** Scans of this device: numbered, signed, on the disk before anybody sees a light, and sent until they are answered. */
import { base64url } from "../../../shared/passes/base64";
import { sign } from "../../../shared/devices/key";
import type { Reply } from "../../../shared/devices/link";
import type { Device } from "../../../shared/devices/pairing";
import { link, time } from "./link";
import { shelf, type KeptScan, type KeptSeen } from "./shelf";
import type { ScanAnswer, ScanBody } from "./wire";

const PURPOSE = "virage:scan:v1";
const BATCH = 250;

/** The scan with a number of its own, signed; it says where the device's time is not the server's. */
export async function signed(device: Device, scan: Omit<ScanBody, "number">): Promise<KeptScan> {
  const number = await shelf.newNumber();
  if (time.trusted) return signedAs(device, number, scan);
  const about = { ...scan, time_trusted: false as const };
  const unverified = { about, own: Date.now(), passed: performance.now(), start: performance.timeOrigin };
  return { ...(await signedAs(device, number, about)), unverified };
}

async function signedAs(device: Device, number: number, scan: Omit<ScanBody, "number">): Promise<KeptScan> {
  const body = new TextEncoder().encode(JSON.stringify({ number, ...scan }));
  return { number, body: base64url(body), signature: await sign(device, PURPOSE, body), kind: scan.kind };
}

/** The scan with the time that it was made at, once the server's is known: `time_trusted` stays as it was. */
async function putRight(device: Device, scan: KeptScan): Promise<KeptScan> {
  const { number, unverified } = scan;
  if (!unverified || !time.trusted) return scan;
  const passed = unverified.start === performance.timeOrigin ? unverified.passed : null;
  const at = new Date(time.corrected({ own: unverified.own, passed })).toISOString();
  const right = await signedAs(device, number, { ...unverified.about, at });
  await shelf.replaceScan(right);
  return right;
}

/** Number, sign and keep a scan with what it says of its pass; its number. When this returns, nothing loses it. */
export async function keep(device: Device, scan: Omit<ScanBody, "number">, seen: KeptSeen | null): Promise<number> {
  const kept = await signed(device, scan);
  await shelf.keepScan(kept, seen && { ...seen, scan: kept.number });
  return kept.number;
}

/** How long the steward may take back what was counted by hand, and how long it is not sent: longer than the screen offers it. */
export const UNDO_MS = 6_000;
const HELD_MS = UNDO_MS + 2_000;

/** The same for a scan that may be taken back for a moment. It is on the disk too: a kill keeps it counted. */
export async function keepForNow(device: Device, scan: Omit<ScanBody, "number">): Promise<number> {
  const kept = await signed(device, scan);
  await shelf.keepScan({ ...kept, held_until: Date.now() + HELD_MS }, null);
  return kept.number;
}

/** A clock that was put back holds nothing for longer than it was meant to be held. */
function isHeld({ held_until }: KeptScan): boolean {
  const left = (held_until ?? 0) - Date.now();
  return left > 0 && left <= HELD_MS;
}

/** Take a scan back that has not been sent; whether it was still here. */
export function takeBack(number: number): Promise<boolean> {
  return shelf.takeBack(number, isHeld);
}

type Sent = { answers: ScanAnswer[] };
const wire = ({ body, signature }: KeptScan): { body: string; signature: string } => ({ body, signature });

export async function send(scans: readonly KeptScan[], limitMs?: number): Promise<Reply<Sent>> {
  return link.ask<Sent>((signal) => link.api.POST("/api/access/scans", { body: { scans: scans.map(wire) }, signal }), limitMs);
}

let flushing: Promise<number> | null = null;
let answeredAt = 0;

/** How long ago, in ms, the server last heard of what had waited here; at most since this window began. */
export const quietFor = (): number => performance.now() - answeredAt;

/** Send what waits; how many still wait. One at a time, whoever asks. */
export function flush(device: Device): Promise<number> {
  flushing ??= sendAll(device).finally(() => (flushing = null));
  return flushing;
}

async function sendAll(device: Device): Promise<number> {
  for (;;) {
    const due = (await shelf.scans(BATCH)).filter((scan) => !isHeld(scan));
    const scans = await Promise.all(due.map((scan) => putRight(device, scan)));
    if (scans.length === 0 || !(await answered(scans))) return shelf.backlog();
  }
}

/** What is said of an upload that is sent in halves then: something in it is not read, or it is too large. */
const HALVED: readonly number[] = [400, 413];

/** Whether the server answered for all of these; one that it cannot read must not hold up the others. */
async function answered(scans: readonly KeptScan[]): Promise<boolean> {
  const reply = await send(scans);
  if (!reply.ok && HALVED.includes(reply.status) && scans.length > 1) {
    const middle = scans.length >> 1;
    return (await answered(scans.slice(0, middle))) && (await answered(scans.slice(middle)));
  }
  if (!reply.ok && reply.status !== 400) return false;
  answeredAt = performance.now();
  await shelf.forgetScans(scans.map((scan) => scan.number));
  return true;
}
