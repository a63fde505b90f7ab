/** Messages of the server about packages. */
import type { components } from "../../shared/api/schema";

type Schemas = components["schemas"];
export type Package = Schemas["PackageView"];
export type PackageOffer = Schemas["PackageOffer"];
export type PackagePrice = Schemas["PackagePrice"];
export type Renewal = Schemas["RenewalView"];
export type Subscription = Schemas["SubscriptionView"];
export type InstalmentPart = Schemas["InstalmentPart"];
export type Instalments = Schemas["Instalments"];
