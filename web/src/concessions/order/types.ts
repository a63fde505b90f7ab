/** What the server sends and takes of food, under short names. */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type Offer = Schemas["OutletOffer"];
export type Slot = Schemas["FoodSlot"];
export type Order = Schemas["FoodOrder"];
export type Wish = Schemas["FoodWish"];
export type Delivery = Schemas["Delivery"];
/** What is offered in the place of a full outlet. */
export interface Next {
  outlet: string;
  name: Schemas["Text"];
  walking_s: number | null;
  ready_at: string;
}
