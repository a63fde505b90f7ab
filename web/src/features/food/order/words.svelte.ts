/** Texts of food ordering, and messages for its refusals. */
import type { Problem } from "../../../shared/api/answer";
import type { food } from "$messages/en/web/food";
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { clock } from "../../../shared/runtime/clock.svelte";
import { problemText } from "../../../shared/runtime/words";
import type { Label } from "../../../shared/api/words";
import type { Allergen } from "../rules/catalogue";
import type { Delivery } from "./types";

export type Words = typeof food;

class FoodWords extends Bundle<Words> {
  refusal(problem: Problem): string {
    return (this.w.refusals as Record<string, string>)[problem.code] ?? problemText(problem);
  }

  /** A time, with its day unless it is today. */
  at(iso: string): string {
    const day = (moment: string): string => i18n.date(moment, { dateStyle: "short" });
    return day(iso) === day(new Date(clock.now()).toISOString()) ? i18n.time(iso) : i18n.moment(iso);
  }

  /** A seat or a standing area as text. */
  placeOf({ block, row, seat, ...more }: Label | Delivery): string {
    const where = this.w.where;
    const area = "area_name" in more ? (more.area_name ?? more.area) : more.area;
    if (area) return i18n.text(area);
    return row ? where.seat(row, String(seat ?? ""), block ?? "") : where.area(block ?? "");
  }

  /** Names of allergens in the middle of a sentence. */
  allergens(list: readonly Allergen[]): string {
    const names = list.map((allergen) => this.w.menu.allergens[allergen] ?? allergen);
    return new Intl.ListFormat(i18n.tag, { type: "unit" }).format(names);
  }
}

export const words = new FoodWords(import.meta.glob<Words>("$messages/*/web/food.ts", { import: "food" }));
