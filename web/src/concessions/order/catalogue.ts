/** What a menu's screen works out by itself: prices of this moment, what a diet leaves, what a basket costs. */
import { ageLimit, isAlcohol, isSpirits } from "../rules/alcohol";
import { choicesOf, priceOf, type Allergen, type Catalogue, type Choice, type Menu, type Product, type Shown } from "../rules/catalogue";
import { isRefused, price, type BasketLine, type Chosen } from "../rules/pricing";

const MINUTE_MS = 60_000;

export interface Wanted {
  without: readonly Allergen[];
  diet: "" | "vegetarian" | "vegan";
}

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

  /** The price of a moment, alone. */
  price(id: string, now: number): number {
    const shown = this.#shown.get(id);
    return shown ? priceOf(shown, this.#minutes(now)) : 0;
  }

  #minutes(now: number): number | null {
    const { startsAt } = this.tonight;
    return startsAt === null ? null : (now - startsAt) / MINUTE_MS;
  }

  /** Why it cannot be had tonight, null where it can; of a menu, something of each part must be left. */
  off(item: Product | Menu): "sold_out" | "dry" | null {
    if (item.kind === "product") {
      if (isSpirits(item) || (this.tonight.dry && isAlcohol(item))) return "dry";
      return this.tonight.gone.includes(item.id) ? "sold_out" : null;
    }
    return item.parts.some((part) => choicesOf(this.catalogue, part).every((one) => this.off(one))) ? "sold_out" : null;
  }

  /** Whether somebody who eats so can have it; of a menu, something of each part. */
  suits(item: Product | Menu, wanted: Wanted): boolean {
    if (item.kind === "menu") return item.parts.every((part) => choicesOf(this.catalogue, part).some((one) => this.suits(one, wanted)));
    const fits = wanted.diet === "" || item.diet === "vegan" || item.diet === wanted.diet || !eaten(item);
    const required = item.options.filter((option) => option.required);
    return fits && free(item.allergens, wanted) && required.every((option) => option.choices.some((choice) => free(choice.allergens, wanted)));
  }

  /** The cups that come with a line. */
  deposit(product: Product): number {
    return this.catalogue.deposits.find((one) => one.id === product.deposit_id)?.cents ?? 0;
  }

  /** What one piece of a line costs, its options with it, and its cups; alone, as long as something is to be chosen. */
  unit(line: BasketLine, now: number): { cents: number; deposit: number } {
    const { version } = this.catalogue;
    const priced = price({ version, lines: [{ ...line, quantity: 1 }], returns: [] }, this.catalogue, this.#minutes(now));
    if (isRefused(priced)) return { cents: this.price(line.item_id, now), deposit: 0 };
    const deposit = priced.lines.reduce((sum, one) => sum + (one.kind === "deposit" ? one.gross_cents : 0), 0);
    return { cents: priced.total_cents - deposit, deposit };
  }

  /** The products of a menu's line, each with how it was wanted. */
  taken(menu: Menu, line: BasketLine): { part: string; product: Product; options: Chosen }[] {
    return menu.parts.flatMap((part) => {
      const chosen = line.parts[part.code];
      const product = chosen ? this.product(chosen.product_id) : choicesOf(this.catalogue, part)[0];
      return product ? [{ part: part.code, product, options: chosen?.options ?? {} }] : [];
    });
  }

  /** All products of a line. */
  products(line: BasketLine): Product[] {
    const item = this.item(line.item_id);
    if (!item) return [];
    return item.kind === "product" ? [item] : this.taken(item, line).map((one) => one.product);
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

  /** How old the buyer of a basket must be, 0 for anybody. */
  age(lines: readonly BasketLine[]): number {
    return Math.max(0, ...lines.flatMap((line) => this.products(line)).map(ageLimit));
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

/** Whether two lines are the same thing, so that one more is a larger quantity. */
export function same(one: BasketLine, other: BasketLine): boolean {
  const key = ({ item_id, options, parts }: BasketLine): string =>
    JSON.stringify([item_id, sorted(options), sorted(parts).map(([code, part]) => [code, part.product_id, sorted(part.options)])]);
  return key(one) === key(other);
}

const sorted = <T>(record: Record<string, T>): [string, T][] => Object.entries(record).sort(([one], [other]) => one.localeCompare(other));
