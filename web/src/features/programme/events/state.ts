/** Labels and tones of event and sale states. */
import { clock } from "../../../shared/runtime/clock.svelte";
import { desk } from "../../../shared/office/desk.svelte";
import type { OfficeEvent, VenueSummary } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";

export type Tone = "plain" | "good" | "warn" | "bad" | "club";

export function isOver(entry: OfficeEvent): boolean {
  return Date.parse(entry.event.ends_at) <= clock.now();
}

export function stateOf(entry: OfficeEvent): { text: string; tone: Tone } {
  const { states } = words.w;
  if (entry.event.state === "published" && isOver(entry)) return { text: states.over, tone: "plain" };
  const tones = { draft: "warn", published: "good", cancelled: "bad" } as const;
  return { text: states[entry.event.state], tone: tones[entry.event.state] };
}

/** The current version of the venue of an event, if the event is at an earlier one. */
export function newerVersion({ event }: OfficeEvent): VenueSummary | undefined {
  return desk.currentVersions.find(({ code, version }) => code === event.venue_code && version !== event.venue_version);
}

/** The label of the sale; empty for unpublished events. */
export function saleOf(entry: OfficeEvent): string {
  if (entry.event.state !== "published" || isOver(entry)) return "";
  const { w } = words;
  if (entry.sale === "open") return w.sale.open(words.stamp(entry.event.sale_closes_at, entry.event.time_zone));
  return entry.sale === "before" ? w.sale.before(words.stamp(entry.event.sale_opens_at, entry.event.time_zone)) : w.sale.after;
}

/** The field of the form that shows a defect. */
export const FIELD_OF: Record<string, string> = {
  subtitle_in_one_language: "subtitle",
  doors_after_start: "doors_at",
  end_before_start: "ends_at",
  sale_closes_before_it_opens: "sale_closes_at",
  sale_closes_after_end: "sale_closes_at",
  event_over: "ends_at",
};
