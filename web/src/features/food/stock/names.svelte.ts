/** Products by id: those on sale at an outlet, and all others for staff who may read the draft. */
import { answered } from "../../../shared/api/answer";
import { api } from "../../../shared/api/client";
import { i18n } from "../../../shared/i18n/i18n.svelte";
import { desk } from "../../../shared/office/desk.svelte";
import { catalogue } from "../catalogue/catalogue.svelte";
import type { OutletCatalogue, Product } from "../office/types";
import { food } from "../office/words.svelte";

class Names {
  #known = $state.raw(new Map<string, Product>());

  /** Products of an outlet in the order of the board; empty before the first catalogue. */
  async learn(outlet: string): Promise<Product[]> {
    const answer = await answered<OutletCatalogue>(api.GET("/api/food/catalogue/{outlet}", { params: { path: { outlet } } }));
    const products = answer.ok ? answer.data.items.map(({ item }) => item).filter((item) => item.kind === "product") : [];
    this.#known = new Map([...this.#known, ...products.map((product) => [product.id, product] as const)]);
    return products;
  }

  /** All products, for staff who may read the catalogue. */
  async learnAll(): Promise<void> {
    if (!desk.overAll("programme") && !desk.overAll("finance")) return;
    await catalogue.load();
    const items = [...(catalogue.inForce?.items ?? []), ...(catalogue.draft?.items.map(({ item }) => item) ?? [])];
    this.#known = new Map([...this.#known, ...items.filter((item) => item.kind === "product").map((item) => [item.id, item] as const)]);
  }

  of(id: string): string {
    const product = this.#known.get(id);
    return product ? i18n.text(product.name) : food.w.stock.unknown(id.slice(-4));
  }
}

export const names = new Names();
