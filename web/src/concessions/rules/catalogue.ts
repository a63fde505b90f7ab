/** What an outlet sells, as `GET /api/concessions/catalogue/{outlet}` and a till's pack tell it. */

export interface Text {
  fr: string;
  en: string;
}
export interface Choice {
  code: string;
  name: Text;
  surcharge_cents: number;
  allergens: string[];
}
export interface Option {
  code: string;
  name: Text;
  choices: Choice[];
  required: boolean;
}
interface Named {
  id: string;
  name: Text;
  description: Text;
  category: string;
  position: number;
  outlets: string[] | null;
  picture: string | null;
}
export interface Product extends Named {
  kind: "product";
  vat_permille: number;
  station: string;
  preparation_s: number;
  allergens: string[];
  diet: string | null;
  abv_permille: number;
  distilled: boolean;
  age_min: number;
  deposit_id: string | null;
  options: Option[];
  is_stocked: boolean;
}
export interface Part {
  code: string;
  name: Text;
  products: string[];
}
export interface Menu extends Named {
  kind: "menu";
  parts: Part[];
}
export interface Deposit {
  kind: "deposit";
  id: string;
  name: Text;
  cents: number;
}

/** A product or menu at an outlet: of `prices` the first whose window is open, else `cents`. */
export interface Shown {
  item: Product | Menu;
  cents: number;
  prices: { window: { from_min: number; until_min: number }; cents: number }[];
}
export interface Catalogue {
  version: string;
  outlet: string;
  items: Shown[];
  deposits: Deposit[];
}

/** What costs a thing so many minutes after the event's start; null where nothing is on. */
export function priceOf({ cents, prices }: Shown, minutes: number | null): number {
  const open = prices.find(({ window }) => minutes !== null && window.from_min <= minutes && minutes < window.until_min);
  return open?.cents ?? cents;
}

/** The products of a menu's part that this outlet has, in the order of the part. */
export function choicesOf({ items }: Catalogue, part: Part): Product[] {
  const here = new Map(items.map(({ item }) => [item.id, item]));
  return part.products.flatMap((id) => {
    const item = here.get(id);
    return item?.kind === "product" ? [item] : [];
  });
}
