/** An outlet's catalogue, as in `GET /api/food/catalogue/{outlet}` and in a till's pack. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type Text = Record<string, string>;
export type Allergen = Schemas["Allergen"];
export type Category = Schemas["ProductCategory"];
export type Choice = Schemas["Choice"];
export type Option = Schemas["Option"];
export type Product = Schemas["Product"];
export type Part = Schemas["Part"];
export type Menu = Schemas["Menu"];
export type Deposit = Schemas["Deposit"];
/** A product or menu at an outlet: the first of `prices` with an open window, else `cents`. */
export type Shown = Schemas["OutletItem"];
export type Catalogue = Schemas["OutletCatalogue"];

/** The fourteen allergens of Regulation (EU) 1169/2011, annex II, in its order. */
export const ALLERGENS: readonly Allergen[] = [
  "gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard", "sesame", "sulphites", "lupin", "molluscs",
];

/** The price at so many minutes after the start of the event; null without an event. */
export function priceOf({ cents, prices }: Shown, minutes: number | null): number {
  const open = prices.find(({ window }) => minutes !== null && window.from_min <= minutes && minutes < window.until_min);
  return open?.cents ?? cents;
}

/** Products of a menu's part at this outlet, in the order of the part. */
export function choicesOf({ items }: Catalogue, part: Part): Product[] {
  const byId = new Map(items.map(({ item }) => [item.id, item]));
  return part.products.flatMap((id) => {
    const item = byId.get(id);
    return item?.kind === "product" ? [item] : [];
  });
}
