/** Texts of the office's members. */
import type { officeMembers } from "$messages/en/web/officeMembers";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof officeMembers>("$messages/*/web/officeMembers.ts", { import: "officeMembers" }));
