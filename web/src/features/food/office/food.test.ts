import { beforeAll, describe, expect, it } from "vitest";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { changes } from "../catalogue/changes";
import { coded, emptyForm, emptyOption, emptyPart, emptyPrice, formOf, located, meant, type ItemForm, type PriceForm } from "../catalogue/form";
import { checkPrices, samePrices } from "../catalogue/prices";
import { codeOf } from "../cards/code";
import { check, stateOf, usedOf } from "../permits/calendar";
import { plainName } from "./files";
import { outletCode, outletOptions, outletsText, outletText } from "./outlets";
import { eventsNear } from "./period";
import { binsOf } from "../sales/steps";
import { alarmOf, linesOf, rowsOf } from "../stock/levels";
import type { AlcoholPermit, Draft, Product, SalesRow, Text } from "./types";
import { food } from "./words.svelte";

const filled = (more: Partial<ItemForm> = {}): ItemForm => ({ ...emptyForm("product", "fr"), name: { fr: "Frites", en: "Fries" }, vat: "10", price: "4,50", ...more });
const product = (more: Partial<ItemForm> = {}): Product => meant(filled(more)).item as Product;
const price = (outlet: string, from: string, until: string, cents = "4"): PriceForm => ({ ...emptyPrice(), outlet, from, until, cents });
const draftOf = (...items: ReturnType<typeof meant>[]): Draft => ({ version: "a", in_force: "b", defects: [], items: items.map(({ item, prices }) => ({ item, prices, revision: 1 })) });

it("offers the published events around now, nearest first", () => {
  const event = (id: string, state: string, day: string) => ({ event: { id, state, starts_at: `2026-05-${day}T19:00:00Z` } });
  const events = [event("far", "published", "20"), event("cancelled", "cancelled", "09"), event("draft", "draft", "09"), event("near", "published", "10")];
  expect(eventsNear(events, Date.parse("2026-05-09T18:00:00Z")).map(({ event }) => event.id)).toEqual(["near", "far"]);
});

it("makes a file name without accents", () => {
  expect(plainName("Les Buvettes du Rhône")).toBe("Les-Buvettes-du-Rhone");
  expect(plainName("« Chez Éloïse »")).toBe("Chez-Eloise");
});

beforeAll(() => i18n.offer(["fr", "en"]));

describe("an item's form", () => {
  it("converts to the item that it was made from, with numbers in both languages", () => {
    const said = filled({ options: [{ ...emptyOption(), name: { fr: "Taille", en: "Size" }, choices: [{ code: "", name: { fr: "Petite", en: "Small" }, surcharge: "0,30", allergens: ["milk"] }] }], prices: [price("02", "-90", "-45")] });
    const { item, prices, faults } = meant(said);
    expect(faults).toEqual({});
    expect((item as Product).options[0]!.choices[0]).toEqual({ code: "petite", name: { fr: "Petite", en: "Small" }, surcharge_cents: 30, allergens: ["milk"] });
    for (const locale of ["fr", "en"]) {
      const again = meant(formOf({ item, prices }, locale));
      expect(again.item).toEqual(item);
      expect(samePrices(again.prices, prices)).toBe(true);
    }
  });

  it("shows each error at its field", () => {
    const wrong = filled({ name: { fr: "Frites", en: " " }, price: "much", vat: "x", about: { fr: "Bien" }, abv: "0", distilled: true, diet: "vegan", allergens: ["milk"], everywhere: false, options: [{ ...emptyOption(), name: { fr: "Taille", en: "Size" }, choices: [] }] });
    expect(meant(wrong).faults).toEqual({ "name.en": "name", price: "amount", vat: "rate", about: "partial", abv: "distilled", diet: "vegan", outlets: "outlets", "options.0.choices": "choices" });
    expect(meant({ ...emptyForm("menu", "en"), name: { fr: "Menu", en: "Menu" }, parts: [emptyPart()] }).faults).toEqual({ "parts.0.name.fr": "name", "parts.0.name.en": "name", "parts.0.products": "products" });
    expect(meant({ ...emptyForm("deposit", "en"), name: { fr: "Gobelet", en: "Cup" }, price: "0" }).faults).toEqual({ price: "amount" });
  });

  it("may be saved without a price, which is then a defect of the draft", () => {
    expect(meant(filled({ price: "" }))).toMatchObject({ prices: [], faults: {} });
  });

  it("gives new options unique codes and keeps published ones", () => {
    const named: { code: string; name: Text }[] = [{ code: "sauce", name: {} }, { code: "", name: { en: "Sauce" } }, { code: "", name: { fr: "Çéleri !" } }, { code: "", name: { en: "酱" } }];
    expect(coded(named).map((option) => option.code)).toEqual(["sauce", "sauce-2", "celeri", "n4"]);
  });

  it("finds the field of a refusal of the server", () => {
    const item = product({ options: [{ ...emptyOption(), code: "sauce", name: { fr: "Sauce", en: "Sauce" }, choices: [{ code: "hot", name: { fr: "Forte", en: "Hot" }, surcharge: "", allergens: [] }] }] });
    expect(["name.fr", "description", "diet", "options.sauce.name.en", "options.sauce.choices.hot.name.fr", "options"].map((source) => located(source, item))).toEqual([
      "name.fr", "about", "diet", "options.0.name.en", "options.0.choices.0.name.fr", "options",
    ]);
  });
});

describe("prices by outlet and time", () => {
  it("never overlap in place and time", () => {
    const [early, overlapping, otherOutlet] = [price("02", "-90", "-45"), price("02", "-50", "0"), price("03", "-50", "0")];
    expect(checkPrices([overlapping, early, otherOutlet])).toEqual({ [`prices.${overlapping.key}`]: "overlap" });
    expect(checkPrices([early, price("02", "-45", "0")])).toEqual({});
    const [any, again] = [price("02", "", ""), price("02", "", "")];
    expect(checkPrices([any, again])).toEqual({ [`prices.${again.key}`]: "twice" });
    const house = price("", "", "");
    expect(checkPrices([house])).toEqual({ [`prices.${house.key}`]: "twice" });
    const [half, back] = [price("", "-10", ""), price("", "10", "-10")];
    expect(checkPrices([half, back])).toEqual({ [`prices.${half.key}`]: "window", [`prices.${back.key}`]: "windowEnds" });
  });
});

describe("what publishing changes", () => {
  it("is listed item by item, in any order of the server's answer", () => {
    const [old, fries, cola] = [meant(filled({ name: { fr: "Vieux", en: "Old" } })), meant(filled()), meant(filled({ price: "3" }))];
    const inForce = { items: [old.item, fries.item, { ...cola.item }], prices: { [old.item.id]: old.prices, [fries.item.id]: fries.prices, [cola.item.id]: cola.prices } };
    expect(changes(draftOf(old, fries, cola), inForce)).toEqual([]);
    const reordered = { ...fries, item: Object.fromEntries(Object.entries(fries.item).reverse()) as unknown as Product };
    expect(changes(draftOf(old, reordered, cola), inForce)).toEqual([]);
    const dearer = { ...cola, prices: [{ cents: 350 }] };
    const made = meant(filled({ name: { fr: "Neuf", en: "New" } }));
    const found = changes(draftOf(made, { ...fries, item: { ...fries.item, name: { fr: "Frites", en: "Chips" } } }, dearer), inForce);
    expect(found.map(({ kind, from, to }) => [kind, from, to])).toEqual([["added", undefined, 450], ["content", undefined, undefined], ["price", 300, 350], ["removed", undefined, undefined]]);
    expect(changes(draftOf(fries), null).map((change) => change.kind)).toEqual(["added"]);
  });
});

describe("the stock of an outlet", () => {
  const [fries, coffee] = [product(), product({ stocked: false })];
  it("lists counted products on sale, then others in stock", () => {
    const levels = [{ outlet: "01", product_id: "gone", level: 3, low_at: null }, { outlet: "01", product_id: fries.id, level: 0, low_at: 2 }];
    const rows = rowsOf(levels, [coffee, fries]);
    expect(rows.map((row) => [row.product_id, row.level])).toEqual([[fries.id, 0], ["gone", 3]]);
    expect(rows.map(alarmOf)).toEqual(["empty", null]);
    expect([-1, 0, 2, 3].map((level) => alarmOf({ product_id: "a", level, low_at: 2 }))).toEqual(["below_zero", "empty", "low", null]);
    expect(alarmOf({ product_id: "a", level: 0, low_at: null })).toBe(null);
  });

  it("accepts zero for a count only", () => {
    expect(linesOf("count", { a: "0", b: " ", c: "12" })).toEqual({ lines: [{ product_id: "a", quantity: 0 }, { product_id: "c", quantity: 12 }], faults: {} });
    expect(linesOf("waste", { a: "0", b: "many" })).toEqual({ lines: [], faults: { a: "zero", b: "number" } });
  });
});

describe("alcohol", () => {
  const permit = (starts_at: string, withdrawn_at: string | null = null): AlcoholPermit => ({ id: "d", organiser_id: "club", starts_at, ends_at: "2027-01-02T00:00:00Z", reference: "1", withdrawn_at });
  it("count in the year of the venue's time zone, unless withdrawn before they began", () => {
    const all = [permit("2026-12-31T22:30:00Z"), permit("2026-12-31T23:30:00Z"), permit("2026-12-31T23:30:00Z", "2026-12-31T23:30:00Z"), permit("2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z")];
    expect([2026, 2027].map((year) => usedOf(all, "club", year))).toEqual([1, 2]);
    expect(all.map((each) => stateOf(each, Date.parse("2026-12-31T23:00:00Z")))).toEqual(["running", "coming", "withdrawn", "ended"]);
  });

  it("last 48 hours at most, also across a change of daylight saving time", () => {
    const form = { starts: "2027-03-27T20:00", reference: "7" };
    expect(check({ ...form, ends: "2027-03-29T21:00" }, "Europe/Paris")).toEqual({});
    expect(check({ ...form, ends: "2027-03-29T21:01" }, "Europe/Paris")).toEqual({ ends: "long" });
    expect(check({ starts: "", ends: "", reference: " " }, "Europe/Paris")).toEqual({ starts: "time", ends: "time", reference: "reference" });
  });
});

describe("sales by minute", () => {
  const row = (key: string, gross_cents: number): SalesRow => ({ key, name: null, quantity: 1, gross_cents, vat_cents: 0, refund_cents: 0, tip_cents: 0, sales: 1, refunds: 0 });
  it("make a readable number of bars and keep the total", () => {
    const rows = [row("2026-05-09T18:00:00Z", 100), row("2026-05-09T18:01:00Z", 200), row("2026-05-09T21:30:00Z", -50)];
    const { bins, minutes } = binsOf(rows);
    expect([bins.length <= 48, minutes, bins.reduce((sum, bin) => sum + bin.cents, 0)]).toEqual([true, 5, 250]);
    expect(binsOf(rows.slice(0, 2)).bins.length).toBe(12);
    expect(binsOf([]).bins).toEqual([]);
  });
});

it("a printed code is read with any separators and case", () => {
  expect(["k7q2x m4r9t", "K7Q2X-M4R9T", "k7q2", ""].map(codeOf)).toEqual(["K7Q2X-M4R9T", "K7Q2X-M4R9T", null, null]);
});

describe("outlets of two venues", () => {
  const stands = [{ code: "N", name: "North", colour: "#000", seats: 1 }];
  const venue = (name: string, prefix: string) => ({ name, stands, outlets: ["01", "02", "10"].map((code) => ({ code: prefix + code, stand: "N", ring: 1, x: 0, y: 0 })) });
  beforeAll(() => food.use("fr"));
  const [stadium, arena] = [venue("Stadium", ""), venue("Arena", "arena.")];

  it("are read by their local code, with the venue's name only if there are several", () => {
    expect(outletText("01", [stadium])).toBe("01 · North, niveau 1");
    expect(outletText("arena.01", [stadium, arena])).toBe("01 · North, niveau 1, Arena");
    expect(outletText("01", [stadium, arena])).toBe("01 · North, niveau 1, Stadium");
    expect(outletCode("arena.01", [stadium, arena])).toBe("01, Arena");
    expect(outletCode("01", [stadium])).toBe("01");
    expect(outletText("gone.01", [stadium, arena])).toBe("01, gone");
  });

  it("are chosen from one list, grouped by venue if there are several", () => {
    const [first, second] = [stadium.outlets[0]!, arena.outlets[0]!];
    expect(outletOptions([first], [stadium])).toEqual([{ value: "01", text: "01 · North, niveau 1" }]);
    expect(outletOptions([first, second], [stadium, arena])).toEqual([
      { value: "01", text: "01 · North, niveau 1", group: "Stadium" },
      { value: "arena.01", text: "01 · North, niveau 1", group: "Arena" },
    ]);
  });

  it("are listed by venue in a short text", () => {
    expect(outletsText(["10", "02", "01"], 2, [stadium])).toBe("01, 02 et 1 de plus");
    expect(outletsText(["arena.02", "10", "arena.01", "01"], 3, [stadium, arena])).toBe("Stadium 01, 10; Arena 01 et 1 de plus");
    expect(outletsText(["arena.01"], 6, [stadium, arena])).toBe("Arena 01");
  });
});
