/** The input of the event form: texts and local times as typed. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { tidied, type Text } from "../../../shared/i18n/texts";
import { newId } from "../../../shared/runtime/ids";
import { wholeOf } from "../../../shared/office/numbers";
import type { EventContent, HouseRules, OfficeEvent, VenueSummary } from "../../../shared/office/types";
import { fromWall, shifted, toWall } from "../../../shared/office/wall";

export const TIMES = ["doors_at", "starts_at", "ends_at", "sale_opens_at", "sale_closes_at"] as const;
export type Time = (typeof TIMES)[number];
export const NEW = "new";
const LIMIT_MAX = 50;
const BAG_MAX = 100;
const NAMES_BY_MAX = 720;
const NAME_CHANGES_MAX = 20;
const DAY = 24 * 60;

export interface EventForm extends Record<Time, string> {
  kind: EventContent["kind"];
  title: Text;
  subtitle: Text;
  /** The code of the venue; empty before it is chosen. */
  venue_code: string;
  /** IANA name of the zone of all times: that of the venue. */
  time_zone: string;
  organiser_id: string;
  organiser_name: string;
  /** Client-made ids of a new organiser and series, so that repeated requests create them once. */
  organiser_new: string;
  series_new: string;
  /** A series' id, nothing, or `new`. */
  series_id: string;
  series: Text;
  reentry: boolean;
  paper_accepted: boolean;
  paper_identity_check: boolean;
  named_tickets: boolean;
  alcohol: boolean;
  limit_per_buyer: string;
  bag_litres_max: string;
  /** Hours before the start at which names are due; empty where they are optional. */
  names_by: string;
  /** How often the name of a ticket may change; empty for any number. */
  name_changes_max: string;
}

const empty = (): Pick<EventForm, "organiser_name" | "organiser_new" | "series_new" | "series"> => ({
  organiser_name: "", organiser_new: newId(), series_new: newId(), series: {},
});

/** Defaults of a new event: in two weeks, on sale from tomorrow morning. Without a venue, it is to be chosen. */
export function blank(now: number, organiser: string, venue: Pick<VenueSummary, "code" | "time_zone"> | null): EventForm {
  const zone = venue?.time_zone ?? i18n.zone;
  const today = toWall(now, zone).slice(0, 10);
  const starts = shifted(`${today}T21:00`, 14 * DAY, zone);
  return {
    ...empty(),
    kind: "match",
    title: {},
    subtitle: {},
    venue_code: venue?.code ?? "",
    time_zone: zone,
    organiser_id: organiser,
    series_id: "",
    starts_at: starts,
    doors_at: shifted(starts, -120, zone),
    ends_at: shifted(starts, 120, zone),
    sale_opens_at: shifted(`${today}T10:00`, DAY, zone),
    sale_closes_at: shifted(starts, 45, zone),
    reentry: false,
    paper_accepted: true,
    paper_identity_check: false,
    named_tickets: false,
    alcohol: false,
    limit_per_buyer: "9",
    bag_litres_max: "15",
    names_by: "",
    name_changes_max: "",
  };
}

export function formOf(event: OfficeEvent["event"]): EventForm {
  const rules: HouseRules = {
    reentry: false, paper_accepted: true, paper_identity_check: false, named_tickets: false, alcohol: false, limit_per_buyer: 9, bag_litres_max: 15,
    names_by: null, name_changes_max: null,
    ...event.rules,
  };
  return {
    ...empty(),
    kind: event.kind,
    title: { ...event.title },
    subtitle: { ...event.subtitle },
    venue_code: event.venue_code,
    time_zone: event.time_zone,
    organiser_id: event.organiser_id,
    series_id: event.series_id ?? "",
    doors_at: toWall(event.doors_at, event.time_zone),
    starts_at: toWall(event.starts_at, event.time_zone),
    ends_at: toWall(event.ends_at, event.time_zone),
    sale_opens_at: toWall(event.sale_opens_at, event.time_zone),
    sale_closes_at: toWall(event.sale_closes_at, event.time_zone),
    ...rules,
    limit_per_buyer: String(rules.limit_per_buyer),
    bag_litres_max: String(rules.bag_litres_max),
    names_by: String(rules.names_by ?? ""),
    name_changes_max: String(rules.name_changes_max ?? ""),
  };
}

/** The event for the API, or the fields that cannot be parsed. */
export function contentOf(form: EventForm, seriesId: string | null): { content: EventContent | null; unreadable: string[] } {
  const unreadable: string[] = TIMES.filter((time) => fromWall(form[time], form.time_zone) === null);
  const limit = wholeOf(form.limit_per_buyer);
  const bag = wholeOf(form.bag_litres_max);
  if (limit === null || limit < 1 || limit > LIMIT_MAX) unreadable.push("limit_per_buyer");
  if (bag === null || bag > BAG_MAX) unreadable.push("bag_litres_max");
  const namesBy = optional(form.names_by, NAMES_BY_MAX);
  const changes = optional(form.name_changes_max, NAME_CHANGES_MAX);
  if (form.named_tickets && namesBy === undefined) unreadable.push("names_by");
  if (form.named_tickets && changes === undefined) unreadable.push("name_changes_max");
  if (unreadable.length > 0) return { content: null, unreadable };
  const content: EventContent = {
    kind: form.kind,
    title: tidied(form.title),
    subtitle: tidied(form.subtitle),
    series_id: seriesId,
    doors_at: fromWall(form.doors_at, form.time_zone)!,
    starts_at: fromWall(form.starts_at, form.time_zone)!,
    ends_at: fromWall(form.ends_at, form.time_zone)!,
    sale_opens_at: fromWall(form.sale_opens_at, form.time_zone)!,
    sale_closes_at: fromWall(form.sale_closes_at, form.time_zone)!,
    rules: {
      reentry: form.reentry,
      paper_accepted: form.paper_accepted,
      paper_identity_check: form.paper_identity_check,
      named_tickets: form.named_tickets,
      alcohol: form.alcohol,
      limit_per_buyer: limit!,
      bag_litres_max: bag!,
      names_by: form.named_tickets ? namesBy : null,
      name_changes_max: form.named_tickets ? changes : null,
    },
  };
  return { content, unreadable };
}

/** A whole number up to `most`, null for an empty field, undefined for anything else. */
function optional(typed: string, most: number): number | null | undefined {
  if (typed.trim() === "") return null;
  const number = wholeOf(typed);
  return number === null || number > most ? undefined : number;
}
