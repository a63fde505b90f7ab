/** Short names for the API types of the kitchen. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type Board = Schemas["KitchenBoard"];
export type Ticket = Schemas["KitchenTicket"];
export type Capacity = Schemas["KitchenCapacity"];
export type Interval = Schemas["KitchenInterval"];
export type Station = Schemas["Station"];
export type Run = Schemas["DeliveryRun"];
export type Stop = Schemas["DeliveryStop"];
export type Decline = Schemas["DeclineRequest"]["reason"];
export type Delivery = Schemas["DeliveryPlace"];
