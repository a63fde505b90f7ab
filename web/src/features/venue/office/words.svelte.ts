/** Texts of the office's pages about venues. */
import type { venues } from "$messages/en/web/officeVenues";
import { Bundle } from "../../../shared/i18n/bundle.svelte";

export const words = new Bundle(import.meta.glob<typeof venues>("$messages/*/web/officeVenues.ts", { import: "venues" }));
