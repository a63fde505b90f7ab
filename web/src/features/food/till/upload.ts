/** Upload of records: online sales one by one, offline records in batches until the server has answered. */
import type { Reply } from "../../../shared/devices/link";
import type { Head, Written } from "../../fiscal/record";
import { link } from "./link";
import { storage, type KeptRecord, type Row } from "./storage";
import type { Answer, Upload } from "./messages";

const BATCH = 100;
/** Status codes of an upload that the server can never read. */
const UNREAD: readonly number[] = [400, 413];

/** Why a till must stop: its chain differs from the server's, or a record is invalid. */
export interface Stop {
  reason: string;
  row: Row;
  number: number;
  /** Head of the server's chain, if known. */
  head: Head | null;
}

type Sent = { now: string; answers: Answer[] };

function send(records: Upload[], limitMs?: number): Promise<Reply<Sent>> {
  return link.ask<Sent>((signal) => link.api.POST("/api/till/records", { body: { records }, signal }), limitMs);
}

/** Card PINs by the index of their tender; sent to the server only, never stored. */
export type Pins = { [tender: string]: string };

/** Result of an online sale: an answer, the till is revoked, or a timeout. */
export type Asked = Answer | "revoked" | "silence";

/** Send an online sale. The same bytes may be sent again: they are one sale. */
export async function askAbout({ body, signature }: Written, limitMs: number, pins: Pins = {}): Promise<Asked> {
  const withPins = Object.keys(pins).length > 0 ? { pins } : {};
  const reply = await send([{ body, signature, told: false, ...withPins }], limitMs);
  if (!reply.ok && reply.status === 401) return "revoked";
  return (reply.ok && reply.data.answers[0]) || "silence";
}

export const isBooked = ({ outcome }: Answer): boolean => outcome === "booked" || outcome === "known";

/** Head of the server's chain, from the refusal. */
export function headOf({ data }: Answer): Head | null {
  const { expected, previous } = data ?? {};
  return typeof expected === "number" && typeof previous === "string" ? { number: expected - 1, hash: previous } : null;
}

/** Result of an upload: nothing waits, no answer, the till is revoked, or it must stop. */
export type Flushed = "empty" | "silence" | "revoked" | Stop;

let flushing: Promise<Flushed> | null = null;

/** Upload waiting records; concurrent calls share one upload. */
export function flush(limitMs?: number): Promise<Flushed> {
  flushing ??= flushAll(limitMs).finally(() => (flushing = null));
  return flushing;
}

async function flushAll(limitMs?: number): Promise<Flushed> {
  for (const row of ["real", "training"] as const) {
    const found = await flushRow(row, limitMs);
    if (found !== "empty") return found;
  }
  return "empty";
}

async function flushRow(row: Row, limitMs?: number): Promise<Flushed> {
  const requested = new Set<number>();
  for (;;) {
    const waiting = (await storage.waiting()).filter((record) => record.row === row).map(({ number }) => number);
    if (waiting.length === 0) return "empty";
    const first = Math.min(...waiting);
    const records = (await storage.records(row, first, BATCH)).filter(({ number }) => waiting.includes(number));
    const ended = records.length === 0 ? missingRecord(row, first, null) : await uploadOffline(row, records, limitMs);
    if (ended === null) continue;
    if (typeof ended !== "object" || !("again" in ended)) return ended;
    // The server wants an earlier record first; if it asks twice for the same one, the chains differ.
    if (requested.has(ended.again)) return missingRecord(row, ended.again, null);
    requested.add(ended.again);
  }
}

/** A record that the server expects and the till does not have. */
const missingRecord = (row: Row, number: number, head: Head | null): Stop => ({ reason: "record_missing", row, number, head });

async function uploadOffline(row: Row, records: readonly KeptRecord[], limitMs?: number): Promise<null | "silence" | "revoked" | Stop | { again: number }> {
  const reply = await send(records.map(({ body, signature }) => ({ body, signature, told: true })), limitMs);
  if (!reply.ok && UNREAD.includes(reply.status)) return { reason: reply.code, row, number: records[0]!.number, head: null };
  if (!reply.ok) return reply.status === 401 ? "revoked" : "silence";
  const { answers } = reply.data;
  const booked = records.filter((_, at) => answers[at] && isBooked(answers[at])).map(({ number }) => number);
  if (booked.length > 0) await storage.uploaded(row, booked);
  const at = answers.findIndex((answer) => !isBooked(answer));
  if (at < 0) return answers.length === records.length ? null : "silence";
  const [answer, { number }] = [answers[at]!, records[at]!];
  const head = headOf(answer);
  if (answer.reason === "chain_gap" && head) return sendAgain(row, head.number + 1, number, head);
  return { reason: answer.reason ?? "internal", row, number, head };
}

/** The server lacks earlier records: upload again from the first missing one. */
async function sendAgain(row: Row, expected: number, until: number, head: Head): Promise<Stop | { again: number }> {
  const missing = (await storage.records(row, expected)).map(({ number }) => number).filter((number) => number < until);
  if (missing[0] !== expected) return missingRecord(row, expected, head);
  await storage.uploadAgain(row, missing);
  return { again: expected };
}

