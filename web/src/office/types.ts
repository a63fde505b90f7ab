/** What the office's routes send and take, under short names. */
import type { components } from "../api/schema";

type Schemas = components["schemas"];
export type OfficeEvent = Schemas["OfficeEvent"];
export type EventDefect = Schemas["Defect"];
export type EventContent = Schemas["Amendment"];
export type HouseRules = Required<Schemas["HouseRules"]>;
export type Organiser = Schemas["Organiser"];
export type Series = Schemas["Series"];
export type PricingAnswer = Schemas["Pricing"];
export type Pricing = Required<PricingAnswer>;
export type Sales = Schemas["Sales"];
export type OfficeOrder = Schemas["OfficeOrder"];
export type OrderDetail = Schemas["OfficeOrderDetail"];
export type OrderRefund = Schemas["OrderRefund"];
export type Refunded = Schemas["RefundRow"];
export type RefundReason = Schemas["RefundOrder"]["reason"];
export type Staff = Schemas["Staff"];
export type StaffGrant = Schemas["StaffGrant"];
export type Invitation = Schemas["Invitation"];
export type GrantView = Schemas["GrantView"];
export type ProgramToken = Schemas["ProgramToken"];
export type NewToken = Schemas["NewProgramToken"];
export type DeadLetter = Schemas["DeadLetter"];
export type Device = Schemas["OfficeDevice"];
export type DeviceKind = Schemas["DeviceKind"];
export type Pairing = Schemas["PairingOpened"];
export type PairingWish = Schemas["PairingWish"];
export type Role = Schemas["RoleName"];
export type Scope = Schemas["ScopeName"];

export const ROLES: readonly Role[] = ["admin", "programme", "box_office", "finance", "steward", "supervisor", "cashier"];
export const SELLERS: readonly Role[] = ["programme", "box_office", "finance"];
