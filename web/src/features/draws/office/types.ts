/** Messages of the office's routes of draws. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type OfficeDrawPage = Schemas["OfficeDrawPage"];
export type DrawCategory = Schemas["DrawCategory"];
export type OfficeEntries = Schemas["OfficeEntries"];
export type OfficeEntry = Schemas["OfficeEntry"];
export type DrawUpdate = Schemas["DrawUpdate"];
export type Step = Schemas["DrawStep"]["step"];
