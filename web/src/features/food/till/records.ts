/** Writing records: each is stored before its receipt is shown. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { newId } from "../../../shared/runtime/ids";
import { check } from "../../fiscal/check";
import { BODY_BYTES_MAX, bytesOf, isTraining, totalsOf, written, type Head, type Kind, type Line, type Record, type Tender, type Written } from "../../fiscal/record";
import type { Catalogue, Text } from "../rules/catalogue";
import type { Priced, PricedLine } from "../rules/pricing";
import { eventAt } from "./event";
import { time } from "./link";
import { storage, type Row } from "./storage";
import { till } from "./till.svelte";

const NAME_MAX = 100;

/** Content of a record; the till adds device, outlet, time and chain. */
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

/** Text as printed: in the till's language, cut to the maximum length. */
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

/** Signed record after a head; null if it is too long. */
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
    event_id: eventAt(till.pack!, time.now())?.event_id ?? null,
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
  if (defect) throw new Error(`Inconsistent record: ${defect.reason} ${JSON.stringify(defect.data)}`);
  return bytesOf(record).length > BODY_BYTES_MAX ? null : written(record, till.device!);
}

export const rowOfKind = (kind: Kind): Row => (isTraining(kind) ? "training" : "real");

/** Append a record that needs no authorisation: shifts, reprints, cash. */
export async function append(draft: Draft): Promise<Written | null> {
  const record = await write(draft, await storage.head(rowOfKind(draft.kind)));
  if (record) await keepOffline([record]);
  return record;
}

/** Store offline records; they wait for upload. */
export async function keepOffline(records: readonly Written[], spent: { uid: string; counter: number; cents: number }[] = []): Promise<void> {
  try {
    await storage.keep(records, { unsent: true, spent, taken: spent });
    till.full = false;
  } catch (error) {
    till.full = true;
    throw error;
  }
  await till.count();
}

/** Lines with one line per deposit: cups sold less cups returned. */
export function netDeposits(lines: readonly Line[]): Line[] {
  const cups = new Map<string, Line>();
  for (const line of lines.filter(({ deposit }) => deposit)) {
    const previous = cups.get(line.product)?.quantity ?? 0;
    cups.set(line.product, { ...line, quantity: previous + line.quantity });
  }
  return [...lines.filter(({ deposit }) => !deposit), ...[...cups.values()].filter(({ quantity }) => quantity !== 0)];
}

/** Full refund of a sale, directly after it in the chain. */
export function reversal({ record }: Written, reason: string): Draft {
  return {
    kind: isTraining(record.kind) ? "training_refund" : "refund",
    lines: netDeposits(record.lines).map((line) => ({ ...line, quantity: -line.quantity })),
    tenders: record.tenders.map(({ kind, cents }) => ({ kind, cents: -cents, proof: null })),
    tip_cents: 0 - record.tip_cents,
    refund_of: { till: record.till, record: record.id, reason },
  };
}
