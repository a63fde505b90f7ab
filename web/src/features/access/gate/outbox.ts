/** Outgoing scans: numbered, signed, stored before a result is shown, and sent until the server has answered. */
import { base64url } from "../../../shared/passes/base64";
import { sign } from "../../../shared/devices/key";
import type { Reply } from "../../../shared/devices/link";
import type { Device } from "../../../shared/devices/pairing";
import { link, time } from "./link";
import type { ScanAnswer, ScanBody } from "./messages";
import { storage, type StoredCrossing, type StoredScan } from "./storage";

const PURPOSE = "virage:scan:v1";
const BATCH = 250;

/** Number and sign a scan, marked if the device's time is not trusted. */
export async function signScan(device: Device, scan: Omit<ScanBody, "number">): Promise<StoredScan> {
  const number = await storage.newNumber();
  if (time.trusted) return signWithNumber(device, number, scan);
  const about = { ...scan, time_trusted: false as const };
  const unverified = { about, own: Date.now(), passed: performance.now(), start: performance.timeOrigin };
  return { ...(await signWithNumber(device, number, about)), unverified };
}

async function signWithNumber(device: Device, number: number, scan: Omit<ScanBody, "number">): Promise<StoredScan> {
  const body = new TextEncoder().encode(JSON.stringify({ number, ...scan }));
  return { number, body: base64url(body), signature: await sign(device, PURPOSE, body), kind: scan.kind };
}

/** Sign a scan again with its corrected time once the server's time is known. `time_trusted` stays false. */
async function correctTime(device: Device, scan: StoredScan): Promise<StoredScan> {
  const { number, unverified } = scan;
  if (!unverified || !time.trusted) return scan;
  const passed = unverified.start === performance.timeOrigin ? unverified.passed : null;
  const at = new Date(time.corrected({ own: unverified.own, passed })).toISOString();
  const corrected = await signWithNumber(device, number, { ...unverified.about, at });
  await storage.replaceScan(corrected);
  return corrected;
}

/** Number, sign and store a scan with its crossing. It is on disk when this resolves. */
export async function keepScan(device: Device, scan: Omit<ScanBody, "number">, crossing: StoredCrossing | null): Promise<void> {
  const signed = await signScan(device, scan);
  await storage.keepScan(signed, crossing && { ...crossing, scan: signed.number });
}

/** Time in which the steward may undo a manual count. The scan is held a little longer than the screen offers it. */
export const UNDO_MS = 6_000;
const HELD_MS = UNDO_MS + 2_000;

/** Store a scan that may be undone for a moment, and return its number. It is on disk, so that a crash keeps it. */
export async function keepHeldScan(device: Device, scan: Omit<ScanBody, "number">): Promise<number> {
  const signed = await signScan(device, scan);
  await storage.keepScan({ ...signed, held_until: Date.now() + HELD_MS }, null);
  return signed.number;
}

/** The upper limit releases the scan if the clock was set back. */
function isHeld({ held_until }: StoredScan): boolean {
  const left = (held_until ?? 0) - Date.now();
  return left > 0 && left <= HELD_MS;
}

/** Delete a held scan; whether it was still held. */
export function undoScan(number: number): Promise<boolean> {
  return storage.undoScan(number, isHeld);
}

type UploadAnswer = { answers: ScanAnswer[] };
const toUpload = ({ body, signature }: StoredScan): { body: string; signature: string } => ({ body, signature });

export async function send(scans: readonly StoredScan[], limitMs?: number): Promise<Reply<UploadAnswer>> {
  return link.ask<UploadAnswer>((signal) => link.api.POST("/api/access/scans", { body: { scans: scans.map(toUpload) }, signal }), limitMs);
}

let flushing: Promise<number> | null = null;
let answeredAt = 0;

/** Milliseconds since the last upload, or since this window was opened. */
export const sinceUpload = (): number => performance.now() - answeredAt;

/** Upload waiting scans; the number that still wait. Runs once at a time. */
export function flush(device: Device): Promise<number> {
  flushing ??= sendAll(device).finally(() => (flushing = null));
  return flushing;
}

async function sendAll(device: Device): Promise<number> {
  for (;;) {
    const due = (await storage.scans(BATCH)).filter((scan) => !isHeld(scan));
    const scans = await Promise.all(due.map((scan) => correctTime(device, scan)));
    if (scans.length === 0 || !(await upload(scans))) return storage.backlog();
  }
}

/** Status codes after which an upload is sent in halves: a scan is invalid, or the body is too large. */
const SPLIT: readonly number[] = [400, 413];

/** Upload scans; whether the server answered for all. An invalid scan must not hold up the others. */
async function upload(scans: readonly StoredScan[]): Promise<boolean> {
  const reply = await send(scans);
  if (!reply.ok && SPLIT.includes(reply.status) && scans.length > 1) {
    const middle = scans.length >> 1;
    return (await upload(scans.slice(0, middle))) && (await upload(scans.slice(middle)));
  }
  if (!reply.ok && reply.status !== 400) return false;
  answeredAt = performance.now();
  await storage.deleteScans(scans.map((scan) => scan.number));
  return true;
}
