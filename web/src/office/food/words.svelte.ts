/** Texts of food and money, loaded with the section, one locale at a time. */
import { Bundle } from "../../i18n/bundle.svelte";
import { i18n } from "../../i18n/i18n.svelte";
import type { food as english } from "../../i18n/en/officeFood";

export type FoodWords = typeof english;

class Words extends Bundle<FoodWords> {
  /** Signed amount, for surpluses and shortages. */
  difference(cents: number): string {
    return `${cents > 0 ? "+" : ""}${i18n.exact(cents)}`;
  }
}

export const food = new Words({
  fr: async () => (await import("../../i18n/fr/officeFood")).food,
  en: async () => (await import("../../i18n/en/officeFood")).food,
});

/** Screen of the section, once its texts are loaded. */
export async function withWords<Screen>(screen: Promise<Screen>): Promise<Screen> {
  const [loaded] = await Promise.all([screen, food.use(i18n.locale)]);
  return loaded;
}
