import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Catalogue, Menu, Product } from "../rules/catalogue";
import type { BasketLine } from "../rules/pricing";
import { Card, same } from "./catalogue";

interface Vectors {
  catalogues: Catalogue[];
  baskets: { name: string; outlet: string; at: string; starts_at: string | null; basket: { version: string; lines: BasketLine[]; returns: unknown[] }; priced?: { total_cents: number } }[];
}
const vectors = JSON.parse(readFileSync(join(import.meta.dirname, "../../../../../docs/vectors/prices.json"), "utf8")) as Vectors;
const whole = (line: BasketLine): BasketLine => ({ ...line, options: line.options ?? {}, parts: line.parts ?? {} });

const product = (id: string, more: Partial<Product> = {}): Product =>
  ({ kind: "product", id, category: "hot_food", allergens: [], options: [], abv_permille: 0, age_min: 0, diet: null, ...more }) as unknown as Product;
const line = (item_id: string, more: Partial<BasketLine> = {}): BasketLine => ({ item_id, quantity: 1, options: {}, parts: {}, ...more });
const card = (items: (Product | Menu)[], gone: string[] = []): Card =>
  new Card({ version: "v", outlet: "01", deposits: [], items: items.map((item) => ({ item, cents: 100, prices: [] })) }, { gone, startsAt: null, dry: false });
const sauce = (allergens: string[], required: boolean): Product["options"] =>
  [{ code: "sauce", name: { fr: "", en: "" }, required, choices: [{ code: "a", name: { fr: "", en: "" }, surcharge_cents: 0, allergens }] }] as unknown as Product["options"];

describe("a basket", () => {
  const priced = vectors.baskets.filter(({ basket, priced }) => priced && basket.returns.length === 0);

  it("has test vectors", () => expect(priced.length).toBeGreaterThan(5));

  it.each(priced.map((vector) => [vector.name, vector] as const))("costs the same as on the server: %s", (_, { outlet, at, starts_at, basket, priced: said }) => {
    const catalogue = vectors.catalogues.find((catalogue) => catalogue.outlet === outlet && catalogue.version === basket.version)!;
    const shown = new Card(catalogue, { gone: [], startsAt: starts_at ? Date.parse(starts_at) : null, dry: false });
    expect(shown.total(basket.lines.map(whole), Date.parse(at)).cents).toBe(said!.total_cents);
  });

  it("has the highest minimum age of its drinks, also in a menu", () => {
    const menu = { kind: "menu", id: "m", parts: [{ code: "drink", products: ["cola", "beer"] }] } as unknown as Menu;
    const board = card([menu, product("cola"), product("beer", { abv_permille: 50 })]);
    expect(board.age([line("cola"), line("m", { parts: { drink: { product_id: "cola", options: {} } } })])).toBe(0);
    expect(board.age([line("m", { parts: { drink: { product_id: "beer", options: {} } } })])).toBe(18);
  });

  it("adds up equal lines, and keeps lines with other options apart", () => {
    const first = line("a", { options: { sauce: "a", size: "s" } });
    expect(same(first, line("a", { quantity: 4, options: { size: "s", sauce: "a" } }))).toBe(true);
    expect(same(first, line("a", { options: { sauce: "b", size: "s" } }))).toBe(false);
  });
});

describe("diet filters", () => {
  const without = { without: ["milk" as const], diet: "" as const };

  it("hide products that contain an allergen or cannot be ordered without it", () => {
    const board = card([]);
    expect(board.suits(product("a"), without)).toBe(true);
    expect(board.suits(product("a", { allergens: ["milk"] }), without)).toBe(false);
    expect(board.suits(product("a", { options: sauce(["milk"], true) }), without)).toBe(false);
    expect(board.suits(product("a", { options: sauce(["milk"], false) }), without)).toBe(true);
  });

  it("keep a menu if each part has a matching product", () => {
    const menu = { kind: "menu", id: "m", parts: [{ code: "dish", products: ["a", "b"] }] } as unknown as Menu;
    expect(card([menu, product("a", { allergens: ["milk"] }), product("b")]).suits(menu, without)).toBe(true);
    expect(card([menu, product("a", { allergens: ["milk"] })]).suits(menu, without)).toBe(false);
  });

  it("vegetarians keep drinks, and vegan products are vegetarian", () => {
    const [board, vegetarian] = [card([]), { without: [], diet: "vegetarian" as const }];
    expect(board.suits(product("a"), vegetarian)).toBe(false);
    expect(board.suits(product("a", { diet: "vegan" }), vegetarian)).toBe(true);
    expect(board.suits(product("a", { category: "soft_drinks" }), vegetarian)).toBe(true);
    expect(board.suits(product("a", { diet: "vegetarian" }), { without: [], diet: "vegan" })).toBe(false);
  });
});

describe("unavailable products", () => {
  const menu = { kind: "menu", id: "m", parts: [{ code: "dish", products: ["a", "b"] }] } as unknown as Menu;
  const beer = product("beer", { abv_permille: 50 });

  it("make a menu unavailable if a part has no other product", () => {
    const items = [menu, product("a"), product("b")];
    expect(card(items, ["a"]).off(menu)).toBeNull();
    expect(card(items, ["a", "b"]).off(menu)).toBe("sold_out");
  });

  it("include all alcohol if the event forbids it, and spirits always", () => {
    const dry = new Card({ version: "v", outlet: "01", deposits: [], items: [] }, { gone: [], startsAt: null, dry: true });
    expect([dry.off(beer), dry.off(product("cola")), card([]).off(beer)]).toEqual(["dry", null, null]);
    expect(card([]).off(product("rum", { abv_permille: 100, distilled: true }))).toBe("dry");
  });
});
