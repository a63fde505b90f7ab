/** Stock of an outlet as rows of a form. */
import { wholeOf } from "../../../shared/office/numbers";
import type { Alert, Level, Product, StockRequest } from "../office/types";

/** Kinds of stock documents, and thresholds. */
export type Act = "delivery" | "waste" | "count" | "transfer" | "threshold";
export const ACTS: readonly Act[] = ["delivery", "count", "waste", "transfer", "threshold"];

export interface Row {
  product_id: string;
  /** Null if nothing has moved yet. */
  level: number | null;
  low_at: number | null;
}
export type Alarm = Alert["alarm"];
export type LineFault = "number" | "zero" | "short";

/** Counted products on sale here in the order of the board, then others in stock. */
export function rowsOf(levels: readonly Level[], sold: readonly Product[]): Row[] {
  const known = new Map(levels.map((level) => [level.product_id, level]));
  const row = (product_id: string): Row => ({ product_id, level: known.get(product_id)?.level ?? null, low_at: known.get(product_id)?.low_at ?? null });
  const counted = sold.filter((product) => product.is_stocked).map((product) => product.id);
  const rest = levels.map((level) => level.product_id).filter((id) => !counted.includes(id));
  return [...counted, ...rest].map(row);
}

/** Problem of a level: below zero, or below its threshold. */
export function alarmOf({ level, low_at }: Row): Alarm | null {
  if (level !== null && level < 0) return "below_zero";
  if (level === null || low_at === null || level > low_at) return null;
  return level === 0 ? "empty" : "low";
}

export interface Typed {
  lines: StockRequest["lines"];
  faults: Record<string, LineFault>;
}

/** Input of the column; empty fields are skipped. */
export function linesOf(act: Act, typed: Readonly<Record<string, string>>): Typed {
  const lines: StockRequest["lines"] = [];
  const faults: Record<string, LineFault> = {};
  for (const [product_id, text] of Object.entries(typed)) {
    if (!text.trim()) continue;
    const quantity = wholeOf(text);
    if (quantity === null || quantity > 100_000) faults[product_id] = "number";
    else if (quantity === 0 && act !== "count" && act !== "threshold") faults[product_id] = "zero";
    else lines.push({ product_id, quantity });
  }
  return { lines, faults };
}
