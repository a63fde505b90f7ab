/** Limits of permits: ten per year and organiser, each for at most 48 hours. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { fromWall, toWall } from "../../../shared/office/wall";
import type { AlcoholPermit } from "../office/types";

export const A_YEAR = 10;
export const HOURS_MAX = 48;

export type State = "coming" | "running" | "over" | "withdrawn" | "ended";
export interface Wish {
  starts: string;
  ends: string;
  reference: string;
}
export type Fault = "time" | "order" | "long" | "reference";

/** The year in which the permit begins, in the deployment's time zone. */
export const yearOf = (permit: Pick<AlcoholPermit, "starts_at">): number => Number(toWall(permit.starts_at, i18n.zone).slice(0, 4));

/** Whether it counts towards the ten per year: not if it was withdrawn before it began. */
export const counts = (permit: AlcoholPermit): boolean => !permit.withdrawn_at || Date.parse(permit.withdrawn_at) > Date.parse(permit.starts_at);

export function usedOf(all: readonly AlcoholPermit[], organiser: string, year: number): number {
  return all.filter((permit) => permit.organiser_id === organiser && yearOf(permit) === year && counts(permit)).length;
}

export function stateOf(permit: AlcoholPermit, now: number): State {
  if (permit.withdrawn_at) return counts(permit) ? "ended" : "withdrawn";
  if (now < Date.parse(permit.starts_at)) return "coming";
  return now < Date.parse(permit.ends_at) ? "running" : "over";
}

/** Errors by field; times are in a zone. */
export function check({ starts, ends, reference }: Wish, zone: string): Record<string, Fault> {
  const faults: Record<string, Fault> = {};
  const [from, until] = [fromWall(starts, zone), fromWall(ends, zone)];
  if (!from) faults.starts = "time";
  if (!until) faults.ends = "time";
  const ms = from && until ? Date.parse(until) - Date.parse(from) : 1;
  if (ms <= 0) faults.ends = "order";
  else if (ms > HOURS_MAX * 3_600_000) faults.ends = "long";
  if (!reference.trim()) faults.reference = "reference";
  return faults;
}
