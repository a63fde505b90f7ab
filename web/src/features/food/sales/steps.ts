/** Sales by minute as bars, with enough minutes per bar for a readable chart. */
import type { SalesRow } from "../office/types";

export interface Bin {
  start: string;
  cents: number;
  sales: number;
}

const MINUTE_MS = 60_000;
const STEPS = [1, 5, 15, 60, 180] as const;
const BARS_MAX = 48;
const BARS_MIN = 12;

/** Bars without gaps from the first sale to the last; refunds count at their own time. */
export function binsOf(rows: readonly SalesRow[]): { bins: Bin[]; minutes: number } {
  const times = rows.map((row) => Date.parse(row.key));
  if (times.length === 0) return { bins: [], minutes: 1 };
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const minutes = STEPS.find((step) => (last - first) / (step * MINUTE_MS) < BARS_MAX - 1) ?? STEPS.at(-1)!;
  const ms = minutes * MINUTE_MS;
  const slot = (time: number): number => Math.floor(time / ms);
  const from = Math.min(slot(first), slot(last) - BARS_MIN + 1);
  const bins = Array.from({ length: slot(last) - from + 1 }, (_, index) => ({ start: new Date((from + index) * ms).toISOString(), cents: 0, sales: 0 }));
  for (const row of rows) {
    const bin = bins[slot(Date.parse(row.key)) - from]!;
    bin.cents += row.gross_cents;
    bin.sales += row.sales ?? 0;
  }
  return { bins, minutes };
}
