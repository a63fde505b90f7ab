/** Consistency of a record, as `check` in the Python rules. */
import { PROVEN, isRefund, isSale, totalOf, totalsOf, vatIncluded, type Record } from "./record";

export interface Defect {
  reason: "field_misplaced" | "sign_wrong" | "totals_wrong" | "vat_wrong" | "tenders_wrong" | "proof_missing" | "cash_excessive" | "tip_excessive";
  data: { most_cents?: number; field?: string; vat_permille?: number; kind?: string };
}

export function check(record: Record): Defect | null {
  return misplaced(record) ?? excessive(record) ?? wrongSigns(record) ?? wrongSums(record);
}

/** Members must be present exactly in the kinds that use them. */
function misplaced(record: Record): Defect | null {
  const { kind, lines, totals, tenders, refund_of } = record;
  const sells = isSale(kind) || isRefund(kind);
  const returnsCupsAlone = lines.every((line) => line.deposit);
  const counted = kind === "shift_opened" || kind === "shift_counted";
  const wrong: [string, boolean][] = [
    ["lines", lines.length > 0 !== sells],
    ["totals", totals.length > 0 !== sells],
    ["tenders", tenders.length > 0 && !sells],
    ["tip_cents", record.tip_cents !== 0 && !sells],
    ["cash_cents", (record.cash_cents !== null) !== counted],
    ["refund_of", isRefund(kind) && !returnsCupsAlone ? refund_of === null : refund_of !== null && !isRefund(kind)],
    ["reprint_of", (record.reprint_of !== null) !== (kind === "reprint")],
  ];
  const found = wrong.find(([, isWrong]) => isWrong);
  return found ? { reason: "field_misplaced", data: { field: found[0] } } : null;
}

/** Signs: positive in a sale, negative in a refund; returned cups are negative in both. */
function wrongSigns(record: Record): Defect | null {
  const sign = isRefund(record.kind) ? -1 : 1;
  const right =
    record.lines.every((line) => line.quantity * sign > 0 || (sign > 0 && line.deposit && line.quantity < 0)) &&
    [record.tip_cents, totalOf(record)].every((amount) => amount * sign >= 0) &&
    record.tenders.every((tender) => tender.cents * sign > 0);
  return right ? null : { reason: "sign_wrong", data: {} };
}

/** Maximum opening float, and maximum cash count. */
export const cashMax = (kind: "shift_opened" | "shift_counted"): number => (kind === "shift_opened" ? 500_000 : 5_000_000);

/** Maximum tip of one sale. */
export const TIP_CENTS_MAX = 100_000;

/** Cash counts and tips must not exceed their maximum. */
function excessive({ kind, cash_cents, tip_cents }: Record): Defect | null {
  if (Math.abs(tip_cents) > TIP_CENTS_MAX) return { reason: "tip_excessive", data: { most_cents: TIP_CENTS_MAX } };
  const max = kind === "shift_opened" || kind === "shift_counted" ? cashMax(kind) : Infinity;
  return cash_cents !== null && cash_cents > max ? { reason: "cash_excessive", data: { most_cents: max } } : null;
}

function wrongSums(record: Record): Defect | null {
  const gross = totalsOf(record.lines);
  const sums = record.totals.length === gross.length;
  if (!sums || record.totals.some((total, at) => total.vat_permille !== gross[at]!.vat_permille || total.gross_cents !== gross[at]!.gross_cents)) {
    return { reason: "totals_wrong", data: {} };
  }
  for (const { vat_permille, gross_cents, vat_cents } of record.totals) {
    if (vat_cents !== vatIncluded(gross_cents, vat_permille)) return { reason: "vat_wrong", data: { vat_permille } };
  }
  const paid = record.tenders.reduce((sum, tender) => sum + tender.cents, 0);
  if (paid !== totalOf(record) + record.tip_cents) return { reason: "tenders_wrong", data: {} };
  for (const { kind, proof } of record.tenders) {
    if (kind === "cash" && proof !== null) return { reason: "field_misplaced", data: { field: "proof" } };
    if (PROVEN.has(kind) && proof === null && isSale(record.kind)) return { reason: "proof_missing", data: { kind } };
  }
  return null;
}
