/** Sales over time, as bars: by hour for the last two days, by day for the whole sale. */
import type { Sales } from "../../../shared/office/types";
import { fromWall, toWall } from "../../../shared/office/wall";

export interface Bin {
  /** Start of the hour or day, an instant. */
  start: string;
  sold: number;
  cents: number;
}
export type Step = "hour" | "day";

const HOUR_MS = 3_600_000;
export const HOURS = 48;
const DAYS_MAX = 60;
/** Minimum number of bars, so that the chart reads as a timeline. */
const BINS_MIN = { hour: 12, day: 7 };

function summed(rows: Sales["by_hour"], startOf: (hour: string) => string): Map<string, Bin> {
  const bins = new Map<string, Bin>();
  for (const row of rows) {
    const start = startOf(row.hour);
    const bin = bins.get(start) ?? { start, sold: 0, cents: 0 };
    bins.set(start, { start, sold: bin.sold + row.sold, cents: bin.cents + row.cents });
  }
  return bins;
}

const iso = (time: number): string => new Date(time).toISOString().replace(".000Z", "Z");
const hourOf = (instant: string): string => iso(Math.floor(Date.parse(instant) / HOUR_MS) * HOUR_MS);
const dayIn = (zone: string) => (instant: string): string => fromWall(`${toWall(instant, zone).slice(0, 10)}T00:00`, zone)!;

/** Bars without gaps up to now; days are those of a time zone. */
export function binsOf(rows: Sales["by_hour"], step: Step, now: string, zone: string): Bin[] {
  const startOf = step === "hour" ? hourOf : dayIn(zone);
  const known = summed(rows, startOf);
  const first = [...known.keys()].sort()[0] ?? startOf(now);
  const bins: Bin[] = [];
  let start = startOf(now);
  for (let count = 0; count < BINS_MIN[step] || (count < (step === "hour" ? HOURS : DAYS_MAX) && start >= first); count += 1) {
    bins.unshift(known.get(start) ?? { start, sold: 0, cents: 0 });
    start = startOf(iso(Date.parse(start) - 1));
  }
  return bins;
}

/** A round number at or above the most, for the top of the axis. */
export function roundTop(max: number): number {
  if (max <= 4) return 4;
  const power = 10 ** Math.floor(Math.log10(max));
  return [1, 2, 3, 4, 5, 6, 8, 10].map((step) => step * power).find((top) => top >= max)!;
}
