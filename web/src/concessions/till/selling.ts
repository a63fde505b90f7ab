/** One sale or refund from the basket to the receipt: asked while there is network, else decided alone, and never lost or doubled. */
import { isRefund, isSale, isTraining, paidBy, totalOf, type Record, type Tender, type Written } from "../fiscal/record";
import type { Refused } from "../../food/rules/pricing";
import { refuseAlone, type Spent } from "./alone";
import { shelf, type Row } from "./shelf";
import { tapOf } from "./tap";
import { till } from "./till.svelte";
import { askAbout, headOf, isBooked, type Asked, type Pins } from "./upload";
import type { Answer } from "./wire";
import { keepTold, netted, rowOfKind, undoing, write, type Draft } from "./writing";

export interface Sold {
  type: "sold";
  written: Written;
  /** Decided without the server. */
  alone: boolean;
  available: number | null;
  /** Whose card paid, as the server said; nobody knows it without network. */
  holder: string | null;
}

/** A record that is being asked about may wait so long for the server when the till comes back to it. */
const AGAIN_MS = 8_000;
/** Why a sale was taken back at once: nobody knows whether the server has it. */
const NO_ANSWER = "no_answer";

const refused = (reason: string, data: object = {}): Refused => ({ type: "refused", reason, data: { ...data } });
const isProven = ({ kind }: Tender): boolean => kind === "card" || kind === "virtual_card";

/** Sell, or give back. `pins` are by the place of their tender. */
export function sell(draft: Draft, pins: Pins = {}): Promise<Sold | Refused> {
  return till.exclusively(async () => {
    await settle();
    if (till.stopped || till.revoked) return refused("till_stopped");
    const asks = asked(draft);
    if (asks && draft.tenders!.some(isProven) && netted(draft.lines ?? []).some(({ quantity }) => quantity < 0) && isSale(draft.kind)) return refused("cups_apart");
    const mine = await write(draft, await shelf.head(rowOfKind(draft.kind)));
    if (!mine) return refused("basket_too_long");
    if (!asks) return soldAlone(mine, []);
    if (await mayAskNow()) {
      const before = await countersOf(mine.record);
      return finish(mine, await askKept(mine, pins), before);
    }
    if (till.stopped || till.revoked) return refused("till_stopped");
    return decideAlone(mine, null);
  });
}

/** Whether the server has a say: where a card pays, or money goes back. */
function asked({ kind, tenders = [] }: Draft): boolean {
  return !isTraining(kind) && (tenders.some(isProven) || isRefund(kind));
}

/** A till asks about its next sale only once it knows what became of all before: what waits is told first. */
async function mayAskNow(): Promise<boolean> {
  if (!till.mayAsk()) return false;
  const told = await till.sync(till.pack!.limits.ask_ms);
  if (told === "silence") till.hear(false);
  return told === "empty";
}

/** On the shelf before it is asked: whatever kills the browser, the same bytes are asked about again. */
async function askKept(written: Written, pins: Pins): Promise<Asked> {
  await shelf.keepPending(written);
  return askAbout(written, till.pack!.limits.ask_ms, pins);
}

/** Counters of cards as they were known before the server was asked about their taps; it may have booked them already. */
type Counters = ReadonlyMap<string, number>;

async function countersOf(record: Record): Promise<Counters> {
  const cards = await Promise.all(tapsOf(record).map(({ uid }) => shelf.card(uid)));
  return new Map(cards.flatMap((card) => (card ? [[card.uid, card.counter] as const] : [])));
}

async function finish(written: Written, answer: Asked, before: Counters): Promise<Sold | Refused> {
  if (answer === "revoked") {
    till.end();
    return refused("till_stopped");
  }
  if (answer === "silence") {
    till.hear(false);
    return decideAlone(written, before);
  }
  if (isBooked(answer)) {
    await shelf.keep([written], { told: false, spent: [], taken: tapsOf(written.record) });
    await till.count();
    return { type: "sold", written, alone: false, available: answer.available_cents ?? null, holder: answer.holder ?? null };
  }
  return refusedBy(written, answer);
}

/** The server refuses: the number is free, unless the chain itself is wrong. */
async function refusedBy(written: Written, answer: Answer): Promise<Refused> {
  const reason = answer.reason ?? "internal";
  await shelf.dropPending();
  if (reason === "chain_gap" && (await tellMissing(rowOfKind(written.record.kind), answer))) return refused("try_again");
  if (STOPS.has(reason)) till.stop({ reason, row: rowOfKind(written.record.kind), number: written.record.number, head: headOf(answer) });
  return refused(reason, { ...answer.data, holder: answer.holder ?? null });
}

/** The server lacks what it once had: all of it waits again. False where this till has not got it either. */
async function tellMissing(row: Row, answer: Answer): Promise<boolean> {
  const expected = (headOf(answer)?.number ?? -1) + 1;
  const missing = (await shelf.records(row, expected)).map(({ number }) => number);
  if (missing[0] !== expected) return false;
  await shelf.tellAgain(row, missing);
  await till.count();
  return true;
}

/** What a till that hears it does nothing more before somebody has looked at it. */
const STOPS = new Set(["chain_gap", "chain_forked", "chain_broken", "id_taken", "forged_record", "invalid_record", "not_this_till"]);

/** The till's own decision; `before` where the server was asked, and may have booked it already. */
async function decideAlone(mine: Written, before: Counters | null): Promise<Sold | Refused> {
  const { record } = mine;
  if (isRefund(record.kind)) return refundAlone(mine, before !== null);
  const spent: Spent[] = [];
  for (const { kind, cents, proof } of record.tenders) {
    if (kind !== "card" && kind !== "virtual_card") continue;
    const tap = kind === "card" ? tapOf(proof!) : null;
    const no = tap ? await refuseTap(tap, cents, spent, before) : refused("virtual_alone");
    if (no) return before ? takeBack(mine, no) : no;
    spent.push({ uid: tap!.uid!, counter: tap!.counter, cents });
  }
  return soldAlone(mine, spent);
}

async function refuseTap(tap: NonNullable<ReturnType<typeof tapOf>>, cents: number, now: readonly Spent[], before: Counters | null): Promise<Refused | null> {
  const card = tap.uid ? ((await shelf.card(tap.uid)) ?? null) : null;
  const here = now.filter(({ uid }) => uid === tap.uid).map(({ counter }) => counter);
  const taken = Math.max(tap.uid ? await shelf.taken(tap.uid) : 0, ...here);
  const askedAt = tap.uid ? (before?.get(tap.uid) ?? null) : null;
  return refuseAlone(tap, cents, { card, taken, askedAt, spent: [...till.spent, ...now], limits: till.pack!.limits });
}

async function soldAlone(written: Written, spent: Spent[]): Promise<Sold> {
  await keepTold([written], spent);
  if (till.online) void till.sync();
  return { type: "sold", written, alone: !till.online, available: null, holder: null };
}

/** Nobody knows whether the server has this sale, and the till may not make it alone: it is written down and taken back at once. */
async function takeBack(mine: Written, why: Refused): Promise<Refused> {
  const back = await write(undoing(mine, NO_ANSWER), { number: mine.record.number, hash: mine.hash });
  await keepTold([mine, back!]);
  return refused(why.reason, { ...why.data, taken_back: true });
}

/** Money goes back alone only for what this till sold, and no more than is left of it. */
async function refundAlone(mine: Written, wasAsked: boolean): Promise<Sold | Refused> {
  const { refund_of } = mine.record;
  if (!wasAsked && refund_of && !(await shelf.byId(refund_of.record))) return refused("refund_needs_network");
  return soldAlone(mine, []);
}

const tapsOf = ({ tenders }: Record): { uid: string; counter: number }[] =>
  tenders.flatMap(({ kind, proof }) => {
    const tap = kind === "card" && proof ? tapOf(proof) : null;
    return tap?.uid ? [{ uid: tap.uid, counter: tap.counter }] : [];
  });

/** Find out what became of a sale that was interrupted while the server was asked: nobody has seen a receipt of it. */
async function settle(limitMs = till.pack?.limits.ask_ms ?? AGAIN_MS): Promise<void> {
  const pending = await shelf.pending();
  if (!pending) return;
  const answer = till.mayAsk() ? await askAbout(pending, limitMs) : "silence";
  await settled(pending, answer);
}

async function settled(written: Written, answer: Asked): Promise<void> {
  if (answer === "silence") {
    till.hear(false);
    if (isRefund(written.record.kind)) {
      await keepTold([written]);
      return till.tell("refund_stands", written);
    }
    await takeBack(written, refused(NO_ANSWER));
    return till.tell("given_back", written);
  }
  const found = await finish(written, answer, new Map());
  till.tell(found.type === "sold" ? "found_paid" : "found_refused", written);
  if (found.type === "sold") till.show(written, { available: found.available, holder: found.holder });
}

/** The same when the till comes back with network and nobody sells: it waits for its answer as long as it takes. */
export async function settleOnline(): Promise<void> {
  if (!(await shelf.pending())) return;
  await till.exclusively(async () => {
    const pending = await shelf.pending();
    const answer = pending ? await askAbout(pending, AGAIN_MS) : "silence";
    if (pending && answer !== "silence") await settled(pending, answer);
  });
}

/** What of a sale is left to be given back, by what this till knows of its refunds. */
export async function leftOf(record: Record): Promise<{ cents: number; lines: number[]; tenders: number[] }> {
  const refunds = (await shelf.refundsOf(record.id)).map((one) => one.record);
  const back = (at: number): number => {
    const { product, unit_cents, options, deposit } = record.lines[at]!;
    const same = (line: (typeof record.lines)[number]): boolean =>
      line.product === product && line.unit_cents === unit_cents && line.deposit === deposit && line.options.join() === options.join();
    const before = record.lines.slice(0, at).filter(same).reduce((sum, line) => sum + line.quantity, 0);
    const given = refunds.flatMap(({ lines }) => lines).filter(same).reduce((sum, line) => sum - line.quantity, 0);
    return Math.min(record.lines[at]!.quantity, Math.max(0, given - before));
  };
  const tenders = record.tenders.map(({ kind, cents }, at) => {
    const before = record.tenders.slice(0, at).filter((one) => one.kind === kind).reduce((sum, one) => sum + one.cents, 0);
    const given = refunds.reduce((sum, refund) => sum - paidBy(refund, kind), 0);
    return cents - Math.min(cents, Math.max(0, given - before));
  });
  return {
    cents: totalOf(record) + refunds.reduce((sum, refund) => sum + totalOf(refund), 0),
    lines: record.lines.map(({ quantity }, at) => Math.max(0, quantity) - Math.max(0, back(at))),
    tenders,
  };
}
