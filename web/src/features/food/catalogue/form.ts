/** Form of a catalogue item and its prices, and conversion to and from the document. */
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { isPartial, missingIn, tidied } from "../../../shared/i18n/texts";
import { newId } from "../../../shared/runtime/ids";
import { centsOf, typed } from "../../../shared/ui/money";
import { permilleOf, typedRate, wholeOf } from "../../../shared/office/numbers";
import { plainName } from "../office/files";
import type { Allergen, DraftItem, Item, ItemKind, Price, Product, ProductCategory, Station, Text } from "../office/types";
import { checkPrices } from "./prices";

interface Named {
  code: string;
  name: Text;
}
export interface ChoiceForm extends Named {
  surcharge: string;
  allergens: Allergen[];
}
export interface OptionForm extends Named {
  required: boolean;
  choices: ChoiceForm[];
}
export interface PartForm extends Named {
  products: string[];
}
/** A price besides the standard one; empty `outlet`: all outlets, empty times: any time. */
export interface PriceForm {
  key: string;
  outlet: string;
  from: string;
  until: string;
  cents: string;
}
export interface ItemForm extends Named {
  kind: ItemKind;
  id: string;
  about: Text;
  category: ProductCategory;
  position: string;
  vat: string;
  station: Station;
  seconds: string;
  allergens: Allergen[];
  diet: string;
  abv: string;
  distilled: boolean;
  age: string;
  deposit: string;
  stocked: boolean;
  options: OptionForm[];
  parts: PartForm[];
  everywhere: boolean;
  outlets: string[];
  picture: string;
  /** Standard price; for a deposit, the price of the cup. */
  price: string;
  prices: PriceForm[];
}

/** Error of a field; the key of its text. */
export type Fault = "name" | "partial" | "amount" | "amountMissing" | "rate" | "number" | "distilled" | "vegan" | "vegetarian" | "choices" | "products" | "outlets" | "window" | "windowEnds" | "overlap" | "twice" | "picture" | "refused";
export type Faults = Record<string, Fault>;

const MEAT_FREE: readonly Allergen[] = ["fish", "crustaceans", "molluscs"];
const FORBIDS: Record<string, readonly Allergen[]> = { vegetarian: MEAT_FREE, vegan: [...MEAT_FREE, "eggs", "milk"] };
export const PRICE_MAX = 100_000;
const SOFT_PERMILLE_MAX = 12;

export const emptyChoice = (): ChoiceForm => ({ code: "", name: {}, surcharge: "0", allergens: [] });
export const emptyOption = (): OptionForm => ({ code: "", name: {}, required: true, choices: [emptyChoice(), emptyChoice()] });
export const emptyPart = (): PartForm => ({ code: "", name: {}, products: [] });
export const emptyPrice = (): PriceForm => ({ key: newId(), outlet: "", from: "", until: "", cents: "" });

/** Form of a new item. */
export function emptyForm(kind: ItemKind, locale: string): ItemForm {
  return {
    kind, id: newId(), code: "", name: {}, about: {},
    category: kind === "menu" ? "menus" : "hot_food", position: "100", vat: typedRate(100, locale), station: "counter", seconds: "30",
    allergens: [], diet: "", abv: "0", distilled: false, age: "0", deposit: "", stocked: true,
    options: [], parts: kind === "menu" ? [emptyPart()] : [], everywhere: true, outlets: [], picture: "", price: "", prices: [],
  };
}

const named = (thing: { code: string; name: Text }): Named => ({ code: thing.code, name: { ...thing.name } });
const isStanding = (price: Price): boolean => !price.outlet && !price.window;

/** Form of an item of the draft. */
export function formOf({ item, prices }: Pick<DraftItem, "item" | "prices">, locale: string): ItemForm {
  const form = { ...emptyForm(item.kind, locale), id: item.id, name: { ...item.name } };
  if (item.kind === "deposit") return { ...form, price: typed(item.cents, locale) };
  const standing = prices.find(isStanding);
  const shared: ItemForm = {
    ...form,
    about: { ...item.description }, category: item.category ?? "menus", position: String(item.position),
    everywhere: !item.outlets, outlets: [...(item.outlets ?? [])], picture: item.picture ?? "",
    price: standing ? typed(standing.cents, locale) : "",
    prices: prices.filter((price) => !isStanding(price)).map((price) => ({
      key: newId(), outlet: price.outlet ?? "", cents: typed(price.cents, locale),
      from: price.window ? String(price.window.from_min) : "", until: price.window ? String(price.window.until_min) : "",
    })),
  };
  if (item.kind === "menu") return { ...shared, parts: item.parts.map((part) => ({ ...named(part), products: [...part.products] })) };
  return { ...shared, ...ofProduct(item, locale) };
}

function ofProduct(item: Product, locale: string): Partial<ItemForm> {
  return {
    vat: typedRate(item.vat_permille, locale), station: item.station, seconds: String(item.preparation_s), allergens: [...item.allergens],
    diet: item.diet ?? "", abv: typedRate(item.abv_permille, locale), distilled: item.distilled, age: String(item.age_min),
    deposit: item.deposit_id ?? "", stocked: item.is_stocked,
    options: item.options.map((option) => ({
      ...named(option), required: option.required,
      choices: option.choices.map((choice) => ({ ...named(choice), surcharge: typed(choice.surcharge_cents, locale), allergens: [...choice.allergens] })),
    })),
  };
}

/** Codes for the server, unique, made from the names where missing. */
export function coded<Of extends Named>(things: readonly Of[]): Of[] {
  const used = new Set(things.map((thing) => thing.code).filter(Boolean));
  return things.map((thing, index) => {
    if (thing.code) return thing;
    const plain = (i18n.languages.map((tag) => plainName(thing.name[tag] ?? "")).find(Boolean) ?? "").toLowerCase().slice(0, 26) || `n${index + 1}`;
    let code = plain;
    for (let suffix = 2; used.has(code); suffix += 1) code = `${plain}-${suffix}`;
    used.add(code);
    return { ...thing, code };
  });
}

class Reading {
  readonly faults: Faults = {};

  name(names: Named, at: string): Text {
    for (const tag of missingIn(names.name)) this.faults[`${at}name.${tag}`] = "name";
    return tidied(names.name);
  }

  cents(text: string, at: string, min = 0): number {
    const cents = centsOf(text);
    if (cents === null || cents < min || cents > PRICE_MAX) this.faults[at] = text.trim() ? "amount" : "amountMissing";
    return cents ?? 0;
  }

  rate(text: string, at: string): number {
    const permille = permilleOf(text);
    if (permille === null) this.faults[at] = "rate";
    return permille ?? 0;
  }

  whole(text: string, at: string, max: number): number {
    const value = wholeOf(text);
    if (value === null || value > max) this.faults[at] = "number";
    return value ?? 0;
  }
}

export interface Meant {
  item: Item;
  prices: Price[];
  faults: Faults;
}

/** The document of a form, or its errors by field. */
export function meant(form: ItemForm): Meant {
  const read = new Reading();
  const name = read.name(form, "");
  if (form.kind === "deposit") return { item: { kind: "deposit", id: form.id, name, cents: read.cents(form.price, "price", 1) }, prices: [], faults: read.faults };
  if (isPartial(form.about)) read.faults.about = "partial";
  if (!form.everywhere && form.outlets.length === 0) read.faults.outlets = "outlets";
  const shared = {
    id: form.id, name, description: tidied(form.about), category: form.category,
    position: read.whole(form.position, "position", 10_000), outlets: form.everywhere ? null : form.outlets, picture: form.picture || null,
  };
  const prices = pricesOf(form, read);
  if (form.kind === "menu") return { item: { kind: "menu", ...shared, parts: partsOf(form, read) }, prices, faults: read.faults };
  return { item: { kind: "product", ...shared, ...productOf(form, read) }, prices, faults: read.faults };
}

function productOf(form: ItemForm, read: Reading): Omit<Product, "kind" | "id" | "name" | "category" | "position"> {
  const abv = read.rate(form.abv, "abv");
  if (form.distilled && abv <= SOFT_PERMILLE_MAX) read.faults.abv = "distilled";
  if (form.allergens.some((allergen) => FORBIDS[form.diet]?.includes(allergen))) read.faults.diet = form.diet as "vegan" | "vegetarian";
  return {
    vat_permille: read.rate(form.vat, "vat"), station: form.station, preparation_s: read.whole(form.seconds, "seconds", 3600),
    allergens: form.allergens, diet: (form.diet || null) as Product["diet"] & string | null, abv_permille: abv, distilled: form.distilled,
    age_min: read.whole(form.age, "age", 18), deposit_id: form.deposit || null, is_stocked: form.stocked, options: optionsOf(form, read),
  };
}

function optionsOf(form: ItemForm, read: Reading): Product["options"] {
  return coded(form.options).map((option, number) => {
    const at = `options.${number}.`;
    if (option.choices.length === 0) read.faults[`${at}choices`] = "choices";
    const choices = coded(option.choices).map((choice, index) => ({
      code: choice.code, name: read.name(choice, `${at}choices.${index}.`), allergens: choice.allergens,
      surcharge_cents: read.cents(choice.surcharge || "0", `${at}choices.${index}.surcharge`),
    }));
    return { code: option.code, name: read.name(option, at), required: option.required, choices };
  });
}

function partsOf(form: ItemForm, read: Reading): Extract<Item, { kind: "menu" }>["parts"] {
  return coded(form.parts).map((part, number) => {
    const at = `parts.${number}.`;
    if (part.products.length === 0) read.faults[`${at}products`] = "products";
    return { code: part.code, name: read.name(part, at), products: part.products };
  });
}

function pricesOf(form: ItemForm, read: Reading): Price[] {
  const prices: Price[] = [];
  // The draft may be saved without a standard price, but not published.
  if (form.price.trim()) prices.push({ cents: read.cents(form.price, "price") });
  Object.assign(read.faults, checkPrices(form.prices));
  for (const price of form.prices) {
    const at = `prices.${price.key}`;
    const window = price.from || price.until ? { from_min: Number(price.from), until_min: Number(price.until) } : null;
    const faulty = read.faults[at];
    const cents = read.cents(price.cents, at);
    if (faulty) read.faults[at] = faulty;
    prices.push({ cents, outlet: price.outlet || null, window });
  }
  return prices;
}

/** Form field of an error of the server, whose sources name options and parts by code. */
export function located(source: string, item: Item): string {
  const path = source.replace(/^item\./, "");
  if (path === "description") return "about";
  if (path === "abv_permille") return "abv";
  const things = item.kind === "menu" ? item.parts : item.kind === "product" ? item.options : [];
  const [list, code = "", ...rest] = path.split(".");
  const number = things.findIndex((thing) => thing.code === code);
  if ((list !== "options" && list !== "parts") || number < 0) return path;
  const choices = item.kind === "product" ? (item.options[number]?.choices ?? []) : [];
  const tail = rest[0] === "choices" && rest[1] ? ["choices", choices.findIndex((choice) => choice.code === rest[1]), ...rest.slice(2)] : rest;
  return [list, number, ...tail].join(".");
}
