/** Labels and tones of event and sale states. */
import { clock } from "../../../shared/runtime/clock.svelte";
import type { EventDefect, OfficeEvent } from "../../../shared/office/types";
import { words } from "../../../shared/office/words.svelte";

export type Tone = "plain" | "good" | "warn" | "bad" | "club";

export function isOver(of: OfficeEvent): boolean {
  return Date.parse(of.event.ends_at) <= clock.now();
}

export function stateOf(of: OfficeEvent): { text: string; tone: Tone } {
  const { states } = words.w;
  if (of.event.state === "published" && isOver(of)) return { text: states.over, tone: "plain" };
  const tones = { draft: "warn", published: "good", cancelled: "bad" } as const;
  return { text: states[of.event.state], tone: tones[of.event.state] };
}

/** The label of the sale; empty for unpublished events. */
export function saleOf(of: OfficeEvent): string {
  if (of.event.state !== "published" || isOver(of)) return "";
  const { w } = words;
  if (of.sale === "open") return w.sale.open(words.stamp(of.event.sale_closes_at));
  return of.sale === "before" ? w.sale.before(words.stamp(of.event.sale_opens_at)) : w.sale.after;
}

/** The field of the form that shows a defect. */
export const FIELD_OF: Record<EventDefect, string> = {
  title_fr_missing: "title_fr",
  title_en_missing: "title_en",
  subtitle_in_one_language: "subtitle",
  doors_after_start: "doors_at",
  end_before_start: "ends_at",
  sale_closes_before_it_opens: "sale_closes_at",
  sale_closes_after_end: "sale_closes_at",
  event_over: "ends_at",
  unknown_venue_version: "",
};
