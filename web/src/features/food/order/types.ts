/** Short names for the API types of food ordering. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type Offer = Schemas["OutletOffer"];
export type Slot = Schemas["FoodSlot"];
export type Order = Schemas["FoodOrder"];
export type OrderRequest = Schemas["FoodOrderRequest"];
export type Delivery = Schemas["DeliveryPlace"];
/** An alternative to a full outlet. */
export interface Alternative {
  outlet: string;
  name: Record<string, string>;
  walking_s: number | null;
  ready_at: string;
}
