/** Basket of the till and its payment. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { newId } from "../../../shared/runtime/ids";
import { isRefund, type Tender } from "../../fiscal/record";
import { maySell, maySellAll } from "../rules/alcohol";
import { choicesOf, type Product } from "../rules/catalogue";
import { isRefused, price, type BasketLine, type Chosen, type PartChoice, type Priced, type Refused } from "../rules/pricing";
import { minutesAt, onAt } from "./event";
import { time } from "./link";
import { cardPayments, isByReader } from "./cardPayments.svelte";
import { sell } from "./selling";
import { till } from "./till.svelte";
import type { Pins } from "./upload";
import { linesOf, printed, type Draft } from "./records";

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Refusals that ask for the card's PIN. */
export const PIN_ASKED: ReadonlySet<string> = new Set(["confirmation_required", "pin_wrong"]);

class Basket {
  lines = $state<BasketLine[]>([]);
  returns = $state<{ deposit_id: string; quantity: number }[]>([]);
  tip = $state(0);
  tenders = $state.raw<Tender[]>([]);
  /** Cash received. */
  given = $state<number | null>(null);
  refusal = $state.raw<Refused | null>(null);
  busy = $state(false);
  ageConfirmed = $state(false);
  /** Updated every minute, so that prices follow their windows. */
  minute = $state(0);
  /** Set before a phone signs, because the challenge contains them. */
  #fixed: { id: string; at: string } | null = null;

  readonly isEmpty = $derived(this.lines.length + this.returns.length === 0);
  readonly priced: Priced | Refused | null = $derived.by(() => {
    const { catalogue } = till;
    if (!catalogue || this.isEmpty) return null;
    const request = { version: catalogue.version, lines: this.lines, returns: this.returns };
    return price(request, catalogue, (this.minute, minutesAt(till.pack!, time.now())));
  });
  readonly total = $derived(this.priced && !isRefused(this.priced) ? this.priced.total_cents : 0);
  readonly due = $derived(this.total + this.tip);
  readonly left = $derived(this.due - this.tenders.reduce((sum, tender) => sum + tender.cents, 0));
  readonly count = $derived(this.lines.reduce((sum, line) => sum + line.quantity, 0));

  /** Why the basket cannot be sold now, or that it needs an age check. */
  readonly forbidden: Refused | null = $derived.by(() => {
    const now = (this.minute, time.now());
    return till.pack && maySellAll(this.products, onAt(till.pack, now), now, till.pack.derogations, this.ageConfirmed);
  });

  /** Whether a product cannot be sold at all now. */
  isOff(product: Product): boolean {
    const now = (this.minute, time.now());
    return maySell(product, onAt(till.pack!, now), now, till.pack!.derogations, true) !== null;
  }

  get products(): Product[] {
    if (!this.priced || isRefused(this.priced)) return [];
    const ids = new Set(this.priced.lines.map(({ item_id }) => item_id));
    return (till.catalogue?.items ?? []).flatMap(({ item }) => (item.kind === "product" && ids.has(item.id) ? [item] : []));
  }

  add(item_id: string, options: Chosen = {}, parts: { [part: string]: PartChoice } = {}): void {
    const present = this.lines.find((line) => line.item_id === item_id && same(line.options, options) && same(line.parts, parts));
    if (present) present.quantity = Math.min(99, present.quantity + 1);
    else this.lines.push({ item_id, quantity: 1, options, parts });
    this.#changed();
  }

  giveBack(deposit_id: string): void {
    const present = this.returns.find((returned) => returned.deposit_id === deposit_id);
    if (present) present.quantity = Math.min(99, present.quantity + 1);
    else this.returns.push({ deposit_id, quantity: 1 });
    this.#changed();
  }

  less(entry: { quantity: number }): void {
    entry.quantity -= 1;
    this.lines = this.lines.filter(({ quantity }) => quantity > 0);
    this.returns = this.returns.filter(({ quantity }) => quantity > 0);
    if (this.isEmpty) this.clear();
    this.#changed();
  }

  more(entry: { quantity: number }): void {
    entry.quantity = Math.min(99, entry.quantity + 1);
    this.#changed();
  }

  #changed(): void {
    cardPayments.giveBackOf(this.tenders);
    [this.tenders, this.refusal, this.given, this.#fixed] = [[], null, null, null];
    till.receipt = null;
  }

  /** Empty the basket without a sale. */
  abandon(): void {
    cardPayments.giveBackOf(this.tenders);
    this.clear();
  }

  clear(): void {
    [this.lines, this.returns, this.tip, this.ageConfirmed] = [[], [], 0, false];
    [this.tenders, this.refusal, this.given, this.#fixed] = [[], null, null, null];
  }

  /** Id and time of the record before it is written: for phone payments, and for a retry with PIN. */
  fixed(): { id: string; at: string } {
    this.#fixed ??= { id: newId(time.now()), at: time.iso() };
    return this.#fixed;
  }

  /** Add a tender; the sale is made once nothing is left to pay. */
  async pay(tender: Tender): Promise<void> {
    if (this.busy || !this.priced) return;
    this.refusal = isRefused(this.priced) ? this.priced : this.forbidden;
    if (this.refusal) return cardPayments.giveBackOf([tender]);
    this.tenders = tender.cents > 0 ? [...this.tenders, tender] : this.tenders;
    if (this.left > 0) return;
    await this.finish({});
  }

  /** Retry the same tap with the card's PIN. */
  async confirm(pin: string): Promise<void> {
    const cap = till.pack!.limits.tap_cap_cents;
    const places = [...this.tenders.entries()].filter(([, { kind, cents }]) => kind === "card" && cents > cap);
    await this.finish(Object.fromEntries(places.map(([place]) => [place, pin])));
  }

  /** Remove a tender that has not paid yet. */
  drop(tender: Tender): void {
    cardPayments.giveBackOf([tender]);
    this.tenders = this.tenders.filter((entered) => entered !== tender);
    this.refusal = null;
  }

  async finish(pins: Pins): Promise<void> {
    this.busy = true;
    try {
      const found = await sell(this.#draft(), pins);
      if (found.type === "refused") return this.#refuse(found);
      till.show(found.written, { offline: found.offline, available: found.available, holder: found.holder, given: this.given });
      this.clear();
    } catch (error) {
      reportError(error);
      this.#refuse({ type: "refused", reason: till.full ? "not_kept" : "internal", data: {} });
    } finally {
      this.busy = false;
    }
  }

  /** Keep cash, terminal payments and a card that waits for its PIN; other cards must be tapped again. */
  #refuse(refusal: Refused): void {
    if (!PIN_ASKED.has(refusal.reason)) this.dropCards();
    this.refusal = refusal;
  }

  dropCards(): void {
    this.tenders = this.tenders.filter(({ kind }) => kind === "cash" || kind === "terminal");
    this.refusal = null;
    if (!this.tenders.some(isByReader)) this.#fixed = null; // a payment at the reader is for this record
  }

  /** The sale as it is once the next payment completes it, for a payment that may outlive this page. */
  draft(): Draft {
    return $state.snapshot(this.#draft()) as Draft;
  }

  /** Returned cups without a sale are a refund without reference. */
  #draft(): Draft {
    const priced = this.priced as Priced;
    const back = priced.total_cents < 0;
    const kind = till.training ? (back ? "training_refund" : "training_sale") : back ? "refund" : "sale";
    const tenders = this.tenders.map((tender) => (till.training && tender.proof ? { ...tender, proof: "training" } : tender));
    const lines = linesOf(priced, till.catalogue!);
    return { kind, ...this.fixed(), lines, tenders: isRefund(kind) ? [{ kind: "cash", cents: priced.total_cents, proof: null }] : tenders, tip_cents: back ? 0 : this.tip };
  }
}

/** Whether an item has no options to choose. */
export function isPlain(item: { kind: string; options?: unknown[]; parts?: unknown }): boolean {
  return item.kind === "product" && (item.options?.length ?? 0) === 0;
}

/** Texts of a basket line: name, options, parts of a menu. */
export function wordsOf(line: BasketLine): { name: string; details: string[] } {
  const items = till.catalogue?.items ?? [];
  const item = items.find((shown) => shown.item.id === line.item_id)?.item;
  if (!item) return { name: "", details: [] };
  const chosen = (product: Product, options: Chosen): string[] =>
    product.options.flatMap((option) => option.choices.filter(({ code }) => code === options[option.code]).map(({ name }) => printed(name)));
  if (item.kind === "product") return { name: i18n.text(item.name), details: chosen(item, line.options) };
  const details = item.parts.flatMap((part) => {
    const available = choicesOf(till.catalogue!, part);
    const choice = line.parts[part.code];
    const product = choice ? available.find(({ id }) => id === choice.product_id) : available[0];
    return product ? [[i18n.text(product.name), ...chosen(product, choice?.options ?? {})].join(", ")] : [];
  });
  return { name: i18n.text(item.name), details };
}

export const basket = new Basket();
