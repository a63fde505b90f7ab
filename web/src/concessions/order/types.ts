/** What the server sends and takes of food, under short names. */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type Catalogue = Schemas["OutletCatalogue"];
export type Shown = Schemas["Shown"];
export type Product = Schemas["Product"];
export type Menu = Schemas["Menu"];
export type Option = Schemas["Option"];
export type Choice = Schemas["Choice"];
export type Allergen = Schemas["Allergen"];
export type Category = Schemas["ProductCategory"];
export type Offer = Schemas["OutletOffer"];
export type Slot = Schemas["FoodSlot"];
export type Order = Schemas["FoodOrder"];
export type OrderLine = Schemas["FoodLine"];
export type Wish = Schemas["FoodWish"];
export type Delivery = Schemas["Delivery"];
/** What is offered in the place of a full outlet. */
export interface Next {
  outlet: string;
  name: { fr: string; en: string };
  walking_s: number | null;
  ready_at: string;
}
export type Chosen = Record<string, string>;

/** One wish of the basket, as the server takes it. */
export interface Line {
  item_id: string;
  quantity: number;
  options: Chosen;
  parts: Record<string, { product_id: string; options: Chosen }>;
}
