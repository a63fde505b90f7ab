/** Texts of the office's renewals. */
import type { officeSeasons } from "$messages/en/web/officeSeasons";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof officeSeasons>("$messages/*/web/officeSeasons.ts", { import: "officeSeasons" }));
