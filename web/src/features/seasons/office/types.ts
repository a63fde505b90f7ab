/** Messages of the office's routes of renewals. */
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type Attendance = Schemas["OfficeAttendance"];
export type Campaign = Schemas["OfficeCampaign"];
export type CampaignPreview = Schemas["CampaignPreview"];
export type CampaignUpdate = Schemas["CampaignUpdate"];
export type OfficePackage = Schemas["OfficePackage"];
export type OfficeRenewal = Schemas["OfficeRenewal"];
export type OfficeRenewals = Schemas["OfficeRenewals"];
