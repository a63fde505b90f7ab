/** The words of ordering, and how its refusals are said. */
import type { Problem } from "../../api/answer";
import type { food } from "../../i18n/en/food";
import { Bundle } from "../../i18n/bundle.svelte";
import { i18n } from "../../i18n/i18n.svelte";
import { problemText } from "../../kernel/words";
import type { Allergen } from "./types";

export type Words = typeof food;

class FoodWords extends Bundle<Words> {
  refusal(problem: Problem): string {
    return this.w.refusals[problem.code] ?? problemText(problem);
  }

  allergens(list: readonly Allergen[]): string {
    const names = list.map((one) => this.w.menu.allergens[one] ?? one);
    return new Intl.ListFormat(i18n.tag, { type: "unit" }).format(names.map((name) => name.toLowerCase()));
  }
}

export const words = new FoodWords({
  fr: async () => (await import("../../i18n/fr/food")).food,
  en: async () => (await import("../../i18n/en/food")).food,
});
