import { beforeAll, describe, expect, it } from "vitest";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import type { Geometry } from "../../../shared/api/words";
import type { Pricing } from "../../../shared/office/types";
import { added, checked, counted, docOf, located, painted, without, withCategory } from "./doc";
import { Painting } from "./painting.svelte";

const ONE = "018f0000-0000-7000-8000-000000000001";
const TWO = "018f0000-0000-7000-8000-000000000002";
const venue = {
  blocks: [{ code: "101", seat_count: 300 }, { code: "102", seat_count: 200 }],
  areas: [{ code: "PIT", capacity_max: 900 }],
} as unknown as Geometry;
const pricing: Pricing = {
  categories: [{ id: ONE, name: { fr: "Or", en: "Gold" }, colour: "#aa0000", prices: { full: 4500, child: 1250, reduced: 3000, access: 3000 } }],
  blocks: { 101: ONE },
  areas: [],
  fee_cents: 150,
  vat_permille: 55,
  fee_vat_permille: 200,
};

beforeAll(() => i18n.offer(["fr", "en"]));

describe("the pricing editor", () => {
  it("returns an unchanged document unchanged", () => {
    expect(checked(docOf(pricing, venue, "fr"), venue)).toEqual({ pricing, defects: [] });
  });

  it("paints blocks and areas, takes them off sale, and counts what each category covers", () => {
    const doc = painted(docOf(pricing, venue, "en"), ["101", "102", "PIT"], ONE);
    expect(counted(doc, venue).get(ONE)).toEqual({ blocks: 3, places: 1400 });
    const bare = painted(doc, ["101", "PIT"], null);
    expect(checked(bare, venue).pricing).toMatchObject({ blocks: { 102: ONE }, areas: [] });
    expect(painted(bare, ["101"], null)).toBe(bare);
  });

  it("shows all errors at once, each at its field", () => {
    let doc = added(docOf(pricing, venue, "en"), { en: "Silver" }).doc;
    const id = doc.categories[1]!.id;
    doc = withCategory(doc, id, { prices: { full: "ten", child: "", reduced: "5", access: "99999" } });
    doc = { ...painted(doc, ["PIT"], id), fee: "x", vat: "5.5" };
    doc = { ...doc, areas: { PIT: { category: id, capacity: "1000" } } };
    expect(checked(doc, venue).defects).toEqual([
      { code: "name_missing", field: `name-fr-${id}` },
      { code: "price_unreadable", field: `price-full-${id}` },
      { code: "price_missing", field: `price-child-${id}` },
      { code: "price_out_of_range", field: `price-access-${id}` },
      { code: "capacity_out_of_range", field: "area-PIT" },
      { code: "fee_unreadable", field: "fee_cents" },
    ]);
  });

  it("finds the field of a refusal of the server", () => {
    const sent: Pricing = { ...pricing, areas: [{ area: "PIT", category_id: ONE, capacity: 1 }] };
    expect(["categories[0].prices.child", "categories[0].name.en", "areas[0]", "blocks.7", "fee_cents"].map((at) => located(at, sent))).toEqual([
      `price-child-${ONE}`, `name-en-${ONE}`, "area-PIT", "blocks.7", "fee_cents",
    ]);
  });

  it("removes a category completely", () => {
    const doc = without(painted(docOf(pricing, venue, "en"), ["PIT"], ONE), ONE);
    expect(checked(doc, venue).pricing).toMatchObject({ categories: [], blocks: {}, areas: [] });
  });

  it("undoes and redoes a whole stroke", () => {
    const painting = new Painting(docOf(pricing, venue, "en"));
    const first = painting.doc;
    painting.take(painted(painting.doc, ["101"], TWO), "stroke 1");
    painting.take(painted(painting.doc, ["102"], TWO), "stroke 1");
    const stroke = painting.doc;
    expect(painting.dirty).toBe(true);
    painting.undo();
    expect(painting.doc).toBe(first);
    expect([painting.dirty, painting.undoable, painting.redoable]).toEqual([false, false, true]);
    painting.redo();
    expect(painting.doc).toBe(stroke);
  });
});
