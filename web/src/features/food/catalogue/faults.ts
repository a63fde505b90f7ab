/** The text of an error of the item form. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { food } from "../office/words.svelte";
import { PRICE_MAX, type Fault } from "./form";

export function faultText(fault: Fault | undefined): string {
  if (!fault) return "";
  return fault === "amount" ? food.w.faults.amount(i18n.money(PRICE_MAX)) : food.w.faults[fault];
}
