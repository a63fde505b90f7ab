/** Messages of the office's routes of packages. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type OfficePackage = Schemas["OfficePackage"];
export type PackageUpdate = Schemas["PackageUpdate"];
export type PackagePreview = Schemas["PackagePreview"];
export type OfficeSubscription = Schemas["OfficeSubscription"];
export type OfficeSubscriptions = Schemas["OfficeSubscriptions"];
export const KINDS = ["season", "pack", "choice"] as const;
