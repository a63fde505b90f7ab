/** Messages of the office's routes of members, and their requests with a file. */
import { answered, patientFetch, type Answer } from "../../../shared/api/answer";
import type { components } from "../../../shared/api/schema";

type Schemas = components["schemas"];
export type Tier = Schemas["Tier"];
export type OfficeTier = Schemas["OfficeTier"];
export type OfficePackage = Schemas["OfficePackage"];
export type Package = Schemas["Package"];
export type OfficeMember = Schemas["OfficeMember"];
export type OfficeMembers = Schemas["OfficeMembers"];
export type Membership = Schemas["MembershipView"];
export type ImportResult = Schemas["ImportResult"];
export type OfficeWindows = Schemas["OfficeWindows"];
export const FILE_BYTES_MAX = 2_000_000;

/** Send a file of members to be checked (`/check`) or imported. */
export function sendMembers(path: "" | "/check", organiser: string, file: Blob): Promise<Answer<ImportResult>> {
  const address = `/api/office/membership/import${path}?${new URLSearchParams({ organiser_id: organiser })}`;
  const request = new Request(address, { method: "POST", body: file, headers: { "content-type": "text/csv" }, credentials: "same-origin" });
  return answered<ImportResult>(
    patientFetch(request).then(async (response) => {
      const body: unknown = await response.json().catch(() => null);
      return response.ok ? { data: body as ImportResult, response } : { error: body, response };
    }),
  );
}
