/** The pricing of an event during editing: texts as typed; pure functions. */
import type { Geometry, Tariff } from "../../../shared/api/words";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { missingIn, tidied, type Text } from "../../../shared/i18n/texts";
import { newId } from "../../../shared/runtime/ids";
import { centsOf, typed } from "../../../shared/ui/money";
import { permilleOf, typedRate, wholeOf } from "../../../shared/office/numbers";
import type { Pricing } from "../../../shared/office/types";

export const PRICED: readonly Tariff[] = ["full", "child", "reduced", "access"];
export const PRICE_MAX = 1_000_000;
export const FEE_MAX = 10_000;
export const NAME_MAX = 80;
/** Colours of new categories in order, distinct in hue and lightness. */
export const COLOURS = [
  "#c2185b", "#1565c0", "#2e7d32", "#ef6c00", "#6a1b9a", "#00838f", "#9e9d24", "#5d4037", "#455a64", "#ad1457", "#283593", "#00695c",
];

export interface CategoryDraft {
  id: string;
  name: Text;
  colour: string;
  prices: Record<string, string>;
}
export interface AreaDraft {
  category: string | null;
  capacity: string;
}
export interface Doc {
  categories: readonly CategoryDraft[];
  /** Category by block; missing blocks are not for sale. */
  blocks: Readonly<Record<string, string>>;
  areas: Readonly<Record<string, AreaDraft>>;
  fee: string;
  vat: string;
  feeVat: string;
}
/** An error: the server's code and the id of its field. */
export interface Defect {
  code: string;
  field: string;
}

export const fieldOf = {
  name: (id: string, language: string): string => `name-${language}-${id}`,
  price: (id: string, tariff: string): string => `price-${tariff}-${id}`,
  colour: (id: string): string => `colour-${id}`,
  category: (id: string): string => `category-${id}`,
  area: (code: string): string => `area-${code}`,
};

export function docOf(pricing: Pricing, geometry: Geometry, locale: string): Doc {
  const areas: Record<string, AreaDraft> = {};
  for (const area of geometry.areas) areas[area.code] = { category: null, capacity: String(area.capacity_max) };
  for (const area of pricing.areas) areas[area.area] = { category: area.category_id, capacity: String(area.capacity) };
  return {
    categories: pricing.categories.map((category) => ({
      id: category.id,
      name: { ...category.name },
      colour: category.colour,
      prices: Object.fromEntries(PRICED.map((tariff) => [tariff, shownPrice(category.prices[tariff], locale)])),
    })),
    blocks: { ...pricing.blocks },
    areas,
    fee: typed(pricing.fee_cents, locale),
    vat: typedRate(pricing.vat_permille, locale),
    feeVat: typedRate(pricing.fee_vat_permille, locale),
  };
}

const shownPrice = (cents: number | undefined, locale: string): string => (cents === undefined ? "" : typed(cents, locale));

/** Assigns blocks and areas to a category, or takes them off sale; returns the same document if unchanged. */
export function painted(doc: Doc, codes: readonly string[], category: string | null): Doc {
  const blocks: Record<string, string> = { ...doc.blocks };
  const areas: Record<string, AreaDraft> = { ...doc.areas };
  let changed = false;
  for (const code of codes) {
    const area = areas[code];
    if (area) {
      if (area.category !== category) {
        areas[code] = { ...area, category };
        changed = true;
      }
    } else if ((blocks[code] ?? null) !== category) {
      if (category) blocks[code] = category;
      else delete blocks[code];
      changed = true;
    }
  }
  return changed ? { ...doc, blocks, areas } : doc;
}

export function withCategory(doc: Doc, id: string, change: Partial<CategoryDraft>): Doc {
  return { ...doc, categories: doc.categories.map((category) => (category.id === id ? { ...category, ...change } : category)) };
}

/** Adds a category with a distinct colour. */
export function added(doc: Doc, name: Text): { doc: Doc; id: string } {
  const used = new Set(doc.categories.map((category) => category.colour));
  const colour = COLOURS.find((candidate) => !used.has(candidate)) ?? COLOURS[doc.categories.length % COLOURS.length]!;
  const id = newId();
  const prices = Object.fromEntries(PRICED.map((tariff) => [tariff, ""]));
  return { doc: { ...doc, categories: [...doc.categories, { id, name, colour, prices }] }, id };
}

/** Removes a category; its blocks are no longer for sale. */
export function without(doc: Doc, id: string): Doc {
  const blocks = Object.fromEntries(Object.entries(doc.blocks).filter(([, category]) => category !== id));
  const areas = Object.fromEntries(
    Object.entries(doc.areas).map(([code, area]) => [code, area.category === id ? { ...area, category: null } : area]),
  );
  return { ...doc, categories: doc.categories.filter((category) => category.id !== id), blocks, areas };
}

/** The document for the API, with all errors. */
export function checked(doc: Doc, geometry: Geometry): { pricing: Pricing; defects: Defect[] } {
  const defects: Defect[] = [];
  const read = (value: number | null, max: number, field: string, kind: string): number => {
    if (value === null) defects.push({ code: `${kind}_unreadable`, field });
    else if (value > max) defects.push({ code: `${kind}_out_of_range`, field });
    return value ?? 0;
  };
  const categories = doc.categories.map((category) => {
    for (const language of missingIn(category.name)) defects.push({ code: "name_missing", field: fieldOf.name(category.id, language) });
    const prices: Record<string, number> = {};
    for (const tariff of PRICED) {
      const field = fieldOf.price(category.id, tariff);
      if (!category.prices[tariff]?.trim()) defects.push({ code: "price_missing", field });
      else prices[tariff] = read(centsOf(category.prices[tariff]), PRICE_MAX, field, "price");
    }
    return { id: category.id, name: tidied(category.name), colour: category.colour, prices };
  });
  const areas = geometry.areas.flatMap((area) => {
    const draft = doc.areas[area.code];
    if (!draft?.category) return [];
    const capacity = read(wholeOf(draft.capacity), area.capacity_max, fieldOf.area(area.code), "capacity");
    return [{ area: area.code, category_id: draft.category, capacity }];
  });
  const pricing = {
    categories,
    blocks: { ...doc.blocks },
    areas,
    fee_cents: read(centsOf(doc.fee), FEE_MAX, "fee_cents", "fee"),
    vat_permille: read(permilleOf(doc.vat), 999, "vat_permille", "vat"),
    fee_vat_permille: read(permilleOf(doc.feeVat), 999, "fee_vat_permille", "vat"),
  };
  return { pricing, defects };
}

/** The field id of a server's defect, from its path in the request. */
export function located(at: string, pricing: Pricing): string {
  const category = /^categories\[(\d+)\](?:\.(name|prices|colour)(?:\.([\w-]+))?)?$/.exec(at);
  if (category) {
    const id = pricing.categories[Number(category[1])]?.id ?? "";
    if (category[2] === "name") return fieldOf.name(id, category[3] ?? i18n.languages[0]!);
    if (category[2] === "prices") return fieldOf.price(id, category[3] ?? "full");
    return category[2] === "colour" ? fieldOf.colour(id) : fieldOf.category(id);
  }
  const area = /^areas\[(\d+)\]$/.exec(at);
  if (area) return fieldOf.area(pricing.areas[Number(area[1])]?.area ?? "");
  return at;
}

/** Blocks and seats of each category, the areas' places with them. */
export function counted(doc: Doc, geometry: Geometry): Map<string, { blocks: number; places: number }> {
  const byCategory = new Map<string, { blocks: number; places: number }>();
  const add = (category: string | null | undefined, places: number): void => {
    if (!category) return;
    const sum = byCategory.get(category) ?? { blocks: 0, places: 0 };
    byCategory.set(category, { blocks: sum.blocks + 1, places: sum.places + places });
  };
  for (const block of geometry.blocks) add(doc.blocks[block.code], block.seat_count);
  for (const area of geometry.areas) add(doc.areas[area.code]?.category, wholeOf(doc.areas[area.code]?.capacity ?? "") ?? 0);
  return byCategory;
}
