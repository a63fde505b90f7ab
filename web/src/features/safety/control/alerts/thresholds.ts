/** The thresholds as they are edited: texts of one row of the table each. */
import type { components } from "../../../../shared/api/schema";
import { i18n } from "../../../../shared/i18n/i18n.svelte";
import type { Words } from "$messages/en/web/alerts";
import { PER_M2 } from "./alertText";
import type { Measure } from "./alerts.svelte";

type Schemas = components["schemas"];
export type Threshold = Schemas["Threshold"];
export type ThresholdSet = Schemas["ThresholdView"];
export const NUMBERS = ["raiseAt", "clearAt", "raiseAfter", "clearAfter", "escalateAfter"] as const;
export type NumberColumn = (typeof NUMBERS)[number];
export interface Row extends Record<NumberColumn, string> {
  id: string;
  measure: Measure;
  place: string;
  priority: string;
}
/** What is wrong with a cell of a row (from 0), in words. */
export interface Wrong {
  row: number;
  column: NumberColumn;
  text: string;
}
const LIMITS: readonly NumberColumn[] = ["raiseAt", "clearAt"];

export function rowOf(one: Threshold): Row {
  const limit = (value: number): string => (one.measure === "density" ? i18n.number(value / PER_M2, { useGrouping: false }) : String(value));
  return {
    id: one.id,
    measure: one.measure,
    place: one.place ?? "",
    raiseAt: limit(one.raise_at),
    clearAt: limit(one.clear_at),
    raiseAfter: String(one.raise_after_s),
    clearAfter: String(one.clear_after_s),
    priority: String(one.priority),
    escalateAfter: String(one.escalate_after_s),
  };
}

/** The thresholds of a table, or what is wrong in it. Codes of places may be written in small letters. */
export function read(rows: readonly Row[], zones: ReadonlyMap<string, string>, w: Words): { thresholds: Threshold[] } | { wrong: Wrong[] } {
  const wrong: Wrong[] = [];
  const thresholds = rows.map((row, at): Threshold => {
    const number = (column: NumberColumn): number => {
      const isDensity = row.measure === "density" && LIMITS.includes(column);
      const text = row[column].trim().replace(",", ".");
      if (isDensity ? /^\d{1,3}(\.\d{1,2})?$/.test(text) : /^\d{1,5}$/.test(text)) return isDensity ? Math.round(Number(text) * PER_M2) : Number(text);
      wrong.push({ row: at, column, text: isDensity ? w.wrongDensity(at + 1, w[column]) : w.wrongNumber(at + 1, w[column]) });
      return Number.NaN;
    };
    const [raise_at, clear_at, raise_after_s, clear_after_s, escalate_after_s] = NUMBERS.map(number) as [number, number, number, number, number];
    if (clear_at >= raise_at) wrong.push({ row: at, column: "clearAt", text: w.wrongOrder(at + 1) });
    const place = row.place.trim();
    return { id: row.id, measure: row.measure, place: place ? (zones.get(place.toLowerCase()) ?? place) : null, raise_at, clear_at, raise_after_s, clear_after_s, priority: Number(row.priority), escalate_after_s };
  });
  return wrong.length > 0 ? { wrong } : { thresholds };
}
