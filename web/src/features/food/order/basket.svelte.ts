/** Basket of an outlet, stored in this browser so that it survives a top-up or a sign-in. */
import { storage } from "../../../shared/runtime/storage";
import type { BasketLine } from "../rules/pricing";
import { same, type DietFilter } from "./catalogue";

const QUANTITY_MAX = 99;
const key = (outlet: string): string => `food.basket.${outlet}`;

export class Basket {
  lines = $state.raw<BasketLine[]>([]);

  constructor(private readonly outlet: string) {
    this.lines = storage.read<BasketLine[]>(key(outlet)) ?? [];
  }

  get count(): number {
    return this.lines.reduce((sum, line) => sum + line.quantity, 0);
  }

  add(line: BasketLine): void {
    const at = this.lines.findIndex((present) => same(present, line));
    if (at < 0) this.#keep([...this.lines, line]);
    else this.set(at, this.lines[at]!.quantity + line.quantity);
  }

  set(at: number, quantity: number): void {
    const changed = this.lines.map((line, index) => (index === at ? { ...line, quantity: Math.min(QUANTITY_MAX, quantity) } : line));
    this.#keep(changed.filter((line) => line.quantity > 0));
  }

  clear(): void {
    this.#keep([]);
  }

  #keep(next: BasketLine[]): void {
    const lines = $state.snapshot(next) as BasketLine[]; // a dialog's state cannot be stored in IndexedDB
    this.lines = lines;
    storage.write(key(this.outlet), lines.length ? lines : null);
  }
}

/** Fill an outlet's basket before its menu is opened. */
export function putInto(outlet: string, lines: readonly BasketLine[]): void {
  storage.write(key(outlet), lines);
}

class DietFilters {
  value = $state.raw<DietFilter>(storage.read<DietFilter>("food.wanted") ?? { without: [], diet: "" });

  get count(): number {
    return this.value.without.length + (this.value.diet ? 1 : 0);
  }

  choose(change: Partial<DietFilter>): void {
    this.value = { ...this.value, ...change };
    storage.write("food.wanted", this.count ? this.value : null);
  }
}

/** Diet and allergens are health data: they never leave this browser. */
export const dietFilters = new DietFilters();
