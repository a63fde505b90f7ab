import { describe, expect, test } from "vitest";
import vectors from "../../../../../docs/vectors/prices.json";
import { maySell, maySellAll } from "./alcohol";
import type { Catalogue, Product } from "./catalogue";
import { price, split, type Basket } from "./pricing";

const minutes = (at: string, startsAt: string | null): number | null => (startsAt === null ? null : (Date.parse(at) - Date.parse(startsAt)) / 60_000);

test.each(vectors.baskets)("a basket: $name", (vector) => {
  const catalogue = vectors.catalogues.find(({ outlet }) => outlet === vector.outlet) as unknown as Catalogue;
  const found = price(vector.basket as unknown as Basket, catalogue, minutes(vector.at, vector.starts_at));
  expect(found).toEqual(vector.priced ?? vector.refused);
});

test.each(vectors.splits)("$total in parts by $weights", ({ total, weights, parts }) => {
  expect(split(total, weights)).toEqual(parts);
});

describe("what may be sold", () => {
  test.each(vectors.alcohol)("$name", ({ product, event, derogations, at, age_confirmed, refused }) => {
    expect(maySell(product as Product, event, Date.parse(at), derogations, age_confirmed)).toEqual(refused);
  });

  test("a forbidden product of a basket comes before an age check", () => {
    const product = (name: string): Product => vectors.alcohol.find((vector) => vector.name === name)!.product as Product;
    const basket = [product("an age limit without alcohol"), product("a cola"), product("spirits")];
    expect(maySellAll(basket, null, 0, [], false)).toMatchObject({ reason: "alcohol_forbidden", data: { why: "spirits" } });
    expect(maySellAll(basket.slice(0, 2), null, 0, [], false)).toMatchObject({ reason: "age_check_required", data: { age: 16 } });
    expect(maySellAll(basket.slice(0, 2), null, 0, [], true)).toBeNull();
  });
});
