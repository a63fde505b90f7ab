/** Texts of the office: a separate bundle, loaded with the office, one locale at a time. */
import type { Problem } from "../api/answer";
import type { office } from "$messages/en/web/office";
import { Bundle } from "../i18n/bundle.svelte";
import { i18n, LANGUAGES } from "../i18n/i18n.svelte";
import { unitOf } from "../ui/currency";
import { clock } from "../runtime/clock.svelte";
import { problemText } from "../runtime/words";

export type Words = typeof office;

class OfficeWords extends Bundle<Words> {
  /** Text of a problem, from the office or the common texts. */
  problem(problem: Problem): string {
    const own = this.w.problems as Record<string, string>;
    return own[problem.code] ?? problemText(problem);
  }

  /** Text of a defect of an event; one of a title names its language. */
  defect(code: string): string {
    const { defects } = this.w;
    const language = /^title_(.+)_missing$/.exec(code)?.[1];
    return language ? defects.title_missing_in(LANGUAGES[language]?.name ?? language) : defects[code as Exclude<keyof typeof defects, "title_missing_in">];
  }

  date(iso: string, zone = i18n.zone): string {
    return i18n.date(iso, { day: "numeric", month: "short", year: "numeric" }, zone);
  }

  /** Day and time to the minute, with the year if it is another one, and the city where the clock of the deployment shows another time. */
  stamp(iso: string, zone = i18n.zone): string {
    const year = (date: string): string => i18n.date(date, { year: "numeric" }, zone);
    const other = year(iso) !== year(new Date(clock.now()).toISOString());
    return i18n.date(iso, { day: "numeric", month: "short", ...(other ? { year: "numeric" } : {}), hour: "2-digit", minute: "2-digit" }, zone) + i18n.cityAt(iso, zone, i18n.zone);
  }

  /** Time to the minute or the second, without a city: beside a stamp or a clock that has one. */
  clock(iso: string, zone = i18n.zone, second?: "2-digit"): string {
    return i18n.date(iso, { hour: "2-digit", minute: "2-digit", second }, zone);
  }

  /** A rounded amount in whole units of the currency. */
  about(cents: number): string {
    const unit = unitOf(i18n.currency);
    return i18n.money(Math.round(cents / unit) * unit);
  }
}

export const words = new OfficeWords(import.meta.glob<Words>("$messages/*/web/office.ts", { import: "office" }));
