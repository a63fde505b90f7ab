/** What a menu's screen works out by itself: prices of this moment, what a diet leaves, what a basket costs. */
import type { Allergen, Catalogue, Choice, Chosen, Line, Menu, Product, Shown } from "./types";

/** The fourteen of Regulation (EU) 1169/2011, annex II, in its order. */
export const ALLERGENS: readonly Allergen[] = [
  "gluten", "crustaceans", "eggs", "fish", "peanuts", "soybeans", "milk", "nuts", "celery", "mustard", "sesame", "sulphites", "lupin", "molluscs",
];
const SOFT_PERMILLE_MAX = 12;
const FERMENTED_PERMILLE_MAX = 180;
const ADULT = 18;
const MINUTE_MS = 60_000;

export interface Wanted {
  without: readonly Allergen[];
  diet: "" | "vegetarian" | "vegan";
}

export const alcoholic = (product: Product): boolean => product.abv_permille > SOFT_PERMILLE_MAX;

/** How old a buyer must be, 0 for anybody. */
export const ageOf = (product: Product): number => (alcoholic(product) ? Math.max(product.age_min, ADULT) : product.age_min);

/** What is so tonight: products that are sold out, when the event starts (windows of prices count from it), no alcohol. */
export interface Tonight {
  gone: readonly string[];
  startsAt: number | null;
  dry: boolean;
}

/** An outlet's menu, by the ids of what is on it. */
export class Card {
  readonly #shown: ReadonlyMap<string, Shown>;

  constructor(
    readonly catalogue: Catalogue,
    private readonly tonight: Tonight = { gone: [], startsAt: null, dry: false },
  ) {
    this.#shown = new Map(catalogue.items.map((shown) => [shown.item.id, shown]));
  }

  item(id: string): Product | Menu | null {
    return this.#shown.get(id)?.item ?? null;
  }

  product(id: string): Product | null {
    const item = this.item(id);
    return item?.kind === "product" ? item : null;
  }

  /** The price of a moment: of the first open window, else the standing one. */
  price(id: string, now: number): number {
    const shown = this.#shown.get(id);
    if (!shown) return 0;
    const { startsAt } = this.tonight;
    const minutes = startsAt === null ? null : (now - startsAt) / MINUTE_MS;
    const open = shown.prices.find(({ window }) => minutes !== null && window.from_min <= minutes && minutes < window.until_min);
    return open?.cents ?? shown.cents;
  }

  /** What a buyer may take for a part of a menu here. */
  choices(menu: Menu, code: string): Product[] {
    const part = menu.parts.find((one) => one.code === code);
    return (part?.products ?? []).map((id) => this.product(id)).filter((one) => one !== null);
  }

  /** Why it cannot be had tonight, null where it can; of a menu, something of each part must be left. */
  off(item: Product | Menu): "sold_out" | "dry" | null {
    if (item.kind === "product") {
      if (alcoholic(item) && (this.tonight.dry || item.distilled || item.abv_permille > FERMENTED_PERMILLE_MAX)) return "dry";
      return this.tonight.gone.includes(item.id) ? "sold_out" : null;
    }
    return item.parts.some((part) => this.choices(item, part.code).every((one) => this.off(one))) ? "sold_out" : null;
  }

  /** Whether somebody who eats so can have it; of a menu, something of each part. */
  suits(item: Product | Menu, wanted: Wanted): boolean {
    if (item.kind === "menu") return item.parts.every((part) => this.choices(item, part.code).some((one) => this.suits(one, wanted)));
    const fits = wanted.diet === "" || item.diet === "vegan" || item.diet === wanted.diet || !eaten(item);
    const required = item.options.filter((option) => option.required);
    return fits && free(item.allergens, wanted) && required.every((option) => option.choices.some((choice) => free(choice.allergens, wanted)));
  }

  /** The cups that come with a line. */
  deposit(product: Product): number {
    return this.catalogue.deposits.find((one) => one.id === product.deposit_id)?.cents ?? 0;
  }

  /** What one piece of a line costs, its options and its cups with it. */
  unit(line: Line, now: number): { cents: number; deposit: number } {
    const item = this.item(line.item_id);
    if (!item) return { cents: 0, deposit: 0 };
    if (item.kind === "product") return { cents: this.price(item.id, now) + surcharge(item, line.options), deposit: this.deposit(item) };
    const taken = this.taken(item, line);
    const sum = (of: (one: (typeof taken)[number]) => number): number => taken.reduce((total, one) => total + of(one), 0);
    return { cents: this.price(item.id, now) + sum((one) => surcharge(one.product, one.options)), deposit: sum((one) => this.deposit(one.product)) };
  }

  /** The products of a menu's line, each with how it was wanted. */
  taken(menu: Menu, line: Line): { part: string; product: Product; options: Chosen }[] {
    return menu.parts.flatMap((part) => {
      const chosen = line.parts[part.code];
      const product = chosen ? this.product(chosen.product_id) : this.choices(menu, part.code)[0];
      return product ? [{ part: part.code, product, options: chosen?.options ?? {} }] : [];
    });
  }

  /** All products of a line. */
  products(line: Line): Product[] {
    const item = this.item(line.item_id);
    if (!item) return [];
    return item.kind === "product" ? [item] : this.taken(item, line).map((one) => one.product);
  }

  total(lines: readonly Line[], now: number): { cents: number; deposit: number } {
    return lines.reduce(
      (sum, line) => {
        const { cents, deposit } = this.unit(line, now);
        return { cents: sum.cents + line.quantity * (cents + deposit), deposit: sum.deposit + line.quantity * deposit };
      },
      { cents: 0, deposit: 0 },
    );
  }

  /** How old the buyer of a basket must be, 0 for anybody. */
  age(lines: readonly Line[]): number {
    return Math.max(0, ...lines.flatMap((line) => this.products(line)).map(ageOf));
  }
}

/** Whether a choice holds nothing that is to be left out. */
export function free(allergens: readonly Allergen[], wanted: Wanted): boolean {
  return !allergens.some((one) => wanted.without.includes(one));
}

/** What may be wanted of an option: its choices without what is to be left out. */
export function allowed(choices: readonly Choice[], wanted: Wanted): Choice[] {
  return choices.filter((choice) => free(choice.allergens, wanted));
}

/** Whether a diet has a word on it: drinks and what one wears have none, and nobody means them. */
function eaten({ category }: Product): boolean {
  return ["hot_food", "snacks", "sweets"].includes(category);
}

function surcharge(product: Product, options: Chosen): number {
  return product.options.reduce((sum, option) => sum + (option.choices.find(({ code }) => code === options[option.code])?.surcharge_cents ?? 0), 0);
}

/** Whether two lines are the same thing, so that one more is a larger quantity. */
export function same(one: Line, other: Line): boolean {
  const key = ({ item_id, options, parts }: Line): string =>
    JSON.stringify([item_id, sorted(options), sorted(parts).map(([code, part]) => [code, part.product_id, sorted(part.options)])]);
  return key(one) === key(other);
}

const sorted = <T>(record: Record<string, T>): [string, T][] => Object.entries(record).sort(([one], [other]) => one.localeCompare(other));
