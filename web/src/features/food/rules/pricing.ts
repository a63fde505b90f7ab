/**
 * Price of a basket to the cent, as `price` of the Python rules. docs/vectors/prices.json tests both, so that an offline
 * till asks the server's price.
 */
import { vatIncluded, type VatTotal } from "../../fiscal/record";
import { choicesOf, priceOf, type Catalogue, type Deposit, type Menu, type Product, type Text } from "./catalogue";

const QUANTITY_MAX = 99;
const RECEIPT_LINES_MAX = 60;

export type Chosen = { [option: string]: string };
export interface PartChoice {
  product_id: string;
  options: Chosen;
}
export interface BasketLine {
  item_id: string;
  quantity: number;
  options: Chosen;
  parts: { [part: string]: PartChoice };
}
export interface Basket {
  version: string;
  lines: BasketLine[];
  returns: { deposit_id: string; quantity: number }[];
}

export interface PricedLine {
  /** The basket's VAT; returns come after the other lines. */
  line: number;
  kind: "product" | "deposit" | "deposit_return";
  item_id: string;
  name: Text;
  quantity: number;
  unit_cents: number;
  gross_cents: number;
  vat_permille: number;
  vat_cents: number;
  options?: Chosen;
  menu_id?: string;
  part?: string;
}
export interface Priced {
  version: string;
  lines: PricedLine[];
  vat: VatTotal[];
  total_cents: number;
}
export interface Refused {
  type: "refused";
  reason: string;
  data: { [name: string]: unknown };
}

export const isRefused = (found: object): found is Refused => "reason" in found;
const refuse = (reason: string, line: number, more: object = {}): Refused => ({ type: "refused", reason, data: { line, ...more } });
const first = (names: Iterable<string>): string => [...names].sort()[0]!;

/**
 * Return the price of a basket at so many minutes after the start of the event (null without one), or the first reason
 * for having none.
 */
export function price(basket: Basket, catalogue: Catalogue, minutes: number | null): Priced | Refused {
  const { version } = catalogue;
  if (basket.version !== version) return { type: "refused", reason: "price_changed", data: { version } };
  if (basket.lines.length + basket.returns.length === 0) return { type: "refused", reason: "basket_empty", data: {} };
  const found: PricedLine[] = [];
  for (const [number, line] of basket.lines.entries()) {
    const priced = sell(catalogue, minutes, number, line);
    if (isRefused(priced)) return priced;
    found.push(...priced);
  }
  for (const [at, back] of basket.returns.entries()) {
    const number = basket.lines.length + at;
    const deposit = catalogue.deposits.find((deposit) => deposit.id === back.deposit_id);
    if (!deposit) return refuse("unknown_product", number);
    if (!isQuantity(back.quantity)) return refuse("quantity_bad", number);
    found.push(depositLine(number, "deposit_return", deposit, -back.quantity));
  }
  if (found.length > RECEIPT_LINES_MAX) {
    return { type: "refused", reason: "basket_too_long", data: { lines: found.length, lines_max: RECEIPT_LINES_MAX } };
  }
  const vat = totals(found);
  return { version, lines: withVat(found, vat), vat, total_cents: found.reduce((sum, line) => sum + line.gross_cents, 0) };
}

const isQuantity = (quantity: number): boolean => Number.isInteger(quantity) && quantity >= 1 && quantity <= QUANTITY_MAX;

function sell(catalogue: Catalogue, minutes: number | null, number: number, line: BasketLine): PricedLine[] | Refused {
  const shown = catalogue.items.find(({ item }) => item.id === line.item_id);
  if (!shown) return refuse("unknown_product", number);
  if (!isQuantity(line.quantity)) return refuse("quantity_bad", number);
  const { item } = shown;
  if (item.kind === "menu") return sellMenu(catalogue, minutes, number, line, item, priceOf(shown, minutes));
  const unknownCodes = Object.keys(line.parts);
  if (unknownCodes.length > 0) return refuse("menu_part_unknown", number, { part: first(unknownCodes) });
  return linesOf(catalogue, number, line, { product: item, cents: priceOf(shown, minutes), options: line.options });
}

function sellMenu(catalogue: Catalogue, minutes: number | null, number: number, line: BasketLine, menu: Menu, cents: number): PricedLine[] | Refused {
  const options = Object.keys(line.options);
  if (options.length > 0) return refuse("option_unknown", number, { option: first(options) });
  const unknownCodes = Object.keys(line.parts).filter((code) => !menu.parts.some((part) => part.code === code));
  if (unknownCodes.length > 0) return refuse("menu_part_unknown", number, { part: first(unknownCodes) });
  const taken: { part: string; product: Product; options: Chosen }[] = [];
  for (const part of menu.parts) {
    const available = choicesOf(catalogue, part);
    const choice = line.parts[part.code];
    if (!choice && available.length > 1) return refuse("menu_part_missing", number, { part: part.code });
    const product = choice ? available.find((product) => product.id === choice.product_id) : available[0];
    if (!product) {
      const known = choice !== undefined && part.products.includes(choice.product_id);
      return refuse(known ? "not_at_this_outlet" : "menu_part_unknown", number, { part: part.code });
    }
    taken.push({ part: part.code, product, options: choice?.options ?? {} });
  }
  const alone = (product: Product): number => priceOf(catalogue.items.find(({ item }) => item.id === product.id)!, minutes);
  const shares = split(cents, taken.map(({ product }) => alone(product)));
  const found: PricedLine[] = [];
  for (const [at, part] of taken.entries()) {
    const priced = linesOf(catalogue, number, line, { ...part, cents: shares[at]!, menu: menu.id });
    if (isRefused(priced)) return priced;
    found.push(...priced);
  }
  return found;
}

interface Taken {
  product: Product;
  cents: number;
  options: Chosen;
  menu?: string;
  part?: string;
}

/** Line of a product, and of its cup. */
function linesOf(catalogue: Catalogue, number: number, { quantity }: BasketLine, { product, cents, options, menu, part }: Taken): PricedLine[] | Refused {
  const surcharge = surchargeOf(number, product, options);
  if (typeof surcharge !== "number") return surcharge;
  const line: PricedLine = {
    line: number,
    kind: "product",
    item_id: product.id,
    name: product.name,
    quantity,
    unit_cents: cents + surcharge,
    gross_cents: (cents + surcharge) * quantity,
    vat_permille: product.vat_permille,
    vat_cents: 0,
    ...(Object.keys(options).length > 0 ? { options } : {}),
    ...(menu === undefined ? {} : { menu_id: menu, part: part! }),
  };
  const deposit = catalogue.deposits.find((deposit) => deposit.id === product.deposit_id);
  return deposit ? [line, depositLine(number, "deposit", deposit, quantity)] : [line];
}

/** Total price of the chosen options. */
function surchargeOf(number: number, product: Product, options: Chosen): number | Refused {
  const unknownCodes = Object.keys(options).filter((code) => !product.options.some((option) => option.code === code));
  if (unknownCodes.length > 0) return refuse("option_unknown", number, { option: first(unknownCodes) });
  let cents = 0;
  for (const option of product.options) {
    const code = options[option.code];
    if (code === undefined && option.required) return refuse("option_missing", number, { option: option.code });
    if (code === undefined) continue;
    const choice = option.choices.find((choice) => choice.code === code);
    if (!choice) return refuse("option_unknown", number, { option: option.code });
    cents += choice.surcharge_cents;
  }
  return cents;
}

function depositLine(line: number, kind: PricedLine["kind"], { id, name, cents }: Deposit, quantity: number): PricedLine {
  return { line, kind, item_id: id, name, quantity, unit_cents: cents, gross_cents: cents * quantity, vat_permille: 0, vat_cents: 0 };
}

/** Split a total into parts in proportion to the weights; remaining cents go to the largest remainders. */
export function split(total: number, weights: readonly number[]): number[] {
  const shares = weights.some((weight) => weight > 0) ? weights : weights.map(() => 1);
  const weight = shares.reduce((sum, share) => sum + share, 0);
  const parts = shares.map((share) => Math.floor((total * share) / weight));
  const left = total - parts.reduce((sum, part) => sum + part, 0);
  const byRemainder = shares.map((share, at) => ({ at, rest: (total * share) % weight })).sort((a, b) => b.rest - a.rest);
  for (const { at } of byRemainder.slice(0, left)) parts[at]! += 1;
  return parts;
}

/** Totals by VAT rate, ascending. */
function totals(lines: readonly PricedLine[]): VatTotal[] {
  const gross = new Map<number, number>();
  for (const line of lines) gross.set(line.vat_permille, (gross.get(line.vat_permille) ?? 0) + line.gross_cents);
  return [...gross]
    .sort(([a], [b]) => a - b)
    .map(([vat_permille, gross_cents]) => ({ vat_permille, gross_cents, vat_cents: vatIncluded(gross_cents, vat_permille) }));
}

/** Lines with their share of the VAT of their rate; a taxable amount is never negative. */
function withVat(lines: readonly PricedLine[], vat: readonly VatTotal[]): PricedLine[] {
  const found = lines.map((line) => ({ ...line }));
  for (const { vat_permille, vat_cents } of vat) {
    const own = found.filter((line) => vat_cents > 0 && line.vat_permille === vat_permille);
    split(vat_cents, own.map((line) => line.gross_cents)).forEach((share, at) => own[at] && (own[at].vat_cents = share));
  }
  return found;
}
