/** Prices besides the standard one. Prices of one place must not overlap in time. */
import type { Price } from "../office/types";
import type { Faults, PriceForm } from "./form";

const MINUTES = /^-?\d{1,4}$/;
const MINUTES_MAX = 1440;

interface Timed {
  price: PriceForm;
  from: number;
  until: number;
}

const isTime = (text: string): boolean => MINUTES.test(text.trim()) && Math.abs(Number(text)) <= MINUTES_MAX;
const isAnyTime = (price: PriceForm): boolean => !price.from.trim() && !price.until.trim();

/** Errors in places and times of prices, by the key of the price. */
export function checkPrices(prices: readonly PriceForm[]): Faults {
  const faults: Faults = {};
  const seen = new Set([""]); // the standard price of all outlets has its own field
  const windows = new Map<string, Timed[]>();
  for (const price of prices) {
    const at = `prices.${price.key}`;
    if (isAnyTime(price)) {
      if (seen.has(price.outlet)) faults[at] = "twice";
      seen.add(price.outlet);
    } else if (!isTime(price.from) || !isTime(price.until)) faults[at] = "window";
    else if (Number(price.until) <= Number(price.from)) faults[at] = "windowEnds";
    else windows.set(price.outlet, [...(windows.get(price.outlet) ?? []), { price, from: Number(price.from), until: Number(price.until) }]);
  }
  for (const timed of windows.values()) {
    const sorted = [...timed].sort((a, b) => a.from - b.from);
    sorted.forEach((window, index) => {
      const previous = sorted[index - 1];
      if (previous && window.from < previous.until) faults[`prices.${window.price.key}`] = "overlap";
    });
  }
  return faults;
}

/** Whether two lists are equal in any order. */
export function samePrices(a: readonly Price[], b: readonly Price[]): boolean {
  const textOf = (prices: readonly Price[]): string =>
    prices.map(({ cents, outlet, window }) => [outlet ?? "", window?.from_min ?? "", window?.until_min ?? "", cents].join("|")).sort().join("\n");
  return textOf(a) === textOf(b);
}
