/** Texts of food and money, loaded with the section, one locale at a time. */
import { Bundle } from "../../../shared/i18n/bundle.svelte";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import type { food as english } from "$messages/en/web/officeFood";

export type FoodWords = typeof english;

class Words extends Bundle<FoodWords> {
  /** Signed amount, for surpluses and shortages. */
  difference(cents: number): string {
    return `${cents > 0 ? "+" : ""}${i18n.exact(cents)}`;
  }
}

export const food = new Words(import.meta.glob<FoodWords>("$messages/*/web/officeFood.ts", { import: "food" }));
