/** Alerts and their values in words. */
import { i18n } from "../../../../shared/i18n/i18n.svelte";
import type { Words } from "$messages/en/web/alerts";
import type { Alert, Measure } from "./alerts.svelte";

/** Density is counted per 100 m² and shown per m². */
export const PER_M2 = 100;
const OF_ZONES: readonly Measure[] = ["density", "occupancy", "zone_growth", "zone_unmeasured"];

export function valueText(measure: Measure, value: number, w: Words): string {
  const digits = measure === "density" ? i18n.number(value / PER_M2) : measure === "occupancy" ? i18n.number(value / 100, { style: "percent" }) : i18n.number(value);
  return w.units[measure](digits);
}

export function placeText({ measure, place }: Alert, w: Words): string {
  return OF_ZONES.includes(measure) ? w.zone(place) : w.lane(place);
}

/** What and where. */
export function alertText(alert: Alert, w: Words): string {
  return `${w.measures[alert.measure]}, ${placeText(alert, w)}`;
}
