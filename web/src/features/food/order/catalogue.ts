/** The menu as the screen needs it: current prices, items left by the diet filters, basket totals. */
import { ageLimit, isAlcohol, isSpirits } from "../rules/alcohol";
import { choicesOf, priceOf, type Allergen, type Catalogue, type Choice, type Menu, type Product, type Shown } from "../rules/catalogue";
import { isRefused, price, type BasketLine, type Chosen } from "../rules/pricing";

const MINUTE_MS = 60_000;

export interface DietFilter {
  without: readonly Allergen[];
  diet: "" | "vegetarian" | "vegan";
}

/** State of the event: sold-out products, start time (base of the price windows), no alcohol. */
export interface Tonight {
  gone: readonly string[];
  startsAt: number | null;
  dry: boolean;
}

/** An outlet's menu, indexed by id. */
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

  /** Price at a moment, without options. */
  price(id: string, now: number): number {
    const shown = this.#shown.get(id);
    return shown ? priceOf(shown, this.#minutes(now)) : 0;
  }

  #minutes(now: number): number | null {
    const { startsAt } = this.tonight;
    return startsAt === null ? null : (now - startsAt) / MINUTE_MS;
  }

  /** Why an item is unavailable, or null. A menu needs an available product in each part. */
  off(item: Product | Menu): "sold_out" | "dry" | null {
    if (item.kind === "product") {
      if (isSpirits(item) || (this.tonight.dry && isAlcohol(item))) return "dry";
      return this.tonight.gone.includes(item.id) ? "sold_out" : null;
    }
    return item.parts.some((part) => choicesOf(this.catalogue, part).every((product) => this.off(product))) ? "sold_out" : null;
  }

  /** Whether an item passes the diet filters. A menu needs a matching product in each part. */
  suits(item: Product | Menu, filter: DietFilter): boolean {
    if (item.kind === "menu") return item.parts.every((part) => choicesOf(this.catalogue, part).some((product) => this.suits(product, filter)));
    const fits = filter.diet === "" || item.diet === "vegan" || item.diet === filter.diet || !eaten(item);
    const required = item.options.filter((option) => option.required);
    return fits && free(item.allergens, filter) && required.every((option) => option.choices.some((choice) => free(choice.allergens, filter)));
  }

  /** Cup deposits of a line. */
  deposit(product: Product): number {
    return this.catalogue.deposits.find((deposit) => deposit.id === product.deposit_id)?.cents ?? 0;
  }

  /** Unit price with options, and unit deposit. Without options while a required choice is missing. */
  unit(line: BasketLine, now: number): { cents: number; deposit: number } {
    const { version } = this.catalogue;
    const priced = price({ version, lines: [{ ...line, quantity: 1 }], returns: [] }, this.catalogue, this.#minutes(now));
    if (isRefused(priced)) return { cents: this.price(line.item_id, now), deposit: 0 };
    const deposit = priced.lines.reduce((sum, line) => sum + (line.kind === "deposit" ? line.gross_cents : 0), 0);
    return { cents: priced.total_cents - deposit, deposit };
  }

  /** Products of a menu line with their options. */
  taken(menu: Menu, line: BasketLine): { part: string; product: Product; options: Chosen }[] {
    return menu.parts.flatMap((part) => {
      const chosen = line.parts[part.code];
      const product = chosen ? this.product(chosen.product_id) : choicesOf(this.catalogue, part)[0];
      return product ? [{ part: part.code, product, options: chosen?.options ?? {} }] : [];
    });
  }

  /** Products of a line. */
  products(line: BasketLine): Product[] {
    const item = this.item(line.item_id);
    if (!item) return [];
    return item.kind === "product" ? [item] : this.taken(item, line).map((part) => part.product);
  }

  total(lines: readonly BasketLine[], now: number): { cents: number; deposit: number } {
    return lines.reduce(
      (sum, line) => {
        const { cents, deposit } = this.unit(line, now);
        return { cents: sum.cents + line.quantity * (cents + deposit), deposit: sum.deposit + line.quantity * deposit };
      },
      { cents: 0, deposit: 0 },
    );
  }

  /** Minimum age for a basket; 0 for no limit. */
  age(lines: readonly BasketLine[]): number {
    return Math.max(0, ...lines.flatMap((line) => this.products(line)).map(ageLimit));
  }
}

/** Whether a choice contains none of the excluded allergens. */
export function free(allergens: readonly Allergen[], filter: DietFilter): boolean {
  return !allergens.some((allergen) => filter.without.includes(allergen));
}

/** Choices of an option without excluded allergens. */
export function allowed(choices: readonly Choice[], filter: DietFilter): Choice[] {
  return choices.filter((choice) => free(choice.allergens, filter));
}

/** Whether diets apply to a product: not to drinks or shop items. */
function eaten({ category }: Product): boolean {
  return ["hot_food", "snacks", "sweets"].includes(category);
}

/** Whether two lines have the same item and options, so that their quantities add up. */
export function same(a: BasketLine, b: BasketLine): boolean {
  const key = ({ item_id, options, parts }: BasketLine): string =>
    JSON.stringify([item_id, sorted(options), sorted(parts).map(([code, part]) => [code, part.product_id, sorted(part.options)])]);
  return key(a) === key(b);
}

const sorted = <T>(record: Record<string, T>): [string, T][] => Object.entries(record).sort(([a], [b]) => a.localeCompare(b));
