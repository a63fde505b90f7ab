/** What the kitchen's routes send and take, under short names. */
import type { components } from "../../api/schema";

type Schemas = components["schemas"];
export type Board = Schemas["KitchenBoard"];
export type Ticket = Schemas["KitchenTicket"];
export type Capacity = Schemas["Capacity"];
export type Interval = Schemas["KitchenInterval"];
export type Station = Schemas["Station"];
export type Run = Schemas["Run"];
export type Stop = Schemas["Stop"];
export type Decline = Schemas["FoodDecline"]["reason"];
export type Delivery = Schemas["Delivery"];
