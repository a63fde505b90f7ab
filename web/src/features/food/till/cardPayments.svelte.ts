/**
 * Payments at the card reader of this till. Each is stored before it is requested, so that after a crash it
 * is found: the till books its sale, or returns the money.
 */
import type { components } from "../../../shared/api/schema";
import { newId } from "../../../shared/runtime/ids";
import type { Tender } from "../../fiscal/record";
import type { Refused } from "../rules/pricing";
import { link, time } from "./link";
import type { Draft } from "./records";
import { storage } from "./storage";
import { till } from "./till.svelte";

type Answer = components["schemas"]["CardPaymentAnswer"];

/** A payment, with the sale that it completes; null for a top-up, which its desk completes. */
export interface StoredCardPayment {
  id: string;
  record_id: string;
  cents: number;
  /** Proof of the record, once the server has the payment. */
  reference: string | null;
  draft: Draft | null;
  /** There is no sale: the money goes back, also if it comes later. */
  back: boolean;
}

const POLL_MS = 1_000;
const LIMIT_MS = 5_000;
const REFERENCE = /^CR-[0-9A-HJKMNP-TV-Z]{12}$/;

/** Whether a tender was paid at the card reader. */
export const isByReader = ({ kind, proof }: Tender): boolean => kind === "terminal" && proof !== null && REFERENCE.test(proof);

/** What a screen shows of a payment that it follows. */
export type Shown = "requesting" | "waiting" | "cancelling" | "lost";

const after = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

class CardPayments {
  all = $state.raw<StoredCardPayment[]>([]);
  /** Payment that was interrupted and still waits for a card. */
  resumed = $state.raw<StoredCardPayment | null>(null);
  /** Payments of the sale or top-up on the screen. */
  readonly #mine = new Set<string>();
  #resuming = false;

  async restore(): Promise<void> {
    this.all = (await storage.setting<StoredCardPayment[]>("cardPayments")) ?? [];
  }

  async #keep(all: StoredCardPayment[]): Promise<void> {
    this.all = all;
    await storage.keepSetting("cardPayments", all);
  }

  #change = (id: string, change: Partial<StoredCardPayment>): Promise<void> =>
    this.#keep(this.all.map((entry) => (entry.id === id ? { ...entry, ...change } : entry)));

  drop(id: string): Promise<void> {
    this.#mine.delete(id);
    return this.#keep(this.all.filter((entry) => entry.id !== id));
  }

  async begin(record_id: string, cents: number, draft: Draft | null): Promise<StoredCardPayment> {
    const entry: StoredCardPayment = { id: newId(time.now()), record_id, cents, reference: null, draft, back: false };
    this.#mine.add(entry.id);
    await this.#keep([...this.all, entry]);
    return entry;
  }

  /** Follow a payment until it is captured or has failed; null once the screen leaves it. */
  async follow({ id }: StoredCardPayment, show: (shown: Shown) => void, control: { cancel: boolean; leave: boolean }): Promise<Answer | Refused | null> {
    for (;;) {
      const entry = this.all.find((stored) => stored.id === id);
      if (!entry || control.leave) return null;
      const reply = await this.#request(entry, control.cancel);
      if (reply.ok) {
        if (entry.reference === null) await this.#change(id, { reference: reply.data.reference });
        if (reply.data.state !== "waiting") return reply.data;
        show(control.cancel ? "cancelling" : "waiting");
      } else if (reply.status >= 400 && reply.status < 500 && reply.status !== 429) {
        if (reply.status === 401) till.revoke();
        return { type: "refused", reason: reply.code, data: reply.data };
      } else {
        show("lost");
      }
      await after(POLL_MS);
    }
  }

  #request({ id, record_id, cents, reference }: StoredCardPayment, cancel: boolean): ReturnType<typeof link.ask<Answer>> {
    const params = { path: { payment_id: id } };
    return link.ask<Answer>((signal) => {
      if (reference === null) return link.api.POST("/api/till/card-payments", { body: { id, record_id, amount_cents: cents }, signal });
      if (cancel) return link.api.POST("/api/till/card-payments/{payment_id}/cancel", { params, signal });
      return link.api.GET("/api/till/card-payments/{payment_id}", { params, signal });
    }, LIMIT_MS);
  }

  /** There is no sale for a payment: return its money, now or once the server answers. */
  async giveBack(ids: readonly string[]): Promise<void> {
    const given = this.all.filter((entry) => ids.includes(entry.id) && !entry.back);
    if (given.length === 0) return;
    for (const { id } of given) this.#mine.delete(id);
    await this.#keep(this.all.map((entry) => (ids.includes(entry.id) ? { ...entry, back: true } : entry)));
    for (const { id } of given) await this.#return(id);
  }

  /** Tell the server; it has nothing to return of a payment that it does not know, or whose record it has booked. */
  async #return(id: string): Promise<void> {
    const params = { path: { payment_id: id } };
    const cancelled = await link.ask<Answer>((signal) => link.api.POST("/api/till/card-payments/{payment_id}/cancel", { params, signal }), LIMIT_MS);
    if (!cancelled.ok && cancelled.status !== 404) return;
    const reply = cancelled.ok
      ? await link.ask<Answer>((signal) => link.api.POST("/api/till/card-payments/{payment_id}/return", { params, signal }), LIMIT_MS)
      : cancelled;
    const returnsMoney = reply.ok && cancelled.ok && cancelled.data.state === "captured";
    if (returnsMoney) till.tell("card_returned", reply.data.amount_cents);
    if (reply.ok || reply.status === 404 || reply.status === 409) await this.drop(id);
  }

  /** Give back payments at the reader among tenders. */
  giveBackOf(tenders: readonly Tender[]): void {
    const proofs = new Set(tenders.filter(isByReader).map(({ proof }) => proof));
    void this.giveBack(this.all.filter(({ reference }) => proofs.has(reference)).map(({ id }) => id));
  }

  /** Resolve payments that no screen follows any more: after a crash or a reload, and those to return. */
  async resume(book: (draft: Draft) => Promise<boolean>): Promise<void> {
    if (this.#resuming || this.resumed) return;
    this.#resuming = true;
    try {
      for (const { id } of this.all.filter(({ back }) => back)) await this.#return(id);
      const left = this.all.filter(({ id, back }) => !back && !this.#mine.has(id));
      const captured: StoredCardPayment[] = [];
      for (const entry of left) {
        const params = { path: { payment_id: entry.id } };
        const reply = await link.ask<Answer>((signal) => link.api.GET("/api/till/card-payments/{payment_id}", { params, signal }), LIMIT_MS);
        if (!reply.ok && reply.status !== 404) return;
        if (reply.ok && reply.data.state === "captured") captured.push({ ...entry, reference: reply.data.reference });
        else if (reply.ok && reply.data.state === "waiting") return void (this.resumed = entry);
        else await this.drop(entry.id);
      }
      await this.#settle(captured, book);
    } finally {
      this.#resuming = false;
    }
  }

  async #settle(captured: readonly StoredCardPayment[], book: (draft: Draft) => Promise<boolean>): Promise<void> {
    const last = captured.at(-1);
    if (!last) return;
    for (const { id, reference } of captured) await this.#change(id, { reference });
    const draft = last.draft && paidDraft(last.draft, last);
    const has = (proof: string | null): boolean => captured.some(({ reference }) => reference === proof);
    const isWhole = draft?.tenders?.every((tender) => !isByReader(tender) || has(tender.proof)) && isPaid(draft);
    if (!draft || !isWhole || !(await book(draft))) await this.giveBack(captured.map(({ id }) => id));
  }

  /** Whether nothing is left to book or to return. */
  get isEmpty(): boolean {
    return this.all.length === 0;
  }
}

/** A sale with the proof of its last payment. */
function paidDraft(draft: Draft, { cents, reference }: StoredCardPayment): Draft {
  return { ...draft, tenders: [...(draft.tenders ?? []), { kind: "terminal", cents, proof: reference }] };
}

function isPaid({ lines = [], tenders = [], tip_cents = 0 }: Draft): boolean {
  const due = lines.reduce((sum, { quantity, unit_cents }) => sum + quantity * unit_cents, tip_cents);
  return due === tenders.reduce((sum, { cents }) => sum + cents, 0);
}

export const cardPayments = new CardPayments();
