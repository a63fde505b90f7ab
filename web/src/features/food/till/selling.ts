/** A sale or refund from basket to receipt: online if possible, else decided offline; never lost or doubled. */
import { isRefund, isSale, isTraining, paidBy, totalOf, type Record, type Tender, type Written } from "../../fiscal/record";
import type { Refused } from "../rules/pricing";
import { refuseOffline, type Spent } from "./offline";
import { storage, type Row } from "./storage";
import { tapOf } from "./tap";
import { till } from "./till.svelte";
import { cardPayments, isByReader } from "./cardPayments.svelte";
import { askAbout, headOf, isBooked, type Asked, type Pins } from "./upload";
import type { Answer } from "./messages";
import { keepOffline, netDeposits, rowOfKind, reversal, write, type Draft } from "./records";

export interface Sold {
  type: "sold";
  written: Written;
  /** Decided offline. */
  offline: boolean;
  available: number | null;
  /** Card holder, known only online. */
  holder: string | null;
}

/** Timeout when an interrupted online sale is sent again. */
const RETRY_MS = 8_000;
/** Reason of an automatic refund: the server did not answer. */
const NO_ANSWER = "no_answer";

const refused = (reason: string, data: object = {}): Refused => ({ type: "refused", reason, data: { ...data } });
const isProven = ({ kind }: Tender): boolean => kind === "card" || kind === "virtual_card";

/** Sell or refund. `pins` are by the index of their tender. */
export function sell(draft: Draft, pins: Pins = {}): Promise<Sold | Refused> {
  return till.exclusive(async () => {
    await settle();
    if (till.stopped || till.revoked) return refused("till_stopped");
    const online = needsAuthorisation(draft);
    if (online && draft.tenders!.some(isProven) && netDeposits(draft.lines ?? []).some(({ quantity }) => quantity < 0) && isSale(draft.kind)) return refused("cups_apart");
    const written = await write(draft, await storage.head(rowOfKind(draft.kind)));
    if (!written) return refused("basket_too_long");
    if (!online) return sellOffline(written, []);
    if (await mayAskNow()) {
      const counters = await countersOf(written.record);
      return finish(written, await askKept(written, pins), counters);
    }
    if (till.stopped || till.revoked) return refused("till_stopped");
    return decideOffline(written, null);
  });
}

/** Whether it needs authorisation: a card payment or a refund. */
function needsAuthorisation({ kind, tenders = [] }: Draft): boolean {
  return !isTraining(kind) && (tenders.some((tender) => isProven(tender) || isByReader(tender)) || isRefund(kind));
}

/** An online sale is sent only after all earlier records are uploaded. */
async function mayAskNow(): Promise<boolean> {
  if (!till.mayAsk()) return false;
  const uploaded = await till.sync(till.pack!.limits.ask_ms);
  if (uploaded === "silence") till.setOnline(false);
  return uploaded === "empty";
}

/** Store before sending: after a crash the same bytes are sent again. */
async function askKept(written: Written, pins: Pins): Promise<Asked> {
  await storage.keepPending(written);
  return askAbout(written, till.pack!.limits.ask_ms, pins);
}

/** Known card counters before the taps were sent; the server may have booked them already. */
type Counters = ReadonlyMap<string, number>;

async function countersOf(record: Record): Promise<Counters> {
  const cards = await Promise.all(tapsOf(record).map(({ uid }) => storage.card(uid)));
  return new Map(cards.flatMap((card) => (card ? [[card.uid, card.counter] as const] : [])));
}

async function finish(written: Written, answer: Asked, counters: Counters): Promise<Sold | Refused> {
  if (answer === "revoked") {
    till.revoke();
    return refused("till_stopped");
  }
  if (answer === "silence") {
    till.setOnline(false);
    return decideOffline(written, counters);
  }
  if (isBooked(answer)) {
    await storage.keep([written], { unsent: false, spent: [], taken: tapsOf(written.record) });
    await cardPayments.restore();
    await till.count();
    return { type: "sold", written, offline: false, available: answer.available_cents ?? null, holder: answer.holder ?? null };
  }
  return refusedBy(written, answer);
}

/** Refused by the server: the number stays free, unless the chain is wrong. */
async function refusedBy(written: Written, answer: Answer): Promise<Refused> {
  const reason = answer.reason ?? "internal";
  await storage.dropPending();
  if (reason === "chain_gap" && (await uploadMissing(rowOfKind(written.record.kind), answer))) return refused("try_again");
  if (STOP_REASONS.has(reason)) till.stop({ reason, row: rowOfKind(written.record.kind), number: written.record.number, head: headOf(answer) });
  return refused(reason, { ...answer.data, holder: answer.holder ?? null });
}

/** The server lost records: mark them for upload again. False if this till does not have them. */
async function uploadMissing(row: Row, answer: Answer): Promise<boolean> {
  const expected = (headOf(answer)?.number ?? -1) + 1;
  const missing = (await storage.records(row, expected)).map(({ number }) => number);
  if (missing[0] !== expected) return false;
  await storage.uploadAgain(row, missing);
  await till.count();
  return true;
}

/** Refusals that stop the till until finance has checked it. */
const STOP_REASONS = new Set(["chain_gap", "chain_forked", "chain_broken", "id_taken", "forged_record", "invalid_record", "not_this_till"]);

/** Offline decision; `counters` if the sale was sent and may have been booked. */
async function decideOffline(written: Written, counters: Counters | null): Promise<Sold | Refused> {
  const { record } = written;
  if (isRefund(record.kind)) return refundOffline(written, counters !== null);
  const spent: Spent[] = [];
  for (const { kind, cents, proof } of record.tenders) {
    if (kind !== "card" && kind !== "virtual_card") continue;
    const tap = kind === "card" ? tapOf(proof!) : null;
    const refusal = tap ? await refuseTap(tap, cents, spent, counters) : refused("virtual_alone");
    if (refusal) return counters ? reverse(written, refusal) : refusal;
    spent.push({ uid: tap!.uid!, counter: tap!.counter, cents });
  }
  return sellOffline(written, spent);
}

async function refuseTap(tap: NonNullable<ReturnType<typeof tapOf>>, cents: number, now: readonly Spent[], counters: Counters | null): Promise<Refused | null> {
  const card = tap.uid ? ((await storage.card(tap.uid)) ?? null) : null;
  const used = now.filter(({ uid }) => uid === tap.uid).map(({ counter }) => counter);
  const taken = Math.max(tap.uid ? await storage.taken(tap.uid) : 0, ...used);
  const counterBeforeRequest = tap.uid ? (counters?.get(tap.uid) ?? null) : null;
  return refuseOffline(tap, cents, { card, taken, counterBeforeRequest, spent: [...till.spent, ...now], limits: till.pack!.limits });
}

async function sellOffline(written: Written, spent: Spent[]): Promise<Sold> {
  await keepOffline([written], spent);
  await cardPayments.restore(); // those that it names are kept with it
  if (till.online) void till.sync();
  return { type: "sold", written, offline: !till.online, available: null, holder: null };
}

/** The server may have booked this sale, but it is not allowed offline: record it and refund it at once. */
async function reverse(written: Written, why: Refused): Promise<Refused> {
  const back = await write(reversal(written, NO_ANSWER), { number: written.record.number, hash: written.hash });
  await keepOffline([written, back!]);
  await cardPayments.restore();
  return refused(why.reason, { ...why.data, taken_back: true });
}

/** Offline, only sales of this till are refunded, up to what is left of them. */
async function refundOffline(written: Written, wasAsked: boolean): Promise<Sold | Refused> {
  const { refund_of } = written.record;
  if (!wasAsked && refund_of && !(await storage.byId(refund_of.record))) return refused("refund_needs_network");
  return sellOffline(written, []);
}

const tapsOf = ({ tenders }: Record): { uid: string; counter: number }[] =>
  tenders.flatMap(({ kind, proof }) => {
    const tap = kind === "card" && proof ? tapOf(proof) : null;
    return tap?.uid ? [{ uid: tap.uid, counter: tap.counter }] : [];
  });

/** Resolve a sale that was interrupted while it was sent; it has no receipt yet. */
async function settle(limitMs = till.pack?.limits.ask_ms ?? RETRY_MS): Promise<void> {
  const pending = await storage.pending();
  if (!pending) return;
  const answer = till.mayAsk() ? await askAbout(pending, limitMs) : "silence";
  await settled(pending, answer);
}

async function settled(written: Written, answer: Asked): Promise<void> {
  if (answer === "silence") {
    till.setOnline(false);
    if (isRefund(written.record.kind)) {
      await keepOffline([written]);
      await cardPayments.restore();
      return till.notify("refund_stands", written);
    }
    if (written.record.tenders.some(isByReader) && !written.record.tenders.some(isProven)) {
      const stands = await sellOffline(written, []); // its money has come: the sale stands
      till.notify("found_paid", written);
      return till.show(stands.written, { offline: true });
    }
    await reverse(written, refused(NO_ANSWER));
    return till.notify("given_back", written);
  }
  const found = await finish(written, answer, new Map());
  till.notify(found.type === "sold" ? "found_paid" : "found_refused", written);
  if (found.type === "sold") till.show(written, { available: found.available, holder: found.holder });
}

/** Resolve it in the background once the till is online again. */
export async function settleOnline(): Promise<void> {
  if (!(await storage.pending())) return;
  await till.exclusive(async () => {
    const pending = await storage.pending();
    const answer = pending ? await askAbout(pending, RETRY_MS) : "silence";
    if (pending && answer !== "silence") await settled(pending, answer);
  });
}

/** What is left to refund of a sale, by the refunds that this till knows. */
export async function leftOf(record: Record): Promise<{ cents: number; lines: number[]; tenders: number[] }> {
  const refunds = (await storage.refundsOf(record.id)).map((refund) => refund.record);
  const back = (at: number): number => {
    const { product, unit_cents, options, deposit } = record.lines[at]!;
    const same = (line: (typeof record.lines)[number]): boolean =>
      line.product === product && line.unit_cents === unit_cents && line.deposit === deposit && line.options.join() === options.join();
    const earlier = record.lines.slice(0, at).filter(same).reduce((sum, line) => sum + line.quantity, 0);
    const given = refunds.flatMap(({ lines }) => lines).filter(same).reduce((sum, line) => sum - line.quantity, 0);
    return Math.min(record.lines[at]!.quantity, Math.max(0, given - earlier));
  };
  const tenders = record.tenders.map(({ kind, cents }, at) => {
    const earlier = record.tenders.slice(0, at).filter((tender) => tender.kind === kind).reduce((sum, tender) => sum + tender.cents, 0);
    const given = refunds.reduce((sum, refund) => sum - paidBy(refund, kind), 0);
    return cents - Math.min(cents, Math.max(0, given - earlier));
  });
  return {
    cents: totalOf(record) + refunds.reduce((sum, refund) => sum + totalOf(refund), 0),
    lines: record.lines.map(({ quantity }, at) => Math.max(0, quantity) - Math.max(0, back(at))),
    tenders,
  };
}
