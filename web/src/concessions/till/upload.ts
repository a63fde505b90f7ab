/** Records on their way to the server: asked about one by one before anything is handed out, or told until it has answered. */
import type { Reply } from "../../devices/link";
import type { Head, Written } from "../fiscal/record";
import { link } from "./link";
import { shelf, type KeptRecord, type Row } from "./shelf";
import type { Answer, Upload } from "./wire";

const BATCH = 100;
/** What is said of an upload that no server will ever read. */
const UNREAD: readonly number[] = [400, 413];

/** Why a till must stop: its chain and the server's are not the same, or a record of it is none. */
export interface Stop {
  reason: string;
  row: Row;
  number: number;
  /** Where the server would go on, if it says so. */
  head: Head | null;
}

type Sent = { now: string; answers: Answer[] };

function send(records: Upload[], limitMs?: number): Promise<Reply<Sent>> {
  return link.ask<Sent>("/api/till/records", { records }, limitMs);
}

/** A card's PIN by the place of its tender: said to the server alone, and kept nowhere. */
export type Pins = { [tender: string]: string };

/** What became of a question: an answer, the till is revoked, or nobody answered in time. */
export type Asked = Answer | "revoked" | "silence";

/** Ask about a record. The same bytes may be asked about again and again: they are one sale. */
export async function askAbout({ body, signature }: Written, limitMs: number, pins: Pins = {}): Promise<Asked> {
  const withPins = Object.keys(pins).length > 0 ? { pins } : {};
  const reply = await send([{ body, signature, told: false, ...withPins }], limitMs);
  if (!reply.ok && reply.status === 401) return "revoked";
  return (reply.ok && reply.data.answers[0]) || "silence";
}

export const isBooked = ({ outcome }: Answer): boolean => outcome === "booked" || outcome === "known";

/** Where the server would go on, as a refusal of the chain says it. */
export function headOf({ data }: Answer): Head | null {
  const { expected, previous } = data ?? {};
  return typeof expected === "number" && typeof previous === "string" ? { number: expected - 1, hash: previous } : null;
}

/** How an upload ended: nothing waits, the server was not reached, the till is revoked, or it must stop. */
export type Flushed = "empty" | "silence" | "revoked" | Stop;

let flushing: Promise<Flushed> | null = null;

/** Tell what waits. One at a time, whoever asks. */
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
  const told = new Set<number>();
  for (;;) {
    const waiting = (await shelf.waiting()).filter((one) => one.row === row).map(({ number }) => number);
    if (waiting.length === 0) return "empty";
    const first = Math.min(...waiting);
    const records = (await shelf.records(row, first, BATCH)).filter(({ number }) => waiting.includes(number));
    const ended = records.length === 0 ? gone(row, first, null) : await tell(row, records, limitMs);
    if (ended === null) continue;
    if (typeof ended !== "object" || !("again" in ended)) return ended;
    // The server asks from an earlier record on; asked twice for the same one, it is not this till's chain.
    if (told.has(ended.again)) return gone(row, ended.again, null);
    told.add(ended.again);
  }
}

/** A record that the server expects and the till has not. */
const gone = (row: Row, number: number, head: Head | null): Stop => ({ reason: "record_missing", row, number, head });

async function tell(row: Row, records: readonly KeptRecord[], limitMs?: number): Promise<null | "silence" | "revoked" | Stop | { again: number }> {
  const reply = await send(records.map(({ body, signature }) => ({ body, signature, told: true })), limitMs);
  if (!reply.ok && UNREAD.includes(reply.status)) return { reason: reply.code, row, number: records[0]!.number, head: null };
  if (!reply.ok) return reply.status === 401 ? "revoked" : "silence";
  const { answers } = reply.data;
  const booked = records.filter((_, at) => answers[at] && isBooked(answers[at])).map(({ number }) => number);
  if (booked.length > 0) await shelf.told(row, booked);
  const at = answers.findIndex((answer) => !isBooked(answer));
  if (at < 0) return answers.length === records.length ? null : "silence";
  const [answer, { number }] = [answers[at]!, records[at]!];
  const head = headOf(answer);
  if (answer.reason === "chain_gap" && head) return sendAgain(row, head.number + 1, number, head);
  return { reason: answer.reason ?? "internal", row, number, head };
}

/** The server lacks what stands before a record: it is told again, from there on. */
async function sendAgain(row: Row, expected: number, until: number, head: Head): Promise<Stop | { again: number }> {
  const missing = (await shelf.records(row, expected)).map(({ number }) => number).filter((number) => number < until);
  if (missing[0] !== expected) return gone(row, expected, head);
  await shelf.tellAgain(row, missing);
  return { again: expected };
}

