/** Texts of the office's season tickets and packs. */
import type { officePackages } from "$messages/en/web/officePackages";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof officePackages>("$messages/*/web/officePackages.ts", { import: "officePackages" }));
