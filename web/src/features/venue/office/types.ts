/** Messages of the venue routes of the office under short names, and who may use them. */
import type { components } from "../../../shared/api/schema";
import type { GrantView } from "../../../shared/office/types";

type Schemas = components["schemas"];
export type Venue = Schemas["VenueLine"];
export type VenueDetail = Schemas["VenueDetail"];
export type Version = Schemas["VersionLine"];
export type Difference = Schemas["Difference"];
export type FileCheck = Schemas["FileCheck"];
export type DefectLine = Schemas["DefectLine"];
export type Edit = Schemas["VenueEdits"]["edits"][number];
export type Selection = Schemas["SeatSelection"];
export type Feature = Schemas["FeatureEdit"]["feature"];
export type BlockKind = Schemas["BlockKindEdit"]["kind"];
export type EventClosures = Schemas["EventClosures"];
export type Part = Schemas["ClosureLine"]["part"];

/** Features in the order of their bits. */
export const FEATURES: readonly Feature[] = ["wheelchair", "companion", "easy_access", "audio_description", "hearing_loop", "sign_language", "guide_dog", "quiet"];
export const KINDS: readonly BlockKind[] = ["seats", "hospitality", "box"];
export const FILE_BYTES_MAX = 32 * 1024 * 1024;

/** Whether one of the grants is for venues. */
export function managesVenues(grants: readonly GrantView[]): boolean {
  return grants.some(({ role }) => role === "venue_manager" || role === "admin");
}
