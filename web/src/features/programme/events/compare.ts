/** Labels and values of event fields, to compare two people's changes. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { tidied } from "../../../shared/i18n/texts";
import { desk } from "../../../shared/office/desk.svelte";
import { fromWall } from "../../../shared/office/wall";
import { words } from "../../../shared/office/words.svelte";
import { NEW, TIMES, type EventForm, type Time } from "./form";

export const SHARED = [
  ...(["kind", "title", "subtitle", "series_id"] as const),
  ...TIMES,
  ...(["reentry", "paper_accepted", "paper_identity_check", "named_tickets", "alcohol", "limit_per_buyer", "bag_litres_max", "names_by", "name_changes_max"] as const),
] satisfies (keyof EventForm)[];

export function labelOf(key: keyof EventForm, kind: EventForm["kind"]): string {
  const { form } = words.w;
  const labels: Partial<Record<keyof EventForm, string>> = {
    kind: form.kind,
    title: form.title,
    subtitle: form.subtitle,
    series_id: form.series,
    doors_at: form.doors,
    starts_at: kind === "match" ? form.kickOff : form.starts,
    ends_at: form.ends,
    sale_opens_at: form.saleOpens,
    sale_closes_at: form.saleCloses,
    reentry: form.reentry,
    paper_accepted: form.paper,
    paper_identity_check: form.identity,
    named_tickets: form.named,
    alcohol: form.alcohol,
    limit_per_buyer: form.limit,
    bag_litres_max: form.bag,
    names_by: form.namesBy,
    name_changes_max: form.nameChanges,
  };
  return labels[key] ?? "";
}

export function shownOf(form: EventForm, key: keyof EventForm): string {
  const value = form[key];
  if (typeof value === "object") return Object.values(tidied(value)).join(" / ");
  if (typeof value === "boolean") return value ? words.w.conflict.yes : words.w.conflict.no;
  if (key === "kind") return i18n.m.home.kind[value] ?? value;
  if (key === "series_id") {
    if (value === NEW) return i18n.text(form.series);
    return i18n.text(desk.series.find(({ id }) => id === value)?.title) || words.w.form.seriesNone;
  }
  if (TIMES.includes(key as Time)) {
    const instant = fromWall(value, form.time_zone);
    return instant ? words.stamp(instant, form.time_zone) : value;
  }
  return value;
}
