/** How a till writes: one record after the other, each on the shelf before anybody sees a receipt of it. */
import { i18n } from "../../i18n/i18n.svelte";
import { newId } from "../../kernel/ids";
import { check } from "../fiscal/check";
import { BODY_BYTES_MAX, bytesOf, isTraining, totalsOf, written, type Head, type Kind, type Line, type Record, type Tender, type Written } from "../fiscal/record";
import type { Catalogue, Text } from "../../food/rules/catalogue";
import type { Priced, PricedLine } from "../../food/rules/pricing";
import { eveningAt } from "./evening";
import { time } from "./link";
import { shelf, type Row } from "./shelf";
import { till } from "./till.svelte";

const NAME_MAX = 100;

/** What is to be written: what the till adds is who it is, where, when, and what stands before. */
export interface Draft {
  kind: Kind;
  id?: string;
  at?: string;
  lines?: Line[];
  tenders?: Tender[];
  tip_cents?: number;
  cash_cents?: number | null;
  refund_of?: Record["refund_of"];
  reprint_of?: string | null;
}

/** A text as the receipt has it: in the till's language, no longer than a record takes. */
export const printed = (text: Text): string => [...i18n.text(text)].slice(0, NAME_MAX).join("");

/** The lines of a receipt. */
export function linesOf({ lines }: Priced, catalogue: Catalogue): Line[] {
  return lines.map((line) => ({
    product: line.item_id,
    name: printed(line.name),
    quantity: line.quantity,
    unit_cents: line.unit_cents,
    vat_permille: line.vat_permille,
    options: optionsOf(line, catalogue),
    deposit: line.kind !== "product",
  }));
}

function optionsOf({ item_id, options }: PricedLine, { items }: Catalogue): string[] {
  const item = items.find((shown) => shown.item.id === item_id)?.item;
  if (item?.kind !== "product") return [];
  return item.options.flatMap((option) => {
    const choice = option.choices.find(({ code }) => code === options?.[option.code]);
    return choice ? [printed(choice.name)] : [];
  });
}

/** A record that adds up and fits, signed behind a head; null where it is too long for the server. */
export async function write(draft: Draft, head: Head): Promise<Written | null> {
  const lines = draft.lines ?? [];
  const record: Record = {
    id: draft.id ?? newId(time.now()),
    till: till.device!.device_id,
    number: head.number + 1,
    previous: head.hash,
    kind: draft.kind,
    at: draft.at ?? time.iso(),
    outlet: till.outlet!,
    event_id: eveningAt(till.pack!, time.now())?.event_id ?? null,
    cashier: till.person!.id,
    catalogue: till.catalogue!.version,
    lines,
    totals: totalsOf(lines),
    tenders: draft.tenders ?? [],
    tip_cents: draft.tip_cents ?? 0,
    cash_cents: draft.cash_cents ?? null,
    refund_of: draft.refund_of ?? null,
    reprint_of: draft.reprint_of ?? null,
  };
  const defect = check(record);
  if (defect) throw new Error(`A till writes no record that does not add up: ${defect.reason} ${JSON.stringify(defect.data)}`);
  return bytesOf(record).length > BODY_BYTES_MAX ? null : written(record, till.device!);
}

export const rowOfKind = (kind: Kind): Row => (isTraining(kind) ? "training" : "real");

/** Write something that nobody is asked about: shifts, reprints, cash. It is told as soon as there is network. */
export async function writeDown(draft: Draft): Promise<Written | null> {
  const one = await write(draft, await shelf.head(rowOfKind(draft.kind)));
  if (one) await keepTold([one]);
  return one;
}

/** Keep what has happened; it waits until the server has heard of it. */
export async function keepTold(records: readonly Written[], spent: { uid: string; counter: number; cents: number }[] = []): Promise<void> {
  try {
    await shelf.keep(records, { told: true, spent, taken: spent });
    till.full = false;
  } catch (error) {
    till.full = true;
    throw error;
  }
  await till.count();
}

/** Lines with the cups of each kind in one: what came back taken from what went. */
export function netted(lines: readonly Line[]): Line[] {
  const cups = new Map<string, Line>();
  for (const line of lines.filter(({ deposit }) => deposit)) {
    const before = cups.get(line.product)?.quantity ?? 0;
    cups.set(line.product, { ...line, quantity: before + line.quantity });
  }
  return [...lines.filter(({ deposit }) => !deposit), ...[...cups.values()].filter(({ quantity }) => quantity !== 0)];
}

/** The refund that takes a sale back whole, behind it in the chain. No card pays a sale in which more cups come than go. */
export function undoing({ record }: Written, reason: string): Draft {
  return {
    kind: isTraining(record.kind) ? "training_refund" : "refund",
    lines: netted(record.lines).map((line) => ({ ...line, quantity: -line.quantity })),
    tenders: record.tenders.map(({ kind, cents }) => ({ kind, cents: -cents, proof: null })),
    tip_cents: 0 - record.tip_cents,
    refund_of: { till: record.till, record: record.id, reason },
  };
}
